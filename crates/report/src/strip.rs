//! What was known of the primary when it was decided: the minutes of the history, and our own probes.

use holdfast_core::{
    evidence::{Datapoint, ProbeResult},
    record::Execution,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    source::MOST,
    words::{Scale, span, utc},
};

/// The least width of a cell, in thousandths of the strip: a probe is a moment.
const LEAST: f64 = 4.0;

/// The strip.
#[derive(Clone, Debug, Serialize)]
pub struct Strip {
    /// The moment of the look, in UTC.
    pub at: String,
    /// How long before it the strip begins, in words.
    pub before: String,
    /// Periods of the history.
    pub history: Vec<Cell>,
    /// Our own probes.
    pub probes: Vec<Cell>,
    /// What the sources could not tell, in words.
    pub silent: Vec<String>,
}

/// One period or one probe, in thousandths of the strip.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// Where it begins.
    pub x: f64,
    /// How long it is.
    pub width: f64,
    /// `well`, `part`, `failing` or `unknown`.
    pub class: &'static str,
    /// In words.
    pub text: String,
}

/// The strip of an execution; `None` where another version wrote evidence that this one does not know.
pub fn of(run: &Execution, pace: f64) -> Option<Strip> {
    let evidence = run.evidence.known()?;
    let period = run.policy.known().map_or(60.0, |policy| policy.period.as_secs_f64()) * pace;
    let mut silent = Vec::new();
    let mut points: Vec<Datapoint> = match &evidence.history {
        Some(Ok(history)) => history.points.iter().take(MOST).copied().collect(),
        Some(Err(fault)) => {
            silent.push(format!("the history could not be read: {fault}"));
            Vec::new()
        }
        None => Vec::new(),
    };
    points.sort_by_key(|point| point.start);
    let probes = evidence.probes.iter().take(MOST);
    let first = points.iter().map(|point| point.start).chain(probes.clone().map(|probe| probe.at)).min();
    let scale = Scale { zero: first.unwrap_or(evidence.at), pace };
    let length = scale.seconds(evidence.at).max(1.0);
    let place = |at: Timestamp, width: f64| {
        let x = (scale.seconds(at) / length * 1000.0).clamp(0.0, 1000.0 - LEAST);
        (x.round(), (width / length * 1000.0).min(1000.0 - x).max(LEAST).round())
    };
    let cell = |(x, width): (f64, f64), class, text| Cell { x, width, class, text };
    let history = points.iter().map(|point| {
        let class = match () {
            () if point.maximum == 0.0 => "failing",
            () if point.minimum >= 1.0 => "well",
            () => "part",
        };
        cell(place(point.start, period), class, format!("{}: {}", utc(point.start), meaning(class)))
    });
    let history: Vec<Cell> = history.collect();
    let probed = probes.map(|probe| {
        let (class, found) = match &probe.result {
            ProbeResult::Healthy { said } => ("well", said),
            ProbeResult::Failing { why } => ("failing", why),
            ProbeResult::Inconclusive { why } => ("unknown", why),
        };
        cell(place(probe.at, 0.0), class, format!("{}: {}: {found}", utc(probe.at), meaning(class)))
    });
    Some(Strip { at: utc(evidence.at), before: span(length), probes: probed.collect(), history, silent })
}

fn meaning(class: &str) -> &'static str {
    match class {
        "failing" => "failing",
        "well" => "well",
        "part" => "failing in part",
        _ => "could not tell",
    }
}
