//! What follows from the evidence. Pure: the same evidence, policy and time give the same decision for ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::until,
    evidence::{Evidence, Reading, StepSeen},
    holdoff::{Health, Source, Streak, judge_history, judge_probes, together, well_until},
    policy::Policy,
    record::State,
    step::Standing,
};

mod reason;

pub use reason::Reason;

/// A question that must be answered before the first effect. An operator can override some, by name and with a reason.
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
}

impl Gate {
    /// Every gate that can be overridden.
    pub const ALL: [Self; 4] = [Self::Cooldown, Self::PrimaryFailing, Self::Holdoff, Self::StandbyFit];

    /// Its name, as an operator writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cooldown => "cooldown",
            Self::PrimaryFailing => "primary-failing",
            Self::Holdoff => "holdoff",
            Self::StandbyFit => "standby-fit",
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Begin a failover.
    FailOver,
    /// Drive the open execution on.
    Resume,
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

/// Decides. `state` is the document as read in the same look as `evidence`.
///
/// `overrides` are the gates that an operator waived. They never waive the kill switch, never begin a second
/// execution beside an open one, and never redo a failover that stands.
pub fn decide(
    state: &Reading<State>,
    evidence: &Evidence,
    policy: &Policy,
    now: Timestamp,
    overrides: &[Gate],
) -> Decision {
    let mut judge = Judge { state, evidence, policy, now, overrides, reasons: Vec::new(), streak: None };
    let verdict = judge.verdict();
    Decision { verdict, reasons: judge.reasons, streak: judge.streak }
}

/// One pass over the gates. Each gate returns a verdict to stop at, or `None` to go on.
struct Judge<'a> {
    state: &'a Reading<State>,
    evidence: &'a Evidence,
    policy: &'a Policy,
    now: Timestamp,
    overrides: &'a [Gate],
    reasons: Vec<Reason>,
    streak: Option<Streak>,
}

