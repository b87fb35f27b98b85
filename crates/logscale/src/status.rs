//! What an answer of LogScale's status endpoint says about a site. Pure.

use holdfast_core::{
    evidence::ProbeResult,
    fault::{Limit, quoted_within},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

/// Where LogScale says how it is.
pub const PATH: &str = "/api/v1/status";

/// The status document of LogScale; other keys are nobody's business here.
#[derive(Deserialize)]
struct Status {
    status: String,
    /// Told and never judged, so it may be of any kind.
    #[serde(default)]
    version: Value,
}

/// What an answer that came whole says about the site.
///
/// Healthy is a status document that says so: a 200 from an ingress error page is not health. A node says `WARN`
/// for its first 30 seconds, and whenever something deserves attention while it works.
///
/// LogScale answers its status with 200 or 503 and asks for no login. Gateways in front of it say 5xx when it is gone.
/// Everything else is what some layer in front says to this one caller: a login, a firewall's page, a limit of its
/// own, a challenge (which AWS WAF sends with 202 and 405). It is not the primary's answer.
pub fn judge(status: StatusCode, body: &[u8]) -> ProbeResult {
    if status.is_server_error() {
        return failing(format!("HTTP {}", status.as_u16()));
    }
    if status != StatusCode::OK {
        let status = status.as_u16();
        return inconclusive(format!("HTTP {status} is not LogScale's: something in front answers this caller"));
    }
    // A mark of the byte order before a document is no part of it.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let Ok(document) = serde_json::from_slice::<Status>(body) else {
        return failing("HTTP 200 without a status document");
    };
    let said = quoted_within(&document.status, Limit::Value);
    if !matches!(document.status.as_str(), "OK" | "WARN") {
        return failing(format!("status {said}"));
    }
    let version = match document.version {
        Value::String(version) => format!(" {}", quoted_within(&version, Limit::Value)),
        Value::Number(version) => format!(" {version}"),
        _ => String::new(),
    };
    ProbeResult::Healthy { said: format!("{said}{version}") }
}

fn failing(why: impl Into<String>) -> ProbeResult {
    ProbeResult::Failing { why: why.into() }
}

fn inconclusive(why: String) -> ProbeResult {
    ProbeResult::Inconclusive { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> ProbeResult {
        judge(StatusCode::from_u16(status).expect("a status"), body.as_bytes())
    }

    #[test]
    fn ok_and_warn_are_healthy_and_down_is_not() {
        let healthy = answered(200, "{\"status\":\"OK\",\"version\":\"1.2.3--build-4\",\"more\":[]}");
        assert_eq!(healthy, ProbeResult::Healthy { said: "OK 1.2.3--build-4".to_owned() });
        assert!(matches!(answered(200, "{\"status\":\"WARN\"}"), ProbeResult::Healthy { .. }));
        assert!(matches!(answered(200, "{\"status\":\"DOWN\"}"), ProbeResult::Failing { .. }));
    }

    #[test]
    fn what_is_not_needed_of_a_status_document_may_be_of_any_kind() {
        for version in ["1", "1.5", "null", "[]", "{}", "true", "\"1\""] {
            let body = format!("{{\"status\":\"OK\",\"version\":{version},\"uptime\":{version}}}");
            assert!(matches!(answered(200, &body), ProbeResult::Healthy { .. }), "{version}");
            assert!(matches!(answered(200, &format!("\u{feff}{body}\r\n")), ProbeResult::Healthy { .. }), "{version}");
        }
        let numbered = answered(200, "{\"status\":\"OK\",\"version\":7}");
        assert_eq!(numbered, ProbeResult::Healthy { said: "OK 7".to_owned() });
    }

    #[test]
    fn a_page_that_is_no_status_document_is_not_health() {
        for body in ["<html>It works</html>", "", "[]", "{}", "{\"status\":1}", "\"OK\""] {
            assert!(matches!(answered(200, body), ProbeResult::Failing { .. }), "{body}");
        }
    }

    #[test]
    fn any_failing_server_is_a_failing_primary() {
        for status in 500..=599 {
            assert!(matches!(answered(status, "{\"status\":\"OK\"}"), ProbeResult::Failing { .. }), "{status}");
        }
    }

    #[test]
    fn an_answer_of_something_in_front_proves_nothing() {
        let rest = (100..500).chain(600..1000).filter(|status| *status != 200);
        for status in rest {
            let result = answered(status, "<html>Access denied</html>");
            let ProbeResult::Inconclusive { why } = &result else { panic!("{status}: {result:?}") };
            assert!(why.starts_with(&format!("HTTP {status}")), "{why}");
        }
    }
}
