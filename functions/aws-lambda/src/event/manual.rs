//! An operator's call: `{"action": "failover", "reason": "...", "force": ["holdoff"]}`.
//!
//! Strict where the rest is tolerant: a field that is not understood could have been meant to hold a failover back
//! (`"dry_run": true`), so it is refused and not skipped.

use holdfast_core::{decision::Gate, engine::Action};
use serde_json::{Map, Value};

use super::{
    ManualCall,
    ignored::{IgnoredReason, shown},
};

/// The actions, as an operator writes them.
const ACTIONS: &str = "failover, plan, preflight, status, resume, acknowledge, pause, unpause";

/// The fields of a call.
const FIELDS: [&str; 4] = ["action", "reason", "force", "abort"];

/// Longest reason that is kept, in characters; it goes into the record.
const LONGEST_REASON: usize = 400;

pub(super) fn parse(payload: &Value) -> Result<ManualCall, IgnoredReason> {
    let Some(fields) = payload.as_object() else { return Err(IgnoredReason::UnknownShape) };
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

fn action(fields: &Map<String, Value>, abort: bool) -> Result<Action, IgnoredReason> {
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

fn reason(fields: &Map<String, Value>) -> Result<Option<String>, IgnoredReason> {
    match fields.get("reason") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(reason)) if reason.chars().count() <= LONGEST_REASON => {
            Ok(Some(shown(reason)).filter(|reason| !reason.is_empty()))
        }
        Some(_) => Err(invalid("reason", format!("must be text of at most {LONGEST_REASON} characters"))),
    }
}

fn flag(fields: &Map<String, Value>, name: &'static str) -> Result<bool, IgnoredReason> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(invalid(name, "must be true or false".to_owned())),
    }
}

fn gates(fields: &Map<String, Value>) -> Result<Vec<Gate>, IgnoredReason> {
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

fn invalid(field: &'static str, why: String) -> IgnoredReason {
    IgnoredReason::Invalid { field, why }
}
