//! The kinds that only a person begins, and what is carried on of them: each effect asks that the primary is well.

use super::{Gate, Judge, Reason, Verdict};
use crate::{
    clock::{later, until},
    evidence::{Evidence, ProbeResult, StepSeen},
    holdoff::{Health, Streak, judge_probes},
    kind::Kind,
    mode::Mode,
    record::{Execution, Progress, State, Well, Why},
    step::{Direction, StepState},
};

/// What a person asks for, beside what is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The kind.
    pub kind: Kind,
    /// Whether a person asks.
    pub by_person: bool,
    /// Whether the runbook gives steps for it.
    pub given: bool,
    /// Whether the person gave a word on the primary's data.
    pub data: bool,
    /// Whether the person confirms what has to be confirmed by a word of its own.
    pub confirms: bool,
}

/// How the primary is by its own endpoint, at this moment.
enum Endpoint {
    Well,
    Fails(String),
    Unknown(String),
}

impl Judge<'_> {
    /// May an execution of this kind begin, or go on?
    pub(super) fn asked(&mut self, asked: Asked) -> Verdict {
        let verdict = self.stands_in_the_way(asked).or_else(|| self.not_given(asked)).or_else(|| match asked.kind {
            Kind::Failback => self.failback(asked),
            Kind::Rehearsal | Kind::Switchover => self.on_a_quiet_site(asked),
            Kind::Failover => None,
        });
        verdict.or_else(|| self.only_observed(asked.kind)).unwrap_or(Verdict::Begin { kind: asked.kind })
    }

    fn stands_in_the_way(&mut self, asked: Asked) -> Option<Verdict> {
        if let Some(verdict) = self.held_back() {
            return Some(verdict);
        }
        let state = self.state.as_ref().ok()?;
        let open = state.open()?;
        if open.kind == asked.kind {
            let confirms = asked.confirms && !open.confirmed;
            return self.guarded(open, confirms);
        }
        self.stop(Reason::Unfinished { id: open.id.clone() }, Verdict::Refuse)
    }

    fn not_given(&mut self, asked: Asked) -> Option<Verdict> {
        if !asked.by_person {
            return self.stop(Reason::OnlyByAPerson { kind: asked.kind }, Verdict::Refuse);
        }
        (!asked.given).then_some(())?;
        self.stop(Reason::NotGiven { kind: asked.kind }, Verdict::Refuse)
    }

    fn failback(&mut self, asked: Asked) -> Option<Verdict> {
        let state = self.state.as_ref().ok()?;
        if !state.failed_over() {
            return self.stop(Reason::NothingStands, Verdict::Refuse);
        }
        if !asked.data {
            return self.stop(Reason::WordMissing, Verdict::Refuse);
        }
        if let Some(verdict) = self.must_be_well() {
            return Some(verdict);
        }
        let needed = self.policy.well_for;
        let now = self.right_now();
        let unbroken = |mark: &&Well| until(mark.until, now) <= self.policy.well_gap();
        let proven = state.well.as_ref().filter(unbroken).map(|mark| until(mark.since, now)).unwrap_or_default();
        if proven >= needed {
            return None;
        }
        let then = later(self.now, needed.saturating_sub(proven).max(self.policy.poll.min(needed)));
        self.gate(Gate::WellFor, Reason::NotWellForLong { proven, needed }, Verdict::Wait { until: then })
    }

    /// Nothing stands, the primary is well and the standby is fit and at rest.
    fn on_a_quiet_site(&mut self, asked: Asked) -> Option<Verdict> {
        let state = self.state.as_ref().ok()?;
        let id = || state.current.as_ref().map(|run| run.id.clone()).unwrap_or_default();
        if state.failed_over() {
            return self.stop(Reason::FailedOver { id: id() }, Verdict::Refuse);
        }
        match self.evidence.locked {
            Some(true) => return self.stop(Reason::Locked, Verdict::Refuse),
            None if state.lock_may_stand() => return self.stop(Reason::Locked, Verdict::Refuse),
            _ => {}
        }
        if let Some(verdict) = self.must_be_well().or_else(|| self.standby()) {
            return Some(verdict);
        }
        if asked.kind != Kind::Rehearsal {
            return None;
        }
        let awake = |seen: &&StepSeen| {
            seen.direction == Direction::Back && !matches!(&seen.seen, Ok(step) if step.state == StepState::Done)
        };
        let steps: Vec<_> = self.evidence.kind_steps.iter().filter(awake).map(|seen| seen.step.clone()).collect();
        if steps.is_empty() { None } else { self.stop(Reason::NotAtRest { steps }, Verdict::Refuse) }
    }

    /// In mode `observe` nothing begins. The way back from what was begun before is open.
    fn only_observed(&mut self, kind: Kind) -> Option<Verdict> {
        (self.policy.mode == Mode::Observe && kind != Kind::Failback).then_some(())?;
        self.stop(Reason::OnlyObserved, Verdict::Refuse)
    }

    fn must_be_well(&mut self) -> Option<Verdict> {
        match self.endpoint() {
            Endpoint::Well => None,
            Endpoint::Fails(why) => self.stop(Reason::PrimaryNotWell { why }, Verdict::Refuse),
            Endpoint::Unknown(why) => {
                let again = self.again();
                self.stop(Reason::PrimaryNotWell { why }, again)
            }
        }
    }

    /// An open execution of a kind that asks for a primary that is well before each effect.
    pub(super) fn guarded(&mut self, open: &Execution, confirms: bool) -> Option<Verdict> {
        let id = open.id.clone();
        if let Some(why) = &self.evidence.foreign {
            return self.stop(Reason::NotOfThisRunbook { id, why: why.clone() }, Verdict::Refuse);
        }
        self.reasons.push(Reason::Unfinished { id });
        if let Some(verdict) = self.foreign_lock_gone() {
            return Some(verdict);
        }
        match self.endpoint() {
            Endpoint::Fails(why) => self.stop(Reason::PrimaryNotWell { why }, Verdict::Close),
            Endpoint::Unknown(why) => {
                let again = self.again();
                self.stop(Reason::PrimaryNotWell { why }, again)
            }
            Endpoint::Well if !confirms && waits_for_a_person(open) => Some(Verdict::AwaitPerson),
            Endpoint::Well => Some(Verdict::Finish),
        }
    }

    /// What our own probe says of the primary's own endpoint. Metrics alone show it failing once they prove what a failover
    /// asks for: right after an unlock they are about the lock still, since the checkers behind them notice it later. Beside
    /// a probe that is answered they only cast doubt.
    fn endpoint(&mut self) -> Endpoint {
        let metrics = self.failing_by_metrics();
        match (judge_probes(&self.evidence.probes, self.policy, self.now), metrics) {
            (Health::Failing(streak), _) => Endpoint::Fails(format!("our own probes fail since {:.0}", streak.since)),
            (Health::Healthy { .. }, None) => Endpoint::Well,
            (Health::Healthy { .. }, Some(streak)) => Endpoint::Unknown(format!(
                "our own probe was answered, and the metrics show it failing since {:.0}",
                streak.since
            )),
            (Health::Silent { .. }, Some(streak)) if streak.proven >= self.policy.holdoff => {
                Endpoint::Fails(format!("the metrics show it failing since {:.0}", streak.since))
            }
            (Health::Silent { why }, _) => Endpoint::Unknown(why),
        }
    }

    /// What the metrics say against the primary. Where it is not known that traffic is not locked, they may be about the
    /// lock; where it is not known since when, they count from the time that it was seen gone.
    fn failing_by_metrics(&mut self) -> Option<Streak> {
        if self.evidence.locked != Some(false) {
            return None;
        }
        let state = self.state.as_ref().ok()?;
        if state.stands.is_some() && state.unlocked.is_none() {
            self.cut = Some(state.lock_gone.filter(|at| *at <= self.latest()).unwrap_or(self.now));
        }
        if let Health::Failing(streak) = self.history_says() { Some(streak) } else { None }
    }
}

/// True once a switchover has sent an effect: from then on the primary is not well by our own doing, and it is finished
/// as a failover is.
pub(crate) fn has_begun_to_act(open: &Execution) -> bool {
    open.steps.iter().any(|step| step.attempts > 0)
}

/// True where all that is left waits for a person's confirmation.
fn waits_for_a_person(open: &Execution) -> bool {
    let next = open.steps.iter().find(|step| !step.is_done());
    let waits = |progress: &Progress| matches!(progress, Progress::Failing { why: Why::Unconfirmed });
    !open.confirmed && next.is_some_and(|step| waits(&step.progress))
}

/// True where the newest probe was answered: the primary is well by its own endpoint, at this moment.
pub fn answers_now(evidence: &Evidence) -> Option<bool> {
    match evidence.probes.last()?.result {
        ProbeResult::Healthy { .. } => Some(true),
        ProbeResult::Failing { .. } => Some(false),
        ProbeResult::Inconclusive { .. } => None,
    }
}

/// True while a failover stands, or a failback of it is open: then it counts for how long the primary has been well.
pub fn counts_wellness(state: &State) -> bool {
    state.failed_over() || state.stands.is_some()
}
