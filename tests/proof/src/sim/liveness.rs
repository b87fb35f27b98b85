//! Liveness: what has to happen in the calm after the storm, and until when.

use holdfast_core::{Timestamp, kind::Kind, record::Execution};

use super::{
    Micros,
    primary::DETECTION,
    safety::STANDS_STILL,
    seconds,
    story::LARGEST_SKEW_S,
    world::{Deed, Event, World, micros, stamp},
};

/// A tick a minute.
const TICK: Micros = seconds(60);
/// A dead worker's lease, by clocks that differ.
const LEASE: Micros = seconds(30 + 2 * LARGEST_SKEW_S);
/// Three ticks that change nothing: what is on its way late (a minute at most) has come, a lease is over.
const QUIET: Micros = 3 * TICK;
/// A primary that was well for so long was seen to be, by metrics that lose a minute now and then.
const NOTICED: Micros = seconds(300);
/// A step that is driven: its calls in the calm.
const STEPS: Micros = seconds(10);

impl World {
    /// The storm is over: all APIs are back, nobody meddles, and whoever paused takes it back.
    pub fn calm(&mut self) {
        if self.stored.0.pause.take().is_some() {
            self.stored.1 += 1;
            self.book.paused_at = None;
        }
        if !self.story.never_rests() {
            self.promise_owed();
            self.promise_failover();
            self.promise_lock();
            self.promise_lock_seen();
        }
        self.at(self.story.end, Event::Deed(Box::new(World::at_the_end)));
    }

    fn promise(&mut self, at: Micros, look: impl FnOnce(&mut World) + Send + 'static) {
        if at < self.story.end {
            let deed: Deed = Box::new(move |world| {
                if !world.pressed {
                    world.counts.liveness += 1;
                    look(world);
                }
            });
            self.at(at, Event::Deed(deed));
        }
    }

    /// When the primary went down for good, if it did.
    fn dead_since(&self) -> Option<Micros> {
        self.story.down.last().filter(|(_, to)| *to >= self.story.end).map(|(from, _)| *from)
    }

    /// When evidence is about a primary that has been dead since `from`: the checkers see it, the next whole minute
    /// begins, the metrics arrive.
    fn seen_by(&self, from: Micros) -> Micros {
        self.now.max(from) + DETECTION + TICK + self.story.fault_rates.lag
    }

    /// True for work that is left to a person: it is none of ours, or it has stood still and the primary is well.
    fn is_left_to_a_person(&self, open: &Execution) -> bool {
        let foreign = self.book.foreign.as_ref() == Some(&open.id);
        foreign || self.dead_since().is_none_or(|at| at > self.story.calm) && self.stood_still(open, 0)
    }

    /// How long it takes to finish what is open: two ticks, and until the standby is up.
    fn finished_within(&self) -> Micros {
        LEASE + 2 * TICK + STEPS + self.story.start_up + TICK
    }

    /// What is open is finished two ticks later, and when the standby is up.
    fn promise_owed(&mut self) {
        let activates = |open: &&Execution| open.kind.activates_standby();
        let open = self.stored.0.open().filter(activates).filter(|open| !self.is_left_to_a_person(open));
        let Some(open) = open.map(|open| open.id.clone()) else { return };
        let seen = self.dead_since().map_or(self.now, |from| self.seen_by(from));
        let due = seen + self.finished_within();
        self.promise(due, move |world| {
            let current = world.stored.0.open().filter(|run| run.id == open);
            if let Some(run) = current.filter(|run| !world.is_left_to_a_person(run)) {
                let status = run.status;
                world.breaks(format!("{open} was open when the storm ended and is {status:?} still"));
            }
        });
    }

    /// A lock that is gone is set again on a primary that stays dead, and seen to be gone on one that is well.
    fn promise_lock(&mut self) {
        let stands = self.stored.0.failed_over() && !self.standby.locked;
        let well = !self.story.is_down(self.now)
            && self.story.longest_up(self.now, self.story.end) > self.story.end - self.now - 1;
        let from = self.dead_since().filter(|from| *from <= self.now);
        // By a clock that is wrong by hours, metrics say nothing.
        let tells = self.story.prober || !self.story.metrics_dead && self.story.wrong_clocks == 0.0;
        // A lock that is missed long after it was set needs the holdoff, proven since it was seen gone.
        let provable = from.is_some() && self.is_provable();
        if !stands || !(provable || well && tells) {
            return;
        }
        let holdoff = u64::try_from(self.story.policy.holdoff.as_micros()).unwrap_or(0);
        let due = self.seen_by(from.unwrap_or(self.now)) + holdoff + LEASE + 5 * TICK + STEPS;
        self.promise(due, |world| {
            let foreign =
                world.stored.0.current.as_ref().is_some_and(|run| world.book.foreign.as_ref() == Some(&run.id));
            if foreign {
                return;
            }
            if !world.standby.locked && world.stored.0.failed_over() {
                world.breaks(
                    "the lock was gone when the storm ended, and nobody has set it again or noted that it is gone",
                );
            }
        });
    }

    /// A lock that no execution of the record set is noted, so that what the metrics say of it is not held against the
    /// primary. Where the metrics are gone they say nothing of it either.
    fn promise_lock_seen(&mut self) {
        let unknown = |world: &World| world.standby.locked && world.stored.0.lock_is_news(stamp(world.now, 0), true);
        if !unknown(self) || self.story.metrics_dead || self.story.wrong_clocks > 0.0 {
            return;
        }
        let cooldown = u64::try_from(self.story.policy.cooldown.as_micros()).unwrap_or(0);
        let due = self.seen_by(self.now) + cooldown + LEASE + 3 * TICK;
        self.promise(due, move |world| {
            if unknown(world) {
                world.breaks("a lock stands that no execution set, and nobody has noted it");
            }
        });
    }

