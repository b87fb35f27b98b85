//! What the API server or the way to it said, as a [`Fault`].

use std::{error::Error as StdError, io, time::Duration};

use holdfast_core::{
    Fault, FaultClass,
    fault::{quoted, with_causes},
};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde::Deserialize;

/// What the real server says of a JSON patch that could not be applied, a failed `test` included
/// (apimachinery, `NewGenericServerResponse` for 422 without an unexpected response).
const PATCH_NOT_APPLIED: &str = "the server rejected our request due to an error in our request";

/// Longest pause that a server can ask for: what is longer is as good as never.
const LONGEST_PAUSE: u64 = 3600;

/// The object that a request was about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The plural of the kind.
    pub resource: &'a str,
    /// The object's name.
    pub name: &'a str,
}

/// What is read of a Status document (`meta/v1`). A body that is none reads as an empty one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    reason: String,
    message: String,
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    name: String,
    group: String,
    /// The plural of the kind, whatever the field is called.
    kind: String,
    retry_after_seconds: u64,
}

impl Status {
    fn is_not_found(&self, about: &About<'_>) -> bool {
        let Details { name, group, kind, .. } = &self.details;
        let same = name == about.name && kind == about.resource && group == about.group;
        self.kind == "Status" && self.reason == "NotFound" && same
    }
}

/// An error of the client: no answer, or a token that could not be made.
pub fn of_error(call: &'static str, error: kube::Error) -> Fault {
    match error {
        // Our own layer speaks in faults already: a token that could not be made is no fault of the network.
        kube::Error::Service(boxed) => match boxed.downcast::<Fault>() {
            Ok(fault) => Fault::new(fault.class, call, fault.message.clone()).retry_after(fault.retry_after),
            Err(other) => transport(call, other.as_ref()),
        },
        kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => transport(call, &error),
        kube::Error::Api(status) => Fault::new(FaultClass::of_status(status.code), call, format!("HTTP {}", status.code)),
        // A request or a client that cannot be made will not be made a moment later.
        other => Fault::new(FaultClass::Invalid, call, with_causes(&other)),
    }
}

/// An answer that is not a success. `body` is the answer as it came; what is no `Status` document is not quoted.
///
/// Only a Status document about this very object says that it is not there. An API server that is starting answers 404
/// in plain text, one that does not serve a kind (yet) with a Status about no object: both say nothing of the object.
pub fn of_answer(
    call: &'static str,
    about: Option<About<'_>>,
    code: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Fault {
    let status = serde_json::from_slice::<Status>(body).unwrap_or_default();
    let asked: Option<u64> = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let asked = asked.or(Some(status.details.retry_after_seconds).filter(|seconds| *seconds > 0));
    let pause = asked.map(|seconds| Duration::from_secs(seconds.min(LONGEST_PAUSE)));
    let (class, message) = match code.as_u16() {
        404 if !about.is_some_and(|about| status.is_not_found(&about)) => {
            (FaultClass::Server, unproven(about, &status))
        }
        422 if is_failed_test(&status.message) => (FaultClass::Conflict, sentence(code, &status.message)),
        other => (FaultClass::of_status(other), sentence(code, &status.message)),
    };
    Fault::new(class, call, message).retry_after(pause)
}

fn is_failed_test(message: &str) -> bool {
    message == PATCH_NOT_APPLIED || message.contains("testing value") || message.contains("test operation")
}

fn unproven(about: Option<About<'_>>, status: &Status) -> String {
    let what =
        about.map_or_else(|| "this list".to_owned(), |About { resource, name, .. }| format!("{resource} {name}"));
    format!(
        "{}. This says nothing about {what}: the API server may have just started, or does not serve this kind",
        sentence(StatusCode::NOT_FOUND, &status.message)
    )
}

fn sentence(code: StatusCode, message: &str) -> String {
    let said = if message.is_empty() { code.canonical_reason().unwrap_or("no reason given") } else { message };
    let said = quoted(said);
    match code {
        StatusCode::UNAUTHORIZED => format!(
            "HTTP 401: {said}. The cluster does not accept this identity: no access entry (or group mapping) for it, \
             another cluster's name in the token, or clocks more than 15 min apart"
        ),
        _ => format!("HTTP {}: {said}", code.as_u16()),
    }
}

fn transport(call: &'static str, error: &(dyn StdError + 'static)) -> Fault {
    match untrusted(error) {
        Some(why) => Fault::new(
            FaultClass::Invalid,
            call,
            format!(
                "the API server's certificate is not signed by the configured CA for this address ({why}); \
                 nothing was sent. Check the cluster's endpoint and CA"
            ),
        ),
        None => Fault::new(FaultClass::Connection, call, with_causes(error)),
    }
}

