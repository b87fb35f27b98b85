//! What Monitoring recorded of the primary's health.
//!
//! A namespace that has fallen silent says nothing: an answer without points is an empty history, which is neither
//! health nor failure. The engine then goes by its own probes.

mod metric;
mod series;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, Timestamp,
    clock::{earlier, later},
    evidence::History,
    ports::HistorySource,
};
use serde_json::json;

use crate::{
    client::{Oci, Sent},
    endpoint::Service,
};
pub use metric::{BadMetric, Metric, Watched, is_backend_set};
use series::Points;

const CALL: &str = "monitoring:SummarizeMetricsData";

/// Points arrive late: three minutes are the slack that alarms have by default (docs/reference/oci.md#metrics), and two more.
const LATE: Duration = Duration::from_secs(300);

/// How far back minutes reach, counted from now; an hour less, so that a clock that differs asks for nothing beyond it.
const MINUTES_REACH: Duration = Duration::from_secs(7 * 86_400 - 3600);

/// Periods of the site's own length in which the last healthy sample is looked for first, so that it is known to the
/// minute where it is recent.
const RECENT_PERIODS: u32 = 180;

/// The period in which it is looked for further back, and how far hours reach.
const COARSE: u32 = 3600;
const HOURS_REACH: Duration = Duration::from_secs(90 * 86_400 - 3600);

/// Reads one metric of the primary.
pub struct MonitoringHistory {
    oci: Arc<Oci>,
    watched: Watched,
    period: u32,
}

impl MonitoringHistory {
    /// A reader of `watched` with periods of `period`, rounded up to whole seconds, at least one. Monitoring has minutes.
    pub fn new(oci: Arc<Oci>, watched: Watched, period: Duration) -> Self {
        let period = u32::try_from(period.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1);
        Self { oci, watched, period }
    }

    async fn ask(&self, call: &Call, window: Duration, period: u32) -> Result<Points, Fault> {
        let Watched { region, compartment, metric } = &self.watched;
        let (start, end) = span(call.clock.now(), window, period);
        let path = format!("/20180401/metrics/actions/summarizeMetricsData?compartmentId={compartment}");
        let body = json!({
            "namespace": metric.namespace(), "query": metric.query(&interval(period)),
            "startTime": start.to_string(), "endTime": end.to_string(), "resolution": interval(period),
        });
        let answer = self.oci.ask(call, CALL, Service::Monitoring, region, Sent::post(path, &body)).await?;
        Ok(Points::of(answer.json()?, metric.resource()))
    }
}

#[async_trait]
impl HistorySource for MonitoringHistory {
    async fn history(&self, call: &Call, window: Duration) -> Result<History, Fault> {
        let window = window.saturating_add(LATE).min(MINUTES_REACH);
        let points = self.ask(call, window, self.period).await?;
        Ok(History { points: points.periods(Duration::from_secs(self.period.into())) })
    }

    async fn last_well(&self, call: &Call, not_before: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
        let now = call.clock.now();
        let recent = Duration::from_secs(u64::from(self.period)).saturating_mul(RECENT_PERIODS).min(MINUTES_REACH);
        for (window, period) in [(recent, self.period), (HOURS_REACH, COARSE)] {
            let points = self.ask(call, window, period).await?;
            let well = points.last_well(Duration::from_secs(period.into()), not_before, now);
            // What lies before the cut is not asked for.
            if well.is_some() || not_before.is_some_and(|cut| earlier(now, window) <= cut) {
                return Ok(well);
            }
        }
        Ok(None)
    }
}

/// The periods that touch the last `window`, the one that runs now included so that a healthy sample in it is seen. The
/// end is exclusive.
fn span(now: Timestamp, window: Duration, period: u32) -> (Timestamp, Timestamp) {
    let floor = |at: Timestamp| {
        let second = at.as_second();
        let into = second.checked_rem_euclid(i64::from(period)).unwrap_or(0);
        Timestamp::from_second(second.saturating_sub(into)).unwrap_or_default()
    };
    let start = floor(earlier(now, window)).max(Timestamp::UNIX_EPOCH);
    // Both ends of the newest period, whichever of them its timestamp is.
    (start, later(floor(now), Duration::from_secs(u64::from(period).saturating_mul(2))))
}

/// A period as metric queries name it. Seconds are none that Monitoring has.
fn interval(period: u32) -> String {
    match (period.is_multiple_of(3600), period.is_multiple_of(60)) {
        (true, _) => format!("{}h", period.div_euclid(3600)),
        (_, true) => format!("{}m", period.div_euclid(60)),
        _ => format!("{period}s"),
    }
}