impl Judge<'_> {
    fn verdict(&mut self) -> Verdict {
        self.standing()
            .or_else(|| self.primary())
            .or_else(|| self.cooldown())
            .or_else(|| self.holdoff())
            .or_else(|| self.standby())
            .unwrap_or(Verdict::FailOver)
    }

    fn stop(&mut self, reason: Reason, verdict: Verdict) -> Option<Verdict> {
        self.reasons.push(reason);
        Some(verdict)
    }

    /// Stops unless the operator waived the gate; the reason is kept either way.
    fn gate(&mut self, gate: Gate, reason: Reason, verdict: Verdict) -> Option<Verdict> {
        self.reasons.push(reason);
        if self.overrides.contains(&gate) {
            self.reasons.push(Reason::Overridden { gate });
            return None;
        }
        Some(verdict)
    }

    fn again(&self) -> Verdict {
        Verdict::Wait { until: self.now + self.policy.poll }
    }

    /// What stands already: the kill switch, an open execution, a failover that was done.
    fn standing(&mut self) -> Option<Verdict> {
        let state = match self.state {
            Ok(state) => state,
            Err(fault) => {
                let again = self.again();
                return self.stop(Reason::RecordUnreadable { fault: fault.clone() }, again);
            }
        };
        if let Some(pause) = &state.pause {
            return self.stop(Reason::Paused { pause: pause.clone() }, Verdict::Refuse);
        }
        if let Some(open) = state.open() {
            return self.stop(Reason::Unfinished { id: open.id.clone() }, Verdict::Resume);
        }
        if state.failed_over() {
            return self.after_failover();
        }
        if state.lock_may_stand() && self.evidence.locked == Some(false) {
            let id = state.current.as_ref()?.id.clone();
            return self.stop(Reason::LockGone { id }, Verdict::NoteUnlock);
        }
        let seen = &self.evidence.steps;
        let done = |seen: &StepSeen| matches!(&seen.seen, Ok(step) if step.standing == Standing::Done);
        if !seen.is_empty() && seen.iter().all(done) {
            return self.stop(Reason::NothingToDo, Verdict::AlreadyDone);
        }
        None
    }

    /// The last failover was driven to its end. It stands until its lock is gone.
    fn after_failover(&mut self) -> Option<Verdict> {
        let id = self.state.as_ref().ok()?.current.as_ref()?.id.clone();
        let undone = |seen: &&StepSeen| matches!(&seen.seen, Ok(step) if step.standing != Standing::Done);
        let drift: Vec<String> = self.evidence.steps.iter().filter(undone).map(|seen| seen.step.clone()).collect();
        if self.evidence.locked == Some(false) {
            return self.stop(Reason::LockGone { id }, Verdict::NoteUnlock);
        }
        self.reasons.push(Reason::FailedOver { id });
        if !drift.is_empty() {
            self.reasons.push(Reason::Drifted { steps: drift });
        }
        Some(Verdict::AlreadyDone)
    }

    /// Is the primary failing now? Leaves the streak.
    fn primary(&mut self) -> Option<Verdict> {
        let history = self.history();
        let probes = judge_probes(&self.evidence.probes, self.policy, self.now);
        let gate = Gate::PrimaryFailing;
        match (history, probes) {
            (_, Health::Healthy { at }) => {
                self.gate(gate, Reason::PrimaryHealthy { at, source: Source::Probes }, Verdict::StandDown)
            }
            (Health::Failing(history), Health::Failing(probes)) => {
                let streak = together(history, probes, self.well_until(), self.policy);
                self.failing(streak)
            }
            (Health::Failing(streak), _) | (Health::Silent { .. }, Health::Failing(streak)) => self.failing(streak),
            // The metrics lag behind: only health seen after our own failing probe outweighs it.
            (Health::Healthy { at }, Health::Failing(ours)) if until(ours.since, at) <= self.policy.period => {
                let again = self.again();
                self.gate(gate, Reason::SourcesDisagree { healthy_at: at, failing_since: ours.since }, again)
            }
            (Health::Healthy { at }, _) => {
                self.gate(gate, Reason::PrimaryHealthy { at, source: Source::History }, Verdict::StandDown)
            }
            (Health::Silent { .. }, Health::Silent { why }) => {
                let again = self.again();
                self.gate(gate, Reason::NoEvidence { why }, again)
            }
        }
    }

    fn failing(&mut self, streak: Streak) -> Option<Verdict> {
        self.reasons.push(Reason::PrimaryFailing { streak: streak.clone() });
        self.streak = Some(streak);
        None
    }

    /// When the history last saw the primary well.
    fn well_until(&self) -> Option<Timestamp> {
        let history = self.evidence.history.as_ref()?.as_ref().ok()?;
        well_until(history, self.not_before(), self.policy, self.now)
    }

    /// What is older than this is about the lock of an earlier failover.
    fn not_before(&self) -> Option<Timestamp> {
        self.state.as_ref().ok().and_then(|state| state.unlocked)
    }

    /// What the history says, if it can say anything about the primary at all.
    fn history(&mut self) -> Health {
        let health = match &self.evidence.history {
            _ if self.evidence.locked == Some(true) => {
                Health::Silent { why: "the health check is locked: it watches the lock, not the primary".to_owned() }
            }
            _ if self.evidence.locked.is_none() && self.state.as_ref().is_ok_and(State::lock_may_stand) => {
                Health::Silent {
                    why: "a person ended the last failover, and whether its lock is gone is not known".to_owned(),
                }
            }
            None => Health::Silent { why: "no history is configured".to_owned() },
            Some(Err(fault)) => Health::Silent { why: fault.to_string() },
            Some(Ok(history)) => judge_history(history, self.not_before(), self.policy, self.now),
        };
        if let Health::Silent { why } = &health {
            self.reasons.push(Reason::HistorySilent { why: why.clone() });
        }
        health
    }

    fn cooldown(&mut self) -> Option<Verdict> {
        let state = self.state.as_ref().ok()?;
        let recorded = state.current.as_ref().map(|execution| execution.started_at);
        let noted = match &self.evidence.last_failover {
            Some(Ok(noted)) => *noted,
            Some(Err(fault)) => {
                self.reasons.push(Reason::CooldownNoteUnreadable { fault: fault.clone() });
                None
            }
            None => None,
        };
        // A time ahead of our clock (another host's clock is fast) still means "just now".
        let last = recorded.max(noted)?.min(self.now);
        let ends = last + self.policy.cooldown;
        if ends <= self.now {
            return None;
        }
        if state.acknowledged.is_some_and(|at| at >= last) {
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
        if self.streak.is_none() && self.overrides.contains(&Gate::PrimaryFailing) {
            // Who waives "is failing" cannot be held to "has been failing for so long".
            self.reasons.push(Reason::Overridden { gate: Gate::Holdoff });
            return None;
        }
        let ends = self.now + (needed - proven).max(self.policy.poll.min(needed));
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
