//! How long the primary is proven to have been failing.
//!
//! What counts is time that is *proven*. A datapoint proves failure of its whole period only when no healthy
//! sample lies in it. The streak is the unbroken run of such periods up to the freshest complete one. Where
//! the history cannot speak (unreadable, stale, about a locked health check) our own probes do.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::{later, until},
    evidence::{Datapoint, History, Probe, ProbeResult},
    policy::{MissingData, Policy, seconds},
};

/// Where a judgement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The metric history.
    History,
    /// Our own probes.
    Probes,
    /// The history, and our own probes for the time since its freshest point.
    Both,
}

/// A hole in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where data ends.
    pub from: Timestamp,
    /// Where data begins again.
    pub to: Timestamp,
}

/// An unbroken run of failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Streak {
    /// Start of the first period that is proven failing.
    pub since: Timestamp,
    /// End of the last one.
    pub to: Timestamp,
    /// The proven failing time in it; holes are not counted unless the policy says so.
    #[serde(with = "seconds", rename = "proven_s")]
    pub proven: Duration,
    /// Which source proves it.
    pub source: Source,
    /// The holes: those inside the streak, and last the one that ended it, if one did.
    pub gaps: Vec<Gap>,
}

/// What one source says about the primary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Health {
    /// A healthy sample is the freshest thing known.
    Healthy {
        /// The end of what is known to be healthy.
        at: Timestamp,
    },
    /// Failing without a break.
    Failing(Streak),
    /// The source says nothing about now.
    Silent {
        /// Why not.
        why: String,
    },
}

/// Judges the history. `not_before` cuts off what is older: data from the time when the health check was locked
/// says nothing about the primary.
pub fn judge_history(history: &History, not_before: Option<Timestamp>, policy: &Policy, now: Timestamp) -> Health {
    let periods = periods(history, not_before, now);
    let complete = |start: Timestamp| later(start, policy.period) <= now;
    if let Some((start, _)) = periods.iter().next_back().filter(|(start, max)| !complete(**start) && **max > 0.0) {
        return Health::Healthy { at: *start };
    }
    let mut newest_first = periods.iter().rev().filter(|(start, _)| complete(**start)).map(|(s, m)| (*s, *m));
    let Some((start, maximum)) = newest_first.next() else {
        return Health::Silent { why: "the history holds no complete period".to_owned() };
    };
    let end = later(start, policy.period);
    let age = until(end, now);
    if age > policy.stale_after {
        let (age, allowed) = (age.as_secs_f64(), policy.stale_after.as_secs_f64());
        return Health::Silent {
            why: format!("the freshest period ended {age:.0} s ago, more than the {allowed:.0} s allowed"),
        };
    }
    if maximum > 0.0 {
        return Health::Healthy { at: end };
    }
    Health::Failing(streak(start, newest_first, policy))
}

/// Walks back from the freshest failing period at `newest`.
fn streak(newest: Timestamp, older: impl Iterator<Item = (Timestamp, f64)>, policy: &Policy) -> Streak {
    let counts = policy.missing == MissingData::CountsAsFailing;
    let mut streak = Streak {
        since: newest,
        to: later(newest, policy.period),
        proven: policy.period,
        source: Source::History,
        gaps: Vec::new(),
    };
    for (start, maximum) in older {
        let end = later(start, policy.period);
        let hole = until(end, streak.since);
        if maximum > 0.0 {
            break;
        }
        if !hole.is_zero() {
            streak.gaps.push(Gap { from: end, to: streak.since });
        }
        if hole > policy.period && !counts {
            break;
        }
        // Periods may overlap when a store aligns them differently; time is counted once.
        let covered = until(start, streak.since.min(end));
        let bridged = if counts { hole } else { Duration::ZERO };
        streak.proven = streak.proven.saturating_add(covered).saturating_add(bridged);
        streak.since = start;
    }
    streak
}

/// Start of period to its best sample; one entry for each start, nonsense and the future left out.
fn periods(history: &History, not_before: Option<Timestamp>, now: Timestamp) -> BTreeMap<Timestamp, f64> {
    let mut periods: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for point in history.points.iter().filter(|point| is_sound(point) && point.start <= now) {
        if not_before.is_none_or(|cut| point.start >= cut) {
            let best = periods.entry(point.start).or_insert(point.maximum);
            *best = best.max(point.maximum);
        }
    }
    periods
}

