use serde_json::json;

use super::*;
use crate::testing::{FakeApi, call};

const ANNOTATION: &str = "example.com/last-failover-epoch";
const DEPLOYMENT: &str = "apis/apps/v1/deployments/humio-operator";

fn cluster(annotations: serde_json::Value) -> FakeApi {
    let api = FakeApi::default();
    api.put(DEPLOYMENT, json!({"metadata": {"annotations": annotations}, "spec": {"replicas": 0}}));
    api
}

fn cooldown(server: &FakeApi) -> AnnotationCooldown {
    AnnotationCooldown::new(
        Arc::new(DeploymentHandle::new(server.api(), "humio-operator", "humio-operator")),
        ANNOTATION,
    )
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

#[tokio::test]
async fn a_note_of_the_reference_is_read_and_nothing_is_ever_written() {
    let api = cluster(json!({ANNOTATION: "1767225600"}));
    let before = api.object(DEPLOYMENT);
    let (store, (call, _)) = (cooldown(&api), call());
    assert_eq!(store.last(&call).await.expect("a time"), Some(at(1_767_225_600)));
    store.set(&call, at(1_767_225_999)).await.expect("the record holds the start");
    assert_eq!(api.log(), ["GET apis/apps/v1/deployments/humio-operator"]);
    assert_eq!(api.object(DEPLOYMENT), before);
}

#[tokio::test]
async fn no_note_is_never_and_nonsense_is_a_fault() {
    let (call, _) = call();
    assert_eq!(cooldown(&cluster(json!({}))).last(&call).await.expect("never"), None);
    let fault = cooldown(&cluster(json!({ANNOTATION: "soon"}))).last(&call).await.expect_err("nonsense");
    assert_eq!(fault.class, FaultClass::Invalid);
}

#[tokio::test]
async fn a_time_ahead_is_given_back_as_it_stands_and_what_is_no_time_is_told_with_value_place_and_what_is_allowed() {
    let (call, _) = call();
    let read = |value: String| {
        let (api, call) = (cluster(json!({ANNOTATION: value})), call.clone());
        async move { cooldown(&api).last(&call).await }
    };
    assert_eq!(read("4102444800".to_owned()).await.expect("a time"), Some(at(4_102_444_800)));
    for value in ["1764115200000", "-1", "soon", "18446744073709551615", &"9".repeat(900)] {
        let fault = read(value.to_owned()).await.expect_err("no time");
        assert_eq!(fault.class, FaultClass::Invalid);
        let shown: String = value.chars().take(40).collect();
        for part in [ANNOTATION, "Deployment humio-operator", &shown, "0 for never"] {
            assert!(fault.message.contains(part), "{part} in {fault}");
        }
        assert!(fault.message.len() < 300, "{fault}");
    }
}
