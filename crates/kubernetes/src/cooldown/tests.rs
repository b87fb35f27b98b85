use serde_json::json;

use super::*;
use crate::testing::{FakeApi, call};

const DEPLOYMENT: &str = "apis/apps/v1/deployments/humio-operator";

fn cluster(annotations: serde_json::Value) -> FakeApi {
    let api = FakeApi::default();
    api.put(DEPLOYMENT, json!({"metadata": {"annotations": annotations}, "spec": {"replicas": 0}}));
    api
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

#[tokio::test]
async fn a_note_of_the_reference_is_read_and_nothing_is_ever_written() {
    let api = cluster(json!({ANNOTATION: "1767225600"}));
    let before = api.object(DEPLOYMENT);
    let (store, (call, _)) = (api.site(|_| {}).cooldown(), call());
    assert_eq!(store.last(&call).await.expect("a time"), Some(at(1_767_225_600)));
    store.set(&call, at(1_767_225_999)).await.expect("the record holds the start");
    assert_eq!(api.log(), ["GET apis/apps/v1/deployments/humio-operator"]);
    assert_eq!(api.object(DEPLOYMENT), before);
}

#[tokio::test]
async fn no_note_is_never_and_nonsense_is_a_fault() {
    let (call, _) = call();
    assert_eq!(cluster(json!({})).site(|_| {}).cooldown().last(&call).await.expect("never"), None);
    let fault = cluster(json!({ANNOTATION: "soon"})).site(|_| {}).cooldown().last(&call).await.expect_err("nonsense");
    assert_eq!(fault.class, FaultClass::Invalid);
}

#[test]
fn values_of_the_reference_are_read_and_times_that_nobody_wrote_make_no_sense() {
    assert_eq!(understand("0"), Some(None));
    assert_eq!(understand(" 1767225600.5\n").flatten().expect("a time").as_millisecond(), 1_767_225_600_500);
    for value in ["", "never", "-1", "NaN", "inf", "1e30", "2026-01-01", "1,5"] {
        assert_eq!(understand(value), None, "{value:?}");
    }
}
