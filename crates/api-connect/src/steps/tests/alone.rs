//! Each step by itself: what it sees, what it sends, and what it refuses.

use std::sync::Arc;

use holdfast_core::{
    FaultClass,
    step::{Observation, Step, StepState},
};
use holdfast_kubernetes::testing::call;

use super::*;

/// A step of the failover, by its name.
fn of(sites: &Sites, name: &str) -> Arc<dyn Step> {
    let steps = sites.system().runbook(sites.lock(), None).steps;
    steps.into_iter().find(|step| step.name() == name).unwrap_or_else(|| panic!("no step {name}"))
}

async fn seen(sites: &Sites, name: &str) -> Observation {
    of(sites, name).observe(&call().0).await.expect("an observation")
}

fn why(observation: &Observation) -> &str {
    let StepState::Blocked { why } = &observation.state else { panic!("{observation:?}") };
    why
}

#[tokio::test]
async fn a_side_that_turns_active_after_the_look_is_not_joined_by_a_second_one() {
    for path in [MANAGEMENT, PORTAL] {
        let sites = Sites::new(Style::Documented);
        Sites::edit(&sites.primary, path, |object| {
            object["spec"]["multiSiteHA"]["mode"] = json!("passive");
            object["status"]["haMode"] = json!("passive");
        });
        let name = if path == MANAGEMENT { "promote-standby-management" } else { "promote-standby-portal-portal" };
        let promote = of(&sites, name);
        let seen = promote.observe(&call().0).await.expect("an observation");
        assert_eq!(seen.state, StepState::Todo);
        Sites::edit(&sites.primary, path, |object| object["spec"]["multiSiteHA"]["mode"] = json!("active"));
        let fault = promote.apply(&call().0, &seen).await.expect_err("refused");
        assert_eq!(fault.class, FaultClass::Conflict);
        assert!(fault.message.contains("declared active"), "{}", fault.message);
        assert!(sites.patches().is_empty());
    }
}

#[tokio::test]
async fn a_management_cluster_that_is_only_on_its_way_is_not_followed_and_a_portal_is() {
    let sites = Sites::new(Style::Documented);
    for path in [MANAGEMENT, PORTAL] {
        Sites::edit(&sites.primary, path, |object| {
            object["spec"]["multiSiteHA"]["mode"] = json!("passive");
            object["status"]["haMode"] = json!("progressing to passive");
        });
    }
    let management = of(&sites, "promote-standby-management");
    let todo = management.observe(&call().0).await.expect("an observation");
    assert_eq!(management.apply(&call().0, &todo).await.expect_err("refused").class, FaultClass::Conflict);
    let portal = of(&sites, "promote-standby-portal-portal");
    let todo = portal.observe(&call().0).await.expect("an observation");
    let shown = portal.apply(&call().0, &todo).await.expect("sent").expect("shown");
    assert_eq!((shown.state, sites.patches()), (StepState::Done, vec!["standby portal".to_owned()]));
}

#[tokio::test]
async fn a_write_on_a_version_that_is_gone_is_refused_by_the_server() {
    for name in ["demote-primary-management", "demote-primary-portal-portal"] {
        let sites = Sites::new(Style::Documented);
        let step = of(&sites, name);
        let seen = step.observe(&call().0).await.expect("an observation");
        for path in [MANAGEMENT, PORTAL] {
            Sites::edit(&sites.primary, path, |object| object["spec"]["license"] = json!("new"));
        }
        assert_eq!(step.apply(&call().0, &seen).await.expect_err("refused").class, FaultClass::Conflict);
        let path = if name.ends_with("management") { MANAGEMENT } else { PORTAL };
        assert_eq!(Sites::modes(&sites.primary, path).0, "active");
    }
}

#[tokio::test]
async fn a_standby_without_its_section_is_said_to_have_lost_its_data() {
    let sites = Sites::new(Style::Documented);
    Sites::edit(&sites.standby, PORTAL, |object| object["spec"] = json!({"siteName": "raleigh"}));
    let promoted = seen(&sites, "promote-standby-portal-portal").await;
    assert!(why(&promoted).contains("install it anew"), "{promoted:?}");
    let demoted = seen(&sites, "demote-primary-portal-portal").await;
    assert!(why(&demoted).contains("without multiSiteHA"), "the primary is kept: {demoted:?}");
}

#[tokio::test]
async fn an_answer_that_comes_later_is_read_back_as_done() {
    let sites = Sites::new(Style::Documented);
    let step = of(&sites, "demote-primary-portal-portal");
    let todo = step.observe(&call().0).await.expect("an observation");
    sites.primary.lose_next_answer();
    assert!(step.apply(&call().0, &todo).await.expect_err("lost").class.is_transient());
    assert_eq!(seen(&sites, "demote-primary-portal-portal").await.state, StepState::Done);
}

#[tokio::test]
async fn a_primary_that_refuses_us_is_no_primary_that_is_passive() {
    let sites = Sites::new(Style::Documented);
    for code in [401, 403, 404, 500] {
        let step = of(&sites, "demote-primary-management");
        sites.primary.fail_next(code);
        let observed = step.observe(&call().0).await.expect("an observation");
        assert!(why(&observed).contains("isolation is not confirmed"), "{code}: {observed:?}");
    }
}

#[tokio::test]
async fn a_primary_whose_resource_is_gone_needs_the_word_too() {
    let sites = Sites::new(Style::Documented);
    sites.primary.remove(MANAGEMENT);
    let observed = seen(&sites, "demote-primary-management").await;
    assert!(why(&observed).starts_with("there is no"), "{observed:?}");
    sites.standby.put(ISOLATION, json!({"data": {"isolated": "x", "by": "Ann", "at": "2026-01-01T00:00:00Z"}}));
    assert_eq!(seen(&sites, "demote-primary-management").await.state, StepState::Done);
}
