//! The numbers that a decision and its execution depend on.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::mode::Mode;

/// What a hole in the history of the primary means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingData {
    /// A hole longer than one period ends the streak; a shorter one does not count as failing time.
    #[default]
    EndsTheStreak,
    /// Missing data counts as failing. For sources that fall silent with the site they watch.
    CountsAsFailing,
}

/// How far a time that somebody else wrote may be ahead of the server's own before it is no time: hosts are kept within
/// milliseconds, and two minutes are a host whose time service has been dead for months.
pub const MOST_AHEAD: Duration = Duration::from_secs(120);

/// What a decision depends on besides the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// How long the primary must be proven failing, without a break, before a failover.
    #[serde(with = "seconds")]
    pub holdoff: Duration,
    /// How long after the start of a failover another one is refused.
    #[serde(with = "seconds")]
    pub cooldown: Duration,
    /// The length of one datapoint of the history.
    #[serde(with = "seconds")]
    pub period: Duration,
    /// A history whose freshest complete point ended longer ago than this says nothing about now.
    #[serde(with = "seconds")]
    pub stale_after: Duration,
    /// See [`MissingData`].
    pub missing: MissingData,
    /// The pause between two looks while waiting inside a call.
    #[serde(with = "seconds")]
    pub poll: Duration,
    /// An execution on which nothing has been driven for this long is judged again before its next effect: it may have
    /// been restored from a backup, or planted.
    #[serde(with = "seconds", default = "stands_still_after", rename = "stands_still_after_s")]
    pub stands_still_after: Duration,
    /// How long the primary must have been well, by its own endpoint, before a failback.
    #[serde(with = "seconds", default = "well_for", rename = "well_for_s")]
    pub well_for: Duration,
    /// The longest time between two ticks on this cloud while none is lost.
    #[serde(with = "seconds", default = "tick", rename = "tick_s")]
    pub tick: Duration,
    /// Whether a failover that is due begins by itself.
    #[serde(default)]
    pub mode: Mode,
}

/// One minute: what schedules of most clouds can do.
fn tick() -> Duration {
    Duration::from_secs(60)
}

/// Ten minutes: longer than any restart of a primary that looks well in between.
fn well_for() -> Duration {
    Duration::from_secs(600)
}

/// Five minutes: ticks that drive an execution come each minute.
fn stands_still_after() -> Duration {
    Duration::from_secs(300)
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            holdoff: Duration::from_secs(180),
            cooldown: Duration::from_secs(300),
            period: Duration::from_secs(60),
            stale_after: Duration::from_secs(180),
            missing: MissingData::default(),
            poll: Duration::from_secs(15),
            stands_still_after: stands_still_after(),
            well_for: well_for(),
            tick: tick(),
            mode: Mode::default(),
        }
    }
}

impl Policy {
    /// The longest pause between two of our own probes that still counts as unbroken watching: one
    /// period, as for the history, or two polls where polls are slower than that.
    pub fn probe_gap(&self) -> Duration {
        self.period.max(self.poll.saturating_mul(2))
    }

    /// The longest pause between two sights of a primary that is well which still counts as unbroken: one tick may be
    /// lost.
    pub fn well_gap(&self) -> Duration {
        self.probe_gap().max(self.tick).saturating_mul(2).saturating_add(self.poll)
    }

    /// How long the mark of a waiting call stands unless it is renewed: three polls, so that one poll may fail.
    pub fn waiter_mark(&self) -> Duration {
        self.poll.saturating_mul(3)
    }
}

/// Durations as seconds with a fraction, so that a record can be read by a person.
pub mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes seconds.
    ///
    /// # Errors
    /// Those of the serialiser.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    /// Reads seconds.
    ///
    /// # Errors
    /// A number that is negative, not finite or too large.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watching_is_unbroken_for_a_period_or_for_two_slow_polls() {
        let gap = |poll| Policy { poll: Duration::from_secs(poll), ..Policy::default() }.probe_gap().as_secs();
        assert_eq!((gap(15), gap(30), gap(50)), (60, 60, 100));
    }

    #[test]
    fn one_lost_tick_is_bridged_however_seldom_ticks_come() {
        let gap = |tick| Policy { tick: Duration::from_secs(tick), ..Policy::default() }.well_gap().as_secs();
        assert_eq!((gap(5), gap(60), gap(180)), (135, 135, 375));
    }
}
