//! Safety: looked at on every write and on every effect, against what is true and not against what was seen.
//!
//! How far the evidence may be from the truth, and no further:
//!
//! - checkers change their mind after three looks, 20 to 30 s late ([`DETECTION`]);
//! - a metric store may show a minute of which only the first samples have arrived ([`PARTIAL`]);
//! - a history may be as old as `stale_after` when it is used;
//! - clocks differ by [`LARGEST_SKEW_S`], but for those that are wrong by hours: what these prove is held against true time
//!   all the same;
//! - between a look and the stored intent lie at most the look itself and two calls ([`CLAIM`]), and what a worker was
//!   frozen for meanwhile, and how long the write was on its way;
//! - a hole of one period in the evidence does not end a streak ([`UNSEEN`]).

mod ends;

use holdfast_core::{
    Timestamp,
    holdoff::Source,
    kind::Kind,
    policy::Policy,
    record::{Execution, Note, State, Status, StepRecord},
};

use super::{
    Micros, SECOND,
    primary::DETECTION,
    seconds,
    story::LARGEST_SKEW_S,
    world::{Worker, World, micros, micros_by, stamp},
};

/// The part of a minute whose samples may still be on their way.
const PARTIAL: Micros = seconds(60);
/// A look of 10 s, and one attempt of 5 s each for lease (read, write) and record.
const CLAIM: Micros = seconds(10 + 5 + 5 + 5);
/// The longest recovery that evidence with a hole cannot show: one period, what the checkers lag behind on both sides
/// of it, one sample and the clocks.
const UNSEEN: Micros = seconds(60 + 2 * 30 + 10 + 2 * LARGEST_SKEW_S);
const SKEW: Micros = seconds(LARGEST_SKEW_S);

/// An execution that nobody has driven for so long is judged again: the promise, and not what the engine was told.
pub const STANDS_STILL: Micros = seconds(300);
/// What safety remembers.
#[derive(Debug, Default)]
pub struct Book {
    /// When the newest execution began, in true time. `None` when the record was put there by somebody else.
    pub begun_at: Option<Micros>,
    /// A person ended the newest failover: it was aborted, or seen to be unlocked.
    pub ended: bool,
    /// A lock may stand that the record does not know of: somebody else put the record there, or locked by hand, and
    /// nobody has noted the lock yet.
    pub lock_unknown: bool,
    /// When a person first locked by hand a site that is not failed over: metrics from under that lock are about the lock.
    pub locked_by_hand_at: Option<Micros>,
    /// A person waived the cooldown since the newest execution began.
    pub acknowledged: bool,
    /// When somebody else last scaled the operator down.
    pub scaled_down_at: Option<Micros>,
    /// When somebody else last took the lock away.
    pub unlocked_at: Option<Micros>,
    /// When an unlock was last noted: the primary must have been well since.
    pub unlock_noted_at: Option<Micros>,
    /// When somebody last wrote how far the execution is.
    pub driven_at: Micros,
    /// The steps that had an effect since the newest execution began.
    pub effects: Vec<&'static str>,
    /// Since when the kill switch is set.
    pub paused_at: Option<Micros>,
    /// The open execution that no version of the runbook wrote: it waits for a person.
    pub foreign: Option<String>,
    /// When an operator's call was last kept out, and since when it has been.
    pub kept_out_since: Option<Micros>,
}

/// How old what evidence shows may be when it is used.
fn oldest_evidence() -> Micros {
    let stale = Policy::default().stale_after;
    u64::try_from(stale.as_micros()).unwrap_or(0) + PARTIAL + DETECTION + CLAIM + SKEW
}

