//! What the API server or the way to it said, as a [`Fault`].

use std::{error::Error as StdError, io, time::Duration};

use holdfast_core::{
    Fault, FaultClass,
    fault::{quoted, with_causes},
};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use kube::core::Status;

/// What the real server says of a JSON patch that could not be applied, a failed `test` included
/// (apimachinery, `NewGenericServerResponse` for 422 without an unexpected response).
const PATCH_NOT_APPLIED: &str = "the server rejected our request due to an error in our request";

/// An error of the client: no answer, an answer that is a refusal, or a token that could not be made.
pub fn of_error(call: &'static str, error: kube::Error) -> Fault {
    match error {
        kube::Error::Api(status) => {
            let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            of_status(call, code, &status, None)
        }
        // Our own layer speaks in faults already: a token that could not be made is no fault of the network.
        kube::Error::Service(boxed) => match boxed.downcast::<Fault>() {
            Ok(fault) => Fault::new(fault.class, call, fault.message.clone()).retry_after(fault.retry_after),
            Err(other) => transport(call, other.as_ref()),
        },
        other => transport(call, &other),
    }
}

/// An answer that is not a success. `body` is the answer as it came; what is no `Status` document is not quoted.
pub fn of_answer(call: &'static str, code: StatusCode, headers: &HeaderMap, body: &[u8]) -> Fault {
    let status = serde_json::from_slice::<Status>(body).unwrap_or_default();
    let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    of_status(call, code, &status, asked.map(Duration::from_secs))
}

fn of_status(call: &'static str, code: StatusCode, status: &Status, asked: Option<Duration>) -> Fault {
    let class = match code.as_u16() {
        422 if is_failed_test(&status.message) => FaultClass::Conflict,
        other => FaultClass::of_status(other),
    };
    let in_body = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    let in_body = (in_body > 0).then(|| Duration::from_secs(in_body.into()));
    Fault::new(class, call, sentence(code, &status.message)).retry_after(asked.or(in_body))
}

fn is_failed_test(message: &str) -> bool {
    message == PATCH_NOT_APPLIED || message.contains("testing value") || message.contains("test operation")
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

    fn answered(code: u16, body: &str) -> Fault {
        let code = StatusCode::from_u16(code).expect("a status");
        of_answer("kubernetes:test", code, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn each_status_has_its_class() {
        let classes = [
            (401, FaultClass::Denied),
            (403, FaultClass::Denied),
            (404, FaultClass::NotFound),
            (409, FaultClass::Conflict),
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
        let fault = of_answer("kubernetes:test", StatusCode::TOO_MANY_REQUESTS, &headers, b"Too many requests");
        assert_eq!(fault.retry_after, Some(Duration::from_secs(7)));
        let fault = answered(429, r#"{"message":"slow","code":429,"details":{"retryAfterSeconds":3}}"#);
        assert_eq!(fault.retry_after, Some(Duration::from_secs(3)));
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
