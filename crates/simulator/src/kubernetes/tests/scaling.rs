//! The scale subresource.

use super::*;

const SCALE: &str = "/apis/apps/v1/namespaces/logging/deployments/humio-operator/scale";

#[tokio::test]
async fn a_scale_of_zero_leaves_the_number_out() {
    let cluster = standby();
    let (code, scale) = admin(&cluster, "GET", SCALE, Value::Null).await;
    assert_eq!((code, scale["kind"].as_str()), (200, Some("Scale")));
    assert_eq!(scale["spec"], json!({}));
    assert_eq!(scale["status"]["replicas"], 0);
    let deployment = cluster.get("deployments", "humio-operator").unwrap();
    assert_eq!(version(&scale), version(&deployment));
}

#[tokio::test]
async fn a_scale_is_fenced_by_the_version_of_the_deployment() {
    let cluster = standby();
    let deployment = cluster.get("deployments", "humio-operator").unwrap();
    let body = json!({"metadata": {"resourceVersion": version(&deployment)}, "spec": {"replicas": 1}});
    let (code, scale) = merge(&cluster, SCALE, body.clone()).await;
    assert_eq!((code, scale["spec"]["replicas"].as_i64()), (200, Some(1)));
    let stored = cluster.get("deployments", "humio-operator").unwrap();
    assert_eq!((stored["spec"]["replicas"].as_i64(), stored["metadata"]["generation"].as_i64()), (Some(1), Some(2)));
    let (code, status) = merge(&cluster, SCALE, body).await;
    assert_eq!((code, status["details"]["kind"].as_str()), (409, Some("deployments")));
    let change = cluster.changes().pop().unwrap();
    assert_eq!(
        (change.verb, change.resource.as_str(), change.actor.as_str()),
        ("patch", "deployments/scale", "kubernetes-admin")
    );
    assert_eq!(change.resource_version, version(&stored));
}

#[tokio::test]
async fn a_put_of_a_scale_needs_no_version_but_heeds_it() {
    let cluster = standby();
    let scale = |version: &str| json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "humio-operator", "resourceVersion": version}, "spec": {"replicas": 2}});
    assert_eq!(admin(&cluster, "PUT", SCALE, scale("1")).await.0, 409);
    assert_eq!(admin(&cluster, "PUT", SCALE, scale("")).await.1["spec"]["replicas"], 2);
}

#[tokio::test]
async fn a_negative_or_absurd_number_is_refused() {
    let cluster = standby();
    let (code, status) = merge(&cluster, SCALE, json!({"spec": {"replicas": -1}})).await;
    assert_eq!((code, status["details"]["kind"].as_str()), (422, Some("Scale")));
    assert_eq!(merge(&cluster, SCALE, json!({"spec": {"replicas": "many"}})).await.0, 422);
    let absent = SCALE.replace("humio-operator", "other");
    let (code, status) = merge(&cluster, &absent, json!({"spec": {"replicas": 1}})).await;
    assert_eq!((code, status["message"].as_str()), (404, Some("deployments.apps \"other\" not found")));
}
