//! What a worker saw of the primary, how many workers wait, and who is kept out: held against what they then do.

use super::{
    Micros,
    primary::DETECTION,
    seconds,
    story::LARGEST_SKEW_S,
    world::{Worker, World},
};

/// For so long the primary has to be well, and its metrics whole, before "the metrics show it" goes without saying.
const PLAINLY: Micros = seconds(360);
/// A probe proves something about now for so long, less what lies between it and a claim.
const FRESH: Micros = seconds(30);
/// And a failing one stands against metrics that say otherwise for so long, and what lies between it and a claim.
const DOUBTED: Micros = seconds(60 + 30);
/// No sleep for an attempt is longer; one between two looks is.
const ATTEMPT: Micros = seconds(5);
/// How long after the storm the marks of waiting calls are settled: one poll of each, and the mark of one that is dead.
const SETTLED: Micros = seconds(15 + 45 + 15);
/// How many may wait at once: one, and one that has not seen the other's mark yet.
const MOST_WAITERS: usize = 2;
/// How long an operator's call may be kept out where there are containers enough.
const KEPT_OUT: Micros = seconds(120);

impl World {
    /// True when this worker's clock is wrong by more than clocks may be.
    pub fn has_wrong_clock(&self, worker: Worker) -> bool {
        self.workers[worker].skew.unsigned_abs() > seconds(LARGEST_SKEW_S)
    }

    /// True when the last look of this worker showed it that the primary is well: its probe was answered, or its metrics
    /// were read while they could not but show it, and nothing else said otherwise.
    pub fn saw_well(&self, worker: Worker) -> bool {
        let facts = &self.workers[worker];
        if let Some((at, well)) = facts.probed
            && (well || at + DOUBTED > self.now)
        {
            // Who was frozen may have sent it long before.
            return well && facts.frozen_for == 0 && at + FRESH > self.now;
        }
        let Some(read) = facts.history_read else { return false };
        let since = read.saturating_sub(PLAINLY);
        let within = |at: Option<Micros>| at.is_some_and(|at| at + DETECTION >= since);
        let whole = read >= PLAINLY && self.checkers.lost.iter().all(|at| *at + seconds(60) < since);
        let gone = self.story.metrics_dead && !self.stormy();
        whole
            && !gone
            && !within(self.book.unlock_noted_at)
            && !self.has_wrong_clock(worker)
            && !self.standby.locked
            && !within(self.book.unlocked_at)
            && self.story.longest_up(since - DETECTION.min(since), read) >= PLAINLY
    }

    /// A worker sleeps. Sleeps that are longer than an attempt are those between two looks.
    pub fn sleeps(&mut self, worker: Worker, pause: Micros) {
        if pause <= ATTEMPT {
            return;
        }
        let until = self.now + pause;
        let facts = &mut self.workers[worker];
        facts.polls += 1;
        facts.polls_until = until;
        let (now, calm) = (self.now, self.story.calm);
        if now < calm + SETTLED {
            return;
        }
        let waits = |(number, facts): &(Worker, &super::world::WorkerFacts)| {
            facts.polls >= 2 && facts.polls_until > now && !facts.by_operator && !self.has_wrong_clock(*number)
        };
        let waiting = self.workers.iter().enumerate().filter(waits).count();
        if waiting > MOST_WAITERS {
            self.breaks(format!("{waiting} calls wait at once"));
        }
    }

    /// An operator's call finds every container busy, or does not; `people` of them with calls of other operators. Those
    /// wait as long as they were asked to (a failback for a primary that has been well for long enough), and a person who
    /// makes several such calls is kept out by nobody else.
    pub fn operator_comes(&mut self, gets_in: bool, people: usize) {
        if gets_in {
            self.book.kept_out_since = None;
            return;
        }
        let since = *self.book.kept_out_since.get_or_insert(self.now);
        let settled = self.now >= self.story.calm + SETTLED + KEPT_OUT;
        let left = self.story.concurrency.saturating_sub(people);
        if settled && left > MOST_WAITERS && self.now >= since + KEPT_OUT {
            self.breaks("an operator's call was kept out by calls that wait");
        }
    }
}
