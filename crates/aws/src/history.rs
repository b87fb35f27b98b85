//! What CloudWatch recorded of the primary's health.

mod series;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_cloudwatch::{
    operation::get_metric_data::GetMetricDataOutput,
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, builders::MetricDataQueryBuilder},
};
use holdfast_core::{Call, Fault, FaultClass, Timestamp, clock::later, evidence::History, ports::HistorySource};

use crate::{
    fault::of_sdk,
    lock::{LockConfig, is_of_another},
    sdk::Sdk,
};
use series::{Series, Statistic};

/// Where Route 53 publishes, and under which names (Route 53 developer guide, "Monitoring health checks").
const NAMESPACE: &str = "AWS/Route53";
const METRIC: &str = "HealthCheckStatus";
const DIMENSION: &str = "HealthCheckId";

const CALL: &str = "cloudwatch:GetMetricData";

/// Pages that are followed in one reading. One holds 100 800 points, which is five weeks of minutes for two
/// statistics; more than a few pages is an answer that makes no sense.
const MOST_PAGES: usize = 5;

/// Periods of the site's own length in which the last healthy sample is looked for first, so that it is known to the
/// minute where it is recent.
const RECENT_PERIODS: u32 = 180;

/// The period in which it is looked for further back: CloudWatch keeps hours the longest.
const COARSE: u32 = 3600;

/// How far back: CloudWatch keeps hours for 455 days, which are 10 920 points, a tenth of a page.
const KEPT: Duration = Duration::from_secs(455 * 86_400);

/// How long the name that the health check watches is believed while the metrics are well, so that a tick on a well
/// primary does not ask for it each minute. Metrics that are not well are never believed without it.
const OWN_FOR: Duration = Duration::from_secs(600);

/// Reads the metric `HealthCheckStatus` of one health check, both its worst and its best sample of each period.
///
/// Both statistics come in one call: only a best sample of 0 proves that a whole period was failing.
pub struct CloudWatchHistory {
    sdk: Arc<Sdk>,
    health_check_id: String,
    period: u32,
    watched: Option<LockConfig>,
    /// When the health check was last seen to watch its own primary, while the metrics were well.
    seen_own: Mutex<Option<Timestamp>>,
}

impl CloudWatchHistory {
    /// A reader of `health_check_id` with periods of `period`, rounded up to whole seconds, at least one. AWS takes
    /// 1, 5, 10, 20, 30 and multiples of 60 seconds; Route 53 publishes one point a minute.
    pub fn new(sdk: Arc<Sdk>, health_check_id: impl Into<String>, period: Duration) -> Self {
        let period = u32::try_from(period.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1);
        Self { sdk, health_check_id: health_check_id.into(), period, watched: None, seen_own: Mutex::default() }
    }

    /// The same as long as the health check watches what `lock` knows: the primary's name, where one is configured, or
    /// the name of the lock, of which the lock's own step tells. The metrics of a check that watches another name are
    /// another host's.
    #[must_use]
    pub fn of_primary(mut self, lock: LockConfig) -> Self {
        self.watched = Some(lock);
        self
    }

    /// What is read, unless it is of another host; and whether it is known to be of its own.
    async fn of_its_own<T>(
        &self,
        call: &Call,
        read: impl Future<Output = Result<T, Fault>>,
    ) -> Result<(T, bool), Fault> {
        let Some(config) = &self.watched else { return Ok((read.await?, true)) };
        let (read, other) = futures_util::join!(read, is_of_another(&self.sdk, config, call));
        match other {
            Ok(Some(why)) => {
                Err(Fault::new(FaultClass::Invalid, CALL, format!("{why}: these metrics are not the primary's")))
            }
            Ok(None) => Ok((read?, true)),
            // Route 53's API may be down in the very outage: what is not known takes nothing from the metrics.
            Err(_) => Ok((read?, false)),
        }
    }

    /// True when the name was looked at lately, and the metrics have been well since.
    fn is_known_as_own(&self, now: Timestamp) -> bool {
        let seen = *self.seen_own.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_some_and(|at| now < later(at, OWN_FOR))
    }

