//! From an answer, or its absence, to a [`Fault`]. Messages hold the service's code and its first line; never headers,
//! never whole bodies.

use std::{error::Error as StdError, io, time::Duration};

use holdfast_core::{
    Fault, FaultClass,
    fault::{quoted, with_causes},
};
use holdfast_http::Failure;
use http::{HeaderMap, header::RETRY_AFTER};
use serde::Deserialize;

use crate::transport::NoAnswer;

/// Longest pause that a server can ask for: what is longer is as good as never.
const LONGEST_PAUSE: u64 = 3600;

/// How OCI says what is wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
}

/// The fault of an answer that is no success.
pub(crate) fn of_answer(call: &'static str, status: u16, headers: &HeaderMap, body: &[u8]) -> Fault {
    let said = serde_json::from_slice::<Said>(body).unwrap_or_default();
    let pause = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let pause = pause.map(|seconds: u64| Duration::from_secs(seconds.min(LONGEST_PAUSE)));
    Fault::new(class_of(status, &said.code), call, sentence(status, &said)).retry_after(pause)
}

/// The class of an answer. An answer without a code is not the service's: something in between has spoken (a proxy, a
/// page in HTML), so nothing can be told of the resource or of our rights, and a later attempt may get through.
fn class_of(status: u16, code: &str) -> FaultClass {
    match (status, code) {
        (408, _) => FaultClass::Timeout,
        (429, _) | (_, "TooManyRequests") => FaultClass::Throttled,
        // Not implemented (docs/reference/oci.md#request-signatures: not to be repeated).
        (501, code) if !code.is_empty() => FaultClass::Invalid,
        (_, "") => FaultClass::Server,
        // The request names something that we may not see, or that is not there.
        (400, "RelatedResourceNotAuthorizedOrNotFound") => FaultClass::Denied,
        (400, "QuotaExceeded" | "LimitExceeded") => FaultClass::Denied,
        _ => FaultClass::of_status(status),
    }
}

fn sentence(status: u16, said: &Said) -> String {
    let (code, message) = (quoted(&said.code), quoted(&said.message));
    if code.is_empty() {
        return format!(
            "HTTP {status} with an answer that OCI does not give; it is not known what the service would say"
        );
    }
    let help = match (status, said.code.as_str()) {
        (401, _) => {
            " (the signature was not accepted: wrong key or token, or a clock that is off by more than 5 minutes)"
        }
        (403, "NotAllowed") => " (this is to be asked of the resource's home region)",
        (403, _) => " (no policy allows it; a new policy may take minutes to act)",
        (404, "NotAuthorizedOrNotFound") => " (it is not there, or no policy allows the function to see it)",
        _ => "",
    };
    let said = [code, message].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    format!("HTTP {status} {said}{help}")
}

/// The fault of a request that was not answered.
pub(crate) fn of_no_answer(call: &'static str, why: &NoAnswer) -> Fault {
    let failure = match why {
        NoAnswer::Plain => return Fault::new(FaultClass::Invalid, call, "nothing is sent over plain HTTP"),
        NoAnswer::Failed(failure) => failure,
    };
    let class = match failure {
        Failure::TooLong { .. } => FaultClass::Server,
        Failure::Unsendable(_) => FaultClass::Invalid,
        Failure::NoTrust(cause) if !is_passing(cause.as_ref()) => FaultClass::Invalid,
        Failure::NoTrust(_)
        | Failure::NoWay(_)
        | Failure::NotConnected(_)
        | Failure::Broken(_)
        | Failure::NotReachedByProxy(_)
        | Failure::ProxyRefused(_) => FaultClass::Connection,
    };
    Fault::new(class, call, with_causes(failure))
}

