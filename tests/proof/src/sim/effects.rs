//! Effects: what the API servers do with a worker's write, and what is looked at then.

use holdfast_core::{Fault, FaultClass, kind::Kind};

use super::{
    Micros, SECOND, Sabotage, seconds,
    story::Undoes,
    world::{Deed, Event, Worker, World},
};

/// An effect comes so long after the probe before it at most: one attempt, and what may make it late.
const ASKED: Micros = seconds(60 + 5 + 5);

impl World {
    /// Every effect: somebody's intent is stored, and it is not the second of its kind.
    fn check_effect(&mut self, worker: Worker, step: &'static str, holds: bool) {
        self.counts.effects += 1;
        self.tell(worker, || format!("effect of {step}"));
        self.may_write(worker, step);
        if !self.workers[worker].claimed && self.workers[worker].fence.is_none_or(|fence| !self.owns(fence)) {
            self.breaks(format!("{step} had an effect before an intent was stored"));
        }
        if holds {
            self.breaks(format!("{step} had its effect twice"));
        }
        if let Some(paused) = self.book.paused_at.filter(|at| self.workers[worker].began > *at) {
            let ago = (self.now - paused) / SECOND;
            self.breaks(format!("{step} had an effect by a worker that began {ago} s or less after the pause"));
        }
        self.book.effects.push(step);
    }

    /// A worker whose take-over changed nothing (its intent was stored and the answer was lost) owns it by its fence.
    fn owns(&self, fence: u64) -> bool {
        self.stored.0.current.as_ref().is_some_and(|execution| execution.fence == fence)
    }

    /// The API server deletes a secret, if it is still the one that was judged.
    pub fn delete(&mut self, worker: Worker, name: &str, uid: u64, version: u64) -> Result<(), Fault> {
        let Some(position) = self.standby.secrets.iter().position(|secret| secret.name == name) else {
            return Ok(());
        };
        let found = &self.standby.secrets[position];
        if (found.uid, found.version) != (uid, version) && self.is_fenced() {
            return Err(self.fenced("delete secret"));
        }
        let secret = self.standby.secrets.remove(position);
        self.check_effect(worker, "clean", false);
        if secret.fresh {
            self.breaks("a fresh secret was deleted");
        }
        let again: Deed = Box::new(move |world| world.standby.issue(secret.name, true));
        let pause = self.rng.u64(seconds(1)..seconds(60));
        self.after(pause, Event::Deed(again));
        Ok(())
    }

    /// The API server scales the operator, if nobody has written since.
    pub fn scale_up(&mut self, worker: Worker, fence: Option<u64>) -> Result<(), Fault> {
        if fence != Some(self.standby.deployment_version) && self.is_fenced() {
            return Err(self.fenced("patch scale"));
        }
        self.check_effect(worker, "scale", self.standby.replicas > 0);
        self.standby.scale(1, self.now);
        self.answered_by_managers(Undoes::Scale);
        Ok(())
    }

    /// The DNS service locks, if nobody has written since.
    pub fn lock_traffic(&mut self, worker: Worker, fence: Option<u64>) -> Result<(), Fault> {
        if fence != Some(self.standby.check_version) && self.is_fenced() {
            return Err(self.fenced("update health check"));
        }
        self.check_effect(worker, "lock", self.standby.locked);
        self.standby.lock(true);
        self.answered_by_managers(Undoes::Lock);
        Ok(())
    }

    /// The DNS service unlocks, if nobody has written since.
    pub fn unlock_traffic(&mut self, worker: Worker, fence: Option<u64>) -> Result<(), Fault> {
        if fence != Some(self.standby.check_version) && self.is_fenced() {
            return Err(self.fenced("update health check"));
        }
        self.check_effect(worker, "unlock", !self.standby.locked);
        self.check_primary_asked(worker, "unlock");
        self.counts.taken_back += 1;
        self.standby.lock(false);
        self.book.unlocked_at = Some(self.now);
        Ok(())
    }

    /// The API server scales the operator down, if nobody has written since.
    pub fn scale_down(&mut self, worker: Worker, fence: Option<u64>) -> Result<(), Fault> {
        if fence != Some(self.standby.deployment_version) && self.is_fenced() {
            return Err(self.fenced("patch scale"));
        }
        self.check_effect(worker, "rest", self.standby.replicas == 0);
        // A rehearsal is put back to rest, whatever the primary does.
        if self.stored.0.current.as_ref().is_some_and(|run| run.kind == Kind::Failback) {
            self.check_primary_asked(worker, "rest");
        }
        self.counts.taken_back += 1;
        self.standby.scale(0, self.now);
        self.book.scaled_down_at = Some(self.now);
        Ok(())
    }

    /// Right before the effect the primary answered this worker's probe; an effect may come late, or its sender freeze.
    fn check_primary_asked(&mut self, worker: Worker, step: &str) {
        let facts = &self.workers[worker];
        if facts.answered.is_none_or(|at| at + ASKED + facts.frozen_for < self.now) {
            self.breaks(format!("{step} had an effect, and the primary was not asked right before it"));
        }
    }

    fn is_fenced(&self) -> bool {
        !self.lacks(Sabotage::EffectsUnfenced)
    }

    fn fenced(&mut self, call: &'static str) -> Fault {
        self.counts.fenced += 1;
        Fault::new(FaultClass::Conflict, call, "changed since it was seen")
    }
}
