//! What Route 53's checkers see at this moment.
//!
//! AWS documents the call as an aid to diagnosis and not for production decisions, so the answer supports a
//! decision and never makes one.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{Call, Fault, evidence::LiveStatus, ports::LiveSource};

use crate::{fault::of_sdk, sdk::Sdk};

const CALL: &str = "route53:GetHealthCheckStatus";

/// A checker's report is a sentence that begins so when it is well; what follows has changed over the years.
const WELL: &str = "Success";

/// An endpoint counts as healthy when more than this share of its checkers, in percent, say so (Route 53 developer
/// guide, "How Route 53 determines whether a health check is healthy"; AWS reserves the right to change it).
const HEALTHY_ABOVE_PERCENT: usize = 18;

/// Asks Route 53 what its checkers report of one health check.
pub struct CheckerStatus {
    sdk: Arc<Sdk>,
    health_check_id: String,
}

impl CheckerStatus {
    /// A reader of `health_check_id`.
    pub fn new(sdk: Arc<Sdk>, health_check_id: impl Into<String>) -> Self {
        Self { sdk, health_check_id: health_check_id.into() }
    }
}

#[async_trait]
impl LiveSource for CheckerStatus {
    async fn live(&self, call: &Call) -> Result<LiveStatus, Fault> {
        let request = self.sdk.route53.get_health_check_status().health_check_id(&self.health_check_id);
        let answer = call.once(CALL, async { request.send().await.map_err(|error| of_sdk(CALL, &error)) }).await?;
        let reports = answer.health_check_observations().iter();
        Ok(count(reports.map(|checker| checker.status_report().and_then(|report| report.status()))))
    }
}

/// Counts the reports; a checker that has none yet has not reported.
pub fn count<'a>(reports: impl Iterator<Item = Option<&'a str>>) -> LiveStatus {
    let (mut healthy, mut total) = (0_usize, 0_usize);
    for report in reports.flatten() {
        total = total.saturating_add(1);
        healthy = healthy.saturating_add(usize::from(report.trim_start().starts_with(WELL)));
    }
    let verdict = (total > 0).then_some(healthy.saturating_mul(100) > total.saturating_mul(HEALTHY_ABOVE_PERCENT));
    LiveStatus { healthy, total, verdict }
}

#[cfg(test)]
mod tests {
    use holdfast_core::FaultClass;

    use super::*;
    use crate::testing::{Server, call, route53_error, xml};

    fn judged(healthy: usize, failing: usize) -> Option<bool> {
        let well = std::iter::repeat_n(Some("Success: HTTP Status Code 200, OK"), healthy);
        let ill = std::iter::repeat_n(Some("Failure: Connection timed out."), failing);
        count(well.chain(ill)).verdict
    }

    #[test]
    fn more_than_eighteen_percent_is_healthy_and_eighteen_is_not() {
        assert_eq!(judged(18, 82), Some(false));
        assert_eq!(judged(19, 81), Some(true));
        assert_eq!(judged(2, 14), Some(false));
        assert_eq!(judged(3, 13), Some(true));
        assert_eq!(judged(0, 1), Some(false));
    }

    #[test]
    fn where_nobody_reported_there_is_no_verdict() {
        assert_eq!(judged(0, 0), None);
        assert_eq!(count([None, None].into_iter()).total, 0);
    }

    #[test]
    fn both_sentences_of_success_are_understood_and_the_bare_word_is_not_needed() {
        let status = count(
            [
                Some("Success: HTTP Status Code: 200. Resolved IP: 192.0.2.2. OK"),
                Some("Success: HTTP Status Code 200, OK"),
                Some("Failure: DNS resolution failed. Success is far"),
            ]
            .into_iter(),
        );
        assert_eq!((status.healthy, status.total), (2, 3));
    }

    fn observations(sentences: &[&str]) -> String {
        let one = |sentence: &&str| {
            format!(
                "<HealthCheckObservation><Region>eu-west-1</Region><IPAddress>192.0.2.1</IPAddress><StatusReport>\
                 <Status>{sentence}</Status><CheckedTime>2026-01-01T00:00:00.123Z</CheckedTime></StatusReport>\
                 </HealthCheckObservation>"
            )
        };
        let all: String = sentences.iter().map(one).collect();
        format!(
            "<GetHealthCheckStatusResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
             <HealthCheckObservations>{all}</HealthCheckObservations></GetHealthCheckStatusResponse>"
        )
    }

    #[tokio::test]
    async fn the_checkers_of_a_real_answer_are_counted() {
        let body = observations(&["Success: HTTP Status Code 200, OK", "Failure: down", "Failure: down"]);
        let server = Server::start(vec![xml(&body)]).await;
        let status = CheckerStatus::new(Arc::new(server.sdk()), "hc").live(&call()).await.expect("a status");
        assert_eq!(status, LiveStatus { healthy: 1, total: 3, verdict: Some(true) });
        assert_eq!(server.requests()[0].path, "/2013-04-01/healthcheck/hc/status");
    }

    #[tokio::test]
    async fn an_unknown_health_check_is_not_found() {
        let server = Server::start(vec![route53_error(404, "NoSuchHealthCheck", "none")]).await;
        let fault = CheckerStatus::new(Arc::new(server.sdk()), "hc").live(&call()).await.expect_err("none");
        assert_eq!(fault.class, FaultClass::NotFound);
    }
}