/// A point whose numbers cannot be a health status is no evidence of anything.
fn is_sound(point: &Datapoint) -> bool {
    (0.0..=1.0).contains(&point.minimum) && (0.0..=1.0).contains(&point.maximum) && point.minimum <= point.maximum
}

/// The end of the last period in which the history saw the primary well.
pub fn well_until(
    history: &History,
    not_before: Option<Timestamp>,
    policy: &Policy,
    now: Timestamp,
) -> Option<Timestamp> {
    let periods = periods(history, not_before, now);
    periods.iter().rev().find(|(_, maximum)| **maximum > 0.0).map(|(start, _)| later(*start, policy.period))
}

/// True for a probe that came to a conclusion about the primary. A failing one did only when something else outside
/// answered by the same way: else it may only show that we are cut off.
fn is_conclusive(probe: &Probe) -> bool {
    match probe.result {
        ProbeResult::Healthy { .. } => true,
        ProbeResult::Failing { .. } => probe.controls.iter().any(|control| control.answered),
        ProbeResult::Inconclusive { .. } => false,
    }
}

/// The newest probe, when no control target answered with it: it failed, or could not tell while all of them were silent
/// (a way out that is lost takes name resolution along).
pub fn cut_off(probes: &[Probe]) -> Option<&Probe> {
    let newest = probes.iter().max_by_key(|probe| probe.at)?;
    let answered = newest.controls.iter().any(|control| control.answered);
    let is_cut_off = match newest.result {
        ProbeResult::Healthy { .. } => false,
        ProbeResult::Failing { .. } => !answered,
        ProbeResult::Inconclusive { .. } => !answered && !newest.controls.is_empty(),
    };
    is_cut_off.then_some(newest)
}

/// Judges our own probes. A failing probe proves one instant, and that only when a control target answered with it; two in a row prove the time in between, as long as the
/// watching had no gap. Of two at the same instant the healthy one counts.
pub fn judge_probes(probes: &[Probe], policy: &Policy, now: Timestamp) -> Health {
    let mut known: Vec<_> = probes.iter().filter(|probe| is_conclusive(probe)).collect();
    known.sort_by_key(|probe| (probe.at, matches!(probe.result, ProbeResult::Healthy { .. })));
    let mut known = known.into_iter().rev();
    let Some(newest) = known.next() else {
        return Health::Silent { why: "no probe of the primary came to a conclusion".to_owned() };
    };
    if until(newest.at, now) > policy.probe_gap() {
        return Health::Silent { why: "the last conclusive probe is too old".to_owned() };
    }
    if matches!(newest.result, ProbeResult::Healthy { .. }) {
        return Health::Healthy { at: newest.at };
    }
    let mut since = newest.at;
    let mut gaps = Vec::new();
    for probe in known {
        if matches!(probe.result, ProbeResult::Healthy { .. }) {
            break;
        }
        if until(probe.at, since) > policy.probe_gap() {
            gaps.push(Gap { from: probe.at, to: since });
            break;
        }
        since = since.min(probe.at);
    }
    Health::Failing(Streak { since, to: newest.at, proven: until(since, newest.at), source: Source::Probes, gaps })
}

/// Prolongs what the history proves by what the probes prove since: both say failing, and the watching had no gap.
/// Metrics lag behind by a minute or more; two witnesses that agree need not wait for the lag. The time between the
/// freshest point and the first probe is proven by neither and is not counted.
pub fn prolong(history: Streak, probes: &Streak, policy: &Policy) -> Streak {
    let unbroken = until(history.to, probes.since) <= policy.probe_gap();
    if !unbroken || probes.to <= history.to {
        return history;
    }
    let mut streak = Streak { to: probes.to, source: Source::Both, ..history };
    streak.proven = streak.proven.saturating_add(until(history.to.max(probes.since), probes.to));
    if probes.since > history.to {
        streak.gaps.insert(0, Gap { from: history.to, to: probes.since });
    }
    streak
}

/// What history and probes prove together: the history prolonged, or the probes alone where they prove more. Metrics
/// that begin anew in the middle of an outage must not take back what was proven without them. Probes from before the
/// history last saw the primary well (`well_until`) prove nothing.
pub fn together(history: Streak, probes: Streak, well_until: Option<Timestamp>, policy: &Policy) -> Streak {
    let prolonged = prolong(history, &probes, policy);
    let since = well_until.map_or(probes.since, |end| end.max(probes.since));
    let alone = Streak { proven: until(since, probes.to), since, ..probes };
    if alone.proven > prolonged.proven { alone } else { prolonged }
}

#[cfg(test)]
mod tests;
