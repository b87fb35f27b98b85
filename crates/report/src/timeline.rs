//! What happened when, drawn to scale: one lane for each thing that took time.

use holdfast_core::{policy::Policy, record::Trigger};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    headline::failing_since,
    source::{Event, Lane as Of, MOST, Source},
    words::{Scale, span, utc},
};

/// The least width of a bar, in thousandths of the drawing: a step of milliseconds is still seen.
const LEAST: f64 = 4.0;

/// How many marks the axis has, beside that of zero.
const TICKS: u32 = 4;

/// The drawing.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// What second 0 is, in UTC.
    pub zero: Option<String>,
    /// How long it is, seconds.
    pub length_s: f64,
    /// Marks of the axis: percent of the length, and the time in words.
    pub ticks: Vec<Tick>,
    /// From top to bottom.
    pub lanes: Vec<Lane>,
}

/// A mark of the axis.
#[derive(Clone, Debug, Serialize)]
pub struct Tick {
    /// Percent of the length.
    pub at: f64,
    /// The time since zero.
    pub text: String,
}

/// One lane.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// What it shows.
    pub name: String,
    /// What it took against its budget, in words.
    pub took: String,
    /// Whether it was within its budget; `None` where it has none.
    pub within: Option<bool>,
    /// Where the budget ends, in thousandths of the length.
    pub budget: Option<f64>,
    /// Spans.
    pub bars: Vec<Bar>,
    /// Moments.
    pub marks: Vec<Mark>,
}

/// A span, in thousandths of the length.
#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    /// Where it begins.
    pub x: f64,
    /// How long it is.
    pub width: f64,
    /// What it is, for its colour: `failing`, `wait`, `done` or `open`.
    pub class: &'static str,
    /// In words.
    pub text: String,
}

/// A moment, in thousandths of the length.
#[derive(Clone, Debug, Serialize)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// When, since zero.
    pub at: String,
    /// What.
    pub text: String,
}

/// Places in the drawing.
struct Drawing {
    scale: Scale,
    length: f64,
}

impl Drawing {
    fn x(&self, at: Timestamp) -> f64 {
        round((self.scale.seconds(at) / self.length * 1000.0).clamp(0.0, 1000.0))
    }

    fn bar(&self, from: Timestamp, to: Timestamp, class: &'static str, text: String) -> Bar {
        let x = self.x(from).min(1000.0 - LEAST);
        Bar { x, width: (round(self.x(to) - x)).max(LEAST), class, text }
    }

