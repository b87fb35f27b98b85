//! The shipped program as a process, with a runtime API that is this test: what Lambda hands over is any bytes.

use std::{
    collections::VecDeque,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{net::TcpListener, process::Command, sync::Notify, time::timeout};

/// The calls that are still to be handed over, and how each was answered.
#[derive(Clone, Default)]
struct Lambda {
    payloads: Arc<Mutex<VecDeque<Vec<u8>>>>,
    answers: Arc<Mutex<Vec<(String, Value)>>>,
    done: Arc<Notify>,
}

async fn next(State(lambda): State<Lambda>) -> Response {
    let payload = lambda.payloads.lock().expect("not poisoned").pop_front();
    let Some(payload) = payload else {
        lambda.done.notify_one();
        return std::future::pending().await;
    };
    let headers = [
        ("lambda-runtime-aws-request-id", "request-1"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-2:111122223333:function:dr:live"),
    ];
    (headers, payload).into_response()
}

async fn answered(
    State(lambda): State<Lambda>,
    Path((_, kind)): Path<(String, String)>,
    _: HeaderMap,
    body: Bytes,
) -> &'static str {
    let document = serde_json::from_slice(&body).unwrap_or_default();
    lambda.answers.lock().expect("not poisoned").push((kind, document));
    "{}"
}

/// The answers to these payloads, in their order, and what was written to standard output and standard error.
async fn called_with(payloads: &[&[u8]]) -> (Vec<(String, Value)>, String) {
    let lambda = Lambda::default();
    lambda.payloads.lock().expect("not poisoned").extend(payloads.iter().map(|payload| payload.to_vec()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let api = listener.local_addr().expect("bound").to_string();
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answered))
        .with_state(lambda.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut process = Command::new(env!("CARGO_BIN_EXE_bootstrap"))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "dr")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("CLUSTER_NAME", "dr")
        .env("CLUSTER_REGION", "us-east-2")
        .env("PRIMARY_HEALTH_CHECK_ID", "hc")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the function starts");
    timeout(Duration::from_secs(60), lambda.done.notified()).await.expect("every call is answered");
    process.start_kill().expect("it can be ended");
    let output = process.wait_with_output().await.expect("its output");
    let written = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let answers = lambda.answers.lock().expect("not poisoned").clone();
    (answers, written)
}

#[tokio::test]
async fn no_payload_is_an_error_of_the_runtime() {
    let deep = "[".repeat(300) + &"]".repeat(300);
    let huge = format!("{{\"action\":\"pause\",\"reason\":\"{}\"}}", "PAYLOAD".repeat(120_000));
    let cases: [(&[u8], &str); 7] = [
        (b"", "no_content"),
        (b"{", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"{} {}", "not_json"),
        (deep.as_bytes(), "too_deep"),
        (huge.as_bytes(), "invalid_request"),
        (b"{\"action\":\"plan\",\"action\":\"failover\"}", "invalid_request"),
    ];
    let payloads = cases.map(|(payload, _)| payload);
    let (answers, written) = called_with(&payloads).await;
    assert_eq!(answers.len(), cases.len(), "{written}");
    for ((kind, answer), (_, code)) in answers.iter().zip(cases) {
        assert_eq!((kind.as_str(), answer["outcome"].as_str()), ("response", Some("ignored")), "{code}: {answer}");
        assert_eq!(answer["reasons"][0]["code"], code);
    }
    assert!(!written.contains("PAYLOADPAYLOAD"), "no payload is in the log");
    let lines: Vec<Value> = written.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for (_, code) in cases {
        let times = cases.iter().filter(|case| case.1 == code).count();
        let metrics =
            lines.iter().filter(|line| line["Code"] == code && line["Ignored"] == 1 && line["_aws"].is_object());
        assert_eq!(metrics.count(), times, "the metric of {code}: {written}");
        let told = lines.iter().filter(|line| line["outcome"] == "ignored" && line["code"] == code);
        assert_eq!(told.count(), times, "the log's line of {code}: {written}");
    }
}
