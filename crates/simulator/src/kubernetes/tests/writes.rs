//! Create, update, patch and delete: fences, conflicts, dry run.

use super::*;

#[tokio::test]
async fn a_name_can_be_taken_once() {
    let cluster = empty();
    let (code, made) = admin(&cluster, "POST", &core("configmaps"), config("record")).await;
    assert_eq!(code, 201);
    assert_eq!(made["metadata"]["namespace"], "logging");
    assert_eq!(made["metadata"]["uid"].as_str().unwrap().len(), 36);
    let (code, status) = admin(&cluster, "POST", &core("configmaps"), config("record")).await;
    assert_eq!((code, status["reason"].as_str()), (409, Some("AlreadyExists")));
    assert_eq!(status["message"], "configmaps \"record\" already exists");
}

#[tokio::test]
async fn a_generated_name_is_unique() {
    let cluster = empty();
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}});
    let (_, one) = admin(&cluster, "POST", &core("configmaps"), body.clone()).await;
    let (_, two) = admin(&cluster, "POST", &core("configmaps"), body).await;
    assert!(one["metadata"]["name"].as_str().unwrap().starts_with("run-"));
    assert_ne!(one["metadata"]["name"], two["metadata"]["name"]);
}

#[tokio::test]
async fn an_update_with_an_old_version_is_a_conflict_and_changes_nothing() {
    let cluster = empty();
    let (_, first) = admin(&cluster, "POST", &core("configmaps"), config("record")).await;
    let mut second = first.clone();
    second["data"]["state"] = "two".into();
    let (code, stored) = admin(&cluster, "PUT", &core("configmaps/record"), second.clone()).await;
    assert_eq!(code, 200);
    assert_ne!(version(&stored), version(&first));
    second["data"]["state"] = "three".into();
    let (code, status) = admin(&cluster, "PUT", &core("configmaps/record"), second).await;
    assert_eq!((code, status["reason"].as_str()), (409, Some("Conflict")));
    assert_eq!(cluster.get("configmaps", "record").unwrap()["data"]["state"], "two");
}

#[tokio::test]
async fn an_update_that_changes_nothing_keeps_the_version() {
    let cluster = empty();
    let (_, first) = admin(&cluster, "POST", &core("configmaps"), config("record")).await;
    let (code, same) = admin(&cluster, "PUT", &core("configmaps/record"), first.clone()).await;
    assert_eq!((code, same), (200, first));
    assert_eq!(cluster.changes().len(), 1);
}

#[tokio::test]
async fn an_update_without_a_version_passes_for_a_configmap_and_fails_for_a_lease() {
    let cluster = standby();
    let (code, _) = admin(&cluster, "PUT", &core("configmaps/holdfast"), config("holdfast")).await;
    assert_eq!(code, 200);
    let path = "/apis/coordination.k8s.io/v1/namespaces/logging/leases/holdfast";
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "holdfast"}});
    let (code, status) = admin(&cluster, "PUT", path, lease).await;
    assert_eq!((code, status["reason"].as_str()), (422, Some("Invalid")));
}

#[tokio::test]
async fn a_lease_takes_times_with_six_digits_of_fraction_only() {
    let cluster = standby();
    let path = "/apis/coordination.k8s.io/v1/namespaces/logging/leases/holdfast";
    let (_, mut lease) = admin(&cluster, "GET", path, Value::Null).await;
    lease["spec"] =
        json!({"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"});
    let (code, mut lease) = admin(&cluster, "PUT", path, lease).await;
    assert_eq!(code, 200);
    lease["spec"]["renewTime"] = "2026-01-01T00:00:00.123456789Z".into();
    assert_eq!(admin(&cluster, "PUT", path, lease.clone()).await.0, 400);
    lease["spec"]["renewTime"] = "2026-01-01T02:00:00.000001+02:00".into();
    let (_, mut lease) = admin(&cluster, "PUT", path, lease).await;
    assert_eq!(lease["spec"]["renewTime"], "2026-01-01T00:00:00.000001Z", "given back in UTC");
    lease["spec"]["renewTime"] = Value::Null;
    lease["spec"]["leaseDurationSeconds"] = 0.into();
    assert_eq!(admin(&cluster, "PUT", path, lease).await.0, 422);
}

