//! The one place of the Kubernetes simulator that reads the wall clock.

use jiff::Timestamp;

/// The present instant.
#[allow(clippy::disallowed_methods, reason = "this module is the clock")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// An instant as `metadata.creationTimestamp` writes it: RFC 3339 in whole seconds.
pub(super) fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).map_or_else(|_| at.to_string(), |whole| whole.to_string())
}
