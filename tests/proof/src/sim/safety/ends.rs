//! What ends an execution, and what must be true of one that is over.

use holdfast_core::{
    kind::Kind,
    record::{Execution, Status},
};

use super::{
    super::{
        Micros,
        world::{Worker, World},
    },
    oldest_evidence,
};

impl World {
    pub(super) fn check_status(&mut self, worker: Worker, was: &Execution, is: &Execution) {
        match (was.status, is.status) {
            (Status::Aborted | Status::FailedBack | Status::Closed, _) => {
                self.breaks("an execution changed after its end")
            }
            (_, Status::Completed) if is.kind.activates_standby() => self.check_completed(worker, is),
            (_, Status::Completed) => self.check_person_completed(is),
            (_, Status::Aborted) => self.book.ended = true,
            (_, Status::Closed) if is.kind == Kind::Failover => self.breaks("a failover was closed"),
            (_, Status::Closed) => self.check_closed(worker, is),
            // The unlock that is noted with it is looked at for itself.
            (Status::Running | Status::Owed, Status::FailedBack | Status::Owed | Status::Running) => {}
            (Status::Completed, Status::Owed | Status::Running) if self.book.unlocked_at.is_some() => {}
            (Status::Completed, _) => {
                self.breaks("a completed execution was opened again, and nobody took its lock away")
            }
        }
    }

    /// The primary failed at some time that evidence may be about.
    fn check_closed(&mut self, worker: Worker, execution: &Execution) {
        self.tell(worker, || format!("closed {}: {:?}", execution.id, execution.abort_reason));
        // A rehearsal that is at rest again and has not seen its standby up is over, too.
        let unseen = execution.steps.iter().any(|step| !step.is_done());
        if execution.kind == Kind::Rehearsal && unseen {
            return;
        }
        let since = self.now.saturating_sub(oldest_evidence() + self.workers[worker].frozen_for);
        if self.story.longest_up(since, self.now) >= self.now - since {
            self.breaks("an execution was closed, and the primary was well all the time");
        }
    }

    fn check_person_completed(&mut self, execution: &Execution) {
        if execution.steps.iter().any(|step| !step.is_done()) || execution.finished_at.is_none() {
            self.breaks(format!("a {} was completed, and a step or its time is missing", execution.kind));
        }
    }

    fn check_completed(&mut self, worker: Worker, execution: &Execution) {
        self.counts.completed += 1;
        self.tell(self.current, || format!("completed {}", execution.id));
        if execution.steps.iter().any(|step| !step.is_done()) {
            self.breaks("completed, and a step is not done");
        }
        if execution.finished_at.is_none() {
            self.breaks("completed, and nobody knows when");
        }
        if self.standby.has_stale() {
            self.breaks("completed, and a stale secret is kept");
        }
        // Every effect is looked at again under the claim and at the end of the call.
        let began = self.workers[worker].began;
        let meanwhile = |at: Option<Micros>| at.is_some_and(|at| at >= began);
        if self.standby.replicas == 0 && !meanwhile(self.book.scaled_down_at) {
            self.breaks("completed, and the operator was scaled down before the call began");
        }
        if !self.standby.locked && !meanwhile(self.book.unlocked_at) {
            self.breaks("completed, and the lock was taken away before the call began");
        }
        for step in &execution.steps {
            let had = self.book.effects.contains(&step.step.as_str());
            if had && step.attempts == 0 && execution.takeovers == 0 {
                self.breaks(format!("the record does not know that {} had an effect", step.step));
            }
        }
        let read = serde_json::to_string(execution).map(|text| serde_json::from_str::<Execution>(&text));
        if !matches!(read, Ok(Ok(read)) if read == *execution) {
            self.breaks("the record is another one when it is read back");
        }
    }
}
