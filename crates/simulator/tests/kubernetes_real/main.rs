//! The same questions to a real kube-apiserver and to the simulated one: every difference is a failure.
//!
//! The function's token is signed here by hand, so that neither the simulator's review nor production code vouches for itself;
//! the real server asks the simulator's TokenReview webhook about it.

mod question;
mod questions;
mod token;

use std::sync::Arc;

use holdfast_simulator::kubernetes::{Cluster, ClusterOptions, token_review_router};
use holdfast_testbed::{Assets, Options, Testbed, required_or_skipped};
use http::{Request, header};
use http_body_util::BodyExt as _;
use kube::{Client, Config, client::Body};
use serde_json::{Value, json};

use question::{Answer, Question};

const DEFINITION: &str = include_str!("../../../../tests/real/fixtures/crds/core.humio.com_humioclusters.yaml");
const SHIPPED: &str = include_str!("../../../../infra/kubernetes/role.yaml");
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
"#;

/// A simulated cluster with the scene in it, and no controllers, as the real one has none.
fn simulated() -> Arc<Cluster> {
    let cluster = Cluster::new(ClusterOptions {
        name: token::CLUSTER.to_owned(),
        region: token::REGION.to_owned(),
        namespace: "logging".to_owned(),
        access_key: token::ACCESS_KEY.to_owned(),
        secret_key: token::SECRET_KEY.to_owned(),
        group: "dr-failover".to_owned(),
        pace: 1.0,
        seed: 1,
    });
    for text in [SCENE, SHIPPED] {
        for manifest in serde_saphyr::from_multiple::<Value>(text).unwrap() {
            cluster.apply(manifest).unwrap();
        }
    }
    cluster
}

/// Serves a router on loopback and gives its address.
async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// One server: a client for the administrator and one for the function.
struct Server {
    admin: Client,
    function: Client,
}

impl Server {
    async fn ask(&self, question: &Question) -> Answer {
        let body = self.fill(question).await;
        let client = if question.as_function { &self.function } else { &self.admin };
        send(client, question.method, &question.path, question.media, body).await
    }

    /// Puts the object's present resourceVersion and uid where the body says `$version` and `$uid`.
    async fn fill(&self, question: &Question) -> String {
        if !question.body.contains('$') {
            return question.body.clone();
        }
        let found = send(&self.admin, "GET", &question.path, "application/json", String::new()).await;
        let part = |field: &str| found.body["metadata"][field].as_str().unwrap_or_default().to_owned();
        question.body.replace("$version", &part("resourceVersion")).replace("$uid", &part("uid"))
    }
}

async fn send(client: &Client, method: &str, path: &str, media: &str, body: String) -> Answer {
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media);
    let request = request.header(header::ACCEPT, "application/json").body(Body::from(body.into_bytes())).unwrap();
    let response = client.send(request).await.unwrap();
    let code = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { code, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

fn client(address: &str, token: &str) -> Client {
    let mut config = Config::new(address.parse().unwrap());
    config.auth_info.token = Some(token.to_owned().into());
    Client::try_from(config).unwrap()
}

#[tokio::test]
async fn the_simulated_api_server_answers_as_the_real_one() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let cluster = simulated();
    let webhook = serve(token_review_router(cluster.token_policy())).await;
    let options = Options { token_webhook: Some(webhook), ..Options::default() };
    let bed = Testbed::start(&assets, &options).await.unwrap();
    for text in [DEFINITION, SCENE, SHIPPED] {
        bed.apply_yaml(text).await.unwrap();
    }
    let address = serve(cluster.router()).await;
    let token = token::make();
    let real = Server { admin: bed.admin(), function: bed.client(&token) };
    let ours = Server { admin: client(&address, cluster.admin_token()), function: client(&address, &token) };

    let mut differences = Vec::new();
    let questions = questions::all();
    for question in &questions {
        let (wanted, found) = (real.ask(question).await, ours.ask(question).await);
        if question.view(&wanted) != question.view(&found) {
            let (wanted, found) = (question.view(&wanted), question.view(&found));
            differences.push(format!("{question}\n  real {wanted}\n  ours {found}"));
        }
    }
    assert!(questions.len() > 100, "{} questions", questions.len());
    assert!(differences.is_empty(), "{} of {} differ\n{}", differences.len(), questions.len(), differences.join("\n"));
}

#[tokio::test]
async fn both_servers_let_the_function_in_and_keep_a_forger_out() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let cluster = simulated();
    let webhook = serve(token_review_router(cluster.token_policy())).await;
    let options = Options { token_webhook: Some(webhook), ..Options::default() };
    let bed = Testbed::start(&assets, &options).await.unwrap();
    let address = serve(cluster.router()).await;
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}).to_string();
    for (token, code) in [(token::make(), 201), (token::signed_with("another secret"), 401)] {
        for server in [bed.client(&token), client(&address, &token)] {
            let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
            let answer = send(&server, "POST", path, "application/json", review.clone()).await;
            assert_eq!(answer.code, code, "{}", answer.body);
        }
    }
}
