//! An operator's call: `{"action": "failover", "reason": "...", "force": ["holdoff"]}`.
//!
//! Strict where the rest is tolerant: a field that is not understood could have been meant to hold a failover back
//! (`"dry_run": true`), so it is refused and not skipped.

use holdfast_core::{decision::Gate, engine::Action};
use serde_json::{Map, Value};
use thiserror::Error;

/// The actions, as an operator writes them.
const ACTIONS: &str = "failover, plan, preflight, status, resume, acknowledge, pause, unpause";

/// The fields of a call.
const FIELDS: [&str; 4] = ["action", "reason", "force", "abort"];

/// Names that are quoted back are cut here.
const LONGEST: usize = 400;

/// Longest reason that is kept, in characters; it goes into the record.
const LONGEST_REASON: usize = 400;

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

/// A call that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field} {why}")]
pub struct InvalidCall {
    /// The field.
    pub field: &'static str,
    /// What is wrong, and what is allowed.
    pub why: String,
}

/// Understands a call.
///
/// # Errors
/// The first thing in it that makes no sense.
pub fn parse(payload: &Value) -> Result<ManualCall, InvalidCall> {
    let Some(fields) = payload.as_object() else {
        return Err(invalid("the call", "must be a JSON object with an action".to_owned()));
    };
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(invalid(
            "a field",
            format!("{:?} is not known; allowed are {}", shown(unknown), FIELDS.join(", ")),
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
    Ok(ManualCall { action, reason: reason(fields)?, overrides })
}

fn action(fields: &Map<String, Value>, abort: bool) -> Result<Action, InvalidCall> {
    let known = match fields.get("action").and_then(Value::as_str) {
        Some("failover") => Action::FailOver,
        Some("plan") => Action::Plan,
        Some("preflight") => Action::Preflight,
        Some("status") => Action::Status,
        Some("resume") => Action::Resume,
        Some("acknowledge") => Action::Acknowledge { abort },
        Some("pause") => Action::Pause,
        Some("unpause") => Action::Unpause,
        _ => return Err(invalid("action", format!("must be one of {ACTIONS}"))),
    };
    Ok(known)
}

fn reason(fields: &Map<String, Value>) -> Result<Option<String>, InvalidCall> {
    match fields.get("reason") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(reason)) if reason.chars().count() <= LONGEST_REASON => {
            Ok(Some(shown(reason)).filter(|reason| !reason.is_empty()))
        }
        Some(_) => Err(invalid("reason", format!("must be text of at most {LONGEST_REASON} characters"))),
    }
}

fn flag(fields: &Map<String, Value>, name: &'static str) -> Result<bool, InvalidCall> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(invalid(name, "must be true or false".to_owned())),
    }
}

fn gates(fields: &Map<String, Value>) -> Result<Vec<Gate>, InvalidCall> {
    let names = match fields.get("force") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(names) => names.as_array(),
    };
    let gate = |name: &Value| Gate::ALL.into_iter().find(|gate| Some(gate.name()) == name.as_str());
    let gates: Option<Vec<Gate>> = names.and_then(|names| names.iter().map(gate).collect());
    gates.ok_or_else(|| {
        let allowed: Vec<_> = Gate::ALL.iter().map(|gate| gate.name()).collect();
        invalid("force", format!("must be a list of gates; allowed are {}", allowed.join(", ")))
    })
}

fn invalid(field: &'static str, why: String) -> InvalidCall {
    InvalidCall { field, why }
}

/// Text for a log or an answer: without control characters, and not too long.
pub fn shown(text: &str) -> String {
    text.trim().chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}
