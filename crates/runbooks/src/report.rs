//! What every function says of an answer, in one line of its log.

use holdfast_core::{engine::Answer, record::StepRecord};
use serde_json::{Value, json};

/// One line that says how an invocation ended.
pub fn log(answer: &Answer) {
    let execution = answer.execution.as_deref();
    let steps = execution.map(|execution| {
        let step = |step: &StepRecord| {
            json!({"step": step.step, "progress": step.progress, "attempts": step.attempts, "found": step.found})
        };
        Value::Array(execution.steps.iter().map(step).collect()).to_string()
    });
    tracing::info!(
        outcome = answer.outcome.label(),
        failing_for_s = answer.failing_for_s,
        execution = execution.map(|execution| execution.id.as_str()),
        looks = answer.looks,
        steps,
        "{}",
        answer.says.join("; ")
    );
}
