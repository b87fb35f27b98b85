//! What Azure Monitor recorded of the primary's health.

mod series;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::http::Method;
use holdfast_core::{
    Call, Fault, Timestamp,
    clock::{earlier, later},
    evidence::History,
    ports::HistorySource,
};

use crate::{
    arm::{Azure, Sent},
    endpoint::EndpointName,
};
use series::Document;

/// 1 where a probe agent saw the endpoint up, else 0; one sample for each agent (docs/reference/azure.md#traffic-manager-metrics).
const METRIC: &str = "ProbeAgentCurrentEndpointStateByProfileResourceId";

const CALL: &str = "arm:ListMetrics";
const VERSION: &str = "2024-02-01";

/// Periods of the site's own length in which the last healthy sample is looked for first, so that it is known to the
/// minute where it is recent.
const RECENT_PERIODS: u32 = 180;

/// The period in which it is looked for further back: the longest that this metric has (docs/reference/azure.md#traffic-manager-metrics).
const COARSE: u32 = 3600;

/// One question spans 30 days, which are 720 points, and three of them are asked: Azure Monitor keeps 93 days.
const SPAN: Duration = Duration::from_secs(30 * 86_400);
const SPANS: u32 = 3;

/// Reads the state of one endpoint as its profile's metric tells it.
///
/// The filter on the endpoint is what makes it the primary's: the standby of a profile is degraded by design, so a
/// value for the whole profile never looks healthy.
pub struct MonitorHistory {
    azure: Arc<Azure>,
    endpoint: EndpointName,
    period: u32,
}

impl MonitorHistory {
    /// A reader of `endpoint` with periods of `period`, rounded up to whole seconds, at least one. Traffic Manager
    /// publishes a minute.
    pub fn new(azure: Arc<Azure>, endpoint: EndpointName, period: Duration) -> Self {
        let period = u32::try_from(period.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1);
        Self { azure, endpoint, period }
    }

    fn path(&self, now: Timestamp, window: Duration, period: u32) -> String {
        let (start, end) = span(now, window, period);
        // The name of an endpoint holds nothing that would end the text in the filter or the parameter.
        let filter = format!("EndpointName%20eq%20%27{}%27", self.endpoint.name);
        format!(
            "{}/providers/Microsoft.Insights/metrics?api-version={VERSION}&metricnames={METRIC}&timespan={start}/{end}\
             &interval={}&aggregation=Average,Minimum,Maximum&$filter={filter}",
            self.endpoint.profile,
            interval(period)
        )
    }

    async fn ask(&self, call: &Call, until: Timestamp, window: Duration, period: u32) -> Result<Document, Fault> {
        let sent = Sent::new(Method::Get, self.path(until, window, period));
        self.azure.manage(call, CALL, sent).await?.json()
    }
}

#[async_trait]
impl HistorySource for MonitorHistory {
    async fn history(&self, call: &Call, window: Duration) -> Result<History, Fault> {
        let document = self.ask(call, call.clock.now(), window, self.period).await?;
        series::history(document, &self.endpoint.name, Duration::from_secs(self.period.into()))
    }

    async fn last_well(&self, call: &Call, not_before: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
        let now = call.clock.now();
        let recent = Duration::from_secs(u64::from(self.period)).saturating_mul(RECENT_PERIODS);
        let coarse = (0..SPANS).map(|number| (earlier(now, SPAN.saturating_mul(number)), SPAN, COARSE));
        for (until, window, period) in std::iter::once((now, recent, self.period)).chain(coarse) {
            // What lies before the cut is not asked for.
            if not_before.is_some_and(|cut| until <= cut) {
                break;
            }
            let document = self.ask(call, until, window, period).await?;
            let counts = not_before.unwrap_or(Timestamp::MIN)..=now;
            if let Some(start) = series::last_well(document, &self.endpoint.name, &counts)? {
                return Ok(Some(later(start, Duration::from_secs(period.into())).min(now)));
            }
        }
        Ok(None)
    }
}

/// The periods that touch the last `window`, the one that runs now included so that a healthy sample in it is seen.
fn span(now: Timestamp, window: Duration, period: u32) -> (Timestamp, Timestamp) {
    let (now, period) = (now.as_second(), i64::from(period));
    let floor = |second: i64| second.saturating_sub(second.checked_rem_euclid(period).unwrap_or(0));
    let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    let instant = |second| Timestamp::from_second(second).unwrap_or_default();
    (instant(floor(now.saturating_sub(window).max(0))), instant(floor(now).saturating_add(period)))
}

/// A period in ISO 8601, as Azure Monitor names its own.
fn interval(period: u32) -> String {
    match (period.is_multiple_of(3600), period.is_multiple_of(60)) {
        (true, _) => format!("PT{}H", period.div_euclid(3600)),
        (_, true) => format!("PT{}M", period.div_euclid(60)),
        _ => format!("PT{period}S"),
    }
}
