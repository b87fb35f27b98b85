//! Liveness: what has to happen in the calm after the storm, and until when.

use holdfast_core::record::Status;

use super::{
    Micros,
    primary::DETECTION,
    seconds,
    story::LARGEST_SKEW_S,
    world::{Deed, Event, World},
};

/// A tick a minute.
const TICK: Micros = seconds(60);
/// A dead worker's lease, by clocks that differ.
const LEASE: Micros = seconds(30 + 2 * LARGEST_SKEW_S);
/// Three ticks that change nothing: what is on its way late (a minute at most) has come, a lease is over.
const QUIET: Micros = 3 * TICK;
/// A step that is driven: its calls in calm weather.
const STEPS: Micros = seconds(10);

impl World {
    /// The storm is over: all APIs are back, nobody meddles, and whoever paused takes it back.
    pub fn calm(&mut self) {
        if self.stored.0.pause.take().is_some() {
            self.stored.1 += 1;
            self.book.paused_at = None;
        }
        self.promise_owed();
        self.promise_failover();
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

    /// What is open is finished two ticks later, and when the standby is up.
    fn promise_owed(&mut self) {
        let Some(open) = self.stored.0.open().map(|open| open.id.clone()) else { return };
        if self.book.undone_while_open {
            return;
        }
        let due = self.now + LEASE + 2 * TICK + STEPS + self.story.start_up + TICK;
        self.promise(due, move |world| {
            let current = world.stored.0.current.as_ref();
            let ended = current.is_some_and(|run| run.id != open || run.status == Status::Completed);
            if !ended {
                let status = current.map(|run| run.status);
                world.breaks(format!("{open} was open when the storm ended and is {status:?} still"));
            }
        });
    }

    /// A primary that stays dead is failed over within the holdoff and two ticks of the moment when that is possible.
    fn promise_failover(&mut self) {
        let Some((from, to)) = self.story.down.last().copied() else { return };
        if to < self.story.end || !self.is_provable() || self.book.undone_while_open {
            return;
        }
        let time = |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(0);
        let cooldown = time(self.story.policy.cooldown);
        // The checkers see it, the next whole minute begins, the metrics arrive.
        let seen = self.now.max(from) + DETECTION + TICK + self.story.weather.lag;
        let holdoff = time(self.story.policy.holdoff);
        let proven = seen + holdoff;
        // A call that is refused does not stay: where probes alone can prove it, they begin when the cooldown is over.
        let watched = if self.story.metrics_dead || self.standby.locked { holdoff } else { 0 };
        let allowed = self.book.begun_at.map_or(0, |at| at + cooldown + LEASE + watched);
        let due = proven.max(allowed) + 2 * TICK + LEASE + STEPS;
        self.promise(due, |world| {
            if !world.standby.is_active() && !world.stored.0.failed_over() {
                world.breaks("the primary stays dead, all is well with the APIs, and it was not failed over");
            }
        });
    }

    /// Whether anybody can prove that the primary fails: the metrics, unless they are gone or watch the lock; or the
    /// probe, when one invocation is long enough to watch the whole holdoff.
    fn is_provable(&self) -> bool {
        let watching = self.story.policy.holdoff + std::time::Duration::from_secs(60);
        let probes = self.story.prober && self.story.deadline >= watching;
        probes || !self.story.metrics_dead && !self.standby.locked
    }

    /// Ends the story where nothing more can happen: nothing is open, the primary is well for good or failed over, the
    /// cooldown is over, and all has been quiet for a while. What was still to be looked at is looked at now.
    pub fn ends_early(&mut self) -> bool {
        let dead = self.story.down.last().is_some_and(|(_, to)| *to >= self.story.end);
        let state = &self.stored.0;
        let settled = !self.stormy() && state.open().is_none() && (state.failed_over() || !dead);
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
        if self.stored.0.open().is_some() && !self.book.undone_while_open && !self.pressed {
            self.breaks("an execution is open at the end of half an hour of calm");
        }
    }
}
