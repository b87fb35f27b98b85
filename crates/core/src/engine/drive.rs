//! The steps, in order.

use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome},
    claim::Run,
    journal::Journal,
    step::Driven,
};
use crate::{
    clock::Call,
    decision::Reason,
    fault::{Fault, FaultClass},
    ports::Grant,
    record::{Note, Progress, StepRecord, Why},
    step::Need,
    transition::Event,
};

impl Engine {
    /// Drives the run as far as it goes. The outcome of a step is written while the next one is driven: resumption
    /// rests on the intent and on observation, so no effect has to wait for it.
    pub(super) async fn drive(&self, mut run: Run, call: &Call, grant: &mut Option<Grant>) -> Answer {
        let Some(mut lease) = grant.take() else {
            return self.lost(run.journal, run.reasons);
        };
        let mut unnoted = self.unnoted(&run);
        let count = run.journal.execution().map_or(0, |execution| execution.steps.len());
        for position in 0..count {
            let Some(record) = self.pending_step(&run.journal, position) else {
                continue;
            };
            let first = run.first.remove(&record.step);
            let need = record.need;
            let (written, driven, noted) = futures_util::join!(
                self.write(run.journal, call),
                self.drive_step(record, first, &mut lease, call),
                self.note_start(unnoted.take(), call),
            );
            run.journal = written.0;
            if let Some(note) = noted {
                // A note that the record does not take is only lost as a note.
                let _ = run.journal.add(Event::Noted(note));
            }
            if lost_to_another(&written.1) {
                return self.lost(run.journal, run.reasons);
            }
            let record = match driven {
                Driven::Record(record) => *record,
                Driven::LeaseLost => return self.lost(run.journal, run.reasons),
            };
            let done = record.is_done();
            if run.journal.add(Event::Stepped { fence: lease.fence, step: record }).is_err() {
                return self.lost(run.journal, run.reasons);
            }
            if !done && need == Need::Required {
                break;
            }
        }
        let (journal, written) = self.write(run.journal, call).await;
        *grant = Some(lease);
        if lost_to_another(&written) {
            return self.lost(journal, run.reasons);
        }
        let reasons = match written {
            Ok(()) => Vec::new(),
            Err(fault) => vec![Reason::RecordUnreadable { fault: fault.noted() }],
        };
        match journal.execution() {
            Some(execution) => Answer::driven(execution.clone(), reasons),
            None => self.lost(journal, run.reasons),
        }
    }

    /// The start of this execution, when the cloud's note does not name it yet.
    fn unnoted(&self, run: &Run) -> Option<Timestamp> {
        let started = run.journal.execution()?.started_at;
        // The note is kept in whole seconds.
        run.noted.is_none_or(|noted| noted.as_second() < started.as_second()).then_some(started)
    }

    /// Writes the cloud's note, beside the first step: never before the intent, or a claim that fails would leave a
    /// cooldown behind that refuses the next one. The record holds the start already, so a failure is only noted.
    async fn note_start(&self, started: Option<Timestamp>, call: &Call) -> Option<Note> {
        let (store, started) = (self.ports.cooldown.as_ref()?, started?);
        let fault = call.once("last failover", store.set(call, started)).await.err()?;
        tracing::warn!(call = fault.call, "the cloud's note of this failover was not written: {}", fault.message);
        let text = format!("the cloud's note of this failover was not written: {fault}");
        Some(Note { at: self.ports.clock.now(), text })
    }

    /// The step at `position`, unless it is done.
    fn pending_step(&self, journal: &Journal, position: usize) -> Option<StepRecord> {
        journal.execution()?.steps.get(position).filter(|step| !step.is_done()).cloned()
    }

    /// Drives the step that `record` names, or says that this version does not know it.
    async fn drive_step(
        &self,
        record: StepRecord,
        first: Option<crate::step::Observation>,
        lease: &mut Grant,
        call: &Call,
    ) -> Driven {
        let Some(step) = self.runbook.steps.iter().find(|step| step.name() == record.step) else {
            let why = format!("this version of Holdfast has no step called {}", record.step);
            return Driven::Record(Box::new(not_done(record, Why::Blocked { why }, self.ports.clock.now())));
        };
        self.step(step.as_ref(), record, first, lease, call).await
    }

    fn lost(&self, journal: Journal, mut reasons: Vec<Reason>) -> Answer {
        reasons.push(Reason::LeaseLost);
        let until = self.ports.clock.now() + self.limits.lease_ttl;
        let execution = journal.execution().cloned().map(Box::new);
        Answer { execution, ..Answer::new(Outcome::Deferred { until }, reasons) }
    }

    /// Gives the lease back, so that the next call need not wait for its end.
    pub(super) async fn release(&self, grant: &Grant, call: &Call) {
        let release = self.ports.lease.release(call, &self.holder, grant);
        if let Err(fault) = call.once("lease", release).await {
            tracing::warn!(call = fault.call, "the lease was not given back and will expire: {}", fault.message);
        }
    }
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
