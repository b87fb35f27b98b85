//! The world at one instant, for checks and reports.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::LOCKED_NAME;
use super::health_check::HealthCheck;
use super::metrics::Point;
use super::state::{Platform, State};
use super::words::{AlarmState, MetricsMode, Outage, Site};

/// What keeps traffic away from the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Whether it is on.
    pub on: bool,
    /// How the locked thing stands, in words.
    pub words: String,
    /// How often the API has written it.
    pub writes: u64,
}

impl Lock {
    fn of(state: &State) -> Self {
        match &state.platform {
            Platform::Aws => {
                let check = &state.checks[&state.primary_check].check;
                let name = check.config.name.as_deref().unwrap_or("nothing");
                Self {
                    on: name == LOCKED_NAME,
                    words: format!("the health check looks at {name}"),
                    writes: check.version - 1,
                }
            }
            Platform::Azure(azure) => {
                let endpoint = azure.profile.endpoint(&state.primary_check);
                let on = endpoint.is_some_and(|endpoint| !endpoint.enabled);
                let words = format!("the primary endpoint is {}", if on { "Disabled" } else { "Enabled" });
                Self { on, words, writes: endpoint.map_or(0, |endpoint| endpoint.writes) }
            }
        }
    }
}

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
    /// The verdict that DNS follows: after `Disabled`, the 18 % rule and `Inverted`.
    pub healthy: bool,
    /// (healthy, all) checkers of the primary.
    pub checkers: (usize, usize),
    /// What the metric store does.
    pub metrics: MetricsMode,
    /// Start and point of the newest period that can be read.
    pub newest_point: Option<(Timestamp, Point)>,
    /// The alarm's state, and since when.
    pub alarm: (AlarmState, Timestamp),
    /// What keeps traffic away from the primary.
    pub lock: Lock,
    /// The site that the global name answers with.
    pub answer: Site,
    /// Name to value of every SSM parameter.
    pub parameters: BTreeMap<String, String>,
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
            healthy: state.platform.verdict(&watched.checkers, &watched.check.config),
            checkers: watched.checkers.count(&watched.check.config),
            metrics: state.metrics,
            newest_point: newest.and_then(|(start, point)| Some((Timestamp::from_second(start).ok()?, point))),
            alarm: (state.alarm.state, state.alarm.since),
            lock: Lock::of(state),
            answer: state.answer,
            parameters: state
                .parameters
                .all()
                .map(|parameter| (parameter.name.clone(), parameter.value.clone()))
                .collect(),
        }
    }
}
