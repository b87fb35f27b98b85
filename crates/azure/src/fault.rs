//! From an answer, or its absence, to a [`Fault`]. Messages hold the service's code and its first line; never headers,
//! never whole bodies, and nothing at all of what the identity endpoint said.

use std::{error::Error as StdError, io, time::Duration};

use azure_core::{
    Error,
    error::ErrorKind,
    http::headers::{HeaderName, Headers},
};
use holdfast_core::{
    Fault, FaultClass,
    fault::{quoted, with_causes},
};
use serde::Deserialize;

/// How Resource Manager says what is wrong. Storage says it in XML, with the code in a header as well.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    error: Said,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
}

/// The fault of an answer that is no success.
pub(crate) fn of_answer(call: &'static str, status: u16, headers: &Headers, body: &[u8]) -> Fault {
    let mut said = serde_json::from_slice::<Document>(body).unwrap_or_default().error;
    if said.code.is_empty() {
        said.code = header(headers, "x-ms-error-code").unwrap_or_default().to_owned();
    }
    Fault::new(class_of(status, &said.code), call, sentence(status, &said)).retry_after(retry_after(headers))
}

/// The class of an answer. An answer without a code is not the service's: something in between has spoken, so it
/// says nothing about the resource, and a later attempt may get through.
fn class_of(status: u16, code: &str) -> FaultClass {
    match (status, code) {
        (400..=499, "") if !matches!(status, 401 | 403 | 408 | 429) => FaultClass::Server,
        // The network provider's way to say "later" (docs/reference/azure.md#request-limits), and that of others.
        (
            _,
            "RetryableErrorDueToAnotherOperation"
            | "AnotherOperationInProgress"
            | "OperationInProgress"
            | "TooManyRequests"
            | "ServerBusy",
        ) => FaultClass::Throttled,
        _ if is_forbidden(code) => FaultClass::Denied,
        _ => FaultClass::of_status(status),
    }
}

/// Refusals that Resource Manager sends as 409 or 403 and that no repetition gets past, whatever the status: locks,
/// policies, subscriptions that may not be written to. They are no write conflicts, which 409 else means.
fn is_forbidden(code: &str) -> bool {
    const CODES: [&str; 14] = [
        LOCKED,
        "ReadOnlyDisabledSubscription",
        "DisallowedOperation",
        "DenyAssignmentAuthorizationFailed",
        "MissingSubscriptionRegistration",
        "SubscriptionNotRegistered",
        "SubscriptionNotActive",
        "SubscriptionNotFound",
        "ResourceGroupBeingDeleted",
        "ResourceGroupDeprovisioning",
        "AuthorizationFailed",
        "LinkedAuthorizationFailed",
        "AccountIsDisabled",
        "InsufficientAccountPermissions",
    ];
    CODES.contains(&code) || is_policy(code)
}

/// A management lock forbids the write.
const LOCKED: &str = "ScopeLocked";

/// A policy forbids the write: `RequestDisallowedByPolicy`, `RequestDisallowedByAzure`.
fn is_policy(code: &str) -> bool {
    code.starts_with("RequestDisallowedBy")
}

fn sentence(status: u16, said: &Said) -> String {
    let (code, message) = (quoted(&said.code), quoted(&said.message));
    let help = match (status, said.code.as_str()) {
        (_, LOCKED) => format!(" (a management lock on {} forbids it: a person must remove the lock)", locked(said)),
        (_, policy) if is_policy(policy) => {
            " (a policy of the subscription forbids it: a person must exempt it)".to_owned()
        }
        (401, _) => " (the token was not accepted: wrong audience, tenant or clock)".to_owned(),
        (403, _) => " (the function's identity lacks a role; a new assignment may take minutes to act)".to_owned(),
        _ => String::new(),
    };
    let said = [code, message].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    if said.is_empty() {
        format!("HTTP {status} with an answer that this service does not give{help}")
    } else {
        format!("HTTP {status} {said}{help}")
    }
}

/// The scope that carries the lock, which Azure names at the end of a sentence that may be too long to be shown.
fn locked(said: &Said) -> String {
    let scope = said.message.split_once("are locked: '").and_then(|(_, rest)| rest.split_once('\''));
    scope.map_or_else(|| "this scope or one above it".to_owned(), |(scope, _)| quoted(scope))
}

