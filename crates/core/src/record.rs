//! The one document that survives between calls, kept on the standby cluster.
//!
//! # Layout
//!
//! * this file: the document; `execution`: one run of a runbook in it; `step`: one step of that; `lock`: what it knows of
//!   the lock; `told`: what people were told; `due`: what was due and did not begin by itself.
//! * [`Kept`]: what only tells, and stops no other version.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::kind::Kind;

mod due;
mod execution;
mod kept;
mod lenient;
mod lock;
mod step;
#[cfg(test)]
mod tests;
mod told;

pub use due::{Due, KEPT_OBSERVED};
pub use execution::{Execution, Note, Status, Trigger};
pub use kept::Kept;
pub use step::{Progress, StepRecord, Why};
pub use told::{KEPT_HEARD, MOST_TRIES, Told, Unheard, heard_by};

/// The version of the document that this code writes. It is raised only where an earlier version could not go on with
/// what is written: fields that a version does not know are carried along.
///
/// * 1: failovers only.
/// * 2: executions have a kind; a failback keeps the failover that it takes back beside it (`stands`), which a version
///   that knows 1 would lose.
pub const SCHEMA: u32 = 2;

/// The oldest version of the document that this code reads.
pub const OLDEST_SCHEMA: u32 = 1;

/// How many fields that this version does not know are carried along in one object. The document as a whole is bounded
/// by its store.
pub const KEPT_UNKNOWN: usize = 50;

/// Fields that this version does not know: written by another one, and kept for it.
pub type Unknown = Map<String, Value>;

fn unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unknown, D::Error> {
    Ok(Unknown::deserialize(deserializer)?.into_iter().take(KEPT_UNKNOWN).collect())
}

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
    /// When the last unlock was noted, until the primary is seen well after it. It outlives `unlocked`, which the next
    /// failover takes back: what was seen before it does not arm the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unarmed_since: Option<Timestamp>,
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
    /// The failover or switchover that an open failback takes back. It stands until traffic is unlocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands: Option<Box<Execution>>,
    /// Since when the primary has been seen well while a failover stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub well: Option<Well>,
    /// The question whether a failover begins that people were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Kept<Due>>,
    /// Failovers that were due in mode `observe`, newest first.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Kept<Due>>,
    /// What people were told of the incident that is going on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Kept<Told>>,
    /// Earlier ones, newest first.
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Kept<Summary>>,
    /// See [`Unknown`].
    #[serde(flatten, deserialize_with = "unknown")]
    pub unknown: Unknown,
}

/// The primary was seen well by its own endpoint, without a break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Well {
    /// The first time.
    pub since: Timestamp,
    /// The last time.
    pub until: Timestamp,
}

impl Default for State {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            pause: None,
            acknowledged: None,
            unlocked: None,
            armed: None,
            unarmed_since: None,
            lock_seen: None,
            lock_gone: None,
            waiter: None,
            operators: Vec::new(),
            current: None,
            stands: None,
            well: None,
            question: None,
            observed: Vec::new(),
            told: None,
            past: Vec::new(),
            unknown: Unknown::new(),
        }
    }
}

impl State {
    /// What people were told, as far as this version understands it.
    pub fn told(&self) -> Option<&Told> {
        self.told.as_ref().and_then(Kept::known)
    }

    /// The question that people were asked, as far as this version understands it.
    pub fn question(&self) -> Option<&Due> {
        self.question.as_ref().and_then(Kept::known)
    }

    /// The execution that still has something to do.
    pub fn open(&self) -> Option<&Execution> {
        self.current.as_ref().filter(|execution| execution.status.is_open())
    }

    /// Only a primary that is seen well from here on arms the site. A time later than `latest` is no time.
    pub(crate) fn arms_from(&self, latest: Timestamp) -> Option<Timestamp> {
        [self.unlocked, self.unarmed_since].into_iter().flatten().filter(|at| *at <= latest).max()
    }

    /// The ended executions as far as this version knows them, newest first.
    pub fn earlier(&self) -> impl Iterator<Item = &Summary> {
        self.past.iter().filter_map(Kept::known)
    }

    /// When the last failover or switchover began: the cooldown counts from there.
    pub fn last_failover(&self) -> Option<Timestamp> {
        let full = self.current.iter().chain(self.stands.as_deref()).map(|run| (run.kind, run.started_at));
        let mut all = full.chain(self.earlier().map(|run| (run.kind, run.started_at)));
        all.find(|(kind, _)| kind.activates_standby()).map(|(_, at)| at)
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

/// An ended execution in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// See [`Execution::id`].
    pub id: String,
    /// See [`Execution::kind`].
    #[serde(default)]
    pub kind: Kind,
    /// See [`Execution::started_at`].
    pub started_at: Timestamp,
    /// See [`Execution::finished_at`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// See [`Execution::status`].
    pub status: Status,
}
