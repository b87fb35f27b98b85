//! Crashes, lost answers, slow and silent operators, people who edit in between.

use holdfast_core::engine::Request;

use super::*;

/// A switchover whose worker dies after the `count`-th request, and another takes it over.
async fn killed_after(style: Style, count: usize) -> Option<Sites> {
    let sites = Sites::new(style);
    let mut left = None;
    let request = sites.person(Action::Switchover);
    let first = sites.run_until("a", &request, |sites| sites.log().len() >= count).await;
    if first.is_some() {
        sites.reconcile();
        for tick in 0..30 {
            let request = sites.world.request(holdfast_core::record::Trigger::Tick, Action::FailOver);
            let answer = sites.run_until("a", &request, |sites| sites.log().len() >= count).await;
            sites.reconcile();
            sites.world.clock.advance(std::time::Duration::from_secs(60));
            match answer {
                None => break,
                Some(answer) if completed(&answer.outcome) => left = Some(tick),
                Some(_) => {}
            }
            if left.is_some() {
                return None;
            }
        }
    }
    // The lease of the dead worker is over.
    sites.world.clock.advance(std::time::Duration::from_secs(60));
    if sites.state().current.is_none() {
        sites.run(&sites.person(Action::Switchover)).await;
    }
    sites.reconcile();
    sites.ticks_until(40, completed).await;
    Some(sites)
}

