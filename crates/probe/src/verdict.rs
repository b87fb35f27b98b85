//! What an answer, or its absence, says about the primary. Pure.

use std::io::ErrorKind;

use holdfast_core::evidence::ProbeResult;
use http::StatusCode;

use crate::exchange::Outcome;

/// What an answer that came whole says about a site: its HTTP status and its body. Each system has its own.
pub type Judge = fn(StatusCode, &[u8]) -> ProbeResult;

/// What came of asking, with the answer judged by `judge`.
pub(crate) fn of(outcome: Outcome, judge: Judge) -> ProbeResult {
    match outcome {
        Outcome::Answered { status, body } => judge(status, &body),
        Outcome::TooLong => failing("the answer is too long for a status document"),
        Outcome::NoTrust(why) => inconclusive(format!("no trusted connection: {why}")),
        Outcome::NotConnected(error) if is_ours(error.kind()) => inconclusive(format!("no way out: {error}")),
        Outcome::NotConnected(error) => failing(format!("no connection: {error}")),
        Outcome::Broken(why) => failing(format!("the connection broke: {why}")),
        Outcome::NotReachedByProxy(status) => {
            failing(format!("the proxy has no connection to it: HTTP {}", status.as_u16()))
        }
        Outcome::ProxyRefused(why) => inconclusive(format!("the proxy did not let us through: {why}")),
    }
}

/// Errors that arise on this side, before anything reached the network of the primary.
pub(crate) fn is_ours(kind: ErrorKind) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, TimedOut};
    !matches!(kind, ConnectionRefused | ConnectionReset | TimedOut | HostUnreachable)
}

fn failing(why: impl Into<String>) -> ProbeResult {
    ProbeResult::Failing { why: why.into() }
}

fn inconclusive(why: String) -> ProbeResult {
    ProbeResult::Inconclusive { why }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn of(outcome: Outcome) -> ProbeResult {
        super::of(outcome, |status, _| ProbeResult::Healthy { said: status.to_string() })
    }

    #[test]
    fn an_answer_that_came_whole_is_the_systems_to_judge() {
        let answered = of(Outcome::Answered { status: StatusCode::OK, body: Vec::new().into() });
        assert_eq!(answered, ProbeResult::Healthy { said: "200 OK".to_owned() });
    }

    #[test]
    fn a_gateway_without_a_connection_is_a_failure_and_a_proxy_that_refuses_us_is_not() {
        let gone = of(Outcome::NotReachedByProxy(StatusCode::GATEWAY_TIMEOUT));
        assert!(matches!(gone, ProbeResult::Failing { .. }), "{gone:?}");
        let refused = of(Outcome::ProxyRefused("HTTP 407".to_owned()));
        assert!(matches!(refused, ProbeResult::Inconclusive { .. }), "{refused:?}");
    }

    #[test]
    fn what_may_be_our_own_fault_proves_nothing() {
        use ErrorKind::{AddrNotAvailable, NetworkUnreachable, Other, PermissionDenied};
        for kind in [AddrNotAvailable, NetworkUnreachable, Other, PermissionDenied] {
            let result = of(Outcome::NotConnected(io::Error::from(kind)));
            assert!(matches!(result, ProbeResult::Inconclusive { .. }), "{kind}");
        }
        for kind in [ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::HostUnreachable] {
            assert!(matches!(of(Outcome::NotConnected(io::Error::from(kind))), ProbeResult::Failing { .. }), "{kind}");
        }
    }
}
