//! One run of a runbook, as the record keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Kept, StepRecord, Unknown, lenient, unknown};
use crate::{
    decision::{Decision, Gate},
    evidence::Evidence,
    kind::Kind,
    policy::Policy,
};

/// What made us look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Trigger {
    /// An alarm changed its state.
    Alarm {
        /// Its name.
        name: String,
        /// When it changed, by its own account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed_at: Option<Timestamp>,
    },
    /// The timer.
    Tick,
    /// A person.
    Operator,
}

impl Trigger {
    /// A short stable name, for logs.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Alarm { .. } => "alarm",
            Self::Tick => "tick",
            Self::Operator => "operator",
        }
    }
}

/// How far an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A required step is not done yet.
    Running,
    /// Every required step is done; owed steps are not done yet.
    Owed,
    /// Every step is done.
    Completed,
    /// A person ended it.
    Aborted,
    /// It was still open when a person took the lock away from a primary that was well.
    FailedBack,
    /// The primary did not stay well: a failback, a rehearsal, or a switchover that had changed nothing, is over.
    Closed,
}

impl Status {
    /// True while there is something left to do.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Owed)
    }
}

/// One run of a runbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Start and fence: unique for one store.
    pub id: String,
    /// What it is for. Schema 1 knew failovers only.
    #[serde(default)]
    pub kind: Kind,
    /// The system.
    pub runbook: String,
    /// What made us look.
    pub trigger: Kept<Trigger>,
    /// The operator's words, when an operator called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who called, where the platform tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Gates that the operator waived.
    #[serde(
        default,
        deserialize_with = "lenient::list",
        rename = "waived",
        alias = "overrides",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub overrides: Vec<Kept<Gate>>,
    /// When the intent was written; the cooldown counts from here.
    pub started_at: Timestamp,
    /// When the last step was done, or a person ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// How far it is.
    pub status: Status,
    /// Why it was ended before every step was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_reason: Option<String>,
    /// The lease's fencing number of the worker that drives it. A worker with a smaller one must stop.
    pub fence: u64,
    /// That worker.
    pub holder: String,
    /// How many times another worker took it over.
    pub takeovers: u32,
    /// Why it was begun.
    pub decision: Kept<Decision>,
    /// On what evidence.
    pub evidence: Kept<Evidence>,
    /// Under which numbers.
    pub policy: Kept<Policy>,
    /// Its steps, in order.
    pub steps: Vec<StepRecord>,
    /// Things worth knowing that are not steps.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The person's word on the primary's data, for a failback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Whether a person has confirmed the steps that need it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub confirmed: bool,
    /// See [`Unknown`].
    #[serde(flatten, deserialize_with = "unknown")]
    pub unknown: Unknown,
}

impl Execution {
    /// When it was last driven: a step was tried, whatever came of it. Times after `latest` are no times.
    pub fn last_driven(&self, latest: Timestamp) -> Option<Timestamp> {
        let steps = self.steps.iter().flat_map(|step| [step.started_at, step.ended_at]).flatten();
        steps.chain([self.started_at]).filter(|at| *at <= latest).max()
    }

    /// True when the step called `name` is done, by this record.
    pub fn has_done(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.step == name && step.is_done())
    }
}

/// Something worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
