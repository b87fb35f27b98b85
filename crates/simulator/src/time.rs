//! The one place where the simulator reads a clock, and the pace at which simulated durations pass.

use std::time::Duration;

use jiff::Timestamp;

/// The wall clock. Simulated *durations* are paced, instants are real: a function beside the simulator reads the same clock.
#[expect(clippy::disallowed_methods, reason = "the clock module of this crate")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The metric periods of up to a minute, in seconds (`PutMetricAlarm`, `GetMetricData`).
const CLOUDWATCH_PERIODS: [i64; 6] = [1, 5, 10, 20, 30, 60];

/// How many times faster than in the cloud simulated durations pass: at 60 a minute takes a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(f64);

impl Pace {
    /// Any number of at least 1; anything less (or not a number) counts as 1, real time.
    pub fn new(factor: f64) -> Self {
        Self(if factor >= 1.0 { factor } else { 1.0 })
    }

    /// The real duration of so many simulated seconds.
    pub fn seconds(self, simulated: f64) -> Duration {
        Duration::from_secs_f64(simulated / self.0)
    }

    /// The real duration of a simulated one.
    pub fn scale(self, simulated: Duration) -> Duration {
        simulated.div_f64(self.0)
    }

    /// Length in real seconds of the one-minute metric period, rounded up to one that CloudWatch knows.
    pub fn metric_period_seconds(self) -> i64 {
        let exact = 60.0 / self.0;
        CLOUDWATCH_PERIODS.into_iter().find(|period| *period as f64 >= exact).unwrap_or(60)
    }
}

/// `at` moved by a duration, which may be negative; saturates at the ends of time.
pub(crate) fn plus(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(jiff::SignedDuration::try_from(by).unwrap_or(jiff::SignedDuration::MAX)).unwrap_or(Timestamp::MAX)
}

/// The time from `earlier` to `later`, zero when they are the other way round.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_pace_sixty_a_minute_takes_a_second() {
        assert_eq!(Pace::new(60.0).seconds(60.0), Duration::from_secs(1));
        assert_eq!(Pace::new(60.0).metric_period_seconds(), 1);
    }

    #[test]
    fn the_metric_period_is_one_that_cloudwatch_knows() {
        assert_eq!(Pace::new(600.0).metric_period_seconds(), 1);
        assert_eq!(Pace::new(20.0).metric_period_seconds(), 5);
        assert_eq!(Pace::new(1.0).metric_period_seconds(), 60);
    }

    #[test]
    fn a_pace_that_makes_no_sense_is_real_time() {
        assert_eq!(Pace::new(f64::NAN).seconds(1.0), Duration::from_secs(1));
        assert_eq!(Pace::new(0.0).seconds(1.0), Duration::from_secs(1));
    }
}
