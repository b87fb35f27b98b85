//! What an answer of the primary's own endpoint says about it: online or not, nothing more. Pure.
//!
//! IBM publishes no health address for version 10, so the address is a setting; see docs/reference/api-connect.md#detection.

use holdfast_core::evidence::ProbeResult;
use http::StatusCode;
use serde::Deserialize;

/// A list of the platform API that is answered without a login, and that needs its database and its services.
pub const PATH: &str = "/api/cloud/provider/identity-providers";

/// The list; what is in it is nobody's business here.
#[derive(Deserialize)]
struct Listed {
    total_results: u64,
}

/// Judges an answer of the platform API: healthy is a list. A page of something in front is not.
pub fn judge_platform_api(status: StatusCode, body: &[u8]) -> ProbeResult {
    if let Some(result) = of_other_status(status) {
        return result;
    }
    match serde_json::from_slice::<Listed>(body) {
        Ok(Listed { total_results }) => ProbeResult::Healthy { said: format!("{total_results} identity providers") },
        Err(_) => ProbeResult::Failing { why: "HTTP 200 without a list of identity providers".to_owned() },
    }
}

/// Judges an answer of a portal's site, or of any page: any 200 or redirection is healthy.
pub fn judge_page(status: StatusCode, _body: &[u8]) -> ProbeResult {
    if status.is_redirection() {
        return ProbeResult::Healthy { said: format!("HTTP {}", status.as_u16()) };
    }
    of_other_status(status).unwrap_or_else(|| ProbeResult::Healthy { said: "HTTP 200".to_owned() })
}

/// What a status other than 200 says.
fn of_other_status(status: StatusCode) -> Option<ProbeResult> {
    let number = status.as_u16();
    match status {
        StatusCode::OK => None,
        _ if status.is_server_error() => Some(ProbeResult::Failing { why: format!("HTTP {number}") }),
        _ => Some(ProbeResult::Inconclusive { why: format!("HTTP {number}: something in front answers this caller") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(judge: fn(StatusCode, &[u8]) -> ProbeResult, status: u16, body: &str) -> &'static str {
        match judge(StatusCode::from_u16(status).expect("a status"), body.as_bytes()) {
            ProbeResult::Healthy { .. } => "healthy",
            ProbeResult::Failing { .. } => "failing",
            ProbeResult::Inconclusive { .. } => "unknown",
        }
    }

    #[test]
    fn the_platform_api_is_well_when_it_lists_and_a_page_is_no_list() {
        let cases = [
            (200, r#"{"total_results": 2, "results": []}"#, "healthy"),
            (200, r#"{"total_results": "2"}"#, "failing"),
            (200, "<html>maintenance</html>", "failing"),
            (200, "", "failing"),
            (503, "", "failing"),
            (401, "", "unknown"),
            (404, "", "unknown"),
            (302, "", "unknown"),
        ];
        for (status, body, expected) in cases {
            assert_eq!(answered(judge_platform_api, status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_portal_is_well_when_it_answers_with_a_page_or_leads_to_one() {
        for (status, expected) in [(200, "healthy"), (302, "healthy"), (500, "failing"), (404, "unknown")] {
            assert_eq!(answered(judge_page, status, "<html>"), expected, "{status}");
        }
    }
}
