//! The kinds of executions. All share claim, lease, fence, steps and record; each has gates of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an execution is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The primary is gone: the standby becomes active, and traffic is locked to it.
    #[default]
    Failover,
    /// The primary is well and is made passive first; then as a failover.
    Switchover,
    /// Traffic goes back to the primary, and the standby to rest.
    Failback,
    /// The standby is started, verified and put back to rest; traffic is never touched.
    Rehearsal,
}

impl Kind {
    /// Its one spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Switchover => "switchover",
            Self::Failback => "failback",
            Self::Rehearsal => "rehearsal",
        }
    }

    /// True for a kind that leaves the standby active and traffic locked to it.
    pub fn activates_standby(self) -> bool {
        matches!(self, Self::Failover | Self::Switchover)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