/// True where TLS broke off for another reason than a certificate that nobody vouches for, or anchors that are not there: a
/// repetition may help.
fn is_passing(error: &(dyn StdError + 'static)) -> bool {
    let of_tls = |cause: &(dyn StdError + 'static)| {
        // An `io::Error` hides the error that it wraps from `source`.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = wrapped.and_then(|inner| inner.downcast_ref()).or_else(|| cause.downcast_ref::<rustls::Error>());
        inner.map(|tls| !matches!(tls, rustls::Error::InvalidCertificate(_)))
    };
    std::iter::successors(Some(error), |&error| error.source()).find_map(of_tls).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn answered(status: u16, body: &str) -> Fault {
        of_answer("dns:test", status, &HeaderMap::new(), body.as_bytes())
    }

    fn coded(status: u16, code: &str) -> Fault {
        answered(status, &format!("{{\"code\":\"{code}\",\"message\":\"said OCI\"}}"))
    }

    #[test]
    fn each_answer_has_its_class() {
        for (status, code, class) in [
            (400, "InvalidParameter", FaultClass::Invalid),
            (400, "RelatedResourceNotAuthorizedOrNotFound", FaultClass::Denied),
            (401, "NotAuthenticated", FaultClass::Denied),
            (403, "NotAuthorized", FaultClass::Denied),
            (403, "NotAllowed", FaultClass::Denied),
            (404, "NotAuthorizedOrNotFound", FaultClass::NotFound),
            (408, "RequestTimeout", FaultClass::Timeout),
            (409, "IncorrectState", FaultClass::Conflict),
            (412, "NoEtagMatch", FaultClass::Conflict),
            (429, "TooManyRequests", FaultClass::Throttled),
            (500, "InternalServerError", FaultClass::Server),
            (501, "MethodNotImplemented", FaultClass::Invalid),
            (503, "ServiceUnavailable", FaultClass::Server),
        ] {
            assert_eq!(coded(status, code).class, class, "{status} {code}");
        }
    }

    #[test]
    fn an_answer_that_is_not_the_services_tells_nothing_and_is_not_quoted() {
        for status in [301, 400, 401, 403, 404, 407, 409, 412, 500, 502] {
            for body in ["<html>SECRET</html>", "", "[]", "{\"error\":\"SECRET\"}", "\u{0}"] {
                let fault = answered(status, body);
                assert_eq!(fault.class, FaultClass::Server, "{status} {body}");
                assert!(!fault.message.contains("SECRET"), "{fault}");
            }
        }
        assert_eq!(answered(429, "<html>").class, FaultClass::Throttled);
        assert_eq!(answered(408, "").class, FaultClass::Timeout);
    }

    #[test]
    fn a_refusal_says_what_a_person_can_do_on_one_short_line() {
        assert!(coded(401, "NotAuthenticated").message.contains("NotAuthenticated: said OCI (the signature"));
        assert!(coded(404, "NotAuthorizedOrNotFound").message.contains("no policy allows"));
        let long = format!("{{\"code\":\"A\",\"message\":\"first {}\\nsecond\"}}", "x".repeat(1000));
        let fault = answered(400, &long);
        assert!(fault.message.len() < 400 && !fault.message.contains("second"), "{fault}");
    }

    #[test]
    fn the_pause_that_is_asked_for_has_a_bound() {
        let paused = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().expect("a value"));
            of_answer("t", 429, &headers, b"").retry_after.map(|pause| pause.as_secs())
        };
        assert_eq!((paused("7"), paused("99999999"), paused("soon")), (Some(7), Some(3600), None));
    }

    #[test]
    fn a_certificate_that_nobody_vouches_for_is_not_worth_a_retry_and_a_broken_connection_is() {
        let class = |failure| of_no_answer("t", &NoAnswer::Failed(failure)).class;
        let tls = |error: rustls::Error| Failure::NoTrust(Arc::new(io::Error::other(error)));
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert_eq!(class(tls(unknown)), FaultClass::Invalid);
        assert_eq!(class(tls(rustls::Error::HandshakeNotComplete)), FaultClass::Connection);
        assert_eq!(class(Failure::NoTrust(Arc::new(io::Error::other("no anchors")))), FaultClass::Invalid);
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(class(Failure::NotConnected(Arc::new(refused))), FaultClass::Connection);
        assert_eq!(class(Failure::TooLong { longest: 1 }), FaultClass::Server);
        assert_eq!(of_no_answer("t", &NoAnswer::Plain).class, FaultClass::Invalid);
    }
}
