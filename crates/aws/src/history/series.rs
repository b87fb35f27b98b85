//! From CloudWatch's two series to one history.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aws_sdk_cloudwatch::{
    operation::get_metric_data::GetMetricDataOutput,
    primitives::DateTime,
    types::{MetricDataResult, StatusCode},
};
use holdfast_core::{
    Fault, FaultClass, Timestamp,
    clock::later,
    evidence::{Datapoint, History},
};

use super::CALL;

/// What is asked of each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Statistic {
    /// The worst sample.
    Minimum,
    /// The best sample.
    Maximum,
}

impl Statistic {
    pub(super) const ALL: [Self; 2] = [Self::Minimum, Self::Maximum];

    /// CloudWatch's name of it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
        }
    }

    /// The id of its query; must begin with a lower-case letter.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
        }
    }
}

/// Both series as far as they have been read, and whether the last word on each was that it is complete.
#[derive(Default)]
pub(super) struct Series {
    points: BTreeMap<Timestamp, Samples>,
    complete: BTreeSet<Statistic>,
}

/// What is known of one period.
#[derive(Default)]
struct Samples {
    minimum: Option<f64>,
    maximum: Option<f64>,
}

impl Samples {
    fn of(&mut self, statistic: Statistic) -> &mut Option<f64> {
        match statistic {
            Statistic::Minimum => &mut self.minimum,
            Statistic::Maximum => &mut self.maximum,
        }
    }
}

impl Series {
    /// Adds one page.
    ///
    /// # Errors
    /// A status that says that data is missing or not ours to see; an answer that makes no sense.
    pub(super) fn take_page(&mut self, page: &GetMetricDataOutput) -> Result<(), Fault> {
        for statistic in Statistic::ALL {
            for result in page.metric_data_results().iter().filter(|result| result.id() == Some(statistic.id())) {
                match is_complete(result)? {
                    true => self.complete.insert(statistic),
                    false => self.complete.remove(&statistic),
                };
                self.take(statistic, result)?;
            }
        }
        Ok(())
    }

    /// Adds the points of one series.
    fn take(&mut self, statistic: Statistic, result: &MetricDataResult) -> Result<(), Fault> {
        if result.timestamps().len() != result.values().len() {
            return Err(Fault::new(FaultClass::Server, CALL, "times and values of the answer differ in number"));
        }
        for (time, value) in result.timestamps().iter().zip(result.values()) {
            let kept = self.points.entry(instant(time)?).or_default().of(statistic);
            // A period that comes twice keeps its better sample: that proves less.
            *kept = Some(kept.map_or(*value, |kept| kept.max(*value)));
        }
        Ok(())
    }

    /// The history.
    ///
    /// A period without a best sample is left out: its worst sample proves no failure, and calling it healthy would
    /// claim what nobody measured. It is a hole, and policy says what holes mean. A period without a worst sample is
    /// kept with its best one in its place, which claims no failure that was not there.
    ///
    /// # Errors
    /// A series that never became complete.
    pub(super) fn join(self) -> Result<History, Fault> {
        self.must_be_complete(&Statistic::ALL)?;
        let point = |(start, Samples { minimum, maximum }): (Timestamp, Samples)| {
            maximum.map(|maximum| Datapoint { start, minimum: minimum.unwrap_or(maximum), maximum })
        };
        Ok(History { points: self.points.into_iter().filter_map(point).collect() })
    }

    /// The end of the newest period with a healthy sample, `now` while that period runs. Periods that begin before
    /// `not_before` are left out, and those that begin after `now` are none.
    ///
    /// # Errors
    /// A series of best samples that never became complete.
    pub(super) fn last_well(
        self,
        period: u32,
        not_before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        self.must_be_complete(&[Statistic::Maximum])?;
        let from = not_before.unwrap_or(Timestamp::MIN);
        let counts = |start: &Timestamp| (from..=now).contains(start);
        let is_well = |samples: &Samples| samples.maximum.is_some_and(|best| best > 0.0);
        let newest = self.points.iter().rfind(|(start, samples)| counts(start) && is_well(samples));
        Ok(newest.map(|(start, _)| later(*start, Duration::from_secs(u64::from(period))).min(now)))
    }

    fn must_be_complete(&self, wanted: &[Statistic]) -> Result<(), Fault> {
        match wanted.iter().find(|statistic| !self.complete.contains(statistic)) {
            None => Ok(()),
            Some(statistic) => {
                let message = format!("the series {} is not complete", statistic.name());
                Err(Fault::new(FaultClass::Server, CALL, message))
            }
        }
    }
}

/// What CloudWatch says of one series on one page.
fn is_complete(result: &MetricDataResult) -> Result<bool, Fault> {
    let fault = |class, message: &str| Err(Fault::new(class, CALL, message));
    match result.status_code() {
        None | Some(StatusCode::Complete) => Ok(true),
        Some(StatusCode::PartialData) => Ok(false),
        Some(StatusCode::Forbidden) => fault(FaultClass::Denied, "CloudWatch may not show this metric to us"),
        Some(other) => fault(FaultClass::Server, &format!("CloudWatch could not read the metric: {}", other.as_str())),
    }
}

/// The instant, with its fraction of a second.
fn instant(time: &DateTime) -> Result<Timestamp, Fault> {
    Timestamp::new(time.secs(), time.subsec_nanos().cast_signed())
        .map_err(|error| Fault::new(FaultClass::Server, CALL, format!("a time of the answer makes no sense: {error}")))
}
