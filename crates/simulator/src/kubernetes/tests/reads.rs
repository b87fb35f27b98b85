//! Lists, watches, logs, discovery.

use futures_util::StreamExt as _;

use super::*;

/// Opens a watch and gives its events one by one.
async fn events(cluster: &Arc<Cluster>, path: &str) -> impl futures_util::Stream<Item = Value> + Unpin + use<> {
    let request = Request::get(path).header("authorization", format!("Bearer {}", cluster.admin_token()));
    let response = cluster.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    Box::pin(response.into_body().into_data_stream().map(|line| serde_json::from_slice(&line.unwrap()).unwrap()))
}

#[tokio::test]
async fn a_list_is_selected_and_carries_the_clusters_revision() {
    let cluster = standby();
    let (code, list) =
        admin(&cluster, "GET", &core("secrets?labelSelector=app.kubernetes.io%2Fname%3Dhumio"), Value::Null).await;
    assert_eq!((code, list["kind"].as_str()), (200, Some("SecretList")));
    let names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["logscale-ca-keypair"]);
    assert!(list["items"][0]["kind"].is_null());
    let newest = cluster
        .list("secrets")
        .iter()
        .chain(&cluster.list("certificates"))
        .map(|one| version(one).parse::<u64>().unwrap())
        .max()
        .unwrap();
    assert!(list["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap() >= newest);
    let (_, one) = admin(&cluster, "GET", &core("secrets?fieldSelector=metadata.name%3Dlogscale"), Value::Null).await;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_in_pages_is_of_one_moment_whatever_is_written_meanwhile() {
    let cluster = empty();
    for name in ["a", "b", "c", "d"] {
        admin(&cluster, "POST", &core("configmaps"), config(name)).await;
    }
    let (_, first) = admin(&cluster, "GET", &core("configmaps?limit=2"), Value::Null).await;
    assert_eq!((names(&first), first["metadata"]["remainingItemCount"].as_u64()), (vec!["a", "b"], Some(2)));
    admin(&cluster, "DELETE", &core("configmaps/c"), Value::Null).await;
    admin(&cluster, "POST", &core("configmaps"), config("bb")).await;
    merge(&cluster, &core("configmaps/d"), json!({"data": {"state": "changed"}})).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (_, second) = admin(&cluster, "GET", &core(&format!("configmaps?limit=2&continue={token}")), Value::Null).await;
    assert_eq!((names(&second), second["items"][1]["data"]["state"].as_str()), (vec!["c", "d"], Some("one")));
    assert!(second["metadata"]["continue"].is_null());
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn a_page_counts_what_is_selected() {
    let cluster = empty();
    for (name, kind) in [("a", "kubernetes.io/tls"), ("b", "Opaque"), ("c", "kubernetes.io/tls")] {
        let data = json!({"tls.crt": "eA==", "tls.key": "eA=="});
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": data});
        admin(&cluster, "POST", &core("secrets"), secret).await;
    }
    let path = core("secrets?fieldSelector=type%3Dkubernetes.io%2Ftls&limit=1");
    let (_, first) = admin(&cluster, "GET", &path, Value::Null).await;
    assert_eq!(names(&first), ["a"]);
    assert!(first["metadata"]["remainingItemCount"].is_null(), "not told of a selection");
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (_, second) = admin(&cluster, "GET", &format!("{path}&continue={token}"), Value::Null).await;
    assert_eq!((names(&second), second["metadata"]["continue"].is_null()), (vec!["c"], true));
    let (code, _) = admin(&cluster, "GET", &core("configmaps?fieldSelector=type%3Dx"), Value::Null).await;
    assert_eq!(code, 400);
}

#[tokio::test]
async fn a_token_of_a_forgotten_state_is_expired_and_one_that_is_none_is_refused() {
    let cluster = empty();
    for name in ["a", "b"] {
        admin(&cluster, "POST", &core("configmaps"), config(name)).await;
    }
    let (_, first) = admin(&cluster, "GET", &core("configmaps?limit=1"), Value::Null).await;
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    for round in 0..5000 {
        cluster.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"n": round.to_string()}})).unwrap();
    }
    let (code, status) =
        admin(&cluster, "GET", &core(&format!("configmaps?limit=1&continue={token}")), Value::Null).await;
    assert_eq!((code, status["reason"].as_str()), (410, Some("Expired")));
    for bad in ["nonsense", "e30", "%00"] {
        let (code, _) = admin(&cluster, "GET", &core(&format!("configmaps?limit=1&continue={bad}")), Value::Null).await;
        assert_eq!(code, 400, "{bad}");
    }
    assert_eq!(admin(&cluster, "GET", &core("configmaps?limit=many"), Value::Null).await.0, 400);
}

