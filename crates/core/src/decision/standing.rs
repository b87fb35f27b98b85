//! What stands already: the kill switch, an open execution, a failover that was done.

use jiff::Timestamp;

use super::{Gate, Judge, Reason, Verdict, kinds::has_begun_to_act};
use crate::{
    clock::{later, until},
    evidence::StepSeen,
    holdoff::{Health, judge_probes},
    kind::Kind,
    record::Execution,
    step::{Need, StepState},
};

/// How sure it is that the primary is well.
enum Wellness {
    /// It was seen so.
    Well(Timestamp),
    /// The metrics say so, and our newest probe does not.
    Disputed(Reason),
    NotProven,
}

impl Judge<'_> {
    /// What holds every kind back: a record that cannot be read, and the kill switch.
    pub(super) fn held_back(&mut self) -> Option<Verdict> {
        let state = match self.state {
            Ok(state) => state,
            Err(fault) => {
                let again = self.again();
                return self.stop(Reason::RecordUnreadable { fault: fault.clone() }, again);
            }
        };
        let now = self.right_now();
        if let Some(pause) = state.pause.as_ref().filter(|pause| !pause.is_over(now)) {
            return self.stop(Reason::Paused { pause: pause.clone() }, Verdict::Refuse);
        }
        None
    }

    /// What stands already: the kill switch, an open execution, a failover that was done.
    pub(super) fn standing(&mut self) -> Option<Verdict> {
        if let Some(verdict) = self.held_back() {
            return Some(verdict);
        }
        let state = self.state.as_ref().ok()?;
        if let Some(open) = state.open() {
            let as_failover = match open.kind {
                Kind::Failover => true,
                Kind::Switchover => has_begun_to_act(open),
                Kind::Failback | Kind::Rehearsal => false,
            };
            return if as_failover { self.unfinished(open) } else { self.guarded(open, false) };
        }
        if let Some(run) = state.current.as_ref().filter(|_| state.failed_over()) {
            return self.after_failover(run, state.lock_gone);
        }
        if let Some(verdict) = self.foreign_lock_gone() {
            return Some(verdict);
        }
        let seen = &self.evidence.steps;
        let done = |seen: &StepSeen| matches!(&seen.seen, Ok(step) if step.state == StepState::Done);
        if !seen.is_empty() && seen.iter().all(done) {
            return self.stop(Reason::NothingToDo, Verdict::AlreadyDone);
        }
        None
    }

    /// A lock that no execution explains, or that of one that was aborted, is seen gone.
    pub(super) fn foreign_lock_gone(&mut self) -> Option<Verdict> {
        let state = self.state.as_ref().ok().filter(|state| state.lock_may_stand())?;
        (self.evidence.locked == Some(false)).then_some(())?;
        let aborted = state.current.as_ref().filter(|_| state.was_aborted()).map(|run| run.id.clone());
        let foreign = Reason::ForeignLockGone { since: state.lock_seen.unwrap_or(self.now) };
        self.stop(aborted.map_or(foreign, |id| Reason::LockGone { id }), Verdict::NoteUnlock)
    }

    /// An open execution is driven on whatever the gates say, but for three things: it is none of ours, a person has
    /// failed back, or it has stood still (restored, planted, or nobody was there) and the primary is well.
    fn unfinished(&mut self, open: &Execution) -> Option<Verdict> {
        let id = || open.id.clone();
        if let Some(refused) = self.refuse_foreign(open) {
            return Some(refused);
        }
        let lock = self.evidence.steps.iter().find(|seen| seen.locks);
        let unlocked = self.evidence.locked == Some(false) && lock.is_some_and(|lock| open.has_done(&lock.step));
        let waived = self.said.waived.contains(&Gate::PrimaryFailing);
        let stood = self.stands_still(open);
        let still = stood && !waived;
        if !unlocked && !still {
            if stood {
                self.reasons.push(Reason::Waived { gate: Gate::PrimaryFailing });
            }
            return self.stop(Reason::Unfinished { id: id() }, Verdict::Finish);
        }
        self.reasons.push(Reason::Unfinished { id: id() });
        match self.wellness() {
            Wellness::Well(at) if unlocked => {
                self.reasons.push(Reason::SeenWell { at });
                self.stop(Reason::FailedBack { id: id() }, Verdict::NoteFailback)
            }
            Wellness::Well(_) => {
                let last_driven = open.last_driven(self.latest());
                self.stop(Reason::StoodStill { id: id(), last_driven }, Verdict::Refuse)
            }
            Wellness::Disputed(reason) => {
                let again = self.again();
                self.gate(Gate::PrimaryFailing, reason, again).or(Some(Verdict::Finish))
            }
            Wellness::NotProven => Some(Verdict::Finish),
        }
    }

    /// Refuses an execution that this runbook cannot have written.
    fn refuse_foreign(&mut self, run: &Execution) -> Option<Verdict> {
        let why = self.evidence.foreign.clone()?;
        self.stop(Reason::NotOfThisRunbook { id: run.id.clone(), why }, Verdict::Refuse)
    }

    /// True for an execution on which nothing has been driven for long: it may have been restored, or planted.
    fn stands_still(&self, run: &Execution) -> bool {
        let last_driven = run.last_driven(self.latest());
        last_driven.is_none_or(|at| until(at, self.right_now()) > self.policy.stands_still_after)
    }

    /// Whether the primary is proven well at this moment.
    fn wellness(&self) -> Wellness {
        let probes = judge_probes(&self.evidence.probes, self.policy, self.now);
        match (self.history_says(), probes) {
            (_, Health::Healthy { at }) | (Health::Healthy { at }, Health::Silent { .. }) => Wellness::Well(at),
            (Health::Healthy { at }, Health::Failing(ours)) if until(ours.since, at) > self.policy.period => {
                Wellness::Well(at)
            }
            (Health::Healthy { at }, Health::Failing(ours)) => {
                Wellness::Disputed(Reason::SourcesDisagree { healthy_at: at, failing_since: ours.since })
            }
            _ => Wellness::NotProven,
        }
    }

    /// The last failover was driven to its end. It stands until its lock is gone from a primary that is well.
    /// `lock_gone` is when the lock was first seen gone.
    fn after_failover(&mut self, run: &Execution, lock_gone: Option<Timestamp>) -> Option<Verdict> {
        let id = || run.id.clone();
        if let Some(refused) = self.refuse_foreign(run) {
            return Some(refused);
        }
        if self.evidence.locked == Some(false) {
            return self.without_lock(run, lock_gone);
        }
        let undone = |seen: &&StepSeen| matches!(&seen.seen, Ok(step) if step.state != StepState::Done);
        let drift: Vec<String> = self.evidence.steps.iter().filter(undone).map(|seen| seen.step.clone()).collect();
        let required = |name: &String| run.steps.iter().any(|step| step.step == *name && step.need == Need::Required);
        let doubtful = drift.iter().any(required);
        self.reasons.push(Reason::FailedOver { id: id() });
        if !drift.is_empty() {
            self.reasons.push(Reason::Drifted { steps: drift });
        }
        let unread = self.evidence.steps.iter().find(|seen| seen.locks).and_then(|lock| lock.seen.as_ref().err());
        if let Some(fault) = unread.filter(|_| doubtful) {
            let again = self.again();
            return self.stop(Reason::LockUnreadable { id: id(), fault: fault.clone() }, again);
        }
        Some(Verdict::AlreadyDone)
    }

    /// The lock of a failover that stands is gone: a person has failed back, or somebody took it away. Shortly after it
    /// was driven it is set again on anything but a proof that the primary is well. Later, failure has to be proven for
    /// the holdoff: by probes, and by what the history says from a period after the lock was seen gone. Before that it may
    /// be about the lock, which the checkers behind it notice later than we do.
    fn without_lock(&mut self, run: &Execution, lock_gone: Option<Timestamp>) -> Option<Verdict> {
        let id = run.id.clone();
        let unproven = match self.wellness() {
            Wellness::Well(at) => {
                self.reasons.push(Reason::SeenWell { at });
                return self.stop(Reason::LockGone { id }, Verdict::NoteUnlock);
            }
            Wellness::Disputed(reason) => {
                let again = self.again();
                self.gate(Gate::PrimaryFailing, reason, again)
            }
            Wellness::NotProven if self.stands_still(run) => {
                let gone = lock_gone.filter(|at| *at <= self.latest()).unwrap_or(self.now);
                self.cut = Some(later(gone, self.policy.period));
                self.primary().or_else(|| self.holdoff()).or_else(|| self.second_witness())
            }
            Wellness::NotProven => None,
        };
        unproven.or_else(|| self.stop(Reason::LockTakenAway { id }, Verdict::Relock))
    }
}
