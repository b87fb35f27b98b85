//! The steps, in order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome},
    claim::{Run, effects},
    session::{ClockError, HeldLease},
    step::{Driven, Driver, Guard},
    working_copy::{Basis, WorkingCopy},
};
use crate::{
    clock::{Call, later},
    decision::{Reason, has_begun_to_act},
    fault::{Fault, FaultClass},
    kind::Kind,
    record::{Note, Progress, StepRecord, Why},
    runbook::DrivenStep,
    step::{Direction, Need, Observation, StepState},
    transition::Event,
};

/// How often one call drives what another manager puts back. The next call goes on with it.
const PASSES: usize = 3;

/// How one way through the steps ended.
enum Pass {
    /// Every step was driven.
    Through,
    /// A required step is not done.
    Stuck,
    /// A step asks for a primary that is well, and it is not seen so.
    NotWell(String),
    /// The execution is another worker's.
    Lost,
}

/// How a run ended.
pub(super) struct Ended<'a> {
    /// What is said of it.
    pub answer: Answer,
    /// The lease, to be released; none where it is another worker's.
    pub lease: Option<HeldLease<'a>>,
    /// What was seen of a primary that an effect asked to be well, and that was not. The next look tells what follows.
    pub not_well: Option<String>,
}

impl<'a> Run<'a> {
    /// Drives the run as far as it goes. The outcome of a step is written while the next one is driven: resumption
    /// rests on the intent and on observation, so no effect has to wait for it. What was done is looked at again at
    /// the end: another manager may have put it back, and then it is driven again, a few times in one call. The lease
    /// is given back to be released, unless it is another worker's.
    pub(super) async fn drive(mut self) -> Ended<'a> {
        self.teller.begun(&self.record, &self.reasons);
        let mut unnoted = self.unnoted();
        let mut lapsed = Vec::new();
        let mut seen = BTreeSet::new();
        let mut not_well = None;
        let watch_until = later(self.engine.ports.clock.now(), self.engine.limits.verify_for);
        for pass in 0..=PASSES {
            if pass > 0 {
                self.first = self.seen_at_the_end().await;
            }
            let holding = self.first.iter().filter(|(_, seen)| seen.state == StepState::Done);
            seen.extend(holding.map(|(name, _)| name.clone()));
            let again = self.lapse();
            let holds = again.is_empty();
            lapsed.extend(again);
            if pass > 0 && holds || pass == PASSES {
                break;
            }
            let watch_until = (pass > 0).then_some(watch_until);
            let before = done_steps(&self.record);
            let ended = self.pass(&mut unnoted, watch_until).await;
            seen.extend(done_steps(&self.record).difference(&before).cloned());
            match ended {
                Pass::Lost => return Ended { answer: self.lost(), lease: None, not_well: None },
                Pass::NotWell(why) => not_well = Some(why),
                Pass::Stuck => {}
                Pass::Through => continue,
            }
            break;
        }
        self.settle(&seen);
        self.close_when_at_rest();
        let written = self.record.commit(self.engine, Basis::Execution, self.call).await;
        let answer = self.answer(written, lapsed);
        if self.resting && self.record.state().open().is_none() {
            not_well = Some(self.reasons.last().map(ToString::to_string).unwrap_or_default());
        }
        Ended { answer, lease: Some(self.lease), not_well }
    }

    /// What is said of the run, given how the last write of the record ended and which steps lapsed.
    fn answer(&self, written: Result<(), Fault>, lapsed: Vec<Reason>) -> Answer {
        if lost_to_another(&written) {
            return self.lost();
        }
        // Why it is driven now: the reasons that it was begun for stand in the execution.
        let mut reasons = self.reasons.clone();
        reasons.extend(lapsed);
        // Said once, however often it was put back.
        reasons.dedup();
        if let Err(fault) = written {
            reasons.push(Reason::RecordUnreadable { fault: fault.noted() });
        }
        match self.record.execution() {
            Some(execution) => Answer::driven(execution.clone(), reasons, self.streak.as_ref()),
            None => self.lost(),
        }
    }

    /// The effects that the record calls done, as they are now. Nothing when time is short: the next call looks.
    async fn seen_at_the_end(&self) -> BTreeMap<String, Observation> {
        let in_time = self.call.remaining() > self.engine.limits.margin;
        let Some(execution) = self.record.execution().filter(|_| in_time) else {
            return BTreeMap::new();
        };
        let done = effects(&self.steps).map(|driven| &driven.step).filter(|step| execution.has_done(step.name()));
        let done: Vec<_> = done.collect();
        self.engine.observe_now(&done, self.call).await
    }

    /// Takes back what the record calls done and what does not hold. Not the lock, unless it was gone before this was
    /// decided: a person who takes it away from a primary that is well has failed back, and the next look tells.
    fn lapse(&mut self) -> Vec<Reason> {
        let watching = self.steps.iter().map(|driven| &driven.step).filter(|step| step.is_verification());
        let watching: Vec<String> = watching.map(|step| step.name().to_owned()).collect();
        let mut lapsed = Vec::new();
        let lock_was_gone = std::mem::take(&mut self.lock_was_gone);
        let may_lapse = |driven: &&DrivenStep| lock_was_gone || !driven.step.locks_traffic();
        let names: Vec<_> = effects(&self.steps).filter(may_lapse).map(|driven| driven.step.name()).collect();
        for name in names {
            let undone = self.first.get(name).filter(|seen| seen.state == StepState::Todo);
            let Some(seen) = undone.filter(|_| self.record.execution().is_some_and(|open| open.has_done(name))) else {
                continue;
            };
            let reason = Reason::Lapsed { step: name.to_owned(), found: seen.found.clone() };
            tracing::warn!(step = name, "{reason}");
            let note = Note { at: self.time(), text: reason.to_string() };
            let fence = self.lease.fence();
            let event = Event::Lapsed { fence, step: name.to_owned(), note, watching: watching.clone() };
            if self.record.add(event).is_ok() {
                lapsed.push(reason);
            }
        }
        lapsed
    }

    /// Every step is done by the record: then it is completed, unless there is an effect that this call has not `seen`
    /// to hold. A record tells what was once done.
    fn settle(&mut self, seen: &BTreeSet<String>) {
        let Some(execution) = self.record.execution().filter(|run| run.steps.iter().all(StepRecord::is_done)) else {
            return;
        };
        let (at, fence) = (self.time(), self.lease.fence());
        let open = execution.status.is_open();
        let last = execution.steps.last().filter(|_| open).cloned();
        let unseen: Vec<_> = effects(&self.steps)
            .map(|driven| driven.step.name())
            .filter(|name| execution.has_done(name) && !seen.contains(*name))
            .collect();
        for name in &unseen {
            let note = Note { at, text: format!("whether {name} still holds could not be seen") };
            // An execution that is not ours any more takes nothing, and the commit says so.
            let _ = self.record.add(Event::Lapsed { fence, step: (*name).to_owned(), note, watching: Vec::new() });
        }
        if let Some(last) = last.filter(|_| unseen.is_empty()) {
            let _ = self.record.add(Event::Stepped { fence, step: StepRecord { ended_at: Some(at), ..last } });
        }
    }

    /// Drives each step that is not done, once through.
    async fn pass(&mut self, unnoted: &mut Option<Timestamp>, watch_until: Option<Timestamp>) -> Pass {
        let (engine, call) = (self.engine, self.call);
        let count = self.record.execution().map_or(0, |execution| execution.steps.len());
        for position in 0..count {
            let Some(record) = self.pending_step(position) else {
                continue;
            };
            if self.resting && record.direction == Direction::Forward {
                continue;
            }
            let first = self.first.remove(&record.step);
            let (need, name) = (record.need, record.step.clone());
            let plan = Plan {
                driven: self.driven(&name),
                guard: self.guard(),
                confirmed: self.is_confirmed(),
                clock_error: self.clock_error,
            };
            let (written, driven, noted) = futures_util::join!(
                self.record.commit(engine, Basis::Beside, call),
                engine.drive_step(plan, record, first, &mut self.lease, watch_until, call),
                engine.note_start(unnoted.take(), call),
            );
            if let Some(note) = noted {
                // A note that the record does not take is only lost as a note.
                let _ = self.record.add(Event::Noted(note));
            }
            if lost_to_another(&written) {
                return Pass::Lost;
            }
            let Driven::Record(record) = driven else { return Pass::Lost };
            let done = record.is_done();
            let not_well = match &record.progress {
                Progress::Failing { why: Why::PrimaryNotWell { found } }
                | Progress::Owed { why: Why::PrimaryNotWell { found } } => Some(found.clone()),
                _ => None,
            };
            if self.record.add(Event::Stepped { fence: self.lease.fence(), step: *record }).is_err() {
                return Pass::Lost;
            }
            self.teller.stepped(&self.record, &name);
            if done {
                self.note_unlock(&name);
            }
            if let Some(found) = not_well {
                return Pass::NotWell(found);
            }
            if !done && need == Need::Required {
                return Pass::Stuck;
            }
        }
        Pass::Through
    }

    fn driven(&self, name: &str) -> Option<DrivenStep> {
        self.steps.iter().find(|driven| driven.step.name() == name).cloned()
    }

    /// Whether each effect asks first that the primary is well: not for a failover, not for a switchover that has made
    /// it passive, and not for what puts a rehearsal's standby back to rest.
    fn guard(&self) -> Guard {
        let acted = self.record.execution().is_some_and(has_begun_to_act);
        match self.kind {
            Kind::Switchover if !acted => Guard::First,
            Kind::Failback => Guard::Each,
            Kind::Rehearsal if !self.resting => Guard::Each,
            Kind::Failover | Kind::Switchover | Kind::Rehearsal => Guard::Never,
        }
    }

    fn is_confirmed(&self) -> bool {
        self.record.execution().is_some_and(|execution| execution.confirmed)
    }

    /// Traffic is not locked any more, and the primary was seen well right before.
    fn note_unlock(&mut self, name: &str) {
        let unlocks = self.steps.iter().any(|driven| driven.unlocks && driven.step.name() == name);
        if unlocks && self.record.state().unlocked.is_none() {
            let at = self.time();
            // Neither is refused by any state.
            let _ = self.record.add(Event::Unlocked { at });
            let _ = self.record.add(Event::Armed { at });
        }
    }

    /// A rehearsal is over once its standby is at rest: what was not seen until then cannot be seen any more.
    fn close_when_at_rest(&mut self) {
        let rests = |step: &StepRecord| step.direction == Direction::Forward || step.is_done();
        let Some(open) = self.record.state().open().filter(|open| open.kind == Kind::Rehearsal) else { return };
        if !open.steps.iter().all(rests) {
            return;
        }
        let missed = open.steps.iter().find(|step| !step.is_done()).map(|step| &step.step);
        let reason = match (self.resting, missed) {
            (false, Some(step)) => format!("the standby is at rest again, and {step} was not done before"),
            _ => self.reasons.last().map(ToString::to_string).unwrap_or_default(),
        };
        // An execution that is not ours any more takes nothing, and the commit says so.
        let _ = self.record.add(Event::Closed { at: self.time(), reason });
    }

    /// The time for the record: later looks judge by it when traffic was unlocked, and when the execution was last driven.
    fn time(&self) -> Timestamp {
        self.clock_error.right(self.engine.ports.clock.now())
    }

    /// The start of this execution, when the cloud's note does not name it yet.
    fn unnoted(&self) -> Option<Timestamp> {
        self.kind.activates_standby().then_some(())?;
        let started = self.record.execution()?.started_at;
        // The note is kept in whole seconds.
        self.noted.is_none_or(|noted| noted.as_second() < started.as_second()).then_some(started)
    }

    /// The step at `position`, unless it is done.
    fn pending_step(&self, position: usize) -> Option<StepRecord> {
        self.record.execution()?.steps.get(position).filter(|step| !step.is_done()).cloned()
    }

    fn lost(&self) -> Answer {
        let mut reasons = self.reasons.clone();
        reasons.push(Reason::LeaseLost);
        let until = later(self.engine.ports.clock.now(), self.engine.limits.lease_ttl);
        let execution = self.record.execution().cloned().map(Box::new);
        Answer { execution, ..Answer::new(Outcome::Deferred { until }, reasons) }
    }
}

