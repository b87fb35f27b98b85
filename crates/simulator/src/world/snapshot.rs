//! The world at one instant, for checks and reports.

use jiff::Timestamp;

use super::health_check::HealthCheck;
use super::metrics::Point;
use super::roles::Lock;
use super::state::State;
use crate::conditions::{MetricsMode, Outage, Site};

/// The world at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldSnapshot {
    /// The instant.
    pub at: Timestamp,
    /// How the primary is down; `None` when it is well.
    pub primary: Option<Outage>,
    /// Whether the standby site answers.
    pub standby_ready: bool,
    /// The primary's health check.
    pub health_check: HealthCheck,
    /// The verdict of the check's service: on AWS after `Disabled`, the 18 % rule and `Inverted`.
    pub healthy: bool,
    /// (healthy, all) checkers of the primary.
    pub checkers: (usize, usize),
    /// What the metric store does.
    pub metrics: MetricsMode,
    /// Start and point of the newest period that can be read.
    pub newest_point: Option<(Timestamp, Point)>,
    /// What keeps traffic away from the primary.
    pub lock: Lock,
    /// The site that the global name answers with.
    pub answer: Site,
}

impl WorldSnapshot {
    pub(crate) fn of(state: &State, at: Timestamp) -> Self {
        let watched = &state.checks[&state.primary_check];
        let newest = watched.status.read(Timestamp::UNIX_EPOCH, at, state.period).into_iter().next_back();
        Self {
            at,
            primary: state.primary,
            standby_ready: state.standby_ready,
            health_check: watched.check.clone(),
            healthy: (watched.judging.verdict)(&watched.checkers, &watched.check.config),
            checkers: watched.checkers.count(&watched.check.config),
            metrics: state.metrics,
            newest_point: newest.and_then(|(start, point)| Some((Timestamp::from_second(start).ok()?, point))),
            lock: state.lock(),
            answer: state.answer,
        }
    }
}
