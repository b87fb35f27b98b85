//! From CloudWatch's two series to one history.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    operation::get_metric_data::GetMetricDataOutput,
    primitives::DateTime,
    types::{MetricDataResult, StatusCode},
};
use holdfast_core::{
    Fault, FaultClass, Timestamp,
    evidence::{Datapoint, History},
};

use super::CALL;

/// What is asked of each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    points: BTreeMap<Timestamp, [Option<f64>; 2]>,
    complete: [bool; 2],
}

impl Series {
    /// Adds one page.
    ///
    /// # Errors
    /// A status that says that data is missing or not ours to see; an answer that makes no sense.
    pub(super) fn take_page(&mut self, page: &GetMetricDataOutput) -> Result<(), Fault> {
        for statistic in Statistic::ALL {
            for result in page.metric_data_results().iter().filter(|result| result.id() == Some(statistic.id())) {
                self.complete[statistic as usize] = is_complete(result)?;
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
            let kept = &mut self.points.entry(instant(time)?).or_default()[statistic as usize];
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
        if let Some(statistic) = Statistic::ALL.into_iter().find(|statistic| !self.complete[*statistic as usize]) {
            let message = format!("the series {} is not complete", statistic.name());
            return Err(Fault::new(FaultClass::Server, CALL, message));
        }
        let point = |(start, [minimum, maximum]): (Timestamp, [Option<f64>; 2])| {
            maximum.map(|maximum| Datapoint { start, minimum: minimum.unwrap_or(maximum), maximum })
        };
        Ok(History { points: self.points.into_iter().filter_map(point).collect() })
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
