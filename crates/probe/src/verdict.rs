//! What an answer, or its absence, says about the primary. Pure.

use holdfast_core::{evidence::ProbeResult, fault::with_causes};
use holdfast_http::{Failure, Wanted};
use http::{Response, StatusCode};
use hyper::body::Bytes;

/// A status is a few hundred bytes; what is longer is another thing.
const LONGEST_BODY: usize = 64 * 1024;

/// As much of an answer as a verdict needs.
pub(crate) const DOCUMENT: Wanted = Wanted::BodyOf200 { longest: LONGEST_BODY };

/// What an answer that came whole says about a site: its HTTP status and its body. Each system has its own.
pub type Judge = fn(StatusCode, &[u8]) -> ProbeResult;

/// What came of one request.
pub(crate) type Outcome = Result<Response<Bytes>, Failure>;

/// What came of asking, with the answer judged by `judge`.
pub(crate) fn of(outcome: Outcome, judge: Judge) -> ProbeResult {
    let failure = match outcome {
        Ok(answer) => return judge(answer.status(), answer.body()),
        Err(failure) => failure,
    };
    let why = with_causes(&failure);
    match failure {
        Failure::TooLong { .. } => failing("the answer is too long for a status document"),
        Failure::NotConnected(error) if Failure::is_ours(error.kind()) => inconclusive(format!("no way out: {error}")),
        Failure::NotConnected(_) | Failure::Broken(_) | Failure::NotReachedByProxy(_) => failing(why),
        Failure::NoWay(_) | Failure::Unsendable(_) | Failure::NoTrust(_) | Failure::ProxyRefused(_) => {
            inconclusive(why)
        }
    }
}

fn failing(why: impl Into<String>) -> ProbeResult {
    ProbeResult::Failing { why: why.into() }
}

fn inconclusive(why: String) -> ProbeResult {
    ProbeResult::Inconclusive { why }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, ErrorKind},
        sync::Arc,
    };

    use super::*;

    fn of(outcome: Outcome) -> ProbeResult {
        super::of(outcome, |status, _| ProbeResult::Healthy { said: status.to_string() })
    }

    #[test]
    fn an_answer_that_came_whole_is_the_systems_to_judge() {
        let answered = of(Ok(Response::new(Bytes::new())));
        assert_eq!(answered, ProbeResult::Healthy { said: "200 OK".to_owned() });
    }

    #[test]
    fn a_gateway_without_a_connection_is_a_failure_and_a_proxy_that_refuses_us_is_not() {
        let gone = of(Err(Failure::NotReachedByProxy(StatusCode::GATEWAY_TIMEOUT)));
        assert!(matches!(gone, ProbeResult::Failing { .. }), "{gone:?}");
        let refused = of(Err(Failure::ProxyRefused("HTTP 407".to_owned())));
        assert!(matches!(refused, ProbeResult::Inconclusive { .. }), "{refused:?}");
    }

    #[test]
    fn what_may_be_our_own_fault_proves_nothing() {
        use ErrorKind::{AddrNotAvailable, NetworkUnreachable, Other, PermissionDenied};
        for kind in [AddrNotAvailable, NetworkUnreachable, Other, PermissionDenied] {
            let result = of(Err(Failure::NotConnected(Arc::new(io::Error::from(kind)))));
            assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{kind}");
        }
        for kind in [ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::HostUnreachable] {
            assert!(
                matches!(of(Err(Failure::NotConnected(Arc::new(io::Error::from(kind))))), ProbeResult::Failing { .. }),
                "{kind}"
            );
        }
    }
}
