use serde_json::json;

use super::*;
use crate::testing::{Reply, Server, arm_error, call, endpoint_document, primary};

async fn lock(replies: Vec<Reply>) -> (TrafficManagerLock, Server) {
    let server = Server::start(replies).await;
    (TrafficManagerLock::new(server.azure(), primary()), server)
}

fn found(status: &str) -> Reply {
    Reply::json(200, &endpoint_document(status, "Degraded"))
}

#[tokio::test]
async fn an_endpoint_in_service_is_locked_by_one_patch_of_one_property() {
    let (lock, server) = lock(vec![found("Enabled"), found("Disabled"), found("Disabled")]).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    assert_eq!(seen.state, StepState::Todo);
    assert_eq!(seen.precondition, json!({"endpoint_status": "Enabled", "target": "192.0.2.10", "priority": 1}));
    assert_eq!(seen.found, "endpoint primary (192.0.2.10): Enabled, probes say Degraded, priority 1");
    lock.apply(&call(), &seen).await.expect("locked");
    assert_eq!(lock.observe(&call()).await.expect("an observation").state, StepState::Done);
    let patch = server.requests().remove(1);
    let path = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm\
                /externalEndpoints/primary?api-version=2022-04-01";
    assert_eq!((patch.method.as_str(), patch.path.as_str()), ("PATCH", path));
    assert_eq!(patch.headers["authorization"], "Bearer TOKEN-0");
    assert_eq!(patch.headers["content-type"], "application/json");
    assert!(!patch.headers.contains_key("if-match"), "the interface honours none");
    assert_eq!(patch.body, "{\"properties\":{\"endpointStatus\":\"Disabled\"}}");
}

#[tokio::test]
async fn a_disabled_endpoint_is_locked_whatever_else_is_said_of_it() {
    let mut document = endpoint_document("disabled", "Disabled");
    document["properties"]["alwaysServe"] = "Enabled".into();
    let (lock, _server) = lock(vec![Reply::json(200, &document)]).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    assert_eq!(seen.state, StepState::Done);
    assert!(seen.found.ends_with("always served"), "{}", seen.found);
}

#[tokio::test]
async fn a_patch_that_was_accepted_and_does_not_show_is_not_believed() {
    let (lock, _server) = lock(vec![found("Enabled"), found("Enabled")]).await;
    let seen = lock.observe(&call()).await.expect("an observation");
    let fault = lock.apply(&call(), &seen).await.expect_err("not locked");
    assert_eq!(fault.class, FaultClass::Server);
}

#[tokio::test]
async fn a_success_that_holds_no_endpoint_is_not_believed() {
    for body in ["{}", "[]", "", "{\"properties\":{}}", "<html>"] {
        let (lock, _server) = lock(vec![Reply::text(200, body)]).await;
        assert_eq!(lock.observe(&call()).await.expect_err(body).class, FaultClass::Server, "{body}");
    }
}

#[tokio::test]
async fn nothing_is_sent_for_what_is_done() {
    let (lock, server) = lock(vec![]).await;
    let fault = lock.apply(&call(), &Observation::done("disabled")).await.expect_err("nothing to do");
    assert_eq!(fault.class, FaultClass::Invalid);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_transient_fault_is_worth_a_retry_and_a_missing_role_is_not() {
    for (reply, class) in [
        (arm_error(429, "TooManyRequests"), FaultClass::Throttled),
        (arm_error(503, "ServiceUnavailable"), FaultClass::Server),
        (arm_error(403, "AuthorizationFailed"), FaultClass::Denied),
        (Reply::Hang, FaultClass::Timeout),
        (Reply::Cut, FaultClass::Connection),
    ] {
        let (lock, server) = lock(vec![reply]).await;
        assert_eq!(lock.observe(&call()).await.expect_err("a fault").class, class);
        assert_eq!(server.requests().len(), 1, "one call is one attempt");
    }
}

#[tokio::test]
async fn the_way_back_is_in_the_fence() {
    let (lock, server) = lock(vec![found("Disabled"), found("Enabled")]).await;
    let precondition = json!({"endpoint_status": "Enabled", "target": "192.0.2.10", "priority": 1});
    let unlock = lock.inverse(Some(&Observation::todo("before", precondition))).expect("there is a way back");
    let seen = unlock.observe(&call()).await.expect("seen");
    assert_eq!((unlock.name(), &seen.state), ("unlock-traffic", &StepState::Todo));
    unlock.apply(&call(), &seen).await.expect("unlocked");
    assert_eq!(server.requests()[1].body, "{\"properties\":{\"endpointStatus\":\"Enabled\"}}");
    assert_eq!(Original::of_precondition(&Value::Null), None);
}

#[tokio::test]
async fn what_is_in_service_is_not_unlocked_again_and_nothing_goes_back_to_disabled() {
    let (lock, server) = lock(vec![found("Enabled"), found("Disabled")]).await;
    let back = |status: &str| {
        let precondition = json!({"endpoint_status": status});
        lock.inverse(Some(&Observation::todo("before", precondition))).expect("there is a way back")
    };
    let seen = back("Enabled").observe(&call()).await.expect("in service");
    assert_eq!(seen.state, StepState::Done);
    assert_eq!(back("Enabled").apply(&call(), &seen).await.expect_err("nothing to do").class, FaultClass::Invalid);
    let seen = back("Disabled").observe(&call()).await.expect("seen");
    assert!(matches!(seen.state, StepState::Blocked { .. }), "{seen:?}");
    assert_eq!(server.requests().len(), 2);
}