#[tokio::test]
async fn a_patch_is_fenced_by_the_version_it_names() {
    let cluster = empty();
    let (_, first) = admin(&cluster, "POST", &core("configmaps"), config("record")).await;
    let body = json!({"metadata": {"resourceVersion": version(&first)}, "data": {"state": "two", "more": "x"}});
    let (code, second) = merge(&cluster, &core("configmaps/record"), body.clone()).await;
    assert_eq!((code, second["data"]["more"].as_str()), (200, Some("x")));
    let (code, status) = merge(&cluster, &core("configmaps/record"), body).await;
    assert_eq!((code, status["reason"].as_str()), (409, Some("Conflict")));
    let (code, third) = merge(&cluster, &core("configmaps/record"), json!({"data": {"more": null}})).await;
    assert_eq!((code, &third["data"]), (200, &json!({"state": "two"})));
}

#[tokio::test]
async fn a_failing_test_of_a_json_patch_is_invalid() {
    let cluster = empty();
    admin(&cluster, "POST", &core("configmaps"), config("record")).await;
    let patch = |wanted: &str| json!([{"op": "test", "path": "/data/state", "value": wanted}, {"op": "replace", "path": "/data/state", "value": "two"}]);
    let (code, status) = json_patch(&cluster, &core("configmaps/record"), patch("other")).await;
    assert_eq!((code, status["reason"].as_str()), (422, Some("Invalid")));
    let (code, stored) = json_patch(&cluster, &core("configmaps/record"), patch("one")).await;
    assert_eq!((code, stored["data"]["state"].as_str()), (200, Some("two")));
}

#[tokio::test]
async fn a_replace_sets_a_field_that_is_not_there_as_the_real_server_does() {
    let cluster = empty();
    admin(&cluster, "POST", &core("configmaps"), config("record")).await;
    let replace = |path: &str| json!([{"op": "replace", "path": path, "value": "new"}]);
    let (code, stored) = json_patch(&cluster, &core("configmaps/record"), replace("/data/other")).await;
    assert_eq!((code, stored["data"]["other"].as_str()), (200, Some("new")));
    assert_eq!(json_patch(&cluster, &core("configmaps/record"), replace("/nothing/other")).await.0, 422);
}

#[tokio::test]
async fn a_custom_resource_takes_no_strategic_merge_patch() {
    let cluster = standby();
    let path = "/apis/core.humio.com/v1alpha1/namespaces/logging/humioclusters/logscale";
    let media = "application/strategic-merge-patch+json";
    let body = json!({"spec": {"nodeCount": 2}});
    let (code, _) = call(&cluster, cluster.admin_token(), "PATCH", path, media, body.clone()).await;
    assert_eq!(code, 415);
    let (code, stored) = merge(&cluster, path, body).await;
    assert_eq!((code, &stored["metadata"]["generation"]), (200, &json!(2)));
}

#[tokio::test]
async fn status_and_spec_are_written_through_their_own_paths() {
    let cluster = standby();
    let path = "/apis/core.humio.com/v1alpha1/namespaces/logging/humioclusters/logscale";
    let both = json!({"spec": {"nodeCount": 3}, "status": {"state": "Running"}});
    let (_, main) = merge(&cluster, path, both.clone()).await;
    assert!(main["status"].is_null());
    let (_, status) =
        merge(&cluster, &format!("{path}/status"), json!({"spec": {"nodeCount": 9}, "status": {"state": "Running"}}))
            .await;
    assert_eq!((status["spec"]["nodeCount"].as_i64(), status["status"]["state"].as_str()), (Some(3), Some("Running")));
    assert_eq!(status["metadata"]["generation"], main["metadata"]["generation"]);
}

#[tokio::test]
async fn a_delete_is_fenced_by_uid_and_version() {
    let cluster = standby();
    let secret = cluster.get("secrets", "logscale").unwrap();
    let (uid, version) = (secret["metadata"]["uid"].clone(), version(&secret));
    for wrong in [json!({"uid": "other"}), json!({"uid": uid, "resourceVersion": "1"})] {
        let (code, status) =
            admin(&cluster, "DELETE", &core("secrets/logscale"), json!({"preconditions": wrong})).await;
        assert_eq!((code, status["reason"].as_str()), (409, Some("Conflict")));
    }
    let right = json!({"preconditions": {"uid": uid, "resourceVersion": version}});
    let (code, status) = admin(&cluster, "DELETE", &core("secrets/logscale"), right).await;
    assert_eq!((code, status["status"].as_str(), &status["details"]["uid"]), (200, Some("Success"), &uid));
    let (code, status) = admin(&cluster, "DELETE", &core("secrets/logscale"), Value::Null).await;
    assert_eq!((code, status["message"].as_str()), (404, Some("secrets \"logscale\" not found")));
}

