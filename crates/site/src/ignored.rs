//! Why an event is not acted upon: one type for the functions of all clouds.

use std::fmt;

use serde_json::{Value, json};

use crate::{json::Unreadable, manual::InvalidCall};

/// Why an event is not acted upon. What every cloud knows has a variant of its own; what only one of them sends is
/// [`Foreign`](Self::Foreign), made beside the reader of that cloud's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    /// More than the cloud would deliver.
    TooLarge {
        /// What is too much.
        limit: &'static str,
    },
    /// No JSON that we read.
    Unreadable(Unreadable),
    /// A call through a door that does not admit it.
    NotAdmitted {
        /// What was asked for, the door, and what it admits.
        why: String,
    },
    /// A manual call that makes no sense.
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong, and what is allowed.
        why: String,
    },
    /// An event of one cloud that is not for us.
    Foreign {
        /// A stable name, in snake case.
        code: &'static str,
        /// What it is and what would help, in one sentence whose foreign parts are
        /// [`quoted`](holdfast_core::fault::quoted).
        says: String,
    },
}

impl IgnoredReason {
    /// An event of one cloud that is not for us.
    pub fn foreign(code: &'static str, says: impl Into<String>) -> Self {
        Self::Foreign { code, says: says.into() }
    }

    /// A stable name, for answers, logs and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Unreadable(Unreadable::Empty) => "no_content",
            Self::Unreadable(Unreadable::TooDeep) => "too_deep",
            Self::Unreadable(Unreadable::NotText | Unreadable::NotJson) => "not_json",
            Self::NotAdmitted { .. } => "not_admitted",
            Self::Invalid { .. } => "invalid_request",
            Self::Foreign { code, .. } => code,
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the event is larger than {limit}"),
            Self::Unreadable(why) => write!(f, "{why}"),
            Self::NotAdmitted { why } | Self::Foreign { says: why, .. } => f.write_str(why),
            Self::Invalid { field, why } => write!(f, "{field} {why}"),
        }
    }
}

impl From<Unreadable> for IgnoredReason {
    fn from(why: Unreadable) -> Self {
        Self::Unreadable(why)
    }
}

impl From<InvalidCall> for IgnoredReason {
    fn from(InvalidCall { field, why }: InvalidCall) -> Self {
        Self::Invalid { field, why }
    }
}

/// The outcome of an event, or of one record of it, that is not acted upon for an [`IgnoredReason`]. Answers and lines of the log
/// have it in the field `outcome`.
pub const IGNORED: &str = "ignored";

/// What became of one record of an event that was not acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// [`IGNORED`], or that it was answered together with another record.
    pub outcome: &'static str,
    /// A stable word.
    pub code: &'static str,
    /// A sentence.
    pub says: String,
}

impl Passed {
    /// Of a record that is not for us.
    pub fn ignored(reason: &IgnoredReason) -> Self {
        Self { outcome: IGNORED, code: reason.code(), says: format!("ignored: {reason}") }
    }

    /// Of a record that asks for what another one of the same event asks for: which, `says` tells.
    pub fn together(says: String) -> Self {
        Self { outcome: "answered", code: "answered_together", says }
    }

    /// Its line of the log. Whoever counts what is ignored reads `outcome` and `code`.
    pub fn log(&self) {
        tracing::info!(outcome = self.outcome, code = self.code, "{}", self.says);
    }
}

/// Word and sentence of each, for an answer.
pub fn listed(passed: &[Passed]) -> Value {
    passed.iter().map(|one| json!({"code": one.code, "says": one.says})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::logged;

    #[test]
    fn the_line_of_a_record_that_is_ignored_can_be_counted_by_its_reason_and_no_other_is() {
        let lines = logged("info", || {
            Passed::ignored(&IgnoredReason::foreign("reset", "alarm a was reset")).log();
            Passed::together("alarm b is answered with alarm a".to_owned()).log();
        });
        let told = |line: &Value| (line["outcome"].clone(), line["code"].clone());
        assert_eq!(told(&lines[0]), (json!("ignored"), json!("reset")));
        assert_eq!(told(&lines[1]), (json!("answered"), json!("answered_together")));
        assert_eq!(lines[0]["message"], "ignored: alarm a was reset");
    }
}
