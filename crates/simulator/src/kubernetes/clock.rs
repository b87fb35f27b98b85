//! Instants as Kubernetes writes them.

use jiff::Timestamp;

pub(super) use crate::time::now;

/// An instant as `metadata.creationTimestamp` has it: RFC 3339 in whole seconds.
pub(super) fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).map_or_else(|_| at.to_string(), |whole| whole.to_string())
}
