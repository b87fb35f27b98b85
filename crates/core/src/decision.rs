//! What follows from the evidence. Pure: the same evidence, policy and time give the same decision for ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::{later, until},
    evidence::{Evidence, Reading},
    holdoff::Streak,
    kind::Kind,
    policy::Policy,
    record::State,
};

mod kinds;
mod mode;
mod primary;
mod reason;
mod standing;

pub(crate) use kinds::has_begun_to_act;
pub use kinds::{Asked, answers_now, counts_wellness};
pub use reason::Reason;

/// A question that must be answered before the first effect. An operator can waive some, by name and with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Has the last failover begun long enough ago?
    Cooldown,
    /// Is the primary failing now?
    PrimaryFailing,
    /// Has it been failing for the holdoff?
    Holdoff,
    /// Can the standby take over?
    StandbyFit,
    /// Has the primary ever been seen well?
    Armed,
    /// Has the primary been well for long enough, by its own endpoint, to be failed back to?
    WellFor,
}

impl Gate {
    /// Every gate of a failover that can be waived.
    pub const ALL: [Self; 5] = [Self::Cooldown, Self::PrimaryFailing, Self::Holdoff, Self::StandbyFit, Self::Armed];

    /// Its name, as an operator writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cooldown => "cooldown",
            Self::PrimaryFailing => "primary-failing",
            Self::Holdoff => "holdoff",
            Self::StandbyFit => "standby-fit",
            Self::Armed => "armed",
            Self::WellFor => "well-for",
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Begin a failover.
    #[serde(rename = "failover", alias = "fail_over")]
    FailOver,
    /// Drive the open execution on.
    #[serde(rename = "finish", alias = "resume")]
    Finish,
    /// The failover has been done and stands.
    AlreadyDone,
    /// The primary is well.
    StandDown,
    /// A gate forbids it.
    Refuse,
    /// Not proven yet: look again.
    Wait {
        /// When the answer may be another one. An estimate; the next look decides.
        until: Timestamp,
    },
    /// The lock of the last failover is gone: note it, and count evidence from now on only.
    NoteUnlock,
    /// The lock of the last failover is gone while the primary is not proven well: set it again.
    Relock,
    /// The open execution is over: a person has failed back.
    NoteFailback,
    /// Begin an execution of this kind.
    Begin {
        /// The kind.
        kind: Kind,
    },
    /// The open execution asks for a primary that is well, and it is not: it is over.
    Close,
    /// All that is left of the open execution waits for a person's confirmation.
    AwaitPerson,
    /// A failover is due, and people are to be asked.
    Ask,
    /// A failover is due, and people have been asked.
    AwaitApproval,
    /// A failover is due, and in mode `observe` nothing begins.
    WouldBegin {
        /// Since when it is due, in this outage.
        since: Timestamp,
    },
}

/// A verdict with every reason that led to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Why; the first one that is not a pass is the decisive one.
    pub reasons: Vec<Reason>,
    /// The failing time that was proven, where there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streak: Option<Streak>,
}

/// What a caller says beside what is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said<'a> {
    /// The gates that an operator waives. They never waive the kill switch, never begin a second execution beside an open
    /// one, and never redo a failover that stands.
    pub waived: &'a [Gate],
    /// What is said about the question whether a failover begins.
    pub word: Word<'a>,
}

/// What a caller says about the question whether a failover that is due begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Word<'a> {
    /// Nothing: no person calls.
    #[default]
    None,
    /// A person wants it.
    Begins,
    /// A person approves the question of this id.
    Approves(&'a str),
}

/// Decides. `state` is the document as read in the same look as `evidence`.
pub fn decide(
    state: &Reading<State>,
    evidence: &Evidence,
    policy: &Policy,
    now: Timestamp,
    said: Said<'_>,
) -> Decision {
    let mut judge = Judge { state, evidence, policy, now, said, cut: None, reasons: Vec::new(), streak: None };
    let verdict = judge.verdict();
    Decision { verdict, reasons: judge.reasons, streak: judge.streak }
}

/// Decides on what a person asks for: a kind that no alarm begins. The same arguments otherwise.
pub fn decide_asked(
    asked: Asked,
    state: &Reading<State>,
    evidence: &Evidence,
    policy: &Policy,
    now: Timestamp,
    waived: &[Gate],
) -> Decision {
    let said = Said { waived, word: Word::Begins };
    let mut judge = Judge { state, evidence, policy, now, said, cut: None, reasons: Vec::new(), streak: None };
    let verdict = judge.asked(asked);
    Decision { verdict, reasons: judge.reasons, streak: judge.streak }
}

