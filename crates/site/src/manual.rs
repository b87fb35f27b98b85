//! An operator's call: `{"action": "failover", "reason": "...", "force": ["holdoff"]}`.
//!
//! Strict where the rest is tolerant: a field that is not understood could have been meant to hold a failover back
//! (`"dry_run": true`), so it is refused and not skipped. A key that stands twice is refused for the same reason.

use holdfast_core::{
    decision::Gate,
    engine::Action,
    fault::{is_hidden, quoted, quoted_within},
};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::json::Document;

/// The fields of a call.
const FIELDS: [&str; 4] = ["action", "reason", "force", "abort"];

/// The actions, as an operator writes them. Whether `acknowledge` aborts is said by another field.
const ACTIONS: [(&str, Action); 8] = [
    ("failover", Action::FailOver),
    ("plan", Action::Plan),
    ("preflight", Action::Preflight),
    ("status", Action::Status),
    ("resume", Action::Resume),
    ("acknowledge", Action::Acknowledge { abort: false }),
    ("pause", Action::Pause),
    ("unpause", Action::Unpause),
];

/// Longest reason, in characters; it goes into the record. A longer one is refused, so that none is cut unnoticed.
pub const LONGEST_REASON: usize = 400;

/// The blank pattern of Braille: a character with nothing in it.
const BLANK: char = '\u{2800}';

/// An operator's call.
#[derive(Clone, Debug, PartialEq)]
pub struct ManualCall {
    /// What is wanted.
    pub action: Action,
    /// The operator's words.
    pub reason: Option<String>,
    /// Gates that the operator waives.
    pub overrides: Vec<Gate>,
}

impl ManualCall {
    /// What an alarm and a timer ask for: no gate is waived, and nobody gives a reason.
    pub fn failover() -> Self {
        Self { action: Action::FailOver, reason: None, overrides: Vec::new() }
    }
}

/// A call that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field} {why}")]
pub struct InvalidCall {
    /// The field.
    pub field: &'static str,
    /// What is wrong, its value, and what is allowed.
    pub why: String,
}

/// Understands a call.
///
/// # Errors
/// The first thing in it that makes no sense.
pub fn parse(document: &Document) -> Result<ManualCall, InvalidCall> {
    let Some(fields) = document.value.as_object() else {
        return Err(invalid(
            "the call",
            format!("must be a JSON object with an action, not {}", kind(&document.value)),
        ));
    };
    if let Some(key) = &document.repeated {
        return Err(invalid("the call", format!("holds the key {key:?} twice; each key may stand once")));
    }
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(invalid(
            "a field",
            format!("{:?} is not known; allowed are {}", quoted(unknown), FIELDS.join(", ")),
        ));
    }
    let abort = flag(fields, "abort")?;
    let action = action(fields, abort)?;
    let overrides = gates(fields)?;
    if abort && !matches!(action, Action::Acknowledge { .. }) {
        return Err(invalid("abort", "belongs to the action acknowledge".to_owned()));
    }
    if !overrides.is_empty() && !matches!(action, Action::FailOver | Action::Plan) {
        return Err(invalid("force", "belongs to the actions failover and plan".to_owned()));
    }
    let reason = reason(fields)?;
    if reason.is_none() && !overrides.is_empty() {
        let why = format!("is required with force, in words that can be read: 1 to {LONGEST_REASON} characters");
        return Err(invalid("reason", why));
    }
    Ok(ManualCall { action, reason, overrides })
}

/// The name of an action, as an operator writes it.
pub fn name(action: Action) -> &'static str {
    let same = |known: &Action| std::mem::discriminant(known) == std::mem::discriminant(&action);
    ACTIONS.iter().find(|(_, known)| same(known)).map_or("another action", |(name, _)| name)
}

/// The names of all actions.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(name, _)| *name)
}

fn action(fields: &Map<String, Value>, abort: bool) -> Result<Action, InvalidCall> {
    let given = fields.get("action");
    let known = ACTIONS.iter().find(|(name, _)| given.and_then(Value::as_str) == Some(name));
    match known {
        Some((_, Action::Acknowledge { .. })) => Ok(Action::Acknowledge { abort }),
        Some((_, action)) => Ok(*action),
        None => {
            let allowed: Vec<_> = names().collect();
            let found = given.map_or_else(|| "is missing".to_owned(), |given| format!("{} is not known", value(given)));
            Err(invalid("action", format!("{found}; it must be one of {}", allowed.join(", "))))
        }
    }
}

fn reason(fields: &Map<String, Value>) -> Result<Option<String>, InvalidCall> {
    match fields.get("reason") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(reason)) => match reason.chars().count() {
            // The length and not the text: what is refused here must reach no log.
            length if length > LONGEST_REASON => {
                Err(invalid("reason", format!("has {length} characters; at most {LONGEST_REASON} are allowed")))
            }
            _ => Ok(words(reason)),
        },
        Some(other) => {
            let why = format!("must be text of at most {LONGEST_REASON} characters, not {}", kind(other));
            Err(invalid("reason", why))
        }
    }
}

fn flag(fields: &Map<String, Value>, name: &'static str) -> Result<bool, InvalidCall> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(invalid(name, format!("must be true or false, not {}", value(other)))),
    }
}

fn gates(fields: &Map<String, Value>) -> Result<Vec<Gate>, InvalidCall> {
    let allowed = || Gate::ALL.map(Gate::name).join(", ");
    let names = match fields.get("force") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(names)) => names,
        Some(other) => {
            let why = format!("must be a list of gates, not {}; the gates are {}", value(other), allowed());
            return Err(invalid("force", why));
        }
    };
    let mut gates: Vec<Gate> = Vec::new();
    for name in names {
        let known = Gate::ALL.into_iter().find(|gate| Some(gate.name()) == name.as_str());
        let unknown = || invalid("force", format!("{} is no gate; the gates are {}", value(name), allowed()));
        let gate = known.ok_or_else(unknown)?;
        if !gates.contains(&gate) {
            gates.push(gate);
        }
    }
    Ok(gates)
}

fn invalid(field: &'static str, why: String) -> InvalidCall {
    InvalidCall { field, why }
}

/// A value as it may be shown.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", quoted(text)),
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        other => quoted(&other.to_string()),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The words of a reason, on one line; none when nothing in it can be seen.
fn words(text: &str) -> Option<String> {
    let line: Vec<&str> = text.split_whitespace().collect();
    let seen = quoted_within(&line.join(" "), LONGEST_REASON);
    let words: Vec<&str> = seen.split_whitespace().collect();
    let is_seen = |character: char| !is_hidden(character) && !character.is_whitespace() && character != BLANK;
    words.iter().any(|word| word.contains(is_seen)).then(|| words.join(" "))
}

#[cfg(test)]
mod tests;
