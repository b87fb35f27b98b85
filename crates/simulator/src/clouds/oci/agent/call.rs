//! One call in the agent's words, and what an answer means (docs/reference/oci.md#function-contract).

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clouds::oci::{COMPARTMENT_ID, OPERATOR_ID, TENANCY_ID};
use crate::host::Outcome;
use crate::time::plus;

/// The most bytes of an answer.
pub(super) const LONGEST_ANSWER: usize = 6 * 1024 * 1024;

/// A call that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// The same for all attempts at one message.
    pub(crate) request_id: String,
    /// From 1.
    pub(crate) attempt: u32,
    body: Vec<u8>,
    subject: String,
    /// `user`, `resource`.
    kind: &'static str,
    /// Nobody waits for the answer.
    pub(super) detached: bool,
}

impl Delivery {
    /// A message that a topic's subscription hands over.
    pub(crate) fn of_subscription(id: &str, attempt: u32, body: Vec<u8>, subscription: &str) -> Self {
        let subject = subscription.to_owned();
        Self { request_id: id.to_owned(), attempt, body, subject, kind: "resource", detached: false }
    }

    /// A person's call.
    pub(crate) fn of_operator(id: &str, body: Vec<u8>) -> Self {
        let subject = OPERATOR_ID.to_owned();
        Self { request_id: id.to_owned(), attempt: 1, body, subject, kind: "user", detached: false }
    }

    /// The same call, for whose answer nobody waits.
    pub(crate) fn detached(self) -> Self {
        Self { detached: true, ..self }
    }

    /// The request to the container. `whole`: the deadline is in whole seconds, as in the
    /// cloud; a faster pace needs finer ones.
    pub(super) fn request(&self, id: &str, now: Timestamp, limit: Duration, whole: bool) -> Request<Body> {
        let deadline = plus(now, limit);
        let form = if whole { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.3fZ" };
        let body = Bytes::from(self.body.clone());
        let sum = STANDARD.encode(Sha256::digest(&body));
        // A body of unknown length goes in chunks.
        let body = Body::from_stream(futures_util::stream::once(async { Ok::<_, Infallible>(body) }));
        Request::post("/call")
            .header("host", "localhost")
            .header("user-agent", "Go-http-client/1.1")
            .header("accept-encoding", "gzip")
            .header("content-type", "application/json")
            .header("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            .header("fn-call-id", ulid(id))
            .header("fn-deadline", deadline.strftime(form).to_string())
            .header("fn-invoke-type", if self.detached { "detached" } else { "sync" })
            .header("oci-subject-id", &self.subject)
            .header("oci-subject-type", self.kind)
            .header("oci-subject-tenancy-id", TENANCY_ID)
            .header("oci-subject-compartment-id", COMPARTMENT_ID)
            .header("opc-compartment-id", COMPARTMENT_ID)
            .header("opc-request-id", format!("/{}/{}", ulid(id), ulid(&self.request_id)))
            .header("x-content-sha256", sum)
            .body(body)
            .expect("ids and times are header values")
    }
}

/// A UUID in the form of a ULID: 26 digits of Crockford's alphabet, which has all hexadecimal ones.
fn ulid(id: &str) -> String {
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(24).collect();
    format!("01{digits:0>24}").to_ascii_uppercase()
}

/// What came back from a container.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    /// An answer with this status and content.
    Answer(u16, Vec<u8>),
    /// An answer that is longer than any may be.
    TooLong,
    /// The socket broke, or the process ended.
    Broken(String),
    /// No answer by the deadline.
    Late,
}

impl Reply {
    /// Only these statuses are legal; after anything else the container is shut down.
    pub(super) fn keeps_the_container(&self) -> bool {
        matches!(self, Self::Answer(200 | 502 | 504, _))
    }

    /// What it means, and the status that the caller sees.
    pub(super) fn judged(self) -> (Outcome, u16) {
        let error = |kind: &str, message: String| Outcome::FunctionError { kind: kind.to_owned(), message };
        let text = |body: Vec<u8>| String::from_utf8_lossy(&body).chars().take(200_000).collect::<String>();
        match self {
            Self::Answer(200, body) => {
                let said = serde_json::from_slice(&body);
                let answer = said.unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
                (Outcome::Ok { answer }, 200)
            }
            Self::Answer(502, body) => (error("FunctionInvokeExecutionFailed", text(body)), 502),
            Self::Answer(504, body) => (error("FunctionInvokeTimeout", text(body)), 504),
            Self::Answer(status, _) => {
                (error("FunctionInvokeInvalidResponse", format!("the illegal status {status}")), 502)
            }
            Self::TooLong => (error("FunctionInvokeResponseBodyTooLarge", "more than 6 MB".to_owned()), 502),
            Self::Broken(detail) => (Outcome::Crashed { detail }, 502),
            Self::Late => (Outcome::TimedOut, 504),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_statuses_leave_the_container_alone() {
        let answer = |status| Reply::Answer(status, b"{}".to_vec());
        for (status, keeps, seen) in [
            (200, true, 200),
            (502, true, 502),
            (504, true, 504),
            (500, false, 502),
            (404, false, 502),
            (202, false, 502),
        ] {
            assert_eq!((answer(status).keeps_the_container(), answer(status).judged().1), (keeps, seen), "{status}");
        }
        assert_eq!((Reply::Late.keeps_the_container(), Reply::Late.judged()), (false, (Outcome::TimedOut, 504)));
        assert_eq!(Reply::TooLong.judged().1, 502);
    }

    #[test]
    fn a_call_is_named_by_26_digits_and_has_a_deadline_in_whole_seconds() {
        let delivery = Delivery::of_operator("e2b1", b"{}".to_vec());
        let now: Timestamp = "2026-01-01T00:00:00.700Z".parse().expect("time");
        let header = |whole, name: &str| {
            let request =
                delivery.request("0a0b0c0d-0000-4000-8000-000000000001", now, Duration::from_secs(300), whole);
            request.headers()[name].to_str().expect("text").to_owned()
        };
        assert_eq!(header(true, "fn-call-id"), "010A0B0C0D0000400080000000");
        assert_eq!(header(true, "fn-deadline"), "2026-01-01T00:05:00Z");
        assert_eq!(header(false, "fn-deadline"), "2026-01-01T00:05:00.700Z");
        assert_eq!(
            (header(true, "oci-subject-type"), header(true, "fn-invoke-type")),
            ("user".to_owned(), "sync".to_owned())
        );
    }
}
