use holdfast_core::step::{Standing, Step};

use super::*;
use crate::testing::{FakeApi, call};

const DEPLOYMENT: &str = "apis/apps/v1/deployments/humio-operator";

fn cluster(annotations: serde_json::Value) -> FakeApi {
    let api = FakeApi::default();
    api.put(DEPLOYMENT, json!({"metadata": {"annotations": annotations}, "spec": {"replicas": 0}}));
    api
}

fn noted(api: &FakeApi) -> String {
    let object = api.object(DEPLOYMENT).expect("a deployment");
    object["metadata"]["annotations"][ANNOTATION].as_str().unwrap_or_default().to_owned()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

#[tokio::test]
async fn a_note_is_read_and_written_with_one_round_trip_each() {
    let api = cluster(json!({ANNOTATION: "1767225600"}));
    let (store, (call, _)) = (api.site(|_| {}).cooldown(), call());
    assert_eq!(store.last(&call).await.expect("a time"), Some(at(1_767_225_600)));
    store.set(&call, at(1_767_225_999)).await.expect("written");
    assert_eq!(noted(&api), "1767225999");
    assert_eq!(api.log().len(), 2);
}

#[tokio::test]
async fn no_note_is_never_and_nonsense_is_a_fault() {
    let (call, _) = call();
    assert_eq!(cluster(json!({})).site(|_| {}).cooldown().last(&call).await.expect("never"), None);
    let fault = cluster(json!({ANNOTATION: "soon"})).site(|_| {}).cooldown().last(&call).await.expect_err("nonsense");
    assert_eq!(fault.class, FaultClass::Invalid);
}

#[tokio::test]
async fn a_deployment_that_has_changed_since_is_read_again_and_noted_once() {
    let api = cluster(json!({"other": "kept"}));
    let (store, (call, _)) = (api.site(|_| {}).cooldown(), call());
    store.last(&call).await.expect("never");
    api.put(DEPLOYMENT, json!({"metadata": {"annotations": {"other": "kept"}}, "spec": {"replicas": 0}}));
    store.set(&call, at(7)).await.expect("written");
    assert_eq!(noted(&api), "7");
    assert_eq!(api.object(DEPLOYMENT).expect("it")["metadata"]["annotations"]["other"], "kept");
}

#[tokio::test]
async fn a_later_note_of_another_worker_is_left_alone() {
    let api = cluster(json!({}));
    let (store, (call, _)) = (api.site(|_| {}).cooldown(), call());
    store.last(&call).await.expect("never");
    api.put(DEPLOYMENT, json!({"metadata": {"annotations": {ANNOTATION: "900"}}}));
    store.set(&call, at(800)).await.expect("noted already");
    assert_eq!(noted(&api), "900");
}

#[tokio::test]
async fn our_own_note_does_not_break_the_fence_of_the_scale_up_and_another_write_does() {
    let api = cluster(json!({}));
    let site = api.site(|_| {});
    let (call, _) = call();
    let seen = site.scale_operator().observe(&call).await.expect("an observation");
    assert_eq!(seen.standing, Standing::Todo);
    site.cooldown().last(&call).await.expect("never");
    site.cooldown().set(&call, at(7)).await.expect("written");
    site.scale_operator().apply(&call, &seen).await.expect("scaled on what was seen");
    let stale = site.scale_operator().apply(&call, &seen).await.expect_err("it has changed");
    assert_eq!(stale.class, FaultClass::Conflict);
}

#[tokio::test]
async fn a_time_ahead_is_given_back_as_it_stands_and_what_is_no_time_is_told_with_value_place_and_what_is_allowed() {
    let (call, _) = call();
    let read = |value: String| {
        let (api, call) = (cluster(json!({ANNOTATION: value})), call.clone());
        async move { api.site(|_| {}).cooldown().last(&call).await }
    };
    assert_eq!(read("4102444800".to_owned()).await.expect("a time"), Some(at(4_102_444_800)));
    for value in ["1764115200000", "-1", "soon", "18446744073709551615", &"9".repeat(100_000)] {
        let fault = read(value.to_owned()).await.expect_err(value);
        assert_eq!(fault.class, FaultClass::Invalid);
        let shown: String = value.chars().take(40).collect();
        for part in [ANNOTATION, "Deployment humio-operator", &shown, "0 for never"] {
            assert!(fault.message.contains(part), "{part} in {fault}");
        }
        assert!(fault.message.len() < 300, "{fault}");
    }
}

#[tokio::test]
async fn a_note_that_is_no_time_is_overwritten() {
    let api = cluster(json!({ANNOTATION: "1764115200000"}));
    let (store, (call, _)) = (api.site(|_| {}).cooldown(), call());
    store.set(&call, at(7)).await.expect("written");
    assert_eq!(noted(&api), "7");
}
