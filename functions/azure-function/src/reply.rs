//! Outcomes in the words of the host, in both of its modes.
//!
//! To the host any answer but 2xx is a failed invocation: its outputs are dropped, the queue delivers again, a caller
//! over HTTP sees a 500. So what a caller shall see as an error is, in an envelope, a success that says so.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use holdfast_settings::ConfigurationFaults;
use holdfast_site::ignored::IGNORED;
use serde_json::{Value, json};

use crate::event::{Function, IgnoredReason, Mode};

/// What came of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The engine's answer, or another document, for the caller.
    Say(StatusCode, Value),
    /// An alert of ours: its work goes into the queue, by the output binding of that name.
    Enqueue(String),
    /// The host must deliver this again.
    Again(Value),
}

/// The output binding of the function `Alarm`.
const QUEUE: &str = "work";
/// The HTTP answer of the functions `Alarm` and `Operator`.
const ANSWER: &str = "res";

/// The document for an event that is not for us.
pub fn ignored(reason: &IgnoredReason) -> Value {
    json!({"outcome": IGNORED, "reasons": [{"code": reason.code(), "says": reason.to_string()}]})
}

/// The document for an alert whose work has been put into the queue.
pub fn accepted() -> Value {
    json!({"outcome": "accepted", "says": ["the work is in the queue"]})
}

/// The document of a configuration that cannot be used.
pub fn misconfigured(faults: &ConfigurationFaults) -> Value {
    json!({"outcome": "misconfigured", "says": [faults.to_string()]})
}

/// The document for an alert whose work could not be put into the queue.
pub fn not_queued() -> Value {
    json!({"outcome": "failed", "says": ["the work could not be put into the queue HOLDFAST_QUEUE_URL"]})
}

/// The document of an invocation that ended in a panic. Its words hold nothing of what was worked on.
pub fn panicked() -> Value {
    let says = "a defect ended this call; what was begun stays in the record and is driven on by the next call";
    json!({"outcome": "failed", "error": "Holdfast.Panic", "says": [says]})
}

/// The answer to the host.
pub fn reply(function: Function, mode: Mode, ending: Ending) -> Response {
    match (mode, ending) {
        (_, Ending::Again(document)) => respond(StatusCode::INTERNAL_SERVER_ERROR, &document),
        (Mode::Forwarded, Ending::Say(status, document)) => respond(status, &document),
        // Only an envelope has outputs; the caller of this has seen to the queue itself.
        (Mode::Forwarded, Ending::Enqueue(_)) => respond(StatusCode::ACCEPTED, &accepted()),
        (Mode::Envelope, Ending::Say(status, document)) => {
            let outputs = match function {
                Function::Alarm | Function::Operator => json!({ANSWER: wrapped(status, &document)}),
                Function::Work | Function::Tick | Function::Preflight => json!({}),
            };
            respond(StatusCode::OK, &envelope(&outputs, &document))
        }
        (Mode::Envelope, Ending::Enqueue(work)) => {
            let document = accepted();
            // JSON text: a text that is base64 by chance would be decoded by the host.
            let outputs = json!({ANSWER: wrapped(StatusCode::ACCEPTED, &document), QUEUE: work});
            respond(StatusCode::OK, &envelope(&outputs, &document))
        }
    }
}

fn wrapped(status: StatusCode, document: &Value) -> Value {
    json!({
        "statusCode": status.as_u16(),
        "body": document.to_string(),
        "headers": {"Content-Type": "application/json"},
    })
}

/// The log of the host gets the outcome in one word. The host has no use for the return value (no binding is called
/// `$return`); a drill reads it.
fn envelope(outputs: &Value, document: &Value) -> Value {
    let outcome = document.get("outcome").and_then(Value::as_str).unwrap_or("unknown");
    json!({"Outputs": outputs, "Logs": [format!("outcome: {outcome}")], "ReturnValue": document})
}

fn respond(status: StatusCode, document: &Value) -> Response {
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], document.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn said(function: Function, mode: Mode, ending: Ending) -> (u16, Value) {
        let response = reply(function, mode, ending);
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 100_000).await.expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn an_alert_is_answered_at_once_and_its_work_is_an_output() {
        let (status, document) =
            said(Function::Alarm, Mode::Envelope, Ending::Enqueue("{\"alarm\":\"a\"}".to_owned())).await;
        assert_eq!(status, 200);
        assert_eq!(document["Outputs"]["res"]["statusCode"], 202);
        assert_eq!(document["Outputs"]["work"], "{\"alarm\":\"a\"}");
        assert_eq!((&document["ReturnValue"], &document["Logs"][0]), (&accepted(), &json!("outcome: accepted")));
        let (status, document) = said(Function::Alarm, Mode::Forwarded, Ending::Enqueue(String::new())).await;
        assert_eq!((status, &document["outcome"]), (202, &json!("accepted")));
    }

    #[tokio::test]
    async fn an_error_for_the_caller_is_a_success_for_the_host() {
        let document = ignored(&IgnoredReason::from(holdfast_site::json::Unreadable::NotJson));
        let ending = || Ending::Say(StatusCode::BAD_REQUEST, document.clone());
        let (status, wrapped) = said(Function::Operator, Mode::Envelope, ending()).await;
        assert_eq!((status, &wrapped["Outputs"]["res"]["statusCode"]), (200, &json!(400)));
        let body = wrapped["Outputs"]["res"]["body"].as_str().expect("text");
        assert_eq!(serde_json::from_str::<Value>(body).expect("JSON"), document);
        assert_eq!(said(Function::Operator, Mode::Forwarded, ending()).await, (400, document.clone()));
    }

    #[tokio::test]
    async fn queue_and_timer_have_no_outputs_and_fail_where_the_host_must_deliver_again() {
        let (status, document) = said(Function::Work, Mode::Envelope, Ending::Say(StatusCode::OK, json!({}))).await;
        assert_eq!((status, &document["Outputs"]), (200, &json!({})));
        assert_eq!(said(Function::Work, Mode::Envelope, Ending::Again(json!({}))).await.0, 500);
    }
}