    fn marks(&self, events: &[&Event]) -> Vec<Mark> {
        let mark = |event: &&Event| Mark {
            x: self.x(event.at).min(1000.0 - LEAST),
            at: span(self.scale.seconds(event.at)),
            text: event.text.clone(),
        };
        events.iter().map(mark).collect()
    }
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// The drawing of a source.
pub fn of(source: &Source<'_>) -> Timeline {
    let mut events: Vec<&Event> = source.seen.iter().flat_map(|seen| &seen.events).take(MOST).collect();
    events.sort_by_key(|event| event.at);
    let begin = failing_since(source).or(source.run.map(|run| run.started_at)).or(events.first().map(|one| one.at));
    let Some(zero) = begin else {
        return Timeline { zero: None, length_s: 0.0, ticks: Vec::new(), lanes: Vec::new() };
    };
    let scale = Scale { zero, pace: source.pace };
    let steps = source.run.iter().flat_map(|run| &run.steps).filter_map(|step| step.ended_at);
    let run_ends = source.run.and_then(|run| run.finished_at);
    let last = steps.chain(run_ends).chain(events.iter().map(|event| event.at)).max().unwrap_or(zero);
    let drawing = Drawing { scale, length: scale.seconds(last).max(1.0) };
    let mut lanes: Vec<Lane> = detection(source, &events, &drawing).into_iter().collect();
    lanes.extend(waiting(source, &drawing));
    lanes.extend(source.run.iter().flat_map(|run| &run.steps).filter_map(|step| {
        let (from, to) = (step.started_at?, step.ended_at?);
        let (class, word) = if step.is_done() { ("done", "done") } else { ("open", "not done") };
        let took = format!("{word}, {}", span(scale.length(from, to)));
        let bars = vec![drawing.bar(from, to, class, took.clone())];
        Some(Lane { name: step.step.clone(), took, within: None, budget: None, bars, marks: Vec::new() })
    }));
    lanes.extend(seen_lanes(&events, &drawing));
    let ticks = (0..=TICKS).map(|number| {
        let part = f64::from(number) / f64::from(TICKS);
        Tick { at: part * 100.0, text: span(drawing.length * part) }
    });
    Timeline { zero: Some(utc(zero)), length_s: drawing.length, ticks: ticks.collect(), lanes }
}

/// From the failure to the alarm: by the record, where an alarm made us look; else the last that was seen before the execution.
fn detection(source: &Source<'_>, events: &[&Event], drawing: &Drawing) -> Option<Lane> {
    let own: Vec<&Event> = events.iter().copied().filter(|event| event.lane == Of::Detection).collect();
    let alarm = source.run.and_then(|run| match run.trigger.known() {
        Some(Trigger::Alarm { changed_at, .. }) => *changed_at,
        _ => None,
    });
    let seen = || own.iter().map(|event| event.at).rfind(|at| source.run.is_none_or(|run| *at <= run.started_at));
    let (from, to) = (failing_since(source)?, alarm.or_else(seen)?);
    let took = format!("{}; no budget", span(drawing.scale.length(from, to)));
    let bars = vec![drawing.bar(from, to, "failing", "until the alarm".to_owned())];
    Some(Lane { name: "detection".into(), took, within: None, budget: None, bars, marks: drawing.marks(&own) })
}

/// The holdoff.
fn waiting(source: &Source<'_>, drawing: &Drawing) -> Vec<Lane> {
    let (Some(run), Some(since)) = (source.run, failing_since(source)) else { return Vec::new() };
    let policy = run.policy.known();
    let waited = drawing.scale.length(since, run.started_at);
    let budget = policy.map(|policy| longest_wait(policy).as_secs_f64() * source.pace);
    let took = match (policy, budget) {
        (Some(policy), Some(budget)) => {
            let holdoff = span(policy.holdoff.as_secs_f64() * source.pace);
            format!("{}; holdoff {holdoff}, budget {}", span(waited), span(budget))
        }
        _ => span(waited),
    };
    let bars = vec![drawing.bar(since, run.started_at, "wait", "failing, until the execution began".to_owned())];
    vec![Lane {
        name: "holdoff".into(),
        took,
        within: budget.map(|budget| waited <= budget),
        budget: budget.map(|budget| round((budget / drawing.length * 1000.0).min(1000.0))),
        bars,
        marks: Vec::new(),
    }]
}

/// The longest that an execution should begin after the failure: the holdoff, the period of the history in which the
/// failure began and the one that is not complete yet, and a poll.
fn longest_wait(policy: &Policy) -> std::time::Duration {
    policy.holdoff.saturating_add(policy.period.saturating_mul(2)).saturating_add(policy.poll)
}

/// What was seen from outside.
fn seen_lanes(events: &[&Event], drawing: &Drawing) -> Vec<Lane> {
    let is_dns = |lane: Of| matches!(lane, Of::Dns { .. });
    let lanes: [(&str, &dyn Fn(Of) -> bool); 3] =
        [("primary", &|lane| lane == Of::Primary), ("DNS", &is_dns), ("pods", &|lane| matches!(lane, Of::Pods { .. }))];
    let lane = |(name, is): &(&str, &dyn Fn(Of) -> bool)| {
        let own: Vec<&Event> = events.iter().copied().filter(|event| is(event.lane)).collect();
        let took = format!("last change at {}; no budget", span(drawing.scale.seconds(own.last()?.at)));
        let marks = drawing.marks(&own);
        Some(Lane { name: (*name).to_owned(), took, within: None, budget: None, bars: Vec::new(), marks })
    };
    lanes.iter().filter_map(lane).collect()
}