/// The certificate error in a chain of causes, if that is what stopped the connection.
fn untrusted(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(why.to_string());
        }
        // An `io::Error` hides the error that it wraps from `source`.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The same fault once more: one read may be shared by several callers, and a fault cannot be cloned.
pub(crate) fn again(fault: &Fault) -> Fault {
    Fault::new(fault.class, fault.call, fault.message.clone()).retry_after(fault.retry_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: About<'_> = About { group: "core.humio.com", resource: "humioclusters", name: "logscale" };

    fn answered(code: u16, body: &str) -> Fault {
        let code = StatusCode::from_u16(code).expect("a status");
        of_answer("kubernetes:test", Some(CLUSTER), code, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn each_status_has_its_class() {
        let classes = [
            (401, FaultClass::Denied),
            (403, FaultClass::Denied),
            (404, FaultClass::Server),
            (409, FaultClass::Conflict),
            (410, FaultClass::Invalid),
            (422, FaultClass::Invalid),
            (429, FaultClass::Throttled),
            (500, FaultClass::Server),
            (503, FaultClass::Server),
        ];
        for (code, class) in classes {
            assert_eq!(answered(code, "").class, class, "{code}");
        }
    }

    #[test]
    fn a_json_patch_whose_test_failed_is_a_conflict_and_an_invalid_object_is_not() {
        let failed = format!(r#"{{"kind":"Status","reason":"Invalid","message":"{PATCH_NOT_APPLIED}","code":422}}"#);
        assert_eq!(answered(422, &failed).class, FaultClass::Conflict);
        let invalid = r#"{"kind":"Status","reason":"Invalid","message":"Lease \"x\" is invalid: spec","code":422}"#;
        assert_eq!(answered(422, invalid).class, FaultClass::Invalid);
    }

    #[test]
    fn a_pause_that_the_server_asks_for_is_kept_from_header_or_body() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().expect("a header"));
        let fault = of_answer("kubernetes:test", None, StatusCode::TOO_MANY_REQUESTS, &headers, b"Too many requests");
        assert_eq!(fault.retry_after, Some(Duration::from_secs(7)));
        headers.insert(RETRY_AFTER, "18446744073709551615".parse().expect("a header"));
        let fault = of_answer("kubernetes:test", None, StatusCode::TOO_MANY_REQUESTS, &headers, b"");
        assert_eq!(fault.retry_after, Some(Duration::from_secs(LONGEST_PAUSE)));
        let fault = answered(429, r#"{"message":"slow","code":429,"details":{"retryAfterSeconds":3}}"#);
        assert_eq!(fault.retry_after, Some(Duration::from_secs(3)));
    }

    /// The file of the case, each of its answers.
    #[test]
    fn a_404_that_is_no_status_about_the_object_says_nothing_of_it() {
        let case = include_str!("../../../tests/cases/kubernetes-404.json");
        let case: serde_json::Value = serde_json::from_str(case).expect("JSON");
        for request in case["requests"].as_array().expect("requests") {
            let fault = answered(404, request["body"].as_str().expect("a body"));
            assert_eq!(fault.class, FaultClass::Server, "{request}");
            assert!(fault.message.contains("says nothing about humioclusters logscale"), "{}", fault.message);
        }
    }

    /// What else answers 404: each field of the Status counts.
    #[test]
    fn only_a_status_document_about_this_very_object_says_that_it_is_not_there() {
        let right = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 404, "reason": "NotFound",
            "message": "humioclusters.core.humio.com \"logscale\" not found",
            "details": {"name": "logscale", "group": "core.humio.com", "kind": "humioclusters"},
        });
        assert_eq!(answered(404, &right.to_string()).class, FaultClass::NotFound);
        let wrong = [
            ("/kind", "HumioCluster"),
            ("/reason", "Unknown"),
            ("/details/name", "other"),
            ("/details/kind", "namespaces"),
            ("/details/group", "other.example.com"),
        ];
        for (field, value) in wrong {
            let mut status = right.clone();
            *status.pointer_mut(field).expect("a field") = value.into();
            assert_eq!(answered(404, &status.to_string()).class, FaultClass::Server, "{field}");
        }
        let not_served = r#"{"kind":"Status","reason":"NotFound","message":"the server could not find the requested resource","details":{},"code":404}"#;
        for body in [not_served, "", "null", "<html>404</html>", "{}", r#"{"kind":"Status","details":"x"}"#] {
            assert_eq!(answered(404, body).class, FaultClass::Server, "{body}");
        }
        // Without an object that was asked for, nothing can be absent.
        let code = StatusCode::NOT_FOUND;
        let fault = of_answer("kubernetes:test", None, code, &HeaderMap::new(), right.to_string().as_bytes());
        assert_eq!(fault.class, FaultClass::Server);
    }

    #[test]
    fn a_refusal_that_quotes_a_credential_shows_none_of_it() {
        let tokens = [
            "k8s-aws-v1.aHR0cHM6Ly9zdHMudXMtZWFzdC0yLmFtYXpvbmF3cy5jb20",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
            "opaque-token-7",
        ];
        for (code, class) in [(401, FaultClass::Denied), (403, FaultClass::Denied), (500, FaultClass::Server)] {
            for token in tokens {
                for message in [
                    format!("invalid bearer token: {token}"),
                    format!("Authorization: Bearer {token} was refused"),
                    format!("token \u{202e}\"{token}\" is not known"),
                ] {
                    let body = serde_json::json!({"kind": "Status", "message": message, "code": code});
                    let fault = answered(code, &body.to_string());
                    assert_eq!(fault.class, class, "{message}");
                    assert!(!fault.message.contains(token) && fault.message.contains("[masked]"), "{}", fault.message);
                    assert!(!fault.message.contains('\u{202e}'), "{}", fault.message);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_asked_is_permanent() {
        let error = serde_json::from_str::<u8>("x").expect_err("no number");
        let fault = of_error("kubernetes:test", kube::Error::SerdeError(error));
        assert_eq!((fault.class, fault.class.is_transient()), (FaultClass::Invalid, false));
        let io = kube::Error::ReadEvents(io::Error::other("reset"));
        assert!(of_error("kubernetes:test", io).class.is_transient());
    }

    #[test]
    fn a_body_that_is_no_status_is_not_quoted() {
        let fault = answered(502, "<html>secret-token-in-a-proxy-page</html>");
        assert_eq!(fault.message, "HTTP 502: Bad Gateway");
    }

    #[test]
    fn a_broken_connection_is_told_from_an_untrusted_certificate() {
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "refused");
        assert_eq!(transport("kubernetes:test", &refused).class, FaultClass::Connection);
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let fault = transport("kubernetes:test", &io::Error::other(io::Error::other(tls)));
        assert_eq!(fault.class, FaultClass::Invalid);
        assert!(fault.message.contains("configured CA"), "{}", fault.message);
    }

    #[test]
    fn a_fault_of_our_own_layer_keeps_its_class() {
        let made = Fault::new(FaultClass::Denied, "aws:credentials", "no credentials");
        let fault = of_error("kubernetes:test", kube::Error::Service(Box::new(made)));
        assert_eq!((fault.class, fault.message.as_str()), (FaultClass::Denied, "no credentials"));
    }
}