/// The pause that the server asks for, in the order in which the SDK looks.
fn retry_after(headers: &Headers) -> Option<Duration> {
    let number = |name| header(headers, name)?.trim().parse().ok();
    let ms = number("x-ms-retry-after-ms").or_else(|| number("retry-after-ms")).map(Duration::from_millis);
    ms.or_else(|| number("retry-after").map(Duration::from_secs))
}

fn header<'a>(headers: &'a Headers, name: &'static str) -> Option<&'a str> {
    headers.get_optional_str(&HeaderName::from_static(name))
}

/// The fault of a call that got no answer, or no token to be sent with.
pub(crate) fn of_core(call: &'static str, error: &Error) -> Fault {
    if *error.kind() == ErrorKind::Credential {
        return of_identity(call, error);
    }
    transport(call, error, "")
}

/// The identity did not give a token. `azure_identity` quotes the whole answer in its message; we do not.
fn of_identity(call: &'static str, error: &Error) -> Fault {
    let inner = causes(error).filter_map(|cause| cause.downcast_ref::<Error>()).find_map(|cause| match cause.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => {
            Some((u16::from(*status), raw_response.as_deref().and_then(|raw| retry_after(raw.headers()))))
        }
        _ => None,
    });
    let Some((status, asked)) = inner else { return transport(call, error, "no token: ") };
    let (class, why) = match status {
        400 => (FaultClass::Denied, "the function has no such identity; is it assigned, is AZURE_CLIENT_ID right?"),
        401 | 403 => (FaultClass::Denied, "the identity endpoint refuses this process"),
        404 => (FaultClass::Server, "the identity endpoint is not ready"),
        _ => (FaultClass::of_status(status), "the identity endpoint failed"),
    };
    Fault::new(class, call, format!("no token: HTTP {status}, {why}")).retry_after(asked)
}

/// The fault of a request that was not answered.
fn transport(call: &'static str, error: &Error, prefix: &str) -> Fault {
    let broken = |kind: &ErrorKind| matches!(kind, ErrorKind::Connection | ErrorKind::Io);
    let of_network = causes(error).any(|cause| {
        cause.is::<io::Error>() || cause.downcast_ref::<Error>().is_some_and(|cause| broken(cause.kind()))
    });
    let class = match causes(error).any(distrusts) {
        true => FaultClass::Invalid,
        false if of_network => FaultClass::Connection,
        // What was received and makes no sense (a token document, an answer without end).
        false => FaultClass::Server,
    };
    let words = if class == FaultClass::Server { quoted(&error.to_string()) } else { with_causes(error) };
    Fault::new(class, call, format!("{prefix}{words}"))
}

