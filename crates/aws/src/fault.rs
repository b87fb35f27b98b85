//! From an SDK's error to a [`Fault`].

use std::{error::Error, time::Duration};

use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::SdkError},
    http::Headers,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use holdfast_core::{
    Fault, FaultClass,
    fault::{quoted, with_causes},
};

/// Causes of an error that are looked at.
const MOST_CAUSES: usize = 16;

/// The fault of a failed SDK call. Its message holds the service's code and the first line of its message; never
/// headers or bodies, and not the canonical request that signature errors repeat with the session token in it.
pub fn of_sdk<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::TimeoutError(_) => Fault::new(FaultClass::Timeout, call, "no answer in time"),
        SdkError::DispatchFailure(failure) => {
            if let Some(fault) = failure.as_connector_error().and_then(|error| of_credentials(error)) {
                let message = format!("no credentials ({}): {}", fault.call, fault.message);
                return Fault::new(fault.class, call, message);
            }
            let class = if failure.is_timeout() { FaultClass::Timeout } else { FaultClass::Connection };
            let cause = failure.as_connector_error().map_or_else(String::new, |error| with_causes(error));
            Fault::new(class, call, format!("the request could not be sent: {cause}"))
        }
        SdkError::ResponseError(failure) => unreadable(call, failure.raw()),
        SdkError::ServiceError(failure) => match failure.err().code() {
            Some(code) => of_answer(call, code, failure.err().message(), failure.raw()),
            None => unreadable(call, failure.raw()),
        },
        other => {
            Fault::new(FaultClass::Invalid, call, format!("the request could not be built: {}", with_causes(other)))
        }
    }
}

/// The fault by which the credentials could not be had, where that is why the request was not sent.
pub(crate) fn of_credentials<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Fault> {
    let mut cause: Option<&'a (dyn Error + 'static)> = Some(error);
    for _ in 0..MOST_CAUSES {
        if let Some(fault) = cause?.downcast_ref::<Fault>() {
            return Some(fault);
        }
        cause = cause?.source();
    }
    None
}

/// The fault of an error that the service named.
fn of_answer(call: &'static str, code: &str, message: Option<&str>, raw: &HttpResponse) -> Fault {
    let class = class_of(code, raw.status().as_u16());
    let message = match message.map(quoted).filter(|line| !line.is_empty()) {
        Some(line) => format!("{code}: {line}"),
        None => code.to_owned(),
    };
    Fault::new(class, call, message).retry_after(retry_after(raw.headers()))
}

/// The fault of an answer that is not the service's: no code in it, or a success that cannot be read. Something in
/// between may have spoken, so it says nothing about the resource, and a later attempt may get through.
fn unreadable(call: &'static str, raw: &HttpResponse) -> Fault {
    let status = raw.status().as_u16();
    let class = match status {
        401 | 403 | 407 => FaultClass::Denied,
        408 => FaultClass::Timeout,
        429 => FaultClass::Throttled,
        _ => FaultClass::Server,
    };
    let message = format!("HTTP {status} with an answer that this service does not give");
    Fault::new(class, call, message).retry_after(retry_after(raw.headers()))
}

/// The class of an error code; where the code says nothing, of the HTTP status.
///
/// Services send throttling as HTTP 400 (Route 53's `Throttling`, Systems Manager's `ThrottlingException`), so the
/// code goes first. Names: the error lists of the four services and AWS's common errors.
fn class_of(code: &str, status: u16) -> FaultClass {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "TooManyRequestsException"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        | "TooManyUpdates"
        | "SlowDown" => FaultClass::Throttled,
        "InternalFailure"
        | "InternalError"
        | "InternalServerError"
        | "InternalServiceError"
        | "InternalServiceFault"
        | "ServerException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => FaultClass::Server,
        "RequestTimeout" | "RequestTimeoutException" => FaultClass::Timeout,
        "AccessDenied"
        | "AccessDeniedException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "UnrecognizedClient"
        | "UnrecognizedClientException" => FaultClass::Denied,
        "HealthCheckVersionMismatch" => FaultClass::Conflict,
        "NoSuchHealthCheck" | "ParameterNotFound" | "ResourceNotFoundException" => FaultClass::NotFound,
        _ => FaultClass::of_status(status),
    }
}

/// The pause that the server asks for: whole seconds (HTTP's header) or milliseconds (AWS's own).
fn retry_after(headers: &Headers) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.trim().parse().ok();
    number("x-amz-retry-after").map(Duration::from_millis).or_else(|| number("retry-after").map(Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_known_by_its_code_whatever_the_status() {
        for code in ["Throttling", "ThrottlingException", "PriorRequestNotComplete", "TooManyUpdates"] {
            assert_eq!(class_of(code, 400), FaultClass::Throttled, "{code}");
        }
    }

    #[test]
    fn a_refusal_is_known_by_its_code_whatever_the_status() {
        for code in ["AccessDenied", "AccessDeniedException", "ExpiredTokenException", "UnrecognizedClientException"] {
            assert_eq!(class_of(code, 400), FaultClass::Denied, "{code}");
        }
    }

    #[test]
    fn a_code_that_nobody_knows_is_judged_by_the_status() {
        assert_eq!(class_of("SomethingNew", 500), FaultClass::Server);
        assert_eq!(class_of("InvalidInput", 400), FaultClass::Invalid);
    }

    #[test]
    fn a_message_ends_before_the_canonical_request_with_the_token() {
        let said = "The request signature does not match.\n\nThe Canonical String was\nx-amz-security-token:SECRET";
        assert_eq!(quoted(said), "The request signature does not match.");
    }

    #[test]
    fn a_pause_that_the_server_asks_for_is_understood_in_both_spellings() {
        let mut headers = Headers::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert("retry-after", "7");
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert("x-amz-retry-after", "1500");
        assert_eq!(retry_after(&headers), Some(Duration::from_millis(1500)));
        headers.insert("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT");
        headers.remove("x-amz-retry-after");
        assert_eq!(retry_after(&headers), None);
    }
}
