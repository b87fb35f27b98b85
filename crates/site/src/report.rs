//! What every function says of an answer: one line of its log, and the document that the caller gets.
//!
//! Everything that comes from outside is bounded where it enters. It is bounded here once more: a record may have been
//! written by somebody else, and one long text in it must not become a long line at each tick.

use holdfast_core::{
    decision::Reason,
    engine::{Action, Answer, Outcome, Request},
    evidence::Level,
    fault::{Limit, quoted_within},
    record::StepRecord,
};
use serde_json::{Map, Value, json};

/// Most sentences, and most steps, of one line.
const MOST: usize = 20;

/// Most items of one list of an answer. The longest that we write ourselves is the history: 60 datapoints an hour.
const MOST_ITEMS: usize = 500;

/// One line that says how an invocation ended. Alarms of terraform/ read its fields `failed_checks` (of a preflight: what a
/// failover would not succeed for) and `paused`.
pub fn log(request: &Request, answer: &Answer) {
    let execution = answer.execution.as_deref();
    let steps = execution.map(|execution| {
        let step = |step: &StepRecord| {
            bounded(json!({
                "step": step.step, "progress": step.progress, "attempts": step.attempts, "found": step.found,
            }))
        };
        Value::Array(execution.steps.iter().take(MOST).map(step).collect()).to_string()
    });
    let failed_checks = (request.action == Action::Preflight)
        .then(|| answer.checks.iter().filter(|check| check.level == Level::Error).count());
    tracing::info!(
        action = request.action.name(),
        outcome = answer.outcome.label(),
        caller = request.caller.as_deref().map(cut),
        reason = request.reason.as_deref().map(cut),
        failing_for_s = answer.failing_for_s,
        execution = execution.map(|execution| cut(&execution.id)),
        observations = answer.observations,
        failed_checks,
        paused = answer.reasons.iter().any(|reason| matches!(reason, Reason::Paused { .. })),
        steps,
        "{}",
        message(request, answer)
    );
}

/// The sentences of an answer in one, bounded; the outcome in words where the answer has none.
pub fn sentences(answer: &Answer) -> Option<String> {
    let mut said: Vec<String> = answer.says.iter().take(MOST).map(|sentence| cut(sentence)).collect();
    if answer.says.len() > MOST {
        said.push(format!("and {} more", answer.says.len() - MOST));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

/// The answer as JSON, with every text and every list in it bounded.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn document(answer: &Answer) -> serde_json::Result<Value> {
    serde_json::to_value(answer).map(bounded)
}

/// What is said of an answer: its own sentences, or what was noted or looked at.
fn message(request: &Request, answer: &Answer) -> String {
    if let Some(sentences) = sentences(answer) {
        return sentences;
    }
    match (&answer.outcome, request.action) {
        (Outcome::Failed { step, why }, _) => format!("{} is not done: {}", cut(step), cut(why)),
        (Outcome::Unconfirmed { step }, _) => format!("{} waits for a person's confirmation", cut(step)),
        (Outcome::Asked { id, until }, _) => format!("people were asked: question {}, open until {until:.0}", cut(id)),
        (Outcome::WouldBegin { since }, _) => format!("due since {since:.0}, and only observed"),
        (Outcome::Owed { steps }, _) => format!("still owed: {}", cut(&steps.join(", "))),
        (Outcome::Reported, Action::Pause { lasts: None }) => {
            "noted: nothing is begun and nothing driven on from now on".to_owned()
        }
        (Outcome::Reported, Action::Pause { lasts: Some(lasts) }) => {
            format!("noted: nothing is begun and nothing driven on for {} s from now on", lasts.as_secs())
        }
        (Outcome::Reported, Action::Resume) => "noted: the pause is taken back".to_owned(),
        (Outcome::Reported, Action::Acknowledge { abort: false }) => {
            "noted: the cooldown of the last failover need not be waited out".to_owned()
        }
        (Outcome::Reported, Action::Acknowledge { abort: true }) => {
            "noted: the open execution is ended as it is, and its cooldown need not be waited out".to_owned()
        }
        (Outcome::Reported, Action::NotifyTest) => "told everybody that this is a test".to_owned(),
        (Outcome::Reported, Action::Preflight) => format!("looked at {} things", answer.checks.len()),
        (Outcome::Reported, Action::Status) => "told how things stand".to_owned(),
        (outcome, action) => format!("{}: {}", action.name(), outcome.label()),
    }
}

/// The same value with its texts cut and its lists ended at their bounds.
fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(&text)),
        Value::Array(items) => items.into_iter().take(MOST_ITEMS).map(bounded).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().take(MOST_ITEMS).map(|(name, value)| (cut(&name), bounded(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// The beginning of a text that is longer than a [`Limit::Answer`], and how long it is. What we say in one sentence of our
/// own is shorter.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(Limit::Answer.characters()) {
        Some(_) => format!("{}... ({} characters)", quoted_within(text, Limit::Answer), text.chars().count()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
