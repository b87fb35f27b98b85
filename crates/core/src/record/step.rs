//! One step of an execution, as the record keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::{KEPT_UNKNOWN, Unknown};
use crate::{
    fault::NotedFault,
    step::{Direction, Need, Observation},
};

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "progress")]
pub enum Progress {
    /// Not reached yet.
    Pending,
    /// The effect holds, read back.
    Done {
        /// False when it held already.
        changed: bool,
    },
    /// Tried and not done; later steps did not wait.
    Owed {
        /// Why not.
        why: Why,
    },
    /// Tried and not done; later steps wait.
    Failing {
        /// Why not.
        why: Why,
    },
}

/// Why a step is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Why {
    /// A call failed.
    Fault {
        /// The last fault.
        fault: NotedFault,
    },
    /// The world does not allow it.
    Blocked {
        /// What stands in the way.
        why: String,
    },
    /// It has not come true in the time that was left.
    NotYet {
        /// What was seen last.
        found: String,
    },
    /// A person has to confirm it by a word of its own.
    Unconfirmed,
    /// The primary was not seen well before the effect.
    PrimaryNotWell {
        /// What was seen of it.
        found: String,
    },
    /// A cause of another version, as it was written.
    #[serde(untagged)]
    Other(Unknown),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault { fault } => write!(f, "{fault}"),
            Self::Blocked { why } => write!(f, "{why}"),
            Self::NotYet { found } => write!(f, "not yet: {found}"),
            Self::Unconfirmed => write!(f, "it waits for a person's confirmation"),
            Self::PrimaryNotWell { found } => write!(f, "the primary is not seen well: {found}"),
            Self::Other(_) => write!(f, "another version of Holdfast says why in the record"),
        }
    }
}

/// One step of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The step's name.
    pub step: String,
    /// Whether later steps wait for it.
    pub need: Need,
    /// Whether the effect is brought about or taken back.
    #[serde(default, skip_serializing_if = "is_forward")]
    pub direction: Direction,
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
    /// How many times its effect was sent.
    pub attempts: u32,
    /// When it was first driven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was last driven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What was seen last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
    /// What was there before the effect, with its fence: what a failback needs to know, so that no person has to
    /// remember it. Written with the intent where it was known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Observation>,
    /// See [`Unknown`].
    #[serde(flatten, deserialize_with = "unknown_of_step")]
    pub unknown: Unknown,
}

impl StepRecord {
    /// A step that has not been reached.
    pub fn pending(step: &str, need: Need) -> Self {
        Self {
            step: step.to_owned(),
            need,
            direction: Direction::Forward,
            progress: Progress::Pending,
            attempts: 0,
            started_at: None,
            ended_at: None,
            found: String::new(),
            before: None,
            unknown: Unknown::new(),
        }
    }

    /// True when the effect holds.
    pub fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done { .. })
    }
}

/// What is flattened into a step beside the unknown is known.
fn unknown_of_step<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unknown, D::Error> {
    let known = |name: &str| ["progress", "changed", "why"].contains(&name);
    let all = Unknown::deserialize(deserializer)?;
    Ok(all.into_iter().filter(|(name, _)| !known(name)).take(KEPT_UNKNOWN).collect())
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_forward(direction: &Direction) -> bool {
    *direction == Direction::Forward
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultClass;

    #[test]
    fn why_a_step_is_not_done_is_told_in_words() {
        let fault = NotedFault { class: FaultClass::Denied, call: "c".to_owned(), message: "no".to_owned() };
        assert_eq!(Why::Fault { fault }.to_string(), "c: no (denied)");
        assert_eq!(Why::Blocked { why: "no CA".to_owned() }.to_string(), "no CA");
        assert_eq!(Why::NotYet { found: "0 of 1".to_owned() }.to_string(), "not yet: 0 of 1");
    }
}
