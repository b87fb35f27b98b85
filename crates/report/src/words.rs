//! Times and durations in words.

use holdfast_core::clock::until;
use jiff::{
    SignedDuration, Timestamp, Unit,
    fmt::friendly::{Designator, Spacing, SpanPrinter},
};

/// Seconds of the report, counted from a moment.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The moment.
    pub zero: Timestamp,
    /// Seconds of the report per second of the times.
    pub pace: f64,
}

impl Scale {
    /// From the moment to `at`, negative before it.
    pub fn seconds(&self, at: Timestamp) -> f64 {
        // One of the two is zero.
        self.length(self.zero, at) - self.length(at, self.zero)
    }

    /// From one moment to a later one; 0 where it is not later.
    pub fn length(&self, from: Timestamp, to: Timestamp) -> f64 {
        until(from, to).as_secs_f64() * self.pace
    }
}

/// `2026-11-25 14:15:34 UTC`.
pub fn utc(at: Timestamp) -> String {
    let text = format!("{at:.0}");
    format!("{} UTC", text.trim_end_matches('Z').replacen('T', " ", 1))
}

/// `3 min 12 s`; below ten seconds with a tenth.
pub fn span(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "no time".to_owned();
    }
    if seconds.abs() < 10.0 {
        return format!("{seconds:.1} s");
    }
    let length = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
    let length = length.round(Unit::Second).unwrap_or(length);
    let printer = SpanPrinter::new().designator(Designator::Short).spacing(Spacing::BetweenUnitsAndDesignators);
    let text = printer.duration_to_string(&length);
    text.replace("mins", "min").replace("secs", "s").replace("sec", "s").replace("hrs", "h").replace("hr", "h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_their_units_beside_them() {
        assert_eq!(
            [0.04, 9.96, 61.0, 271.4, 7325.0].map(span),
            ["0.0 s", "10.0 s", "1 min 1 s", "4 min 31 s", "2 h 2 min 5 s"]
        );
        assert_eq!(span(f64::NAN), "no time");
    }

    #[test]
    fn a_drill_that_is_faster_than_life_is_measured_in_its_own_seconds() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let scale = Scale { zero: at(10), pace: 60.0 };
        assert_eq!((scale.seconds(at(13)), scale.seconds(at(9)), scale.length(at(9), at(8))), (180.0, -60.0, 0.0));
    }
}