#[tokio::test]
async fn a_dry_run_changes_nothing_on_any_verb() {
    let cluster = standby();
    let before =
        (cluster.changes().len(), cluster.list("configmaps"), cluster.list("secrets"), cluster.list("deployments"));
    let dry = |path: &str| format!("{path}?dryRun=All");
    assert_eq!(admin(&cluster, "POST", &dry(&core("configmaps")), config("new")).await.0, 201);
    assert_eq!(admin(&cluster, "PUT", &dry(&core("configmaps/holdfast")), config("holdfast")).await.0, 200);
    assert_eq!(merge(&cluster, &dry(&core("configmaps/holdfast")), json!({"data": {"a": "b"}})).await.0, 200);
    assert_eq!(admin(&cluster, "DELETE", &dry(&core("secrets/logscale")), Value::Null).await.0, 200);
    assert_eq!(admin(&cluster, "DELETE", &core("secrets/logscale"), json!({"dryRun": ["All"]})).await.0, 200);
    let scale = "/apis/apps/v1/namespaces/logging/deployments/humio-operator/scale?dryRun=All";
    assert_eq!(merge(&cluster, scale, json!({"spec": {"replicas": 1}})).await.1["spec"]["replicas"], 1);
    let after =
        (cluster.changes().len(), cluster.list("configmaps"), cluster.list("secrets"), cluster.list("deployments"));
    assert_eq!(before, after);
}

#[tokio::test]
async fn what_a_deleted_object_owned_goes_with_it() {
    let cluster = standby();
    assert!(cluster.get("secrets", "logscale-ca-keypair").is_some());
    let path = "/apis/core.humio.com/v1alpha1/namespaces/logging/humioclusters/logscale";
    assert_eq!(admin(&cluster, "DELETE", path, Value::Null).await.0, 200);
    assert!(cluster.get("secrets", "logscale-ca-keypair").is_none());
    assert!(cluster.get("certificates", "logscale").is_none());
    assert!(cluster.get("secrets", "logscale").is_some(), "the bundle has no owner and stays, stale");
    let actors: Vec<String> = cluster.changes().into_iter().map(|change| change.actor).collect();
    assert_eq!(actors[0], "kubernetes-admin");
    assert!(actors[1..].iter().all(|actor| actor == "garbage-collector"));
}

#[tokio::test]
async fn values_of_the_wrong_type_are_refused() {
    let cluster = empty();
    let number = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": 1}});
    assert_eq!(admin(&cluster, "POST", &core("configmaps"), number).await.0, 400);
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "%"}});
    assert_eq!(admin(&cluster, "POST", &core("secrets"), secret).await.0, 400);
    let large = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "x".repeat((1 << 20) + 1)}});
    assert_eq!(admin(&cluster, "POST", &core("configmaps"), large).await.0, 422);
    assert_eq!(admin(&cluster, "POST", &core("configmaps"), config("Upper_Case")).await.0, 422);
}

#[tokio::test]
async fn a_lease_says_when_the_server_took_its_last_write_and_who_sent_it_whatever_the_writer_says() {
    let cluster = standby();
    let path = "/apis/coordination.k8s.io/v1/namespaces/logging/leases/holdfast";
    let (_, mut lease) = admin(&cluster, "GET", path, Value::Null).await;
    lease["spec"]["renewTime"] = "2099-01-01T00:00:00.000000Z".into();
    lease["metadata"]["managedFields"] = json!([{"manager": "liar", "time": "2099-01-01T00:00:00Z"}]);
    let before = clock::now().as_second();
    let request = Request::builder().method("PUT").uri(path).header("user-agent", "the-writer/1.0 (x)");
    let request = request.header("authorization", format!("Bearer {}", cluster.admin_token()));
    let answer = cluster.router().oneshot(request.body(Body::from(lease.to_string())).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let (_, stored) = admin(&cluster, "GET", path, Value::Null).await;
    let [entry] = stored["metadata"]["managedFields"].as_array().unwrap().as_slice() else { panic!("{stored}") };
    let time: jiff::Timestamp = entry["time"].as_str().unwrap().parse().unwrap();
    assert!((before..=clock::now().as_second()).contains(&time.as_second()), "{entry}");
    assert_eq!(entry["manager"], "the-writer");
    let (_, again) = admin(&cluster, "PUT", path, stored.clone()).await;
    assert_eq!(again, stored, "nothing was changed");
}
