//! A health check with all that watches it, and what the world wants done.

use std::collections::BTreeMap;

use super::checkers::Checkers;
use super::health_check::{HealthCheck, HealthCheckConfig};
use super::metrics::Series;
use crate::host::Notice;
use crate::timeline::EventKind;

/// How a service comes from its checkers to a verdict, and to the samples of its metric.
#[derive(Debug, Clone, Copy)]
pub struct Judging {
    /// Whether the checked site counts as well.
    pub(crate) verdict: fn(&Checkers, &HealthCheckConfig) -> bool,
    /// The samples of this moment, each 1 (well) or 0; none is no data.
    pub(crate) samples: fn(&Watched) -> Vec<f64>,
}

/// A health check with all that watches it.
#[derive(Debug)]
pub struct Watched {
    pub(crate) check: HealthCheck,
    pub(crate) checkers: Checkers,
    pub(crate) judging: Judging,
    /// The state as 1 or 0 (`HealthCheckStatus`, the endpoint's state). Whether Route 53's metric shows an inverted check inverted is
    /// not known (docs/reference/aws.md#route-53-metrics); here it does.
    pub(crate) status: Series,
    /// `HealthCheckPercentageHealthy`.
    pub(crate) percentage: Series,
    pub(crate) verdict: bool,
}

/// The checks by their id.
pub(crate) type Checks = BTreeMap<String, Watched>;

/// What the world wants done outside itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Tell it on the timeline.
    Record(EventKind),
    /// Have the cloud deliver a notification of the alarm rule.
    Notify(Notice),
    /// Call the function with the scheduler's input.
    Tick,
}
