//! Whole executions: the engine of core on two data centres in memory.

use holdfast_core::{
    decision::Reason,
    engine::{Action, Outcome},
    kind::Kind,
    record::{Status, StepRecord},
};
use serde_json::json;

use crate::testing::{ISOLATION, MANAGEMENT, PORTAL, Sites, Style};

mod alone;
mod returns;
mod troubled;

const IN_ORDER: [&str; 4] = ["primary management", "standby management", "primary portal", "standby portal"];

fn completed(outcome: &Outcome) -> bool {
    *outcome == Outcome::Completed
}

fn step(sites: &Sites, name: &str) -> StepRecord {
    let run = sites.state().current.expect("an execution");
    run.steps.into_iter().find(|step| step.step == name).unwrap_or_else(|| panic!("no step {name}"))
}

/// Both sides of both services are where a failover leaves them.
fn assert_handed_over(sites: &Sites) {
    for path in [MANAGEMENT, PORTAL] {
        assert_eq!(Sites::modes(&sites.primary, path), ("passive".to_owned(), "passive".to_owned()));
        assert_eq!(Sites::modes(&sites.standby, path), ("active".to_owned(), "active".to_owned()));
    }
}

#[tokio::test]
async fn a_switchover_of_two_healthy_sides_goes_in_order_and_ends() {
    for style in [Style::Documented, Style::Observed] {
        let sites = Sites::new(style);
        let begun = sites.run(&sites.person(Action::Switchover)).await;
        assert!(sites.patches().len() == 1, "{begun:?}");
        sites.reconcile();
        sites.ticks_until(30, completed).await;
        assert_eq!(sites.patches(), IN_ORDER);
        assert_handed_over(&sites);
        assert!(sites.world.steps[2].holds(), "traffic is locked");
        let run = sites.state().current.expect("an execution");
        assert_eq!((run.kind, run.status), (Kind::Switchover, Status::Completed));
    }
}

#[tokio::test]
async fn a_management_cluster_is_promoted_while_the_old_one_waits_in_its_conversion() {
    let sites = Sites::new(Style::Observed);
    sites.run(&sites.person(Action::Switchover)).await;
    for _ in 0..10 {
        sites.reconcile();
        sites.tick().await;
        if sites.patches().len() > 1 {
            break;
        }
    }
    let let_go = step(&sites, "see-primary-management-let-go");
    assert!(let_go.is_done() && let_go.found.contains("BlockedWarmStandbyConversion"), "{let_go:?}");
    let annotations = &sites.primary.object(MANAGEMENT).expect("there")["metadata"]["annotations"];
    assert_eq!(annotations["apiconnect-operator/dr-data-deletion-confirmation"], "true");
}

#[tokio::test]
async fn a_portal_is_promoted_before_the_old_one_is_passive() {
    let sites = Sites::new(Style::Documented);
    sites.run(&sites.person(Action::Switchover)).await;
    sites.reconcile();
    sites.ticks_until(30, |_| sites.patches().len() == 4).await;
    let let_go = step(&sites, "see-primary-portal-portal-let-go");
    assert!(let_go.found.contains("status progressing to passive"), "{let_go:?}");
}

#[tokio::test]
async fn without_a_primary_and_without_a_word_nothing_is_begun() {
    let sites = Sites::new(Style::Observed);
    sites.set_gone(true);
    for _ in 0..8 {
        let answer = sites.tick().await;
        assert_eq!(answer.outcome, Outcome::Refused, "{:?}", answer.reasons);
        let unfit = |reason: &Reason| matches!(reason, Reason::StandbyUnfit { .. });
        assert!(answer.reasons.iter().any(unfit), "{:?}", answer.reasons);
        assert!(format!("{:?}", answer.reasons).contains("isolation"), "{:?}", answer.reasons);
    }
    assert!(sites.patches().is_empty() && sites.state().current.is_none());
}

#[tokio::test]
async fn a_waived_gate_is_no_word_about_the_network() {
    let sites = Sites::new(Style::Observed);
    sites.set_gone(true);
    let answer = sites.run(&sites.waiving()).await;
    assert!(matches!(answer.outcome, Outcome::Failed { .. }), "{:?}", answer.outcome);
    for _ in 0..5 {
        sites.tick().await;
    }
    assert!(sites.patches().is_empty(), "{:?}", sites.patches());
    assert!(!step(&sites, "promote-standby-management").is_done());
}

#[tokio::test]
async fn a_word_that_is_too_old_counts_as_none() {
    let sites = Sites::new(Style::Observed);
    sites.confirm_isolation();
    sites.world.clock.advance(std::time::Duration::from_secs(13 * 3600));
    sites.set_gone(true);
    assert_eq!(sites.tick().await.outcome, Outcome::Refused);
    assert!(sites.patches().is_empty());
}

#[tokio::test]
async fn a_word_from_before_counts_for_nothing_while_the_standby_reaches_its_peer() {
    let sites = Sites::new(Style::Observed);
    sites.confirm_isolation();
    sites.world.clock.advance(std::time::Duration::from_secs(3600));
    // Only our own way to the primary is broken; the two data centres see each other.
    sites.primary.set_down(true);
    sites.world.fail_primary_for(600);
    for _ in 0..8 {
        let answer = sites.tick().await;
        assert_eq!(answer.outcome, Outcome::Refused, "{:?}", answer.reasons);
        assert!(format!("{:?}", answer.reasons).contains("given anew"), "{:?}", answer.reasons);
    }
    assert!(sites.patches().is_empty());
    // A person who looks and says it again is believed: not every release tells of a peer that is gone.
    sites.set_linked(false);
    Sites::edit(&sites.standby, MANAGEMENT, |object| {
        object["status"]["haStatus"] = json!([{"type": "Ready", "status": "True"}])
    });
    sites.confirm_isolation();
    sites.run(&sites.world.request(holdfast_core::record::Trigger::Tick, Action::FailOver)).await;
    assert_eq!(sites.patches(), ["standby management"]);
}

