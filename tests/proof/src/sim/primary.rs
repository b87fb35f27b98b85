//! The primary's checkers and their metrics.

use super::{Micros, seconds};

/// How often the checkers look, and after how many equal looks they change their mind: the usual health check.
pub const SAMPLE_EVERY: Micros = seconds(10);
const THRESHOLD: u32 = 3;

/// How long after the primary the checkers change their mind at most.
pub const DETECTION: Micros = seconds(30);

/// One sample of the health check's status.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// When.
    pub at: Micros,
    /// What the checkers thought.
    pub healthy: bool,
}

/// The checkers.
#[derive(Debug)]
pub struct Checkers {
    healthy: bool,
    contrary: u32,
    /// All samples, oldest first.
    pub samples: Vec<Sample>,
    /// Starts of the minutes that the metric store lost.
    pub lost: Vec<Micros>,
}

impl Checkers {
    /// Checkers that have watched the primary for long.
    pub fn of(healthy: bool) -> Self {
        Self { healthy, contrary: 0, samples: Vec::new(), lost: Vec::new() }
    }

    /// They look once.
    pub fn sample(&mut self, at: Micros, answers: bool) {
        if answers == self.healthy {
            self.contrary = 0;
        } else {
            self.contrary += 1;
            if self.contrary >= THRESHOLD {
                self.healthy = answers;
                self.contrary = 0;
            }
        }
        self.samples.push(Sample { at, healthy: self.healthy });
    }

    /// Worst and best sample by minute, of what has arrived by `until` and is no older than `from`.
    pub fn minutes(&self, from: Micros, until: Micros) -> Vec<(Micros, bool, bool)> {
        let minute = seconds(60);
        let mut minutes: Vec<(Micros, bool, bool)> = Vec::new();
        let newest_first = self.samples.iter().rev().skip_while(|sample| sample.at > until);
        for sample in newest_first.take_while(|sample| sample.at >= from) {
            let start = sample.at / minute * minute;
            match minutes.last_mut().filter(|last| last.0 == start) {
                Some(last) => *last = (start, last.1 && sample.healthy, last.2 || sample.healthy),
                None => minutes.push((start, sample.healthy, sample.healthy)),
            }
        }
        minutes.retain(|(start, ..)| !self.lost.contains(start));
        minutes
    }
}