#[tokio::test]
async fn a_worker_may_die_after_any_request_and_the_next_one_ends_what_it_began() {
    let mut died = 0;
    for count in 1.. {
        let Some(sites) = killed_after(Style::Observed, count).await else { break };
        died += 1;
        assert_handed_over(&sites);
        let mut patches = sites.patches();
        patches.dedup();
        assert_eq!(patches, IN_ORDER, "after {count} requests");
    }
    assert!(died > 20, "{died}");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_for() {
    for (lost, path) in [(0, MANAGEMENT), (1, MANAGEMENT), (0, PORTAL), (1, PORTAL)] {
        let sites = Sites::new(Style::Observed);
        let server = if lost == 0 { &sites.primary } else { &sites.standby };
        sites.run(&sites.person(Action::Switchover)).await;
        sites.reconcile();
        let mut losing = false;
        for _ in 0..40 {
            let request = sites.world.request(holdfast_core::record::Trigger::Tick, Action::FailOver);
            let answer = sites
                .run_until("a", &request, |sites| {
                    let other = if lost == 0 { &sites.standby } else { &sites.primary };
                    let ready = Sites::modes(other, path).0 == "passive";
                    if ready && !losing {
                        losing = true;
                        server.lose_next_answer();
                    }
                    false
                })
                .await;
            sites.reconcile();
            sites.world.clock.advance(std::time::Duration::from_secs(60));
            if answer.is_some_and(|answer| completed(&answer.outcome)) {
                break;
            }
        }
        assert_handed_over(&sites);
    }
}

#[tokio::test]
async fn a_status_that_never_comes_is_waited_for_and_nothing_is_taken_back() {
    let sites = Sites::new(Style::Documented);
    sites.run(&sites.person(Action::Switchover)).await;
    for _ in 0..40 {
        // IBM's operator does nothing.
        let request = sites.world.request(holdfast_core::record::Trigger::Tick, Action::FailOver);
        let answer = sites.run(&request).await;
        assert!(matches!(answer.outcome, Outcome::Failed { .. } | Outcome::Unconfirmed { .. }), "{:?}", answer.outcome);
        sites.world.clock.advance(std::time::Duration::from_secs(60));
    }
    assert_eq!(sites.patches(), ["primary management"]);
    let waits = step(&sites, "see-primary-management-let-go");
    assert!(!waits.is_done() && waits.found.contains("status active"), "{waits:?}");
}

#[tokio::test]
async fn a_resource_that_a_person_edits_in_between_is_looked_at_again_before_it_is_written() {
    let sites = Sites::new(Style::Documented);
    let (mut edited, mut looks) = (false, None);
    let request = sites.person(Action::Switchover);
    sites
        .run_until("a", &request, |sites| {
            let seen = sites
                .log()
                .iter()
                .filter(|line| line.starts_with("primary GET") && line.ends_with("management"))
                .count();
            // The intent is written, and the first effect is about to be sent on what was seen since.
            let begun = sites.state().current.is_some();
            if begun && !edited && *looks.get_or_insert(seen) < seen {
                edited = true;
                Sites::edit(&sites.primary, MANAGEMENT, |object| object["spec"]["license"] = json!({"accept": true}));
            }
            false
        })
        .await;
    assert!(edited);
    assert_eq!(
        sites.patches(),
        ["primary management", "primary management"],
        "refused once, then sent on what is there"
    );
    let object = sites.primary.object(MANAGEMENT).expect("there");
    assert_eq!(
        (&object["spec"]["license"]["accept"], &object["spec"]["multiSiteHA"]["mode"]),
        (&json!(true), &json!("passive"))
    );
}

#[tokio::test]
async fn a_person_who_makes_the_old_side_active_again_holds_the_promotion_back() {
    let sites = Sites::new(Style::Documented);
    sites.run(&sites.person(Action::Switchover)).await;
    sites.reconcile();
    Sites::edit(&sites.primary, MANAGEMENT, |object| object["spec"]["multiSiteHA"]["mode"] = json!("active"));
    let request = sites.world.request(holdfast_core::record::Trigger::Tick, Action::FailOver);
    sites.run(&request).await;
    assert_ne!(sites.patches().last().map(String::as_str), Some("standby management"));
    sites.reconcile();
    sites.ticks_until(40, completed).await;
    assert_handed_over(&sites);
}

#[tokio::test]
async fn a_management_cluster_whose_data_are_not_known_to_be_on_the_other_side_is_not_made_passive() {
    let sites = Sites::new(Style::Observed);
    sites.set_linked(false);
    let answer = sites.run(&sites.person(Action::Switchover)).await;
    assert!(matches!(answer.outcome, Outcome::Failed { .. } | Outcome::Refused), "{:?}", answer.outcome);
    assert!(sites.patches().is_empty());
}

#[tokio::test]
async fn a_database_is_not_deleted_unless_its_name_was_confirmed() {
    let mut sites = Sites::new(Style::Observed);
    sites.options.deletable.clear();
    let answer = sites.run(&sites.person(Action::Switchover)).await;
    assert_eq!(answer.outcome, Outcome::Refused);
    assert!(format!("{:?}", answer.reasons).contains("HOLDFAST_APIC_DELETABLE"), "{:?}", answer.reasons);
    // A person who waives the gate has not confirmed the deletion.
    let waived = vec![holdfast_core::decision::Gate::StandbyFit];
    sites.run(&Request { overrides: waived, ..sites.person(Action::Switchover) }).await;
    let refused = step(&sites, "demote-primary-management");
    assert!(format!("{:?}", refused.progress).contains("HOLDFAST_APIC_DELETABLE"), "{refused:?}");
    assert!(sites.patches().is_empty());
}

#[tokio::test]
async fn what_a_top_level_resource_owns_is_written_there_or_not_at_all() {
    const TOP: &str = "apis/apiconnect.ibm.com/v1beta1/apiconnectclusters/apic";
    let owned = |mut sites: Sites, top_level: Option<&str>| {
        sites.options.top_level = top_level.map(|name| (name.to_owned(), name.to_owned()));
        for (server, mode) in [(&sites.primary, "active"), (&sites.standby, "passive")] {
            let section = json!({"multiSiteHA": {"mode": mode}});
            server.put(TOP, json!({"spec": {"management": section, "portal": section}}));
            for path in [MANAGEMENT, PORTAL] {
                let owners = json!([{"kind": "APIConnectCluster", "name": "apic"}]);
                Sites::edit(server, path, |object| object["metadata"]["ownerReferences"] = owners);
            }
        }
        sites
    };
    let sites = owned(Sites::new(Style::Documented), None);
    sites.run(&sites.person(Action::Switchover)).await;
    assert!(sites.patches().is_empty(), "an edit below would be put back");
    let sites = owned(Sites::new(Style::Documented), Some("apic"));
    sites.run(&sites.person(Action::Switchover)).await;
    assert_eq!(sites.patches(), ["primary apic"]);
    let top = sites.primary.object(TOP).expect("there");
    assert_eq!(
        top["spec"],
        json!({"management": {"multiSiteHA": {"mode": "passive"}}, "portal": {"multiSiteHA": {"mode": "active"}}})
    );
}
