//! What the engine says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    decision::{Decision, Reason, Verdict},
    evidence::{Check, Evidence},
    holdoff::Streak,
    kind::Kind,
    record::{Execution, Progress, State, Status, Why},
};

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Every step is done, some by this call.
    Completed,
    /// Every step was done before.
    AlreadyDone,
    /// The primary is well; nothing was begun.
    StoodDown,
    /// A gate forbids it; nothing was begun.
    Refused,
    /// Not decided, or another worker is on it: come back.
    Deferred {
        /// When it is worth coming back.
        until: Timestamp,
    },
    /// Every required step is done; these steps are still owed and will be driven on by every call.
    Owed {
        /// Their names.
        steps: Vec<String>,
    },
    /// A required step is not done; the execution stays open and every call drives it on.
    Failed {
        /// The step.
        step: String,
        /// Why.
        why: String,
    },
    /// What is left waits for a person's confirmation; the execution stays open and holds nothing up.
    Unconfirmed {
        /// The step.
        step: String,
    },
    /// A failover is due, and people were asked.
    Asked {
        /// The question.
        id: String,
        /// Until when it is open.
        until: Timestamp,
    },
    /// A failover is due, and in mode `observe` nothing begins.
    WouldBegin {
        /// Since when it is due, in this outage.
        since: Timestamp,
    },
    /// A dry run.
    Planned {
        /// What a failover call would conclude now.
        would: Verdict,
    },
    /// Something was told or noted; nothing was decided.
    Reported,
}

impl Outcome {
    /// A short stable name for metrics and error types.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::AlreadyDone => "already_done",
            Self::StoodDown => "stood_down",
            Self::Refused => "refused",
            Self::Deferred { .. } => "deferred",
            Self::Owed { .. } => "owed",
            Self::Failed { .. } => "failed",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Asked { .. } => "asked",
            Self::WouldBegin { .. } => "would_begin",
            Self::Planned { .. } => "planned",
            Self::Reported => "reported",
        }
    }

    /// True when the same request should come again: the work is neither done nor refused.
    pub fn wants_retry(&self) -> bool {
        matches!(self, Self::Deferred { .. } | Self::Owed { .. } | Self::Failed { .. })
    }
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Why, most decisive last of the passes and first of the stops.
    pub reasons: Vec<Reason>,
    /// The reasons in words.
    pub says: Vec<String>,
    /// The proven failing time, seconds, when the primary was judged failing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_for_s: Option<f64>,
    /// What was looked at for a preflight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// The last look, where the execution does not hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
    /// The execution that was driven, or stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<Box<Execution>>,
    /// The whole document, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Box<State>>,
    /// How many looks this call took.
    pub observations: u32,
}

impl Answer {
    /// An answer with nothing but outcome and reasons.
    pub fn new(outcome: Outcome, reasons: Vec<Reason>) -> Self {
        let says = reasons.iter().map(Reason::to_string).collect();
        Self {
            outcome,
            reasons,
            says,
            failing_for_s: None,
            checks: Vec::new(),
            evidence: None,
            execution: None,
            state: None,
            observations: 0,
        }
    }

    /// An answer that follows from a decision.
    pub fn decided(outcome: Outcome, decision: Decision, evidence: Option<Evidence>) -> Self {
        let failing_for_s = decision.streak.as_ref().map(|streak| streak.proven.as_secs_f64());
        Self { failing_for_s, evidence: evidence.map(Box::new), ..Self::new(outcome, decision.reasons) }
    }

    /// The same answer, with what was noted on the way before its own reasons.
    #[must_use]
    pub fn after(mut self, noted: Vec<Reason>) -> Self {
        let new: Vec<_> = noted.into_iter().filter(|reason| !self.reasons.contains(reason)).collect();
        self.says.splice(0..0, new.iter().map(Reason::to_string));
        self.reasons.splice(0..0, new);
        self
    }

    /// An answer about an execution that this call drove as far as it could, for these reasons and on this failing time.
    pub fn driven(execution: Execution, reasons: Vec<Reason>, streak: Option<&Streak>) -> Self {
        let outcome = outcome(&execution);
        let failing_for_s = streak.map(|streak| streak.proven.as_secs_f64());
        Self { failing_for_s, execution: Some(Box::new(execution)), ..Self::new(outcome, reasons) }
    }
}

pub(super) fn outcome(execution: &Execution) -> Outcome {
    match execution.status {
        Status::Completed => Outcome::Completed,
        // The primary did not stay well; or a rehearsal is at rest again and one of its steps was not done.
        Status::Closed if execution.kind == Kind::Rehearsal => failed(execution),
        Status::Aborted | Status::FailedBack | Status::Closed => Outcome::Refused,
        Status::Owed => {
            let owed = execution.steps.iter().filter(|step| !step.is_done());
            Outcome::Owed { steps: owed.map(|step| step.step.clone()).collect() }
        }
        Status::Running => failed(execution),
    }
}

/// The first step that is not done, and why.
fn failed(execution: &Execution) -> Outcome {
    let stuck = execution.steps.iter().find(|step| !step.is_done());
    let unconfirmed = Progress::Failing { why: Why::Unconfirmed };
    if let Some(step) = stuck.filter(|step| step.progress == unconfirmed) {
        return Outcome::Unconfirmed { step: step.step.clone() };
    }
    let (step, why) = stuck.map_or_else(Default::default, |step| {
        let why = match &step.progress {
            Progress::Failing { why } | Progress::Owed { why } => why.to_string(),
            Progress::Pending | Progress::Done { .. } => "not reached".to_owned(),
        };
        (step.step.clone(), why)
    });
    Outcome::Failed { step, why }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_outcome_has_one_name_and_says_whether_it_should_come_again() {
        let steps = || vec!["lock".to_owned()];
        let until = Timestamp::UNIX_EPOCH;
        let expected = [
            (Outcome::Completed, "completed", false),
            (Outcome::AlreadyDone, "already_done", false),
            (Outcome::StoodDown, "stood_down", false),
            (Outcome::Refused, "refused", false),
            (Outcome::Deferred { until }, "deferred", true),
            (Outcome::Owed { steps: steps() }, "owed", true),
            (Outcome::Failed { step: "scale".to_owned(), why: "refused".to_owned() }, "failed", true),
            (Outcome::Unconfirmed { step: "rest".to_owned() }, "unconfirmed", false),
            (Outcome::Asked { id: "q".to_owned(), until }, "asked", false),
            (Outcome::WouldBegin { since: until }, "would_begin", false),
            (Outcome::Planned { would: Verdict::StandDown }, "planned", false),
            (Outcome::Reported, "reported", false),
        ];
        for (outcome, name, again) in expected {
            assert_eq!((outcome.label(), outcome.wants_retry()), (name, again));
            let answer = serde_json::to_value(Answer::new(outcome, Vec::new())).expect("a document");
            assert_eq!(answer["outcome"], json!(name));
        }
    }
}
