//! The testbed itself: real servers start, do what they are asked for, and are gone afterwards.

use std::{net::TcpStream, process::Stdio};

use holdfast_testbed::{Assets, Moto, Options, Testbed, User, Venv, find::kubectl, required_or_skipped};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api, Client,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

const NAMESPACE: &str = "logging";
const OPERATOR: &str = "humio-operator";

/// A namespace, a Deployment scaled to nothing, and one who may read and scale exactly that one.
const SCENE: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: logging}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: humio-operator, namespace: logging}
spec:
  replicas: 0
  selector: {matchLabels: {app: humio-operator}}
  template:
    metadata: {labels: {app: humio-operator}}
    spec:
      containers: [{name: operator, image: example.invalid/operator}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: scaler, namespace: logging}
rules:
- {apiGroups: [apps], resources: [deployments, deployments/scale], resourceNames: [humio-operator], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: scaler, namespace: logging}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: scaler}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: scalers}]
"#;

fn scaler() -> User {
    User { name: "scaler".to_owned(), groups: vec!["scalers".to_owned()] }
}

/// Gives `look` a minute to find something.
async fn eventually<T>(look: impl AsyncFn() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), looking).await.expect("within a minute")
}

async fn scale_to_one(client: Client) {
    let deployments: Api<Deployment> = Api::namespaced(client, NAMESPACE);
    let one = Patch::Merge(json!({"spec": {"replicas": 1}}));
    deployments.patch_scale(OPERATOR, &PatchParams::default(), &one).await.unwrap();
}

#[tokio::test]
async fn a_deployment_scaled_up_gets_a_ready_pod() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let options = Options { users: vec![scaler()], pods: true, ..Options::default() };
    let bed = Testbed::start(&assets, &options).await.unwrap();
    bed.apply_yaml(SCENE).await.unwrap();

    scale_to_one(bed.client(&bed.token("scaler"))).await;

    let deployments: Api<Deployment> = Api::namespaced(bed.admin(), NAMESPACE);
    let ready = eventually(async || deployments.get(OPERATOR).await.unwrap().status?.ready_replicas).await;
    assert_eq!(ready, 1);
    let pods: Api<Pod> = Api::namespaced(bed.admin(), NAMESPACE);
    let pods = pods.list(&ListParams::default()).await.unwrap().items;
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].status.as_ref().and_then(|status| status.phase.as_deref()), Some("Running"));
}

#[tokio::test]
async fn rbac_refuses_a_list_where_one_name_may_be_read_and_the_audit_log_says_so() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let options = Options { users: vec![scaler()], ..Options::default() };
    let bed = Testbed::start(&assets, &options).await.unwrap();
    bed.apply_yaml(SCENE).await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(bed.client(&bed.token("scaler")), NAMESPACE);

    deployments.get(OPERATOR).await.unwrap();
    let refused = deployments.list(&ListParams::default()).await.unwrap_err();
    scale_to_one(bed.client(&bed.token("scaler"))).await;

    assert!(matches!(&refused, kube::Error::Api(status) if status.code == 403), "{refused:?}");
    let audit = bed.audit().await.unwrap();
    let seen: Vec<_> = audit
        .iter()
        .filter(|entry| entry.user == "scaler")
        .map(|entry| (entry.verb.as_str(), entry.subresource.as_str(), entry.name.as_str(), entry.code))
        .collect();
    assert_eq!(seen, [("get", "", OPERATOR, 200), ("list", "", "", 403), ("patch", "scale", OPERATOR, 200)]);
}

#[tokio::test]
async fn the_humio_cluster_definition_is_served_and_kubectl_reads_what_was_applied() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let Some(kubectl) = required_or_skipped(kubectl()) else {
        return;
    };
    let bed = Testbed::start(&assets, &Options::default()).await.unwrap();

    bed.apply_yaml(include_str!("../../real/fixtures/crds/core.humio.com_humioclusters.yaml")).await.unwrap();
    bed.apply_yaml(
        "
apiVersion: core.humio.com/v1alpha1
kind: HumioCluster
metadata: {name: logscale}
spec: {nodeCount: 1, license: {}}
",
    )
    .await
    .unwrap();

    let output = std::process::Command::new(kubectl)
        .arg("--kubeconfig")
        .arg(bed.kubeconfig())
        .arg("--cache-dir")
        .arg(bed.kubeconfig().with_file_name("kubectl"))
        .args(["get", "humiocluster", "logscale", "-o", "jsonpath={.spec.nodeCount}"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1", "{}", String::from_utf8_lossy(&output.stderr));
}

/// Says yes to one token, as a TokenReview webhook does.
async fn review(axum::Json(request): axum::Json<Value>) -> axum::Json<Value> {
    let known = request["spec"]["token"] == "k8s-aws-v1.known";
    let status = if known {
        json!({"authenticated": true, "user": {"username": "function", "groups": ["scalers"]}})
    } else {
        json!({"authenticated": false})
    };
    axum::Json(json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}))
}

#[tokio::test]
async fn a_token_that_only_the_webhook_knows_logs_in() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/review", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/review", axum::routing::post(review));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let bed = Testbed::start(&assets, &Options { token_webhook: Some(url), ..Options::default() }).await.unwrap();
    bed.apply_yaml(SCENE).await.unwrap();

    let get = async |token| Api::<Deployment>::namespaced(bed.client(token), NAMESPACE).get(OPERATOR).await;

    get("k8s-aws-v1.known").await.unwrap();
    let refused = get("k8s-aws-v1.stranger").await.unwrap_err();
    assert!(matches!(&refused, kube::Error::Api(status) if status.code == 401), "{refused:?}");
}

#[tokio::test]
async fn a_dropped_testbed_leaves_no_server_behind() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let bed = Testbed::start(&assets, &Options::default()).await.unwrap();
    let address = bed.endpoint().trim_start_matches("https://").to_owned();
    TcpStream::connect(&address).unwrap();
    let folder = bed.kubeconfig().parent().unwrap().to_owned();

    drop(bed);

    TcpStream::connect(&address).unwrap_err();
    assert!(!folder.exists());
}

#[tokio::test]
async fn moto_answers_the_aws_command_line() {
    let Some(venv) = required_or_skipped(Venv::find()) else {
        return;
    };
    let moto = Moto::start(&venv).await.unwrap();

    let output = venv
        .client("aws")
        .args(["--endpoint-url", &moto.endpoint(), "ssm", "put-parameter", "--name", "/n", "--value", "1"])
        .args(["--type", "String"])
        .stdin(Stdio::null())
        .output()
        .unwrap();

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(answer["Version"], 1, "{}", String::from_utf8_lossy(&output.stderr));
}
