//! The primary comes back: mid-way, after the end, and by a failback.

use super::*;

/// A failover of a primary that is cut off, with the primary gone; it stays owed.
async fn isolated(style: Style) -> Sites {
    let sites = Sites::new(style);
    sites.set_gone(true);
    sites.set_linked(false);
    sites.confirm_isolation();
    sites.ticks_until(15, |_| sites.state().current.is_some_and(|run| run.status == Status::Owed)).await;
    sites
}

#[tokio::test]
async fn a_primary_that_comes_back_cut_off_is_set_passive_and_only_then_the_execution_ends() {
    for style in [Style::Documented, Style::Observed] {
        let sites = isolated(style).await;
        sites.set_gone(false);
        sites.ticks_until(30, |_| sites.patches().len() == 4).await;
        assert_eq!(sites.patches(), ["standby management", "standby portal", "primary management", "primary portal"]);
        // The links come back once the primary is declared passive.
        sites.set_linked(true);
        sites.ticks_until(30, completed).await;
        assert_handed_over(&sites);
    }
}

#[tokio::test]
async fn a_primary_that_comes_back_before_the_promotion_is_kept_apart_by_the_word() {
    let sites = Sites::new(Style::Observed);
    sites.set_gone(true);
    sites.set_linked(false);
    sites.confirm_isolation();
    // The worker dies after the intent, before it has promoted anything.
    let request = sites.person(Action::FailOver);
    let died = sites.run_until("a", &request, |sites| sites.state().current.is_some()).await;
    assert!(died.is_none() && sites.patches().is_empty());
    sites.world.clock.advance(std::time::Duration::from_secs(60));
    sites.set_gone(false);
    sites.ticks_until(30, |_| Sites::modes(&sites.standby, MANAGEMENT).1 == "active").await;
    // Its database was kept until there was another one: the standby was made active first.
    assert_eq!(sites.patches()[0], "standby management");
    sites.ticks_until(30, |_| Sites::modes(&sites.primary, MANAGEMENT).0 == "passive").await;
    sites.set_linked(true);
    sites.ticks_until(30, completed).await;
    assert_handed_over(&sites);
}

#[tokio::test]
async fn a_failback_is_a_switchover_in_reverse() {
    for style in [Style::Documented, Style::Observed] {
        let sites = Sites::new(style);
        sites.run(&sites.person(Action::Switchover)).await;
        sites.reconcile();
        sites.ticks_until(30, completed).await;
        // Its endpoint does not answer while it is passive; that it is a good standby counts.
        sites.world.prober.set(holdfast_core::evidence::ProbeResult::Failing { why: "HTTP 503".to_owned() });
        for _ in 0..15 {
            sites.tick().await;
        }
        let before = sites.patches().len();
        sites.run(&sites.person(Action::Failback { rest: false })).await;
        for _ in 0..30 {
            sites.reconcile();
            sites.tick().await;
            if Sites::modes(&sites.primary, MANAGEMENT).1 == "active" {
                sites.world.heal_primary();
            }
        }
        assert_eq!(
            sites.patches()[before..],
            ["standby management", "primary management", "standby portal", "primary portal"]
        );
        for path in [MANAGEMENT, PORTAL] {
            assert_eq!(Sites::modes(&sites.primary, path), ("active".to_owned(), "active".to_owned()));
            assert_eq!(Sites::modes(&sites.standby, path), ("passive".to_owned(), "passive".to_owned()));
        }
        assert!(!sites.world.steps[2].holds(), "traffic is unlocked");
        let run = sites.state().current.expect("an execution");
        assert_eq!((run.kind, run.status), (Kind::Failback, Status::Completed));
        // What the way there confirmed was taken back on the way here.
        let primary = sites.primary.object(MANAGEMENT).expect("there");
        assert!(primary["metadata"]["annotations"]["apiconnect-operator/dr-data-deletion-confirmation"].is_null());
    }
}

#[tokio::test]
async fn a_failback_to_a_primary_that_is_no_good_standby_is_not_begun() {
    let sites = isolated(Style::Observed).await;
    sites.world.prober.set(holdfast_core::evidence::ProbeResult::Failing { why: "HTTP 503".to_owned() });
    let answer = sites.run(&sites.person(Action::Failback { rest: false })).await;
    assert_eq!(answer.outcome, Outcome::Refused, "{:?}", answer.reasons);
    assert_eq!(sites.patches(), ["standby management", "standby portal"]);
}