#[tokio::test]
async fn a_quiet_site_is_fit_and_a_preflight_names_what_is_missing() {
    let faults = async |sites: &Sites| {
        let answer = sites.run(&sites.person(Action::Preflight)).await;
        let errors = answer.checks.into_iter().filter(|check| check.level == holdfast_core::evidence::Level::Error);
        errors.map(|check| check.name).collect::<Vec<_>>()
    };
    let mut sites = Sites::new(Style::Observed);
    assert_eq!(faults(&sites).await, [""; 0]);
    sites.options.deletable.clear();
    assert_eq!(faults(&sites).await, ["demote-primary-management", "management-deletion"]);
    sites.options.deletable.push("management".to_owned());
    Sites::edit(&sites.standby, MANAGEMENT, |object| object["spec"]["siteName"] = json!("dallas"));
    assert_eq!(faults(&sites).await, ["management-sites"]);
    sites.primary.set_down(true);
    let missing = faults(&sites).await;
    for name in ["demote-primary-management", "management-isolation", "portal-portal-isolation"] {
        assert!(missing.iter().any(|missing| missing == name), "{missing:?}");
    }
}

#[tokio::test]
async fn with_a_word_the_standby_is_promoted_and_the_primary_stays_owed() {
    let sites = Sites::new(Style::Observed);
    sites.set_gone(true);
    sites.set_linked(false);
    sites.confirm_isolation();
    for _ in 0..12 {
        sites.tick().await;
    }
    assert_eq!(sites.patches(), ["standby management", "standby portal"]);
    assert!(sites.world.steps[2].holds(), "traffic is locked");
    let demoted = step(&sites, "demote-primary-management");
    assert!(demoted.is_done() && demoted.found.contains("isolation confirmed by Ann"), "{demoted:?}");
    let owed = step(&sites, "see-primary-passive");
    assert!(!owed.is_done() && owed.found.contains("stays cut"), "{owed:?}");
    assert_eq!(sites.state().current.map(|run| run.status), Some(Status::Owed));
}

#[tokio::test]
async fn a_standby_that_has_no_section_any_more_is_never_written() {
    let sites = Sites::new(Style::Observed);
    Sites::edit(&sites.standby, PORTAL, |portal| {
        portal["spec"] = json!({"siteName": "raleigh", "multiSiteHA": {"mode": "odd"}})
    });
    let answer = sites.run(&sites.person(Action::Switchover)).await;
    assert_eq!(answer.outcome, Outcome::Refused, "{:?}", answer.reasons);
    assert!(sites.patches().is_empty());
}

#[tokio::test]
async fn every_write_changes_the_mode_and_nothing_else_of_the_section() {
    let sites = Sites::new(Style::Documented);
    for server in [&sites.primary, &sites.standby] {
        for path in [MANAGEMENT, PORTAL] {
            Sites::edit(server, path, |object| {
                object["spec"]["multiSiteHA"]["replicationPeerFQDN"] = json!("peer");
                object["spec"]["multiSiteHA"]["tlsClient"] = json!({"secretName": "client"});
            });
        }
    }
    sites.run(&sites.person(Action::Switchover)).await;
    sites.reconcile();
    sites.ticks_until(30, completed).await;
    for server in [&sites.primary, &sites.standby] {
        for path in [MANAGEMENT, PORTAL] {
            let mut section = server.object(path).expect("there")["spec"]["multiSiteHA"].clone();
            section.as_object_mut().expect("a section").remove("mode");
            assert_eq!(section, json!({"replicationPeerFQDN": "peer", "tlsClient": {"secretName": "client"}}));
        }
    }
    assert!(sites.standby.object(ISOLATION).is_none(), "the word is a person's");
}

#[tokio::test]
async fn the_management_cluster_is_first_and_no_portal_waits_for_another() {
    let mut sites = Sites::new(Style::Observed);
    let other =
        crate::Service { primary: "a".to_owned(), standby: "b".to_owned(), ..sites.options.services[1].clone() };
    sites.options.services.push(other);
    let runbook = sites.system().runbook(sites.lock(), None);
    let names = |kind| {
        let driven = runbook.driven(kind, None).expect("given");
        driven.iter().map(|driven| driven.step.name()).collect::<Vec<_>>()
    };
    let expected = |from: &str, to: &str, lock: &str| {
        [
            format!("demote-{from}-management see-{from}-management-let-go"),
            format!("promote-{to}-management see-{to}-management-active"),
            format!("demote-{from}-portal-portal see-{from}-portal-portal-let-go promote-{to}-portal-portal"),
            format!("demote-{from}-portal-b see-{from}-portal-b-let-go promote-{to}-portal-b {lock}"),
            format!("see-{to}-portal-portal-active see-{to}-portal-b-active see-{from}-passive"),
        ]
        .join(" ")
    };
    assert_eq!(names(Kind::Failover).join(" "), expected("primary", "standby", "lock"));
    assert_eq!(names(Kind::Switchover), names(Kind::Failover));
    assert_eq!(names(Kind::Failback).join(" "), expected("standby", "primary", "unlock"));
    assert!(runbook.driven(Kind::Rehearsal, None).is_none());
    let alone = crate::ApiConnect::new(&sites.standby.cluster(), None, sites.options.clone());
    let runbook = alone.runbook(sites.lock(), None);
    assert!(runbook.driven(Kind::Switchover, None).is_none(), "it needs the primary's cluster");
}
