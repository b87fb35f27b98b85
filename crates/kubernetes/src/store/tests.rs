//! The guarantees of the port, on the server in memory.

use holdfast_core::{ports::StateStore, record::Pause};

use serde_json::json;

use super::*;
use crate::testing::{FakeApi, TestClock, call};

const PATH: &str = "api/v1/configmaps/holdfast";

fn server() -> FakeApi {
    let server = FakeApi::default();
    server.put(PATH, json!({"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}));
    server
}

fn paused(call: &Call, reason: &str) -> State {
    State {
        pause: Some(Pause { at: call.clock.now(), until: None, reason: reason.into(), caller: None }),
        ..State::default()
    }
}

#[tokio::test]
async fn an_entry_that_is_not_there_yet_is_an_empty_state() {
    let (server, (call, _)) = (server(), call());
    let loaded = server.cluster().store().load(&call).await.expect("loaded");
    assert_eq!(loaded.state, State::default());
}

#[tokio::test]
async fn the_servers_own_time_comes_with_the_record_where_it_says_one() {
    let (server, (call, clock)) = (server(), call());
    let store = server.cluster().store();
    assert_eq!(store.load(&call).await.expect("loaded").server_time, None);
    let theirs = TestClock::without_timeouts(holdfast_core::Clock::now(clock.as_ref()));
    theirs.advance(std::time::Duration::from_secs(86_400));
    server.dated_by(&theirs);
    let loaded = store.load(&call).await.expect("loaded");
    assert_eq!(loaded.server_time.map(|at| at.to_string()).as_deref(), Some("2026-01-02T00:00:00Z"));
}

#[tokio::test]
async fn what_was_saved_is_loaded_and_everything_else_stays() {
    let (server, (call, _)) = (server(), call());
    server.put(
        PATH,
        json!({"metadata": {"labels": {"a": "b"}}, "data": {"note": "keep me"}, "binaryData": {"x": "eA=="}}),
    );
    let store = server.cluster().store();
    let before = store.load(&call).await.expect("loaded");
    server.log();
    let version = store.save(&call, &paused(&call, "why"), &before.version).await.expect("saved");
    assert_eq!(server.log(), [format!("PUT {PATH}")], "one request");
    let after = server.cluster().store().load(&call).await.expect("loaded");
    assert_eq!((after.state, after.version), (paused(&call, "why"), version));
    let object = server.object(PATH).expect("there");
    assert_eq!(object["data"]["note"], "keep me");
    assert_eq!(object["binaryData"]["x"], "eA==");
    assert_eq!(object["metadata"]["labels"]["a"], "b");
}

#[tokio::test]
async fn saves_follow_each_other_without_reads() {
    let (server, (call, _)) = (server(), call());
    let store = server.cluster().store();
    let first = store.load(&call).await.expect("loaded").version;
    let second = store.save(&call, &paused(&call, "one"), &first).await.expect("saved");
    server.log();
    store.save(&call, &paused(&call, "two"), &second).await.expect("saved");
    assert_eq!(server.log(), [format!("PUT {PATH}")]);
}

#[tokio::test]
async fn a_record_that_somebody_else_wrote_since_is_not_overwritten() {
    let (server, (call, _)) = (server(), call());
    let (ours, theirs) = (server.cluster().store(), server.cluster().store());
    let before = ours.load(&call).await.expect("loaded");
    theirs.save(&call, &paused(&call, "theirs"), &before.version).await.expect("saved by a process that read nothing");
    for _ in 0..2 {
        let fault = ours.save(&call, &paused(&call, "ours"), &before.version).await.expect_err("must not overwrite");
        assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    }
    assert_eq!(ours.load(&call).await.expect("loaded").state, paused(&call, "theirs"));
}

#[tokio::test]
async fn a_record_that_cannot_be_understood_is_a_fault_and_never_an_empty_state() {
    let (server, (call, _)) = (server(), call());
    for text in ["{", "{}", r#"{"schema": 99}"#, r#"{"schema": 1, "pause": 7}"#] {
        server.put(PATH, json!({"data": {"state": text}}));
        let fault = server.cluster().store().load(&call).await.expect_err(text);
        assert_eq!(fault.class, FaultClass::Invalid, "{text}");
        assert!(fault.message.contains("kubectl -n logging get configmap holdfast"), "{fault}");
    }
}

#[tokio::test]
async fn a_record_that_can_be_read_and_never_written_is_a_fault_that_says_what_to_do() {
    let (server, (call, _)) = (server(), call());
    let state = r#"{"schema": 1}"#;
    for (object, said) in [
        (json!({"immutable": true, "data": {"state": state}}), "immutable"),
        (json!({"immutable": true}), "immutable"),
        (json!({"data": {"state": state}, "binaryData": {"state": "e30="}}), "binaryData"),
        (json!({"binaryData": {"state": ""}}), "binaryData"),
        (
            json!({"data": {"state": json!({"schema": 1, "pause": {
            "at": "2026-01-01T00:00:00Z", "reason": "x".repeat(LARGEST)}}).to_string()}}),
            "written back",
        ),
    ] {
        server.put(PATH, object);
        let fault = server.cluster().store().load(&call).await.expect_err(said);
        assert!(fault.class == FaultClass::Invalid && fault.message.contains(said), "{fault}");
    }
    for object in
        [json!({"immutable": false, "binaryData": {"x": "eA=="}}), json!({"immutable": null, "binaryData": null})]
    {
        server.put(PATH, object);
        assert!(server.cluster().store().load(&call).await.is_ok());
    }
}

#[tokio::test]
async fn lists_that_somebody_filled_are_cut_when_they_are_read_so_that_the_record_can_be_written() {
    let (server, (call, _)) = (server(), call());
    let note = json!({"at": "2026-01-01T00:00:00Z", "action": "pause", "reason": "x".repeat(300)});
    server.put(PATH, json!({"data": {"state": json!({"schema": 1, "operators": vec![note; 3000]}).to_string()}}));
    let store = server.cluster().store();
    let loaded = store.load(&call).await.expect("loaded");
    assert_eq!(loaded.state.operators.len(), holdfast_core::record::KEPT_OPERATOR_NOTES);
    store.save(&call, &loaded.state, &loaded.version).await.expect("saved");
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused_before_it_is_sent() {
    let (server, (call, _)) = (server(), call());
    let store = server.cluster().store();
    let version = store.load(&call).await.expect("loaded").version;
    server.log();
    let fault = store.save(&call, &paused(&call, &"x".repeat(LARGEST)), &version).await.expect_err("too large");
    assert_eq!(fault.class, FaultClass::Invalid);
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test]
async fn a_config_map_that_does_not_exist_names_its_manifest() {
    let (server, (call, _)) = (FakeApi::default(), call());
    let fault = server.cluster().store().load(&call).await.expect_err("absent");
    assert_eq!(fault.class, FaultClass::NotFound);
    assert!(fault.message.contains("infra/kubernetes/role.yaml"), "{fault}");
}
