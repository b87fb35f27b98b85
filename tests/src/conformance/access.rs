//! Who comes in, and what they may not do. The refusals are the point, so their stands have a name by which the
//! comparison of the audit log with the Role leaves them out.

use holdfast_core::{FaultClass, ports::StateStore};
use holdfast_simulator::kubernetes::{StandbyFixture, TlsFixture, TokenPolicy};
use http::Method;
use serde_json::{Value, json};

use crate::{
    clock::call,
    requests::ask,
    test_cluster::{Backend, OPERATOR, TestCluster},
};

/// Where calls are made that are to be refused.
pub const REFUSALS: &str = "refusals";

/// A call that is not in the Role: method, resource, name with subresource, body, and how the server names it.
type Outside = (Method, &'static str, &'static str, Value, &'static str);

fn outside() -> Vec<Outside> {
    let body = |kind: &str| json!({"kind": kind, "apiVersion": "v1", "metadata": {"name": "new"}});
    let replicas = json!({"spec": {"replicas": 0}});
    vec![
        (Method::GET, "deployments", "", Value::Null, "cannot list resource \"deployments\" in API group \"apps\""),
        (Method::GET, "deployments", "other", Value::Null, "cannot get resource \"deployments\""),
        (Method::PATCH, "deployments", OPERATOR, replicas.clone(), "cannot patch resource \"deployments\""),
        (Method::PATCH, "deployments", "other/scale", replicas, "cannot patch resource \"deployments/scale\""),
        (Method::GET, "deployments", "humio-operator/scale", Value::Null, "cannot get resource \"deployments/scale\""),
        (Method::GET, "secrets", "logscale", Value::Null, "cannot get resource \"secrets\" in API group \"\""),
        (Method::POST, "secrets", "", body("Secret"), "cannot create resource \"secrets\""),
        (Method::DELETE, "pods", "any", Value::Null, "cannot delete resource \"pods\""),
        (Method::GET, "pods", "any/log", Value::Null, "cannot get resource \"pods/log\""),
        (Method::POST, "configmaps", "", body("ConfigMap"), "cannot create resource \"configmaps\""),
        (Method::GET, "configmaps", "other", Value::Null, "cannot get resource \"configmaps\""),
        (Method::DELETE, "leases", "holdfast", Value::Null, "cannot delete resource \"leases\""),
        (Method::PATCH, "humioclusters", "logscale", json!({}), "cannot patch resource \"humioclusters\""),
        (Method::GET, "services", "", Value::Null, "cannot list resource \"services\""),
    ]
}

/// A fit standby whose secrets are all there.
async fn standby(backend: &Backend) -> TestCluster {
    backend.cluster(REFUSALS, StandbyFixture { tls: TlsFixture::Matching, ..StandbyFixture::default() }).await
}

/// The function can do nothing beyond its Role, and the server says what was tried, by whom and where.
pub async fn a_call_outside_the_role_is_refused_and_says_what_was_tried(backend: &Backend) {
    let standby = standby(backend).await;
    let function = standby.login(&standby.function);
    for (method, resource, name, body, says) in outside() {
        let (status, answer) = ask(&function, method.clone(), &standby.path(resource, name), body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert_eq!(
            (status, answer["reason"].as_str()),
            (403, Some("Forbidden")),
            "{method} {resource} {name}: {answer}"
        );
        for part in [says, &standby.function.user, &format!("in the namespace \"{}\"", standby.namespace)] {
            assert!(message.contains(part), "{method} {resource} {name}: no {part:?} in {message:?}");
        }
    }
    let (status, answer) = ask(&function, Method::GET, "/api/v1/namespaces/default/secrets", Value::Null).await;
    assert_eq!(status, 403, "another namespace: {answer}");
    let (status, answer) = ask(&function, Method::GET, "/api/v1/nodes", Value::Null).await;
    assert_eq!(status, 403, "the whole cluster: {answer}");
}

/// The same token rules as on EKS.
pub async fn only_a_token_of_the_right_key_and_cluster_logs_in(backend: &Backend) {
    let standby = standby(backend).await;
    let right = standby.function.clone();
    let path = standby.path("configmaps", "holdfast");
    let status = async |policy: &TokenPolicy| ask(&standby.login(policy), Method::GET, &path, Value::Null).await.0;
    assert_eq!(status(&right).await, 200);
    let wrong = [
        TokenPolicy { secret_key: "another".to_owned(), ..right.clone() },
        TokenPolicy { access_key: "AKIDANOTHER".to_owned(), ..right.clone() },
        TokenPolicy { cluster_name: "another".to_owned(), ..right.clone() },
        TokenPolicy { region: "eu-west-1".to_owned(), ..right },
    ];
    for policy in &wrong {
        assert_eq!(status(policy).await, 401, "{} {} {}", policy.access_key, policy.cluster_name, policy.region);
    }
    for token in ["k8s-aws-v1.", "k8s-aws-v1.aHR0cHM6Ly8", "nonsense"] {
        let (status, answer) = ask(&standby.login_with(token), Method::GET, &path, Value::Null).await;
        assert_eq!((status, answer["reason"].as_str()), (401, Some("Unauthorized")), "{token}: {answer}");
    }
}

/// As whom nobody is refused is a setting: kube-apiserver lets anonymous requests come as far as RBAC (403), EKS since
/// Kubernetes 1.32 does not (401), and neither does the simulator.
pub async fn nobody_comes_in_without_a_token(backend: &Backend) {
    let standby = standby(backend).await;
    let (status, answer) =
        ask(&standby.login_with(""), Method::GET, &standby.path("configmaps", "holdfast"), Value::Null).await;
    assert!([401, 403].contains(&status), "{answer}");
}

/// What the operator reads when the cluster does not know the function.
pub async fn a_refused_login_is_told_as_denied(backend: &Backend) {
    let standby = standby(backend).await;
    let stranger = TokenPolicy { secret_key: "another".to_owned(), ..standby.function.clone() };
    let fault = standby.site_with(&stranger).store().load(&call()).await.expect_err("refused");
    assert_eq!(fault.class, FaultClass::Denied, "{fault}");
    assert!(fault.message.contains("no access entry"), "{fault}");
}
