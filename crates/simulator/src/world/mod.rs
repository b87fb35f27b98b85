//! The world behind the clouds: two sites, the checkers that watch them, the metric, the alarm, the scheduler and DNS.
//!
//! `State` changes by pure steps; [`World`] is the handle that tests and drills turn knobs on.

mod checkers;
mod clockwork;
mod health_check;
mod metrics;
mod roles;
mod sites;
mod snapshot;
mod state;
mod watched;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use crate::conditions::{MetricsMode, Outage, Site};
pub use health_check::{HealthCheck, HealthCheckConfig};
pub use metrics::Point;
pub use roles::Lock;
pub use snapshot::WorldSnapshot;

pub(crate) use checkers::{Checker, Checkers, Sight};
pub(crate) use clockwork::{Clockwork, carry_out};
pub(crate) use roles::{AlarmRule, MetricView, TrafficControl};
pub(crate) use sites::{Sites, serve_sites};
pub(crate) use state::State;
pub(crate) use watched::{Checks, Effect, Judging, Watched};

use crate::time::{self, Pace};
use crate::timeline::{EventKind, Timeline};

/// The name of the primary site, which its health check looks at.
pub const PRIMARY_NAME: &str = "primary.logscale.example";
/// The name of the standby site.
pub const STANDBY_NAME: &str = "standby.logscale.example";
/// The primary's address, from the range for documentation (RFC 5737).
pub(crate) const PRIMARY_ADDRESS: &str = "192.0.2.10";
/// The standby's address, likewise.
pub(crate) const STANDBY_ADDRESS: &str = "192.0.2.20";

/// What one past period is made to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// Every sample was good.
    Healthy,
    /// Every sample was bad: Maximum is 0.
    Failing,
    /// One sample was bad: Minimum is 0, Maximum is 1.
    Mixed,
    /// There is no point.
    Missing,
}

impl Past {
    fn point(self) -> Option<Point> {
        match self {
            Self::Healthy => Some(Point::flat(1.0, 6)),
            Self::Failing => Some(Point::flat(0.0, 6)),
            Self::Mixed => Some(Point { minimum: 0.0, maximum: 1.0, sum: 5.0, count: 6 }),
            Self::Missing => None,
        }
    }
}

/// The handle on the world. Clones share it.
#[derive(Clone)]
pub struct World {
    state: Arc<Mutex<State>>,
    timeline: Timeline,
    pace: Pace,
}

impl World {
    pub(crate) fn new(state: State, timeline: Timeline, pace: Pace) -> Self {
        Self { state: Arc::new(Mutex::new(state)), timeline, pace }
    }

    /// Runs `work` on the state, alone.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("no code panics while it holds this lock"))
    }

    pub(crate) fn record_event(&self, kind: EventKind) {
        self.timeline.record_event(kind);
    }

    pub(crate) fn record_event_at(&self, at: jiff::Timestamp, kind: EventKind) {
        self.timeline.record_event_at(at, kind);
    }

    /// Takes the primary down, in this way. The checkers, the metric, the alarm and DNS follow by themselves.
    pub fn break_primary(&self, outage: Outage) {
        if self.with(|state| state.primary.replace(outage)) != Some(outage) {
            self.record_event(EventKind::SiteDown { site: Site::Primary, outage });
        }
    }

    /// Makes the primary well.
    pub fn heal_primary(&self) {
        if self.with(|state| state.primary.take()).is_some() {
            self.record_event(EventKind::SiteUp { site: Site::Primary });
        }
    }

    /// Whether the standby site answers. Follows the simulated cluster by itself; to be set by hand beside an external cluster.
    pub fn set_standby_ready(&self, ready: bool) {
        let was = self.with(|state| std::mem::replace(&mut state.standby_ready, ready));
        match (was, ready) {
            (false, true) => self.record_event(EventKind::SiteUp { site: Site::Standby }),
            (true, false) => self.record_event(EventKind::SiteDown { site: Site::Standby, outage: Outage::Refuse }),
            _ => {}
        }
    }

    /// What the metric store does with points from now on.
    pub fn set_metrics(&self, mode: MetricsMode) {
        self.with(|state| state.metrics = mode);
        self.record_event(EventKind::MetricsChanged { mode });
    }

    /// Simulated time from the end of a period until its point is readable; 30 s at first.
    pub fn set_metric_delay(&self, simulated: Duration) {
        let delay = self.pace.scale(simulated);
        self.with(|state| state.metric_delay = delay);
    }

    /// Rewrites the newest past of the primary's metric, oldest first, up to the last ended period: a test need not wait for it.
    pub fn publish_history(&self, past: &[Past]) {
        let points: Vec<Option<Point>> = past.iter().map(|past| past.point()).collect();
        self.with(|state| state.rewrite_past(time::now(), &points));
    }

    /// Makes every checker agree at once with what it would see now, instead of after three intervals.
    pub fn settle_checkers(&self) {
        self.with(|state| {
            let sights: Vec<_> = state.checks.values().map(|watched| state.sight(&watched.check.config)).collect();
            for (watched, sight) in state.checks.values_mut().zip(sights) {
                watched.checkers.settle(time::now(), sight);
            }
        });
    }

    /// So many of the primary's sixteen checkers can reach nothing, whatever the site does: a partition of the internet.
    pub fn blind_checkers(&self, count: usize) {
        self.with(|state| {
            let id = state.primary_check.clone();
            if let Some(watched) = state.checks.get_mut(&id) {
                watched.checkers.blind = count;
            }
        });
    }

    /// Switches the scheduler's tick, once each simulated minute, on or off. On at first.
    pub fn set_scheduler(&self, on: bool) {
        self.with(|state| state.ticking = on);
    }

    /// Switches the rule that calls the function on or off; off it is never evaluated, as when its region is gone. On at first.
    pub fn set_alarm(&self, on: bool) {
        self.with(|state| state.alarm_rule.set_enabled(on));
    }

    /// Has each notification delivered so many times more: clouds deliver at least once.
    pub fn duplicate_notifications(&self, copies: u32) {
        self.with(|state| state.alarm_rule.set_duplicates(copies));
    }

    /// Locks traffic away from the primary without an API call, as an operator in a portal does.
    pub fn lock_by_hand(&self) {
        self.switch_by_hand(true);
    }

    /// The way back.
    pub fn unlock_by_hand(&self) {
        self.switch_by_hand(false);
    }

    fn switch_by_hand(&self, locked: bool) {
        self.with(|state| state.traffic.switch_by_hand(&mut state.checks, locked, time::now()));
    }

    /// The site that the global name answers with now.
    pub fn resolve_global(&self) -> Site {
        self.with(|state| state.answer)
    }

    /// The primary's health check.
    pub fn health_check(&self) -> HealthCheck {
        self.with(|state| state.checks[&state.primary_check].check.clone())
    }

    /// Changes the primary's health check without an API call and without a new version: for a world that starts out locked, say.
    pub fn edit_health_check(&self, edit: impl FnOnce(&mut HealthCheck)) {
        self.with(|state| {
            let id = state.primary_check.clone();
            if let Some(watched) = state.checks.get_mut(&id) {
                edit(&mut watched.check);
            }
        });
    }

    /// Everything that a check needs, at one instant.
    pub fn snapshot(&self) -> WorldSnapshot {
        self.with(|state| WorldSnapshot::of(state, time::now()))
    }

    /// Lets everything happen that is due, and gives what is to be done outside.
    pub(crate) fn step(&self) -> Vec<Effect> {
        self.with(|state| state.step(time::now()))
    }
}
