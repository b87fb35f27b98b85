//! What one run, and many, came to.

use super::{
    Micros, SECOND,
    world::{Counts, Worker},
};

/// One run.
#[derive(Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// The promises that were broken in it.
    pub broken: Vec<String>,
    /// What was counted.
    pub counts: Counts,
    /// How much time passed in it.
    pub simulated: Micros,
    /// What happened: when, to whom, what. Empty unless asked for.
    pub told: Vec<(Micros, Worker, String)>,
}

impl Report {
    /// The line that plays it again.
    pub fn replay(&self) -> String {
        format!("make simulate SEED={}    # {}", self.seed, self.broken.join("; "))
    }
}

/// Many runs.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many.
    pub runs: u64,
    /// The lines that play those again in which a promise was broken.
    pub failures: Vec<String>,
    /// What was counted in all of them.
    pub counts: Counts,
    /// Simulated time of all of them.
    pub simulated: Micros,
}

impl Tally {
    /// Takes one run in.
    pub fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.simulated += report.simulated;
        if !report.broken.is_empty() {
            self.failures.push(report.replay());
        }
        self.count(&report.counts);
    }

    /// Takes another tally in.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.simulated += other.simulated;
        self.failures.extend(other.failures);
        self.count(&other.counts);
    }

    fn count(&mut self, more: &Counts) {
        let all = &mut self.counts;
        all.invocations += more.invocations;
        all.calls += more.calls;
        all.faults += more.faults;
        all.crashes += more.crashes;
        all.timed_out += more.timed_out;
        all.most_at_once = all.most_at_once.max(more.most_at_once);
        all.begun += more.begun;
        all.takeovers += more.takeovers;
        all.completed += more.completed;
        all.effects += more.effects;
        all.fenced += more.fenced;
        all.late += more.late;
        all.liveness += more.liveness;
        all.lapsed += more.lapsed;
        all.taken_back += more.taken_back;
    }

    /// The figures in words.
    pub fn words(&self) -> String {
        let all = &self.counts;
        let years = self.simulated as f64 / SECOND as f64 / (365.25 * 86_400.0);
        format!(
            "{} runs, {} failed; {years:.2} simulated years; {} invocations (at most {} at once), {} calls, \
             {} of them met a fault; {} workers died in a call, {} were ended by the time limit; {} failovers begun, \
             {} taken over, {} completed; {} effects, {} refused by a fence, {} calls took effect after their caller \
             had given up; {} times what was done had to be driven again; {} times a failback or a rehearsal took \
             an effect back; {} promises of liveness fell due",
            self.runs,
            self.failures.len(),
            all.invocations,
            all.most_at_once,
            all.calls,
            all.faults,
            all.crashes,
            all.timed_out,
            all.begun,
            all.takeovers,
            all.completed,
            all.effects,
            all.fenced,
            all.late,
            all.lapsed,
            all.taken_back,
            all.liveness,
        )
    }
}
