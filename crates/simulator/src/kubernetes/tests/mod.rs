//! The API through its router, as a client meets it.

mod access;
mod reads;
mod scaling;
mod writes;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::signature::{Presigned, sign};
use super::*;

/// A cluster with nothing but its namespace.
fn empty() -> Arc<Cluster> {
    Cluster::new(ClusterOptions {
        name: "dr-eks".to_owned(),
        region: "us-east-2".to_owned(),
        namespace: "logging".to_owned(),
        access_key: "AKIDEXAMPLE".to_owned(),
        secret_key: "secret".to_owned(),
        group: "dr-failover".to_owned(),
        pace: 60.0,
        seed: 1,
    })
}

/// A fit standby.
fn standby() -> Arc<Cluster> {
    let cluster = empty();
    apply_fixture(&cluster, &StandbyFixture { tls: TlsFixture::Matching, ..StandbyFixture::default() });
    cluster
}

/// The token that the function would make for `cluster` right now.
fn function_token(cluster: &Cluster) -> String {
    let options = cluster.options();
    let date = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let credential = format!("{}/{}/{}/sts/aws4_request", options.access_key, &date[..8], options.region);
    let pairs: Vec<(String, String)> = [
        ("Action", "GetCallerIdentity"),
        ("Version", "2011-06-15"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", &credential),
        ("X-Amz-Date", &date),
        ("X-Amz-Expires", "60"),
        ("X-Amz-SignedHeaders", "host;x-k8s-aws-id"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let host = format!("sts.{}.amazonaws.com", options.region);
    let presigned = Presigned {
        pairs: &pairs,
        headers: &[("host", &host), ("x-k8s-aws-id", &options.name)],
        signed_headers: "host;x-k8s-aws-id",
        credential: &credential,
        date: &date,
    };
    let signature = sign(&presigned, &options.secret_key).expect("both headers are there");
    let query: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", value.replace('/', "%2F"))).collect();
    let url = format!("https://{host}/?{}&X-Amz-Signature={signature}", query.join("&"));
    format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
}

/// One call; gives the HTTP status and the body (null when it is no JSON).
async fn call(cluster: &Arc<Cluster>, token: &str, method: &str, path: &str, media: &str, body: Value) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", media);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let response = cluster.router().oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A call as administrator with a JSON body.
async fn admin(cluster: &Arc<Cluster>, method: &str, path: &str, body: Value) -> (u16, Value) {
    call(cluster, cluster.admin_token(), method, path, "application/json", body).await
}

/// A merge patch as administrator.
async fn merge(cluster: &Arc<Cluster>, path: &str, body: Value) -> (u16, Value) {
    call(cluster, cluster.admin_token(), "PATCH", path, "application/merge-patch+json", body).await
}

/// A JSON patch as administrator.
async fn json_patch(cluster: &Arc<Cluster>, path: &str, body: Value) -> (u16, Value) {
    call(cluster, cluster.admin_token(), "PATCH", path, "application/json-patch+json", body).await
}

/// Path of an object or collection of the core group.
fn core(rest: &str) -> String {
    format!("/api/v1/namespaces/logging/{rest}")
}

/// A ConfigMap with one entry.
fn config(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"state": "one"}})
}

/// resourceVersion of an object.
fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}