    /// A primary that stays dead is failed over within the holdoff and two ticks of the moment when that is possible.
    fn promise_failover(&mut self) {
        let Some(from) = self.dead_since().filter(|_| self.is_provable()) else { return };
        let time = |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(0);
        let cooldown = time(self.story.policy.cooldown);
        let holdoff = time(self.story.policy.holdoff);
        let proven = self.seen_by(from) + holdoff;
        // A call that is refused does not stay: where probes alone can prove it, they begin when the cooldown is over.
        let by_probes = self.story.metrics_dead || self.standby.locked || self.story.wrong_clocks > 0.0;
        let watched = if by_probes { holdoff } else { 0 };
        let noted = self.note.map(micros).filter(|at| *at <= self.now + LEASE);
        let begun_at = self.book.begun_at.max(noted);
        let allowed = begun_at.map_or(0, |at| at + cooldown + LEASE + watched);
        let due = proven.max(allowed) + 2 * TICK + LEASE + STEPS;
        let shown = self.now.max(from);
        let Some(asked_for) = self.begins_after() else {
            return self.promise(due + if by_probes { holdoff + TICK } else { 0 }, Self::must_be_announced);
        };
        if asked_for > 0 {
            return self.promise(due + asked_for + 2 * (holdoff + TICK), Self::must_be_failed_over);
        }
        self.promise(due, move |world| {
            if !(by_probes && world.watching_was_cut_short(shown)) {
                world.must_be_failed_over();
            }
        });
        if by_probes {
            self.promise(due + holdoff + TICK, Self::must_be_failed_over);
        }
    }

    /// A call that was at work already when the failure could first be shown may have ended before the holdoff: where only
    /// probes can prove the failure, the next call watches anew.
    fn watching_was_cut_short(&self, shown: Micros) -> bool {
        let deadline = u64::try_from(self.story.deadline.as_micros()).unwrap_or(0);
        self.workers.iter().any(|facts| facts.polls > 0 && facts.began < shown && facts.began + deadline > shown)
    }

    fn must_be_failed_over(&mut self) {
        let open = self.stored.0.open();
        let left = open.is_some_and(|open| self.is_left_to_a_person(open));
        // A worker whose record was put back under it may have set the lock in the calm: then only probes can prove it.
        let unprovable = open.is_none() && !self.is_provable();
        if !left && !unprovable && self.is_armed() && !self.standby.is_active() && !self.stored.0.failed_over() {
            self.breaks("the primary stays dead, all is well with the APIs, and it was not failed over");
        }
    }

    /// Whether the primary has been well for long enough to be noticed, since the site was set up or unlocked. Metrics from
    /// under a lock do not show it.
    pub(super) fn is_armed(&self) -> bool {
        let since = self.book.unlock_noted_at.unwrap_or(0);
        let before = self.book.locked_by_hand_at.unwrap_or(self.now).max(since);
        let after = self.book.unlocked_at.filter(|_| !self.standby.locked).unwrap_or(self.now).max(before);
        let noticed = |from, to| self.story.longest_up(from, to) >= NOTICED;
        self.stored.0.armed.is_some() || noticed(since, before) || noticed(after, self.now)
    }

    /// Whether anybody can prove that the primary fails: the metrics, unless they are gone or watch the lock; or the
    /// probe, when one invocation is long enough to watch the whole holdoff.
    pub(super) fn is_provable(&self) -> bool {
        let watching = self.story.policy.holdoff + std::time::Duration::from_secs(60);
        let probes = self.story.prober && self.story.deadline >= watching;
        // By a clock that is wrong by hours, metrics prove nothing.
        let metrics = !self.story.metrics_dead && !self.standby.locked && self.story.wrong_clocks == 0.0;
        probes || metrics
    }

    /// Ends the story where nothing more can happen: nothing is open, the primary is well for good or failed over, the
    /// cooldown is over, and all has been quiet for a while. What was still to be looked at is looked at now.
    pub fn ends_early(&mut self) -> bool {
        let dead = self.dead_since().is_some();
        let state = &self.stored.0;
        // A lock that is missing, or that nobody knows of, is still to be seen to.
        let news = state.lock_is_news(Timestamp::MIN, self.standby.locked);
        let settled = !self.stormy() && !news && state.open().is_none() && (state.failed_over() || !dead);
        if !settled {
            self.quiet_since = None;
            return false;
        }
        let since = *self.quiet_since.get_or_insert(self.now);
        let cooldown = u64::try_from(self.story.policy.cooldown.as_micros()).unwrap_or(0);
        let cooled = self.book.begun_at.map_or(0, |at| at + cooldown + 2 * TICK);
        if self.now < (since + QUIET).max(cooled) {
            return false;
        }
        self.story.end = self.now;
        for event in self.rest() {
            if let Event::Deed(look) = event {
                look(self);
            }
        }
        true
    }

    fn at_the_end(&mut self) {
        // A failback waits for a person.
        let is_ours = |open: &Execution| !self.pressed && open.kind != Kind::Failback;
        let Some(open) = self.stored.0.open().cloned().filter(is_ours) else { return };
        if self.story.never_rests() {
            // It is never given up.
            if !self.is_left_to_a_person(&open) && self.book.driven_at + STANDS_STILL < self.now {
                self.breaks("a manager takes an effect back for ever, and the execution was given up");
            }
        } else if self.book.begun_at.is_none_or(|at| at + self.finished_within() < self.now)
            && !self.is_left_to_a_person(&open)
        {
            self.breaks("an execution is open at the end of half an hour of calm");
        }
    }
}
