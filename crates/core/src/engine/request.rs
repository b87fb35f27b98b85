//! What the engine is asked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{decision::Gate, record::Trigger};

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action {
    /// Judge the evidence and fail over if it is due; drive an unfinished execution on in any case.
    FailOver,
    /// Drive an unfinished execution on, begin none.
    Resume,
    /// Say what a failover would do now. Writes nothing.
    Plan,
    /// Say whether a failover would succeed. Writes nothing.
    Preflight,
    /// Say how things stand. Writes nothing.
    Status,
    /// Waive the rest of the cooldown; with `abort`, end the open execution as it is.
    Acknowledge {
        /// End the open execution.
        abort: bool,
    },
    /// Set the kill switch.
    Pause,
    /// Take it back.
    Unpause,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What made us look.
    pub trigger: Trigger,
    /// What is wanted.
    pub action: Action,
    /// The operator's words; empty when no operator called.
    pub reason: Option<String>,
    /// Who called, as the platform tells it, or as the caller claims (then it says so). At most 200 characters.
    pub caller: Option<String>,
    /// Gates that the operator waives.
    pub overrides: Vec<Gate>,
    /// When the caller stops listening.
    pub deadline: Timestamp,
}
