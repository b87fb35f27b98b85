//! The facts of the page. They are its JSON too.

use serde::Serialize;

use crate::{
    headline, open,
    source::{Call, MOST, Promise, Source},
    steps,
    strip::{self, Strip},
    timeline::{self, Timeline},
    words,
};

/// The version of the JSON. It is raised when a field is taken away or means something else.
pub const SCHEMA: u32 = 1;

/// Everything that the page says.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// See [`SCHEMA`].
    pub schema: u32,
    /// The site pair, or the scenario.
    pub name: String,
    /// What it is a report of: the kind and the id of the execution.
    pub title: String,
    /// When it began, in UTC.
    pub began: Option<String>,
    /// What happened, in a sentence.
    pub headline: String,
    /// True when it is done and every promise that was checked was kept.
    pub good: bool,
    /// Seconds of the page per second of the machine: more than 1 for a drill. Sentences of the record are in the machine's.
    pub pace: f64,
    /// What happens in the scenario of a drill.
    pub summary: Option<String>,
    /// The four figures.
    pub figures: Vec<Figure>,
    /// What happened when.
    pub timeline: Timeline,
    /// What was known of the primary when it was decided.
    pub evidence: Option<Strip>,
    /// What was decided and why.
    pub decision: Option<Judgement>,
    /// The steps.
    pub steps: Vec<StepRow>,
    /// API calls.
    pub calls: Vec<Call>,
    /// Promises.
    pub promises: Vec<Promise>,
    /// Notes in the record.
    pub notes: Vec<String>,
    /// What was not verified.
    pub unverified: Vec<String>,
}

/// A number that a reader looks for first.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Figure {
    /// What it measures.
    pub name: &'static str,
    /// In seconds, where it is known.
    pub seconds: Option<f64>,
    /// In words.
    pub value: String,
    /// From when to when, or why it is not known.
    pub note: String,
}

/// A decision in words.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement {
    /// What was decided.
    pub verdict: String,
    /// Who or what asked.
    pub asked_by: String,
    /// Why, in the order of the gates.
    pub reasons: Vec<String>,
    /// Gates that a person waived.
    pub waived: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepRow {
    /// Its name.
    pub step: String,
    /// How far it is.
    pub state: &'static str,
    /// Whether that is as it must be.
    pub good: bool,
    /// What was there before.
    pub before: String,
    /// What was seen last, or why it is not done.
    pub found: String,
    /// How many times its effect was sent.
    pub attempts: u32,
    /// How long it took, in words.
    pub took: String,
}

impl Report {
    /// The report of a source.
    pub fn of(source: &Source<'_>) -> Self {
        let run = source.run;
        let seen = source.seen.as_ref();
        let promises: Vec<Promise> = seen.map(|seen| capped(&seen.promises)).unwrap_or_default();
        let kept = promises.iter().all(|promise| promise.kept);
        Self {
            schema: SCHEMA,
            name: source.name.to_owned(),
            title: run.map_or_else(|| "nothing was begun".to_owned(), |run| format!("{} {}", run.kind, run.id)),
            began: run.map(|run| words::utc(run.started_at)),
            headline: headline::sentence(source),
            good: kept && run.is_none_or(|run| run.steps.iter().all(holdfast_core::record::StepRecord::is_done)),
            pace: source.pace,
            summary: source.summary.map(str::to_owned),
            figures: headline::figures(source),
            timeline: timeline::of(source),
            evidence: run.and_then(|run| strip::of(run, source.pace)),
            decision: run.map(steps::judgement),
            steps: run.map(|run| steps::rows(run, source.pace)).unwrap_or_default(),
            calls: seen.map(|seen| capped(&seen.calls)).unwrap_or_default(),
            promises,
            notes: run.map(|run| run.notes.iter().map(|note| note.text.clone()).collect()).unwrap_or_default(),
            unverified: open::unverified(source),
        }
    }
}

fn capped<T: Clone>(all: &[T]) -> Vec<T> {
    all.iter().take(MOST).cloned().collect()
}
