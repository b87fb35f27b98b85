//! What Azure Monitor recorded of the primary's health.

mod series;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::http::Method;
use holdfast_core::{Call, Fault, Timestamp, evidence::History, ports::HistorySource};

use crate::{
    arm::{Azure, Sent},
    endpoint::EndpointName,
};

/// 1 where a probe agent saw the endpoint up, else 0; one sample for each agent (facts: Traffic Manager metrics).
const METRIC: &str = "ProbeAgentCurrentEndpointStateByProfileResourceId";

const CALL: &str = "arm:ListMetrics";
const VERSION: &str = "2024-02-01";

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

    fn path(&self, now: Timestamp, window: Duration) -> String {
        let (start, end) = span(now, window, self.period);
        // The name of an endpoint holds nothing that would end the text in the filter or the parameter.
        let filter = format!("EndpointName%20eq%20%27{}%27", self.endpoint.name);
        format!(
            "{}/providers/Microsoft.Insights/metrics?api-version={VERSION}&metricnames={METRIC}&timespan={start}/{end}\
             &interval={}&aggregation=Average,Minimum,Maximum&$filter={filter}",
            self.endpoint.profile,
            interval(self.period)
        )
    }
}

#[async_trait]
impl HistorySource for MonitorHistory {
    async fn history(&self, call: &Call, window: Duration) -> Result<History, Fault> {
        let sent = Sent::new(Method::Get, self.path(call.clock.now(), window));
        let answer = self.azure.manage(call, CALL, sent).await?;
        series::history(answer.json()?, &self.endpoint.name, Duration::from_secs(self.period.into()))
    }

    async fn last_well(&self, call: &Call, not_before: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
        let period = Duration::from_secs(u64::from(self.period));
        let history = self.history(call, period * 60).await?;
        let well = history.points.iter().filter(|point| point.maximum > 0.0);
        let ends =
            well.filter(|point| not_before.is_none_or(|cut| point.start >= cut)).map(|point| point.start + period);
        Ok(ends.max())
    }
}

/// The periods that touch the last `window`, the one that runs now included so that a healthy sample in it is seen.
fn span(now: Timestamp, window: Duration, period: u32) -> (Timestamp, Timestamp) {
    let (now, period) = (now.as_second(), i64::from(period));
    let floor = |second: i64| second - second.rem_euclid(period);
    let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    let instant = |second| Timestamp::from_second(second).unwrap_or_default();
    (instant(floor(now.saturating_sub(window).max(0))), instant(floor(now) + period))
}

/// A period in ISO 8601, as Azure Monitor names its own.
fn interval(period: u32) -> String {
    match (period.is_multiple_of(3600), period.is_multiple_of(60)) {
        (true, _) => format!("PT{}H", period / 3600),
        (_, true) => format!("PT{}M", period / 60),
        _ => format!("PT{period}S"),
    }
}
