//! From an answer, or its absence, to a [`Fault`]. Messages hold the service's code and its first line; never headers,
//! never whole bodies.

use std::{error::Error as StdError, io, time::Duration};

use holdfast_core::{
    Fault, FaultClass,
    fault::{quoted, with_causes},
};
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
        // Not implemented (facts, 5.1: not to be repeated).
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
    match why {
        NoAnswer::Broken(error) => {
            let error: &(dyn StdError + 'static) = error.as_ref();
            let distrusted = std::iter::successors(Some(error), |&error| error.source()).any(distrusts);
            let class = if distrusted { FaultClass::Invalid } else { FaultClass::Connection };
            Fault::new(class, call, with_causes(error))
        }
        NoAnswer::TooLong => Fault::new(FaultClass::Server, call, "the answer is longer than any that OCI gives"),
        NoAnswer::NotSent(why) => Fault::new(FaultClass::Invalid, call, why.clone()),
    }
}

/// True for a certificate that nobody vouches for: a repetition cannot help.
fn distrusts(cause: &(dyn StdError + 'static)) -> bool {
    let wrapped =
        |cause: &(dyn StdError + 'static)| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)));
    // An `io::Error` hides the error that it wraps from `source`.
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped(cause) || inner.is_some_and(|inner| distrusts(inner))
}

#[cfg(test)]
mod tests {
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
    fn a_certificate_that_nobody_vouches_for_is_not_worth_a_retry() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let broken = |error: io::Error| of_no_answer("t", &NoAnswer::Broken(Box::new(error))).class;
        assert_eq!(broken(io::Error::other(tls)), FaultClass::Invalid);
        assert_eq!(broken(io::ErrorKind::ConnectionRefused.into()), FaultClass::Connection);
    }
}