/// True for a certificate that nobody vouches for: a repetition cannot help.
fn distrusts(cause: &(dyn StdError + 'static)) -> bool {
    let wrapped =
        |cause: &(dyn StdError + 'static)| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)));
    // An `io::Error` hides the error that it wraps from `source`.
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped(cause) || inner.is_some_and(|inner| distrusts(inner))
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Fault {
        of_answer("arm:test", status, &Headers::new(), body.as_bytes())
    }

    fn coded(status: u16, code: &str) -> FaultClass {
        answered(status, &format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"m\"}}}}")).class
    }

    #[test]
    fn each_answer_has_its_class() {
        for (status, code, class) in [
            (401, "InvalidAuthenticationToken", FaultClass::Denied),
            (403, "AuthorizationFailed", FaultClass::Denied),
            (404, "ResourceNotFound", FaultClass::NotFound),
            (409, "Conflict", FaultClass::Conflict),
            (412, "ConditionNotMet", FaultClass::Conflict),
            (400, "BadRequest", FaultClass::Invalid),
            (429, "TooManyRequests", FaultClass::Throttled),
            (409, "RetryableErrorDueToAnotherOperation", FaultClass::Throttled),
            (500, "InternalServerError", FaultClass::Server),
            (503, "ServiceUnavailable", FaultClass::Server),
        ] {
            assert_eq!(coded(status, code), class, "{status} {code}");
        }
    }

    /// The case `arm-scope-locked.json`, with ids as long as real ones.
    #[test]
    fn a_lock_is_a_refusal_that_names_the_lock_and_no_write_conflict() {
        let case: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/cases/arm-scope-locked.json")).expect("JSON");
        let group = format!("/subscriptions/{}/resourceGroups/{}", "s".repeat(36), "r".repeat(90));
        let real = case["body"].to_string().replace("/subscriptions/s/resourceGroups/r", &group);
        for (body, group) in [(case["body"].to_string(), "/subscriptions/s/resourceGroups/r"), (real, group.as_str())] {
            let fault = answered(409, &body);
            assert_eq!(fault.class, FaultClass::Denied, "{fault}");
            let named = format!("a management lock on {group} forbids it");
            assert!(fault.message.contains("ScopeLocked") && fault.message.contains(&named), "{fault}");
        }
    }

    #[test]
    fn refusals_sent_as_conflicts_are_told_from_write_conflicts_and_from_later() {
        for (status, code, class) in [
            (409, "ReadOnlyDisabledSubscription", FaultClass::Denied),
            (409, "MissingSubscriptionRegistration", FaultClass::Denied),
            (409, "ResourceGroupBeingDeleted", FaultClass::Denied),
            (403, "RequestDisallowedByPolicy", FaultClass::Denied),
            (409, "RequestDisallowedByAzure", FaultClass::Denied),
            (409, "AnotherOperationInProgress", FaultClass::Throttled),
            (409, "BlobAlreadyExists", FaultClass::Conflict),
            (412, "ScopeLockedNot", FaultClass::Conflict),
            (409, "SomethingNew", FaultClass::Conflict),
        ] {
            assert_eq!(coded(status, code), class, "{status} {code}");
        }
        let policy = answered(403, r#"{"error":{"code":"RequestDisallowedByPolicy","message":"m"}}"#);
        assert!(policy.message.contains("policy") && !policy.message.contains("lacks a role"), "{policy}");
    }

    #[test]
    fn an_answer_that_is_not_the_services_says_nothing_about_the_resource_and_is_not_quoted() {
        let fault = answered(404, "<html>Bearer SECRET</html>");
        assert_eq!(fault.class, FaultClass::Server);
        assert!(!fault.message.contains("SECRET"), "{fault}");
        assert_eq!(answered(403, "<html>").class, FaultClass::Denied);
        assert_eq!(answered(429, "").class, FaultClass::Throttled);
    }

    #[test]
    fn a_message_is_one_short_line() {
        let long = format!("{{\"error\":{{\"code\":\"A\",\"message\":\"first {}\\nsecond\"}}}}", "x".repeat(1000));
        let fault = answered(400, &long);
        assert!(fault.message.len() < 400 && !fault.message.contains("second"), "{fault}");
    }

    #[test]
    fn a_pause_is_understood_in_all_three_spellings() {
        let mut headers = Headers::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert("retry-after", "7");
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert("retry-after-ms", "1500");
        assert_eq!(retry_after(&headers), Some(Duration::from_millis(1500)));
        headers.insert("x-ms-retry-after-ms", "2");
        assert_eq!(retry_after(&headers), Some(Duration::from_millis(2)));
    }

    fn identity_said(status: u16, asked: &str) -> Fault {
        let mut headers = Headers::new();
        headers.insert("retry-after", asked.to_owned());
        let raw = azure_core::http::RawResponse::from_bytes(status.into(), headers, "SECRET");
        let kind =
            ErrorKind::HttpResponse { status: status.into(), error_code: None, raw_response: Some(Box::new(raw)) };
        let inner = Error::with_message(kind, "The request failed: SECRET");
        of_core("identity:test", &Error::with_error(ErrorKind::Credential, inner, "failed: SECRET"))
    }

    #[test]
    fn what_the_identity_said_is_judged_and_never_quoted() {
        for (status, class) in [
            (400, FaultClass::Denied),
            (401, FaultClass::Denied),
            (404, FaultClass::Server),
            (429, FaultClass::Throttled),
            (500, FaultClass::Server),
        ] {
            let fault = identity_said(status, "3");
            assert_eq!((fault.class, fault.retry_after), (class, Some(Duration::from_secs(3))), "{status}");
            assert!(!fault.message.contains("SECRET"), "{fault}");
        }
    }

    #[test]
    fn a_certificate_that_nobody_vouches_for_is_not_worth_a_retry() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = Error::new(ErrorKind::Connection, io::Error::other(tls));
        assert_eq!(of_core("arm:test", &error).class, FaultClass::Invalid);
        let refused = Error::new(ErrorKind::Connection, io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(of_core("arm:test", &refused).class, FaultClass::Connection);
    }
}
