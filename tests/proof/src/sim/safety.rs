//! Safety: looked at on every write and on every effect, against what is true and not against what was seen.
//!
//! How far the evidence may be from the truth, and no further:
//!
//! - checkers change their mind after three looks, 20 to 30 s late ([`DETECTION`]);
//! - a metric store may show a minute of which only the first samples have arrived ([`PARTIAL`]);
//! - a history may be as old as `stale_after` when it is used;
//! - clocks differ by [`LARGEST_SKEW_S`];
//! - between a look and the stored intent lie at most the look itself and two calls ([`CLAIM`]), and what a worker was
//!   frozen for meanwhile;
//! - a hole of one period in the evidence does not end a streak ([`UNSEEN`]).

use holdfast_core::{
    Fault, FaultClass, Timestamp,
    holdoff::Source,
    record::{Execution, State, Status},
};

use super::{
    Micros, SECOND, Sabotage,
    primary::DETECTION,
    seconds,
    story::LARGEST_SKEW_S,
    world::{Deed, Event, Worker, World, micros},
};

/// The part of a minute whose samples may still be on their way.
const PARTIAL: Micros = seconds(60);
/// A look of 10 s, and one attempt of 5 s each for lease (read, write) and record.
const CLAIM: Micros = seconds(10 + 5 + 5 + 5);
/// The longest recovery that evidence with a hole cannot show: one period, what the checkers lag behind on both sides
/// of it, one sample and the clocks.
const UNSEEN: Micros = seconds(60 + 2 * 30 + 10 + 2 * LARGEST_SKEW_S);
const SKEW: Micros = seconds(LARGEST_SKEW_S);

/// What safety remembers.
#[derive(Debug, Default)]
pub struct Book {
    /// When the newest execution began, in true time.
    pub begun_at: Option<Micros>,
    /// A person ended what the newest failover brought about: aborted it, or took the lock away.
    pub ended_by_person: bool,
    /// A person waived the cooldown since the newest execution began.
    pub acknowledged: bool,
    /// A person took an effect of the newest execution back.
    pub undone_by_hand: bool,
    /// And that while it was open, or about to be: it is that person's to bring it to an end.
    pub undone_while_open: bool,
    /// When a person last took something back.
    pub undone_at: Option<Micros>,
    /// The steps that had an effect since the newest execution began.
    pub effects: Vec<&'static str>,
    /// Since when the kill switch is set.
    pub paused_at: Option<Micros>,
}

/// The true time of what a clock with this error showed.
fn true_time(at: Timestamp, skew: i64) -> Micros {
    micros(at).saturating_add_signed(-skew)
}

impl World {
    /// A worker that only asks must not write.
    pub fn may_write(&mut self, worker: Worker, what: &str) {
        if self.workers[worker].only_asks {
            self.breaks(format!("a call that only asks wrote {what}"));
        }
    }

    /// Looks at a document that is about to be stored.
    pub fn check_save(&mut self, worker: Worker, new: &State) {
        self.may_write(worker, "the record");
        // Put back at the end: a copy for each write would be the dearest part of a story.
        let old = std::mem::take(&mut self.stored.0);
        let (was, is) = (old.current.as_ref(), new.current.as_ref());
        match (was, is) {
            (was, Some(is)) if was.is_none_or(|was| was.id != is.id) => self.check_begin(worker, &old, is),
            (Some(was), Some(is)) => self.check_progress(worker, &old, was, is),
            (Some(_), None) => self.breaks("the record lost its execution"),
            _ => {}
        }
        self.book.acknowledged |= new.acknowledged != old.acknowledged;
        if new.unlocked.is_some() && old.unlocked.is_none() && !self.book.ended_by_person {
            self.breaks("an unlock was noted that nobody made");
        }
        self.book.paused_at = new.pause.as_ref().map(|_| self.book.paused_at.unwrap_or(self.now));
        let aborts = |state: &State| state.current.as_ref().is_some_and(|run| run.status == Status::Aborted);
        let stops = new.pause.is_some() && old.pause.is_none() || aborts(new) && !aborts(&old);
        self.pressed |= stops && !self.stormy();
        self.stored.0 = old;
    }

