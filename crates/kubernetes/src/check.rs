//! Checks that any system can make of its standby cluster, and the words that checks are made of.

use holdfast_core::evidence::{Check, Level};

mod gitops;
mod lease;

pub use gitops::check as managed_by;
pub use lease::checks as lease;

/// A check that came out so.
pub fn check(name: &str, level: Level, found: impl Into<String>) -> Check {
    Check { name: name.to_owned(), level, found: found.into() }
}

/// A check that found nothing wrong.
pub fn good(name: &str, found: impl Into<String>) -> Check {
    check(name, Level::Good, found)
}

/// A check that found what a person should know and what holds nothing back.
pub fn warning(name: &str, found: impl Into<String>) -> Check {
    check(name, Level::Warning, found)
}

/// A check that found what a failover would fail by.
pub fn error(name: &str, found: impl Into<String>) -> Check {
    check(name, Level::Error, found)
}

/// The first `most` of some words, and how many more there are.
pub fn listed<T: AsRef<str>>(words: &[T], most: usize) -> String {
    let first: Vec<&str> = words.iter().take(most).map(AsRef::as_ref).collect();
    match words.len().saturating_sub(most) {
        0 => first.join("; "),
        more => format!("{}; and {more} more", first.join("; ")),
    }
}
