//! The steps, in order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome},
    claim::Run,
    session::HeldLease,
    step::{Driven, Driver},
    working_copy::{Basis, WorkingCopy},
};
use crate::{
    clock::{Call, later},
    decision::Reason,
    fault::{Fault, FaultClass},
    record::{Note, Progress, StepRecord, Why},
    step::{Need, Observation, Standing},
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
    /// The execution is another worker's.
    Lost,
}

impl<'a> Run<'a> {
    /// Drives the run as far as it goes. The outcome of a step is written while the next one is driven: resumption
    /// rests on the intent and on observation, so no effect has to wait for it. What was done is looked at again at
    /// the end: another manager may have put it back, and then it is driven again, a few times in one call. The lease
    /// is given back to be released, unless it is another worker's.
    pub(super) async fn drive(mut self) -> (Answer, Option<HeldLease<'a>>) {
        let mut unnoted = self.unnoted();
        let mut lapsed = Vec::new();
        let mut seen = BTreeSet::new();
        let watch_until = later(self.engine.ports.clock.now(), self.engine.limits.verify_for);
        for pass in 0..=PASSES {
            if pass > 0 {
                self.first = self.seen_at_the_end().await;
            }
            let holding = self.first.iter().filter(|(_, seen)| seen.standing == Standing::Done);
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
                Pass::Lost => return (self.lost(), None),
                Pass::Stuck => break,
                Pass::Through => {}
            }
        }
        self.settle(&seen);
        let written = self.record.commit(self.engine, Basis::Execution, self.call).await;
        let answer = self.answer(written, lapsed);
        (answer, Some(self.lease))
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
        let done: Vec<_> = self.engine.effects().filter(|step| execution.has_done(step.name())).collect();
        self.engine.observe_now(&done, self.call).await
    }

    /// Takes back what the record calls done and what does not hold. Not the lock, unless it was gone before this was
    /// decided: a person who takes it away from a primary that is well has failed back, and the next look tells.
    fn lapse(&mut self) -> Vec<Reason> {
        let engine = self.engine;
        let watching: Vec<String> =
            engine.runbook.steps.iter().filter(|step| step.only_watches()).map(|step| step.name().to_owned()).collect();
        let mut lapsed = Vec::new();
        let lock_was_gone = std::mem::take(&mut self.lock_was_gone);
        for step in engine.effects().filter(|step| lock_was_gone || !step.locks_traffic()) {
            let name = step.name();
            let undone = self.first.get(name).filter(|seen| seen.standing == Standing::Todo);
            let Some(seen) = undone.filter(|_| self.record.execution().is_some_and(|open| open.has_done(name))) else {
                continue;
            };
            let reason = Reason::Lapsed { step: name.to_owned(), found: seen.found.clone() };
            tracing::warn!(step = name, "{reason}");
            let note = Note { at: engine.ports.clock.now(), text: reason.to_string() };
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
        let (at, fence) = (self.engine.ports.clock.now(), self.lease.fence());
        let open = execution.status.is_open();
        let last = execution.steps.last().filter(|_| open).cloned();
        let unseen: Vec<_> = self
            .engine
            .effects()
            .map(|step| step.name())
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
            let first = self.first.remove(&record.step);
            let need = record.need;
            let (written, driven, noted) = futures_util::join!(
                self.record.commit(engine, Basis::Beside, call),
                engine.drive_step(record, first, &mut self.lease, watch_until, call),
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
            if self.record.add(Event::Stepped { fence: self.lease.fence(), step: *record }).is_err() {
                return Pass::Lost;
            }
            if !done && need == Need::Required {
                return Pass::Stuck;
            }
        }
        Pass::Through
    }

    /// The start of this execution, when the cloud's note does not name it yet.
    fn unnoted(&self) -> Option<Timestamp> {
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
        record: StepRecord,
        first: Option<Observation>,
        lease: &mut HeldLease<'_>,
        watch_until: Option<Timestamp>,
        call: &Call,
    ) -> Driven {
        let Some(step) = self.runbook.steps.iter().find(|step| step.name() == record.step) else {
            let why = format!("this version of Holdfast has no step called {}", record.step);
            return Driven::Record(Box::new(not_done(record, Why::Blocked { why }, self.ports.clock.now())));
        };
        Driver { engine: self, step: step.as_ref(), lease, call }.drive(record, first, watch_until).await
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
