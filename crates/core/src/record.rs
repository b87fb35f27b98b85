//! The one document that survives between calls, kept on the standby cluster.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    decision::{Decision, Gate},
    evidence::Evidence,
    fault::NotedFault,
    policy::Policy,
    step::{Need, Observation},
};

mod lenient;
mod lock;

/// The version of the document that this code writes and reads.
pub const SCHEMA: u32 = 1;

/// How many notes of operators are kept, newest first.
pub const KEPT_OPERATOR_NOTES: usize = 20;

/// How many notes an execution keeps.
pub const KEPT_NOTES: usize = 50;

/// How many ended executions are kept in short form. The document must stay well below 1 MiB (the limit of a
/// Kubernetes object); an entry is some 200 bytes.
pub const KEPT_SUMMARIES: usize = 20;

/// Everything that is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// See [`SCHEMA`].
    #[serde(deserialize_with = "lenient::whole")]
    pub schema: u32,
    /// The kill switch: while set, nothing is begun and nothing resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// When an operator last said that the cooldown need not be waited out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Timestamp>,
    /// When the lock of the last failover was first seen gone. History from before is about the lock, not the primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocked: Option<Timestamp>,
    /// When the primary was first seen well since this site was set up, or since the last unlock. Until then nothing is
    /// failed over by itself: a site that is being built looks like one that is dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armed: Option<Timestamp>,
    /// Since when a lock is known to stand that no execution of this record set: the record was restored from before
    /// the failover, or a person locked by hand. History from under it is about the lock, not the primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_seen: Option<Timestamp>,
    /// When the lock of the failover that stands was first seen gone, while the primary was not proven well. Only what
    /// the history says from here on can prove that the lock has to be set again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_gone: Option<Timestamp>,
    /// The call that watches the primary at this moment. Others need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiter: Option<Waiter>,
    /// What operators told us, newest first.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<OperatorNote>,
    /// The newest execution, open or ended, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Execution>,
    /// Earlier ones, newest first.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Summary>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            pause: None,
            acknowledged: None,
            unlocked: None,
            armed: None,
            lock_seen: None,
            lock_gone: None,
            waiter: None,
            operators: Vec::new(),
            current: None,
            past: Vec::new(),
        }
    }
}

impl State {
    /// The execution that still has something to do.
    pub fn open(&self) -> Option<&Execution> {
        self.current.as_ref().filter(|execution| execution.status.is_open())
    }
}

/// Who set the kill switch, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// When it is over by itself, where it has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The operator's words.
    pub reason: String,
    /// Who called, where the platform tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

impl Pause {
    /// True once its end has come.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "paused since {:.0}", self.at)?;
        if let Some(until) = self.until {
            write!(f, " until {until:.0}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// The mark of a call that waits. It is over by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiter {
    /// The worker.
    pub holder: String,
    /// Until when it is believed.
    pub until: Timestamp,
}

/// What an operator told us, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorNote {
    /// When.
    pub at: Timestamp,
    /// The action, as it is spelled in calls.
    pub action: String,
    /// The operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who called, where the platform tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

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
    /// The system.
    pub runbook: String,
    /// What made us look.
    pub trigger: Trigger,
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
    pub overrides: Vec<Gate>,
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
    pub decision: Decision,
    /// On what evidence.
    pub evidence: Evidence,
    /// Under which numbers.
    pub policy: Policy,
    /// Its steps, in order.
    pub steps: Vec<StepRecord>,
    /// Things worth knowing that are not steps.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
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
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault { fault } => write!(f, "{fault}"),
            Self::Blocked { why } => write!(f, "{why}"),
            Self::NotYet { found } => write!(f, "not yet: {found}"),
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
}

impl StepRecord {
    /// A step that has not been reached.
    pub fn pending(step: &str, need: Need) -> Self {
        Self {
            step: step.to_owned(),
            need,
            progress: Progress::Pending,
            attempts: 0,
            started_at: None,
            ended_at: None,
            found: String::new(),
            before: None,
        }
    }

    /// True when the effect holds.
    pub fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done { .. })
    }
}

/// An ended execution in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// See [`Execution::id`].
    pub id: String,
    /// See [`Execution::started_at`].
    pub started_at: Timestamp,
    /// See [`Execution::finished_at`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// See [`Execution::status`].
    pub status: Status,
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
