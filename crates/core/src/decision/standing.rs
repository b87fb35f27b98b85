//! What stands already: the kill switch, an open execution, a failover that was done.

use jiff::Timestamp;

use super::{Gate, Judge, Reason, Verdict, kinds::has_begun_to_act};
use crate::{
    clock::until,
    evidence::StepSeen,
    holdoff::{Health, judge_probes},
    kind::Kind,
    record::Execution,
    step::Standing,
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

    /// An open execution is driven on whatever the gates say, but for three things: it is none of ours, a person has
    /// failed back, or it has stood still (restored, planted, or nobody was there) and the primary is well.
    fn unfinished(&mut self, open: &Execution) -> Option<Verdict> {
        let id = || open.id.clone();
        if let Some(why) = &self.evidence.foreign {
            return self.stop(Reason::NotOfThisRunbook { id: id(), why: why.clone() }, Verdict::Refuse);
        }
        let lock = self.evidence.steps.iter().find(|seen| seen.locks);
        let unlocked = self.evidence.locked == Some(false) && lock.is_some_and(|lock| open.has_done(&lock.step));
        let last_driven = open.last_driven(self.latest());
        let waived = self.overrides.contains(&Gate::PrimaryFailing);
        let stood = last_driven.is_none_or(|at| until(at, self.right_now()) > self.policy.stands_still_after);
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
            Wellness::Well(_) => self.stop(Reason::StoodStill { id: id(), last_driven }, Verdict::Refuse),
            Wellness::Disputed(reason) if still => {
                let again = self.again();
                self.stop(reason, again)
            }
            Wellness::Disputed(_) | Wellness::NotProven => Some(Verdict::Finish),
        }
    }

    /// Whether the primary is proven well at this moment.
    fn wellness(&self) -> Wellness {
        let probes = judge_probes(&self.evidence.probes, self.policy, self.now);
        match (self.history_says(), probes) {
            (_, Health::Healthy { at }) | (Health::Healthy { at }, Health::Silent { .. }) => Wellness::Well(at),
            (Health::Healthy { at }, Health::Failing(ours)) => {
                Wellness::Disputed(Reason::SourcesDisagree { healthy_at: at, failing_since: ours.since })
            }
            _ => Wellness::NotProven,
        }
    }

    /// The last failover was driven to its end. It stands until its lock is gone from a primary that is well.
    pub(super) fn after_failover(&mut self) -> Option<Verdict> {
        let id = self.state.as_ref().ok()?.current.as_ref()?.id.clone();
        let undone = |seen: &&StepSeen| matches!(&seen.seen, Ok(step) if step.standing != Standing::Done);
        let drift: Vec<String> = self.evidence.steps.iter().filter(undone).map(|seen| seen.step.clone()).collect();
        if self.evidence.locked == Some(false) {
            return match self.wellness() {
                Wellness::Well(at) => {
                    self.reasons.push(Reason::SeenWell { at });
                    self.stop(Reason::LockGone { id }, Verdict::NoteUnlock)
                }
                _ => self.stop(Reason::LockTakenAway { id }, Verdict::Relock),
            };
        }
        self.reasons.push(Reason::FailedOver { id });
        if !drift.is_empty() {
            self.reasons.push(Reason::Drifted { steps: drift });
        }
        Some(Verdict::AlreadyDone)
    }
}