    fn check_begin(&mut self, worker: Worker, old: &State, execution: &Execution) {
        self.counts.begun += 1;
        self.tell(worker, || format!("begins {}", execution.id));
        if old.pause.is_some() {
            self.breaks("a failover began while paused");
        }
        if old.open().is_some() {
            self.breaks("a failover began beside an open one");
        }
        if self.book.begun_at.is_some() && !self.book.ended_by_person {
            self.breaks("a second failover began, and no person had ended the first");
        }
        self.check_cooldown(execution);
        if execution.overrides.is_empty() {
            self.check_holdoff(worker, execution);
        }
        self.workers[worker].claimed = true;
        let acts = std::mem::take(&mut self.book);
        // By the record it began when the worker looked, which is where the cooldown counts from.
        let looked_at = true_time(execution.started_at, self.workers[worker].skew);
        self.book.begun_at = Some(looked_at);
        self.book.paused_at = acts.paused_at;
        // What was taken back while it looked, it has seen as done.
        let look = CLAIM + self.workers[worker].frozen_for;
        self.book.undone_while_open = acts.undone_at.is_some_and(|at| at + look >= looked_at);
    }

    fn check_cooldown(&mut self, execution: &Execution) {
        let Some(last) = self.book.begun_at else { return };
        let ends = last + u64::try_from(execution.policy.cooldown.as_micros()).unwrap_or(0);
        if self.now + 2 * SKEW < ends && !self.book.acknowledged && execution.overrides.is_empty() {
            self.breaks("a failover began within the cooldown of the one before");
        }
    }

    /// The primary has truly been failing.
    fn check_holdoff(&mut self, worker: Worker, execution: &Execution) {
        let Some(streak) = execution.decision.streak.clone() else {
            return self.breaks("a failover began on no streak");
        };
        let frozen = self.workers[worker].frozen_for;
        let (since, to) = (micros(streak.since), micros(streak.to));
        let stale = u64::try_from(execution.policy.stale_after.as_micros()).unwrap_or(0);
        if streak.proven < execution.policy.holdoff || to - since + SECOND < seconds(execution.policy.holdoff.as_secs())
        {
            self.breaks("a failover began on less than the holdoff");
        }
        let age = self.now.saturating_sub(to);
        if age > stale + CLAIM + SKEW + frozen {
            self.breaks(format!("a failover began on evidence that was {} s old", age / SECOND));
        }
        let history_alone = streak.source == Source::History && streak.gaps.is_empty();
        let most = if history_alone { DETECTION } else { UNSEEN };
        let known_to = to.saturating_sub(if streak.source == Source::Probes { SKEW } else { PARTIAL + DETECTION });
        let up = self.story.longest_up(since + SKEW, known_to.max(since + SKEW));
        if up > most {
            self.breaks(format!(
                "a failover began on a streak of {} s, and the primary was well for {} s of it",
                (to - since) / SECOND,
                up / SECOND
            ));
        }
    }

    fn check_progress(&mut self, worker: Worker, old: &State, was: &Execution, is: &Execution) {
        if is.fence < was.fence {
            self.breaks("a worker with a smaller fence wrote after a take-over");
        }
        let changed = was.steps.iter().map(|step| &step.progress).ne(is.steps.iter().map(|step| &step.progress));
        if changed && self.workers[worker].fence.is_none_or(|fence| fence < was.fence) {
            self.breaks("a worker that was taken over wrote the outcome of a step");
        }
        if was.steps.iter().zip(&is.steps).any(|(was, is)| was.is_done() && !is.is_done()) {
            self.breaks("a step that was done is not any more");
        }
        if is.takeovers > was.takeovers {
            self.counts.takeovers += 1;
            self.workers[worker].claimed = true;
            if old.pause.is_some() {
                self.breaks("an execution was resumed while paused");
            }
        }
        if was.status == is.status {
            return;
        }
        match is.status {
            Status::Completed => self.check_completed(is),
            Status::Aborted | Status::FailedBack => self.book.ended_by_person = true,
            Status::Running => self.breaks("an execution went back to running"),
            Status::Owed => {}
        }
        if !was.status.is_open() {
            self.breaks("an execution changed after its end");
        }
    }

    fn check_completed(&mut self, execution: &Execution) {
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
        if !self.standby.is_active() && !self.book.undone_by_hand {
            self.breaks("completed, and the standby is not active");
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
        Ok(())
    }

    /// The DNS service locks, if nobody has written since.
    pub fn lock_traffic(&mut self, worker: Worker, fence: Option<u64>) -> Result<(), Fault> {
        if fence != Some(self.standby.check_version) && self.is_fenced() {
            return Err(self.fenced("update health check"));
        }
        self.check_effect(worker, "lock", self.standby.locked);
        self.standby.lock(true);
        Ok(())
    }

    fn is_fenced(&self) -> bool {
        !self.lacks(Sabotage::EffectsUnfenced)
    }

    fn fenced(&mut self, call: &'static str) -> Fault {
        self.counts.fenced += 1;
        Fault::new(FaultClass::Conflict, call, "changed since it was seen")
    }
}