    /// Keeps that the health check was seen to watch its own primary (`seen`), as long as the metrics are well.
    fn keep_as_own(&self, history: &History, seen: bool, now: Timestamp) {
        let is_well = !history.points.is_empty() && history.points.iter().all(|point| point.maximum > 0.0);
        let mut kept = self.seen_own.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_well {
            *kept = None;
        } else if seen {
            *kept = Some(now);
        }
    }

    /// One page of the answer.
    async fn page(&self, asked: &Asked, token: Option<String>) -> Result<GetMetricDataOutput, Fault> {
        let request = self.sdk.cloudwatch.get_metric_data();
        let request = asked
            .statistics
            .iter()
            .fold(request, |request, statistic| request.metric_data_queries(self.query(*statistic, asked.period)));
        request
            .start_time(DateTime::from_secs(asked.span.start))
            .end_time(DateTime::from_secs(asked.span.end))
            .scan_by(ScanBy::TimestampDescending)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| of_sdk(CALL, &error))
    }

    /// The query for one statistic.
    fn query(&self, statistic: Statistic, period: u32) -> MetricDataQuery {
        let dimension = Dimension::builder().name(DIMENSION).value(&self.health_check_id).build();
        let metric = Metric::builder().namespace(NAMESPACE).metric_name(METRIC).dimensions(dimension).build();
        // A period of more than 68 years is no period: AWS would refuse it as it refuses the largest number.
        let period = i32::try_from(period).unwrap_or(i32::MAX);
        let stat = MetricStat::builder().metric(metric).period(period).stat(statistic.name()).build();
        MetricDataQueryBuilder::default().id(statistic.id()).metric_stat(stat).return_data(true).build()
    }

    /// Follows the pages until everything is there.
    async fn read(&self, call: &Call, asked: &Asked) -> Result<Series, Fault> {
        let mut series = Series::default();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = call.once(CALL, self.page(asked, token)).await?;
            series.take_page(&page)?;
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(series);
            }
        }
        Err(Fault::new(FaultClass::Server, CALL, format!("the answer does not end within {MOST_PAGES} pages")))
    }
}

/// One question.
struct Asked {
    span: Span,
    period: u32,
    statistics: &'static [Statistic],
}

impl Asked {
    /// The periods that touch the last `window` before `now`.
    fn of(statistics: &'static [Statistic], now: Timestamp, window: Duration, period: u32) -> Self {
        Self { span: Span::before(now, window, i64::from(period)), period, statistics }
    }
}

#[async_trait]
impl HistorySource for CloudWatchHistory {
    async fn history(&self, call: &Call, window: Duration) -> Result<History, Fault> {
        let now = call.clock.now();
        let asked = Asked::of(&Statistic::ALL, now, window, self.period);
        let read = async { self.read(call, &asked).await?.join() };
        let (history, seen) =
            if self.is_known_as_own(now) { (read.await?, false) } else { self.of_its_own(call, read).await? };
        self.keep_as_own(&history, seen, now);
        Ok(history)
    }

    async fn last_well(&self, call: &Call, not_before: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
        let now = call.clock.now();
        let recent = Duration::from_secs(u64::from(self.period)).saturating_mul(RECENT_PERIODS);
        let looking_back = async {
            for (window, period) in [(recent, self.period), (KEPT, COARSE)] {
                let asked = Asked::of(&[Statistic::Maximum], now, window, period);
                let well = self.read(call, &asked).await?.last_well(period, not_before, now)?;
                if well.is_some() {
                    return Ok(well);
                }
            }
            Ok(None)
        };
        Ok(self.of_its_own(call, looking_back).await?.0)
    }
}

/// What is asked for, in epoch seconds, aligned to periods: CloudWatch rounds the start by itself, others do not.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    start: i64,
    /// Exclusive. It is the end of the period that runs now, so that a healthy sample in it is seen.
    end: i64,
}

impl Span {
    /// The periods that touch the last `window`.
    fn before(now: Timestamp, window: Duration, period: i64) -> Self {
        let now = now.as_second();
        let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
        let floor = |second: i64| second.saturating_sub(second.checked_rem_euclid(period).unwrap_or(0));
        let start = floor(now.saturating_sub(window).max(0));
        Self { start, end: floor(now).saturating_add(period) }
    }
}

#[cfg(test)]
mod tests;
