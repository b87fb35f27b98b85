//! A failover that was due and did not begin by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many failovers that were due in mode `observe` are kept, newest first.
pub const KEPT_OBSERVED: usize = 20;

/// A failover that was due: every gate was passed, and the mode held it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// What a person approves. Made from the time, so that each has another one.
    pub id: String,
    /// Since when it was due.
    pub at: Timestamp,
    /// Up to when looks have found it due. It belongs to one outage, and this tells whether that one still goes on.
    pub until: Timestamp,
}

impl Due {
    /// One that is due from now on.
    pub fn now(now: Timestamp) -> Self {
        Self { id: now.strftime("q%Y%m%dT%H%M%S%.3fZ").to_string(), at: now, until: now }
    }
}
