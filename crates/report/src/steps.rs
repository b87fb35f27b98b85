//! The steps and the decision, in words.

use holdfast_core::record::{Execution, Progress, Trigger};
use serde_json::Value;

use crate::{
    report::{Judgement, StepRow},
    words::{Scale, span},
};

/// What was decided and why.
pub fn judgement(run: &Execution) -> Judgement {
    let unknown = || "another version wrote it, and this one does not understand it".to_owned();
    let decision = run.decision.known();
    let verdict = decision.and_then(|decision| {
        let value = serde_json::to_value(decision.verdict).ok()?;
        value.get("verdict").and_then(Value::as_str).map(|word| word.replace('_', " "))
    });
    let asked = match run.trigger.known() {
        Some(Trigger::Alarm { name, .. }) => format!("the alarm {name}"),
        Some(Trigger::Tick) => "the timer".to_owned(),
        Some(Trigger::Operator) => "a person".to_owned(),
        None => unknown(),
    };
    let by = run.caller.as_ref().map(|caller| format!(" ({caller})")).unwrap_or_default();
    let why = run.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Judgement {
        verdict: verdict.unwrap_or_else(unknown),
        asked_by: format!("{asked}{by}{why}"),
        reasons: decision.map(|it| it.reasons.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        waived: run.overrides.iter().filter_map(|gate| gate.known()).map(|gate| gate.name().to_owned()).collect(),
    }
}

/// One row for each step.
pub fn rows(run: &Execution, pace: f64) -> Vec<StepRow> {
    let scale = Scale { zero: run.started_at, pace };
    let row = |step: &holdfast_core::record::StepRecord| {
        let (state, found) = match &step.progress {
            Progress::Done { changed: true } => ("done", step.found.clone()),
            Progress::Done { changed: false } => ("as it must be", step.found.clone()),
            Progress::Pending => ("not reached", step.found.clone()),
            Progress::Owed { why } => ("owed", why.to_string()),
            Progress::Failing { why } => ("failing", why.to_string()),
        };
        let times = step.started_at.zip(step.ended_at);
        StepRow {
            step: step.step.clone(),
            state,
            good: step.is_done(),
            before: step.before.as_ref().map(|before| before.found.clone()).unwrap_or_default(),
            found,
            attempts: step.attempts,
            took: times.map(|(from, to)| span(scale.length(from, to))).unwrap_or_default(),
        }
    };
    run.steps.iter().map(row).collect()
}