/// The true time of what a clock with this error showed.
fn true_time(at: Timestamp, skew: i64) -> Micros {
    micros_by(at, skew)
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
            (Some(_), Some(is)) if old.stands.as_ref().is_some_and(|stands| stands.id == is.id) => {
                self.check_restored(&old);
            }
            (was, Some(is)) if was.is_none_or(|was| was.id != is.id) => match is.kind {
                Kind::Failover | Kind::Switchover => self.check_begin(worker, &old, is),
                Kind::Failback | Kind::Rehearsal => self.check_begin_of_person(worker, &old, is),
            },
            (Some(was), Some(is)) => self.check_progress(worker, &old, was, is),
            (Some(_), None) => self.breaks("the record lost its execution"),
            _ => {}
        }
        self.book.acknowledged |= new.acknowledged != old.acknowledged;
        self.book.lock_unknown &= new.lock_seen.is_none() && old.unlocked == new.unlocked;
        if new.unlocked.is_some() && old.unlocked != new.unlocked {
            self.check_unlock(worker, &old);
        }
        self.book.paused_at = new.pause.as_ref().map(|_| self.book.paused_at.unwrap_or(self.now));
        let aborts = |state: &State| state.current.as_ref().is_some_and(|run| run.status == Status::Aborted);
        let stops = new.pause.is_some() && old.pause.is_none() || aborts(new) && !aborts(&old);
        self.pressed |= stops && !self.stormy();
        self.stored.0 = old;
    }

    /// A person took the lock away, and the primary was well, or that person had ended the failover before, or the lock
    /// was none of a failover's.
    fn check_unlock(&mut self, worker: Worker, old: &State) {
        let aborted = old.lock_may_stand();
        if !aborted && self.book.unlocked_at.is_none() {
            self.breaks("an unlock was noted that nobody made");
        }
        if !aborted && !self.was_well_lately(worker) {
            self.breaks("an unlock was noted as a failback, and the primary was not well");
        }
        self.book.ended = true;
        self.book.unlock_noted_at = Some(self.now);
    }

    /// The primary was well at some time that evidence may be about.
    fn was_well_lately(&self, worker: Worker) -> bool {
        let since = self.now.saturating_sub(oldest_evidence() + self.workers[worker].frozen_for);
        self.story.longest_up(since, self.now) > 0
    }

    /// A failback that is over before it unlocked leaves the failover standing.
    fn check_restored(&mut self, old: &State) {
        if old.unlocked.is_some() {
            self.breaks("a failback was over, and the failover stands although traffic was unlocked");
        }
    }

    fn check_begin_of_person(&mut self, worker: Worker, old: &State, execution: &Execution) {
        self.tell(worker, || format!("begins {} {}", execution.kind, execution.id));
        if old.pause.is_some() {
            self.breaks(format!("a {} began while paused", execution.kind));
        }
        if old.open().is_some() {
            self.breaks(format!("a {} began beside an open execution", execution.kind));
        }
        if old.failed_over() != (execution.kind == Kind::Failback) {
            self.breaks(format!("a {} began where it has no place", execution.kind));
        }
        if !self.workers[worker].by_operator {
            self.breaks(format!("a {} began, and no person asked for it", execution.kind));
        }
        if !self.was_well_lately(worker) {
            self.breaks(format!("a {} began, and the primary was not well", execution.kind));
        }
        self.workers[worker].claimed = true;
        self.book.effects.clear();
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
        let failed_over = old.current.as_ref().is_some_and(|run| run.kind.activates_standby());
        if failed_over && !self.book.ended {
            self.breaks("a second failover began, and no person had ended the first");
        }
        self.check_cooldown(execution);
        if execution.overrides.is_empty() {
            self.check_holdoff(worker, execution);
            self.check_armed(worker);
        }
        self.check_mode(worker, old, execution);
        self.workers[worker].claimed = true;
        // By the record it began when the worker looked, which is where the cooldown counts from.
        let skew = if self.has_wrong_clock(worker) { 0 } else { self.workers[worker].skew };
        let begun_at = Some(true_time(execution.started_at, skew));
        let Book { paused_at, scaled_down_at, unlocked_at, unlock_noted_at, kept_out_since, foreign, .. } =
            std::mem::take(&mut self.book);
        self.book = Book {
            foreign,
            begun_at,
            paused_at,
            scaled_down_at,
            unlocked_at,
            unlock_noted_at,
            kept_out_since,
            ..Book::default()
        };
    }

    /// The primary was well once, since the site was set up or since the lock was last seen gone.
    fn check_armed(&mut self, worker: Worker) {
        // What showed that the lock was gone from a primary that was well shows that it was well.
        let late = oldest_evidence() + self.workers[worker].frozen_for;
        let since = self.book.unlock_noted_at.map_or(0, |at| at.saturating_sub(late));
        if self.story.longest_up(since, self.now) == 0 {
            self.breaks("a failover began, and the primary was never well");
        }
    }

    fn check_cooldown(&mut self, execution: &Execution) {
        let Some(last) = self.book.begun_at else { return };
        let ends = last + u64::try_from(self.story.policy.cooldown.as_micros()).unwrap_or(0);
        if self.now + 2 * SKEW < ends && !self.book.acknowledged && execution.overrides.is_empty() {
            self.breaks("a failover began within the cooldown of the one before");
        }
    }

    /// The primary has truly been failing.
    fn check_holdoff(&mut self, worker: Worker, execution: &Execution) {
        let Some(streak) = execution.decision.known().and_then(|decision| decision.streak.clone()) else {
            return self.breaks("a failover began on no streak");
        };
        let frozen = self.workers[worker].frozen_for;
        let wrong = self.has_wrong_clock(worker);
        if wrong && streak.source != Source::Probes {
            self.breaks("a failover began on a history that was judged by a clock that is wrong by hours");
        }
        let skew = if wrong { self.workers[worker].skew } else { 0 };
        let (since, to) = (true_time(streak.since, skew), true_time(streak.to, skew));
        let stale = u64::try_from(self.story.policy.stale_after.as_micros()).unwrap_or(0);
        let holdoff = self.story.policy.holdoff;
        if streak.proven < holdoff || to - since + SECOND < seconds(holdoff.as_secs()) {
            self.breaks("a failover began on less than the holdoff");
        }
        // The intent may be stored after its writer has given up.
        let on_its_way = self.now.saturating_sub(self.workers[worker].sent.at);
        let age = self.now.saturating_sub(to);
        if age > stale + CLAIM + SKEW + frozen + on_its_way {
            self.breaks(format!("a failover began on evidence that was {} s old", age / SECOND));
        }
        let history_alone = streak.source == Source::History && streak.gaps.is_empty();
        let most = if history_alone { DETECTION } else { UNSEEN };
        let known_to = to.saturating_sub(if streak.source == Source::Probes { SKEW } else { PARTIAL + DETECTION });
        let up = self.story.longest_up(since + SKEW, known_to.max(since + SKEW));
        // A limit: while nobody has seen a lock that the record does not know of, what the metrics say of it counts.
        let about_the_lock = self.standby.locked || self.book.unlocked_at.is_some_and(|at| at >= since);
        if up > most && !(self.book.lock_unknown && about_the_lock) {
            self.breaks(format!(
                "a failover began on a streak of {} s, and the primary was well for {} s of it",
                (to - since) / SECOND,
                up / SECOND
            ));
        }
    }

    fn check_progress(&mut self, worker: Worker, old: &State, was: &Execution, is: &Execution) {
        let changes_hands = (is.fence, &is.holder) != (was.fence, &was.holder);
        let changed = was.steps.iter().map(|step| &step.progress).ne(is.steps.iter().map(|step| &step.progress));
        if changed && is.holder != format!("worker-{worker}") {
            self.breaks("a worker that was taken over wrote the outcome of a step");
        }
        if (changed || changes_hands) && self.workers[worker].sent.fence != Some(is.fence) {
            self.breaks("a worker wrote with a fence that it was not granted");
        }
        if changes_hands {
            self.check_take_over(worker, old, was);
        }
        self.check_lapses(was, is);
        self.book.driven_at = self.now;
        if was.status != is.status {
            self.check_status(worker, was, is);
        }
    }

    fn check_take_over(&mut self, worker: Worker, old: &State, was: &Execution) {
        self.counts.takeovers += 1;
        self.workers[worker].claimed = true;
        if old.pause.is_some() {
            self.breaks("an execution was resumed while paused");
        }
        let on_its_way = self.now.saturating_sub(self.workers[worker].sent.at);
        let slack = CLAIM + 2 * SKEW + self.workers[worker].frozen_for + on_its_way;
        if !was.kind.activates_standby() || self.workers[worker].waives {
            return;
        }
        if was.status == Status::Completed && self.stood_still(was, slack) {
            let holdoff = u64::try_from(self.story.policy.holdoff.as_micros()).unwrap_or(0);
            let since = self.now.saturating_sub(holdoff + oldest_evidence() + slack);
            if self.story.longest_up(since, self.now) == self.now - since {
                self.breaks(
                    "a lock was missed long after it was set, and set again on a primary that was well all the time",
                );
            }
        }
        if !self.saw_well(worker) || !self.workers[worker].sent.saw_well {
            return;
        }
        if was.status == Status::Completed {
            self.breaks("a lock was set again on a primary that was seen to be well");
        } else if self.stood_still(was, slack) {
            self.breaks("work that had stood still went on, and the primary was seen to be well");
        }
    }

    /// True when `execution` was last driven longer ago than work may stand still, and `slack`.
    pub fn stood_still(&self, execution: &Execution, slack: Micros) -> bool {
        let latest = stamp(self.now, 0) + holdfast_core::policy::MOST_AHEAD;
        let last = execution.last_driven(latest);
        last.is_none_or(|at| micros(at) + STANDS_STILL + slack < self.now)
    }

    /// What is done stays done, unless somebody else took it back.
    fn check_lapses(&mut self, was: &Execution, is: &Execution) {
        let lapsed = |(was, is): &(&StepRecord, &StepRecord)| was.is_done() && !is.is_done();
        let lapsed: Vec<&str> =
            was.steps.iter().zip(&is.steps).filter(lapsed).map(|(step, _)| step.step.as_str()).collect();
        self.counts.lapsed += u64::from(!lapsed.is_empty());
        // What somebody else put there may call anything done, and what cannot be seen is not counted as done.
        let unseen = |note: &Note| note.text.ends_with("could not be seen");
        if self.book.begun_at.is_none() || is.notes.iter().any(unseen) {
            return;
        }
        for step in &lapsed {
            let taken_back = match *step {
                "scale" => self.book.scaled_down_at.is_some() || self.standby.replicas == 0,
                "lock" => self.book.unlocked_at.is_some() || !self.standby.locked,
                "unlock" => self.standby.locked,
                "rest" => self.standby.replicas > 0,
                "verify" => lapsed.len() > 1 || was.steps.iter().any(|step| !step.is_done()),
                _ => self.standby.has_stale(),
            };
            if !taken_back {
                self.breaks(format!("{step} was done, nobody took it back, and it is not done any more"));
            }
        }
    }
}