#[tokio::test]
async fn a_watch_tells_what_happens_after_its_version() {
    let cluster = empty();
    let (_, first) = admin(&cluster, "POST", &core("configmaps"), config("one")).await;
    let mut events = events(&cluster, &core(&format!("configmaps?watch=1&resourceVersion={}", version(&first)))).await;
    admin(&cluster, "POST", &core("configmaps"), config("two")).await;
    admin(
        &cluster,
        "POST",
        &core("secrets"),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "unseen"}}),
    )
    .await;
    merge(&cluster, &core("configmaps/one"), json!({"data": {"state": "changed"}})).await;
    admin(&cluster, "DELETE", &core("configmaps/two"), Value::Null).await;
    for (kind, name) in [("ADDED", "two"), ("MODIFIED", "one"), ("DELETED", "two")] {
        let event = events.next().await.unwrap();
        assert_eq!((event["type"].as_str(), event["object"]["metadata"]["name"].as_str()), (Some(kind), Some(name)));
    }
}

#[tokio::test]
async fn an_object_that_leaves_the_selection_is_deleted_for_the_watch() {
    let cluster = empty();
    let mut events = events(&cluster, &core("configmaps?watch=1&labelSelector=on")).await;
    admin(&cluster, "POST", &core("configmaps"), config("one")).await;
    merge(&cluster, &core("configmaps/one"), json!({"metadata": {"labels": {"on": "1"}}})).await;
    merge(&cluster, &core("configmaps/one"), json!({"metadata": {"labels": {"on": null}}})).await;
    assert_eq!(events.next().await.unwrap()["type"], "ADDED");
    assert_eq!(events.next().await.unwrap()["type"], "DELETED");
}

#[tokio::test]
async fn a_watch_ends_at_its_time_out() {
    let cluster = empty();
    let mut events = events(&cluster, &core("configmaps?watch=1&timeoutSeconds=0")).await;
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_watch_from_a_forgotten_version_is_told_so() {
    let cluster = empty();
    for round in 0..5000 {
        cluster.apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"n": round.to_string()}})).unwrap();
    }
    let mut events = events(&cluster, &core("configmaps?watch=1&resourceVersion=1")).await;
    let event = events.next().await.unwrap();
    assert_eq!((event["type"].as_str(), event["object"]["code"].as_i64()), (Some("ERROR"), Some(410)));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn discovery_names_the_scale_subresource() {
    let cluster = empty();
    let (_, list) = admin(&cluster, "GET", "/apis/apps/v1", Value::Null).await;
    let scale = list["resources"].as_array().unwrap().iter().find(|one| one["name"] == "deployments/scale").unwrap();
    assert_eq!((scale["kind"].as_str(), scale["group"].as_str()), (Some("Scale"), Some("autoscaling")));
    let (_, groups) = admin(&cluster, "GET", "/apis", Value::Null).await;
    for group in groups["groups"].as_array().unwrap() {
        let path = format!("/apis/{}", group["preferredVersion"]["groupVersion"].as_str().unwrap());
        assert_eq!(admin(&cluster, "GET", &path, Value::Null).await.0, 200, "{path}");
    }
    assert_eq!(admin(&cluster, "GET", "/apis/batch/v1", Value::Null).await.0, 404);
    assert_eq!(admin(&cluster, "GET", "/api/v1/namespaces/logging/toasters", Value::Null).await.0, 404);
}

#[test]
fn calls_have_names() {
    let name = |method: &str, uri: &str| Cluster::call_name(&method.parse().unwrap(), &uri.parse().unwrap());
    assert_eq!(name("GET", "/api/v1/namespaces/a/configmaps/b"), "kubernetes:get:configmaps");
    assert_eq!(name("PATCH", "/apis/apps/v1/namespaces/a/deployments/b/scale"), "kubernetes:patch:deployments/scale");
    assert_eq!(name("DELETE", "/api/v1/namespaces/a/secrets/b"), "kubernetes:delete:secrets");
    assert_eq!(name("GET", "/version"), "kubernetes:get:/version");
}