/// One pass over the gates. Each gate returns a verdict to stop at, or `None` to go on.
struct Judge<'a> {
    state: &'a Reading<State>,
    evidence: &'a Evidence,
    policy: &'a Policy,
    now: Timestamp,
    said: Said<'a>,
    /// What the history says of the time before this is not about the primary, beside what the record says of that.
    cut: Option<Timestamp>,
    reasons: Vec<Reason>,
    streak: Option<Streak>,
}

impl Judge<'_> {
    fn verdict(&mut self) -> Verdict {
        self.standing()
            .or_else(|| self.primary())
            .or_else(|| self.armed())
            .or_else(|| self.cooldown())
            .or_else(|| self.holdoff())
            .or_else(|| self.second_witness())
            .or_else(|| self.standby())
            .unwrap_or_else(|| self.mode())
    }

    fn stop(&mut self, reason: Reason, verdict: Verdict) -> Option<Verdict> {
        Some(self.ends(reason, verdict))
    }

    fn ends(&mut self, reason: Reason, verdict: Verdict) -> Verdict {
        self.reasons.push(reason);
        verdict
    }

    /// Stops unless the operator waived the gate; the reason is kept either way.
    fn gate(&mut self, gate: Gate, reason: Reason, verdict: Verdict) -> Option<Verdict> {
        self.reasons.push(reason);
        if self.said.waived.contains(&gate) {
            self.reasons.push(Reason::Waived { gate });
            return None;
        }
        Some(verdict)
    }

    fn again(&self) -> Verdict {
        Verdict::Wait { until: later(self.now, self.policy.poll) }
    }

    /// The time now: by our clock, or by the API server's where ours is wrong by more than clocks may be.
    fn right_now(&self) -> Timestamp {
        self.evidence.clock_is_wrong().unwrap_or(self.now)
    }

    /// The latest that a time written by somebody else can be and still be one.
    fn latest(&self) -> Timestamp {
        self.evidence.latest()
    }

    /// `at`, unless it is ahead of every clock; then that is said, and it is no time.
    fn believed(&mut self, of: &str, at: Option<Timestamp>) -> Option<Timestamp> {
        let at = at?;
        if at <= self.latest() {
            return Some(at);
        }
        let now = self.right_now();
        self.reasons.push(Reason::TimeInFuture { of: of.to_owned(), at, now });
        None
    }

    fn cooldown(&mut self) -> Option<Verdict> {
        let state = self.state.as_ref().ok()?;
        let recorded = self.believed("the record", state.last_failover());
        let noted = match &self.evidence.last_failover {
            Some(Ok(noted)) => self.believed("the note of the last failover", *noted),
            Some(Err(fault)) => {
                self.reasons.push(Reason::CooldownNoteUnreadable { fault: fault.clone() });
                None
            }
            None => None,
        };
        // A time ahead of our clock (another host's clock is fast) still means "just now".
        let now = self.right_now();
        let last = recorded.max(noted)?.min(now);
        let ends = later(last, self.policy.cooldown);
        if ends <= now {
            return None;
        }
        if self.believed("the acknowledgement", state.acknowledged).is_some_and(|at| at >= last) {
            self.reasons.push(Reason::CooldownAcknowledged { last });
            return None;
        }
        self.gate(Gate::Cooldown, Reason::CoolingDown { last, until: ends }, Verdict::Refuse)
    }

    fn holdoff(&mut self) -> Option<Verdict> {
        let needed = self.policy.holdoff;
        let proven = self.streak.as_ref().map(|streak| streak.proven).unwrap_or_default();
        if proven >= needed {
            return None;
        }
        if self.streak.is_none() && self.said.waived.contains(&Gate::PrimaryFailing) {
            // Who waives "is failing" cannot be held to "has been failing for so long".
            self.reasons.push(Reason::Waived { gate: Gate::Holdoff });
            return None;
        }
        let ends = later(self.now, needed.saturating_sub(proven).max(self.policy.poll.min(needed)));
        self.gate(Gate::Holdoff, Reason::HoldoffRunning { proven, needed }, Verdict::Wait { until: ends })
    }

    fn standby(&mut self) -> Option<Verdict> {
        match &self.evidence.fitness {
            Some(Ok(fitness)) => {
                let errors: Vec<_> = fitness.errors().cloned().collect();
                if errors.is_empty() {
                    return None;
                }
                self.gate(Gate::StandbyFit, Reason::StandbyUnfit { errors }, Verdict::Refuse)
            }
            Some(Err(fault)) => {
                let (reason, again) = (Reason::StandbyUnknown { fault: fault.clone() }, self.again());
                self.gate(Gate::StandbyFit, reason, again)
            }
            None => None,
        }
    }
}

/// The time from now until a verdict may change; zero when it does not depend on time.
pub fn waits_for(verdict: Verdict, now: Timestamp) -> std::time::Duration {
    match verdict {
        Verdict::Wait { until: then } => until(now, then),
        _ => std::time::Duration::ZERO,
    }
}

#[cfg(test)]
mod tests;
