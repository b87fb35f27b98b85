//! Who may do what: tokens, the shipped Role, the audit log.

use super::*;

async fn function(cluster: &Arc<Cluster>, method: &str, path: &str) -> (u16, Value) {
    let token = function_token(cluster);
    let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let body = if method == "PATCH" { json!({"spec": {"replicas": 1}}) } else { Value::Null };
    call(cluster, &token, method, path, media, body).await
}

#[tokio::test]
async fn the_shipped_role_allows_what_a_failover_does() {
    let cluster = standby();
    let apps = "/apis/apps/v1/namespaces/logging/deployments/humio-operator";
    let secrets = core("secrets");
    let allowed = [
        ("GET", apps.to_owned()),
        ("PATCH", format!("{apps}/scale")),
        ("GET", secrets.clone()),
        ("DELETE", format!("{secrets}/logscale")),
        ("GET", core("pods")),
        ("GET", core("configmaps/holdfast")),
        ("GET", "/apis/core.humio.com/v1alpha1/namespaces/logging/humioclusters/logscale".to_owned()),
        ("GET", "/apis/coordination.k8s.io/v1/namespaces/logging/leases/holdfast".to_owned()),
        ("GET", "/version".to_owned()),
    ];
    for (method, path) in allowed {
        assert_eq!(function(&cluster, method, &path).await.0, 200, "{method} {path}");
    }
    assert!(cluster.audit().iter().all(|entry| entry.allowed && entry.groups.contains(&"dr-failover".to_owned())));
}

#[tokio::test]
async fn the_shipped_role_allows_nothing_else() {
    let cluster = standby();
    let deployments = "/apis/apps/v1/namespaces/logging/deployments";
    let refused = [
        ("GET", deployments.to_owned()),
        ("GET", format!("{deployments}/other")),
        ("PATCH", format!("{deployments}/humio-operator")),
        ("DELETE", format!("{deployments}/humio-operator")),
        ("GET", core("configmaps")),
        ("GET", core("configmaps/other")),
        ("POST", core("configmaps")),
        ("POST", core("secrets")),
        ("DELETE", core("pods/any")),
        ("GET", "/api/v1/secrets".to_owned()),
        ("GET", "/api/v1/namespaces/other/secrets".to_owned()),
        ("GET", core("secrets?watch=true")),
        ("GET", "/metrics".to_owned()),
    ];
    for (method, path) in refused {
        let (code, status) = function(&cluster, method, &path).await;
        assert_eq!((code, status["reason"].as_str()), (403, Some("Forbidden")), "{method} {path}");
    }
    assert!(cluster.changes().is_empty());
}

#[tokio::test]
async fn a_refusal_has_the_real_servers_sentence() {
    let cluster = standby();
    let (_, status) = function(&cluster, "PATCH", "/apis/apps/v1/namespaces/logging/deployments/other/scale").await;
    let user = cluster.token_policy().user;
    let expected = format!(
        "deployments.apps \"other\" is forbidden: User \"{user}\" cannot patch resource \"deployments/scale\" in API group \"apps\" in the namespace \"logging\""
    );
    assert_eq!(status["message"], expected);
    let entry = cluster.audit().pop().unwrap();
    assert_eq!(
        (entry.verb.as_str(), entry.subresource.as_str(), entry.allowed, entry.code),
        ("patch", "scale", false, 403)
    );
}

#[tokio::test]
async fn bad_credentials_are_401_and_none_are_the_anonymous_user() {
    let cluster = standby();
    let bad = call(&cluster, "k8s-aws-v1.bm90aGluZw", "GET", &core("pods"), "application/json", Value::Null).await;
    assert_eq!((bad.0, bad.1["reason"].as_str()), (401, Some("Unauthorized")));
    let none = call(&cluster, "", "GET", &core("pods"), "application/json", Value::Null).await;
    assert_eq!(none.0, 403);
    assert!(none.1["message"].as_str().unwrap().contains("system:anonymous"));
    assert_eq!(call(&cluster, "", "GET", "/readyz", "application/json", Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_put_of_an_absent_lease_needs_the_right_to_create() {
    let cluster = standby();
    cluster.delete("leases", "holdfast");
    let path = "/apis/coordination.k8s.io/v1/namespaces/logging/leases/holdfast";
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "holdfast"}});
    let token = function_token(&cluster);
    let (code, status) = call(&cluster, &token, "PUT", path, "application/json", lease.clone()).await;
    assert_eq!(code, 403);
    assert!(status["message"].as_str().unwrap().contains("cannot create resource \"leases\""));
    assert_eq!(admin(&cluster, "PUT", path, lease).await.0, 201);
}

#[tokio::test]
async fn one_may_ask_what_one_may_do() {
    let cluster = standby();
    let token = function_token(&cluster);
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for (name, allowed) in [("humio-operator", true), ("other", false)] {
        let attributes = json!({"namespace": "logging", "verb": "patch", "group": "apps", "resource": "deployments", "subresource": "scale", "name": name});
        let (code, answer) = call(
            &cluster,
            &token,
            "POST",
            path,
            "application/json",
            json!({"spec": {"resourceAttributes": attributes}}),
        )
        .await;
        assert_eq!((code, &answer["status"]["allowed"]), (201, &json!(allowed)));
    }
}

#[tokio::test]
async fn the_webhook_judges_tokens_by_the_same_rules() {
    let cluster = standby();
    let router = token_review_router(cluster.token_policy());
    for (token, good) in [(function_token(&cluster), true), ("k8s-aws-v1.bm90aGluZw".to_owned(), false)] {
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}});
        let request =
            Request::post("/").header("content-type", "application/json").body(Body::from(body.to_string())).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let answer: Value = serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap();
        assert_eq!(answer["status"]["authenticated"], good);
        assert_eq!(answer["status"]["error"].is_string(), !good);
    }
}
