//! Times with date, zone and age. Everything is in UTC, like the record and the logs.

use std::time::Duration;

use holdfast_core::{Timestamp, clock::until};
pub use holdfast_report::words::utc;

/// `2026-11-25 14:15:34 UTC (3 min 12 s ago)`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        return format!("{} (in {})", utc(at), span(until(now, at)));
    }
    format!("{} ({} ago)", utc(at), span(until(at, now)))
}

/// A duration by its two largest units: `3 min 12 s`, `2 h 5 min`, `3 d 4 h`.
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let two = |large: u64, unit: &str, small: u64, below: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {below}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two(minutes, "min", seconds % 60, "s"),
        (0, _, _) => two(hours, "h", minutes, "min"),
        _ => two(days, "d", hours, "h"),
    }
}