/// How a step is driven.
struct Plan {
    /// The step; none where this version does not know it.
    driven: Option<DrivenStep>,
    /// Whether its effect asks first that the primary is well.
    guard: Guard,
    /// Whether a person has confirmed what needs it.
    confirmed: bool,
    /// How far our clock is from the API server's.
    clock_error: ClockError,
}

impl Engine {
    /// Writes the cloud's note, beside the first step: never before the intent, or a claim that fails would leave a
    /// cooldown behind that refuses the next one. The record holds the start already, so a failure is only noted.
    async fn note_start(&self, started: Option<Timestamp>, call: &Call) -> Option<Note> {
        let (store, started) = (self.ports.cooldown.as_ref()?, started?);
        let fault = call.once("last failover", store.set(call, started)).await.err()?;
        tracing::warn!(call = fault.call, "the cloud's note of this failover was not written: {}", fault.message);
        let text = format!("the cloud's note of this failover was not written: {fault}");
        Some(Note { at: self.ports.clock.now(), text })
    }

    /// Drives the step that `record` names, or says that this version does not know it.
    async fn drive_step(
        &self,
        plan: Plan,
        record: StepRecord,
        first: Option<Observation>,
        lease: &mut HeldLease<'_>,
        watch_until: Option<Timestamp>,
        call: &Call,
    ) -> Driven {
        let (guard, clock_error) = (plan.guard, plan.clock_error);
        let now = clock_error.right(self.ports.clock.now());
        let Some(driven) = plan.driven else {
            let why = format!("this version of Holdfast has no step called {}", record.step);
            return Driven::Record(Box::new(not_done(record, Why::Blocked { why }, now)));
        };
        if driven.confirmed && !plan.confirmed {
            return Driven::Record(Box::new(not_done(record, Why::Unconfirmed, now)));
        }
        let step = driven.step.as_ref();
        Driver { engine: self, step, guard, clock_error, lease, call }.drive(record, first, watch_until).await
    }
}

/// The steps that the record calls done.
fn done_steps(record: &WorkingCopy) -> BTreeSet<String> {
    let steps = record.execution().map_or(&[][..], |execution| &execution.steps);
    steps.iter().filter(|step| step.is_done()).map(|step| step.step.clone()).collect()
}

/// The record of a step that did not come true.
pub(super) fn not_done(record: StepRecord, why: Why, now: Timestamp) -> StepRecord {
    let progress = match record.need {
        Need::Required => Progress::Failing { why },
        Need::Owed => Progress::Owed { why },
    };
    StepRecord { progress, ended_at: Some(now), ..record }
}

fn lost_to_another(written: &Result<(), Fault>) -> bool {
    matches!(written, Err(fault) if fault.class == FaultClass::Conflict)
}
