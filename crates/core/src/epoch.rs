//! The one reader of a time that people and scripts keep as epoch seconds in text: the note of the last failover, on
//! every cloud.

use std::fmt;

use jiff::Timestamp;

use crate::fault::{Limit, quoted_within};

/// The last second that a note may name: the last of the year 9999 that [`Timestamp`] holds in every time zone.
const LAST: i64 = 253_402_207_200;

/// What is allowed, for a person.
const ALLOWED: &str = "allowed are seconds since 1970 up to the year 9999, 0 for never";

/// A text that is no time in epoch seconds. Says which text, why, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTime {
    shown: String,
    why: &'static str,
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}; {ALLOWED}", self.shown, self.why)
    }
}

impl std::error::Error for NoTime {}

/// The time in `text`; `None` for 0, which means never. Fractions of a second and blanks around it are read too.
///
/// The time is given back as it stands there, however far ahead: whether it can be true is for the one who knows what
/// time it is.
///
/// # Errors
/// A text that is no number, a negative one, or one beyond the year 9999, such as milliseconds.
pub fn read(text: &str) -> Result<Option<Timestamp>, NoTime> {
    let refused = |why| NoTime { shown: quoted_within(text, Limit::Value), why };
    let seconds: f64 = text.trim().parse().map_err(|_| refused("is no number"))?;
    if seconds == 0.0 {
        return Ok(None);
    }
    if !seconds.is_finite() {
        return Err(refused("is no number of seconds"));
    }
    if seconds < 0.0 {
        return Err(refused("is negative"));
    }
    if seconds > LAST as f64 {
        let is_milliseconds = seconds / 1e3 <= LAST as f64;
        return Err(refused(if is_milliseconds { "looks like milliseconds" } else { "is too large" }));
    }
    // Microseconds are exact far beyond the year 9999, where a timestamp ends.
    Timestamp::from_microsecond((seconds * 1e6).round() as i64).map(Some).map_err(|_| refused("is too large"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_of_the_reference_are_read() {
        assert_eq!(read("0"), Ok(None));
        assert_eq!(read("0.0"), Ok(None));
        assert_eq!(read(" 1767225600\n"), Ok(Timestamp::from_second(1_767_225_600).ok()));
        let fraction = read("1767225600.4817634").expect("a time").expect("not never");
        assert_eq!(fraction.as_microsecond(), 1_767_225_600_481_763);
    }

    #[test]
    fn a_time_ahead_is_read_as_it_stands() {
        let read = read("4102444800").expect("a time").expect("not never");
        assert_eq!(read.to_string(), "2100-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_with_its_value_the_reason_and_what_is_allowed() {
        for (text, why) in [
            ("", "is no number"),
            ("never", "is no number"),
            ("2026-01-01", "is no number"),
            ("1,5", "is no number"),
            ("NaN", "is no number of seconds"),
            ("-inf", "is no number of seconds"),
            ("-1", "is negative"),
            ("1764115200000", "looks like milliseconds"),
            ("253402300800", "looks like milliseconds"),
            ("1e30", "is too large"),
            ("18446744073709551615", "is too large"),
        ] {
            let said = read(text).expect_err(text).to_string();
            assert_eq!(said, format!("{text:?} {why}; {ALLOWED}"));
        }
    }

    #[test]
    fn a_long_value_is_cut_and_shown_on_one_line() {
        let long = format!("{}\u{7}\n{}", "x".repeat(100_000), "y".repeat(100_000));
        let said = read(&long).expect_err("no number").to_string();
        assert!(said.len() < 200 && !said.chars().any(char::is_control) && said.contains("xxxx"), "{said}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = read(&text).map_err(|why| why.to_string());
        }

        #[test]
        fn whole_seconds_are_read_back_as_written(second in 1_i64..=LAST) {
            prop_assert_eq!(read(&second.to_string()), Ok(Timestamp::from_second(second).ok()));
        }
    }
}
