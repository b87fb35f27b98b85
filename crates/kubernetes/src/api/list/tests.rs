//! Pages, bounds, and a namespace that holds more than we could.

use std::sync::Arc;

use http::{Request, Response};
use kube::{Client, client::Body};
use serde_json::{Value, json};

use super::*;
use crate::{
    Direct,
    api::{LIST_PODS, LIST_SECRETS},
    pod::Pod,
    secret,
    testing::{FakeApi, call},
};

/// An API on a server that answers what `answer` says of the query.
fn api(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Api {
    let answer = Arc::new(answer);
    let service = tower::service_fn(move |request: Request<Body>| {
        let (code, text) = answer(request.uri().query().unwrap_or_default());
        let response = Response::builder().status(code).body(Body::from(text.into_bytes())).expect("a response");
        async move { Ok::<_, std::convert::Infallible>(response) }
    });
    Api::new(Arc::new(Direct(Client::new(service, "logging"))), "logging")
}

async fn names(api: &Api) -> Result<Listed<Pod>, Fault> {
    api.list(&call().0, &LIST_PODS, "labelSelector=a", |_: &Pod| true).await
}

fn page(name: &str, next: &str) -> (u16, String) {
    (200, json!({"metadata": {"continue": next}, "items": [{"metadata": {"name": name}}]}).to_string())
}

fn expired() -> (u16, String) {
    (410, json!({"kind": "Status", "reason": "Expired", "code": 410}).to_string())
}

#[tokio::test]
async fn pages_are_read_to_the_end_with_the_token_of_the_one_before() {
    let api = api(|query| match query {
        "labelSelector=a&limit=100" => page("one", "a+b/c="),
        "labelSelector=a&limit=100&continue=a%2Bb%2Fc%3D" => page("two", ""),
        other => panic!("{other}"),
    });
    let listed = names(&api).await.expect("a list");
    let names: Vec<_> = listed.items.iter().map(|pod| pod.metadata.name.as_str()).collect();
    assert_eq!((names, listed.complete), (vec!["one", "two"], true));
}

#[tokio::test]
async fn an_expired_token_lets_the_list_begin_anew_once() {
    let server = FakeApi::default();
    (0..250).for_each(|at| server.put(&format!("api/v1/secrets/c-{at:03}"), json!({"type": "kubernetes.io/tls"})));
    let read = async || {
        let api = server.api();
        secret::of_tls(&api, &call().0, |_| true).await
    };
    server.expire_tokens(1);
    let listed = read().await.expect("begun anew");
    assert_eq!((listed.items.len(), listed.complete), (250, true));
    server.expire_tokens(2);
    let fault = read().await.err().expect("twice is a fault");
    assert_eq!(fault.class, FaultClass::Server);
    assert!(fault.message.contains("expired twice"), "{}", fault.message);
}

#[tokio::test]
async fn a_token_that_never_ends_and_one_that_is_too_long_end_the_list() {
    let endless = api(|_| page("again", "again"));
    let listed = names(&endless).await.expect("a list");
    assert_eq!((listed.items.len(), listed.complete), (PAGES, false));
    let long = api(|_| page("one", &"x".repeat(LONGEST_TOKEN + 1)));
    assert_eq!(names(&long).await.expect_err("too long").class, FaultClass::Invalid);
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_in_smaller_pieces_and_one_object_never_is() {
    let long = "x".repeat(LIST_PODS.largest + 1);
    let api_of = |smallest: usize| {
        let long = long.clone();
        api(move |query| {
            let limit: usize = query.rsplit_once("limit=").expect("a limit").1.parse().expect("a number");
            if limit > smallest { (200, long.clone()) } else { page("one", "") }
        })
    };
    assert_eq!(names(&api_of(6)).await.expect("a list").items.len(), 1);
    let fault = names(&api_of(0)).await.expect_err("never");
    assert_eq!((fault.class, fault.class.is_transient()), (FaultClass::Invalid, false));
    assert!(fault.message.contains("longer than 2097152 bytes"), "{}", fault.message);
}

#[tokio::test]
async fn what_is_no_list_is_no_empty_list() {
    for body in ["{}", "null", "[]", "<html>", r#"{"kind":"Status"}"#, r#"{"items":{}}"#] {
        let fault = names(&api(move |_| (200, body.to_owned()))).await.expect_err(body);
        assert_eq!(fault.class, FaultClass::Invalid, "{body}");
    }
    let empty = names(&api(|_| (200, r#"{"items":null}"#.to_owned()))).await.expect("Go's empty list");
    assert!(empty.items.is_empty() && empty.complete);
    let fault = names(&api(|_| (404, "404 page not found\n".to_owned()))).await.expect_err("unknown");
    assert_eq!(fault.class, FaultClass::Server);
    let fault = names(&api(|_| expired())).await.expect_err("not ours to answer");
    assert_eq!(fault.class, FaultClass::Invalid, "{fault}: without a token nothing can have expired");
}

/// The case of `hostile.jsonl` in small, of every type; `crates/logscale/tests/crowded_namespace.rs` has it at its size.
fn crowded(kind: &str) -> FakeApi {
    let server = FakeApi::default();
    let filler: Value = "QUJD".repeat(8 * 1024).into();
    for at in 0..150 {
        let secret = json!({"type": kind, "data": {"tls.crt": filler, "ca.crt": "QUJD"}});
        server.put(&format!("api/v1/secrets/other-{at:04}"), secret);
    }
    server.put("api/v1/secrets/logging", json!({"type": kind, "data": {"ca.crt": "QUJD", "tls.crt": "QUJD"}}));
    server
}

#[tokio::test]
async fn of_a_namespace_full_of_secrets_only_what_is_wanted_is_held() {
    for kind in ["Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson"] {
        let (server, call) = (crowded(kind), call().0);
        let kept = secret::of_tls(&server.api(), &call, |secret| secret.metadata.name == "logging").await;
        let weight: usize = kept.expect("a list").items.iter().map(Weight::weight).sum();
        assert!(weight < 1024, "{kind}: {weight} bytes are kept");
    }
}

#[tokio::test]
async fn what_is_kept_of_a_list_has_a_bound_too() {
    let (server, call) = (crowded("kubernetes.io/tls"), call().0);
    let listed = secret::of_tls(&server.api(), &call, |_| true).await.expect("a list");
    let weight: usize = listed.items.iter().map(Weight::weight).sum();
    assert!(!listed.complete && weight < KEPT + LIST_SECRETS.largest, "{weight} of {} secrets", listed.items.len());
}
