//! An operator's call: `{"action": "failover", "reason": "...", "waive": ["holdoff"]}`. Which action takes what is said by
//! the table of [`holdfast_core::action`].
//!
//! Strict where the rest is tolerant: a field that is not understood could have been meant to hold a failover back
//! (`"dry_run": true`), so it is refused and not skipped. A key that stands twice is refused for the same reason.

use std::time::Duration;

use holdfast_core::{
    Timestamp,
    action::{ACTIONS, Action, Argument, LONGEST_PAUSE},
    decision::Gate,
    engine::Request,
    fault::{Limit, is_hidden, quoted, quoted_within},
    record::Trigger,
};
use jiff::SignedDuration;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::json::Document;

/// Longest reason, in characters; it goes into the record. A longer one is refused, so that none is cut unnoticed.
pub const LONGEST_REASON: usize = Limit::Reason.characters();

/// The shortest pause that has an end.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

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
    /// The operator's word on the primary's data.
    pub data: Option<String>,
    /// The question that the operator approves.
    pub question: Option<String>,
}

impl ManualCall {
    /// What an alarm and a timer ask for: no gate is waived, and nobody gives a reason.
    pub fn failover() -> Self {
        Self { action: Action::FailOver, reason: None, overrides: Vec::new(), data: None, question: None }
    }

    /// What a slower timer asks for: what would stand in the way of a failover.
    pub fn preflight() -> Self {
        Self { action: Action::Preflight, ..Self::failover() }
    }
}

impl ManualCall {
    /// The request that it makes, of a `caller` who listens until `deadline`.
    pub fn request(self, trigger: Trigger, caller: String, deadline: Timestamp) -> Request {
        let Self { action, reason, overrides, data, question } = self;
        Request { trigger, action, reason, caller: Some(caller), overrides, data, question, deadline }
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
    let known = || ["action", "reason"].into_iter().chain(Argument::ALL.map(Argument::name));
    if let Some(unknown) = fields.keys().find(|name| known().all(|known| known != name.as_str())) {
        let allowed: Vec<_> = known().collect();
        return Err(invalid(
            "a field",
            format!("{:?} is not known; allowed are {}", quoted(unknown), allowed.join(", ")),
        ));
    }
    let abort = flag(fields, Argument::Abort.name())?;
    let lasts = duration(fields)?;
    let rest = flag(fields, Argument::Rest.name())?;
    let data = sentence(fields, Argument::Data.name())?;
    let question = sentence(fields, Argument::Question.name())?;
    let action = match action(fields)? {
        Action::Acknowledge { .. } => Action::Acknowledge { abort },
        Action::Pause { .. } => Action::Pause { lasts },
        Action::Failback { .. } => Action::Failback { rest },
        other => other,
    };
    let overrides = gates(fields)?;
    let given = [
        (Argument::Abort, abort),
        (Argument::For, lasts.is_some()),
        (Argument::Rest, rest),
        (Argument::Data, data.is_some()),
        (Argument::Question, question.is_some()),
        (Argument::Waive, !overrides.is_empty()),
    ];
    let misplaced = |(argument, given): &(Argument, bool)| *given && !action.rule().arguments.contains(argument);
    if let Some((argument, _)) = given.into_iter().find(misplaced) {
        return Err(invalid(argument.name(), belongs_to(argument)));
    }
    if let Some(gate) = overrides.iter().find(|gate| !action.rule().waives.contains(gate)) {
        let waives: Vec<_> = action.rule().waives.iter().map(|gate| gate.name()).collect();
        let why = format!("{} is no gate of {}, which waives {}", gate.name(), action.name(), waives.join(", "));
        return Err(invalid("waive", why));
    }
    let reason = sentence(fields, "reason")?;
    if reason.is_none() && !overrides.is_empty() {
        let why = format!("is required with waive, in words that can be read: 1 to {LONGEST_REASON} characters");
        return Err(invalid("reason", why));
    }
    if action == Action::Approve {
        let missing = [("question", question.is_none()), ("reason", reason.is_none())];
        if let Some((field, _)) = missing.into_iter().find(|(_, missing)| *missing) {
            let why = format!("is required with approve, in words that can be read: 1 to {LONGEST_REASON} characters");
            return Err(invalid(field, why));
        }
    }
    Ok(ManualCall { action, reason, overrides, data, question })
}

/// Which actions take an argument.
fn belongs_to(argument: Argument) -> String {
    let takes = ACTIONS.iter().filter(|rule| rule.arguments.contains(&argument)).map(|rule| rule.name);
    format!("belongs to {}", takes.collect::<Vec<_>>().join(" and "))
}

fn action(fields: &Map<String, Value>) -> Result<Action, InvalidCall> {
    let given = fields.get("action");
    given.and_then(Value::as_str).and_then(Action::named).ok_or_else(|| {
        let allowed = ACTIONS.map(|rule| rule.name).join(", ");
        let found = given.map_or_else(|| "is missing".to_owned(), |given| format!("{} is not known", value(given)));
        invalid("action", format!("{found}; it must be one of {allowed}"))
    })
}

/// How long something lasts: `2h`, `90m`, `1h 30m`, `2 days`.
fn duration(fields: &Map<String, Value>) -> Result<Option<Duration>, InvalidCall> {
    let name = Argument::For.name();
    let given = match fields.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(given) => given,
    };
    let read = given.as_str().and_then(|text| text.trim().parse::<SignedDuration>().ok());
    let lasts = read.and_then(|lasts| Duration::try_from(lasts).ok());
    let allowed = |lasts: &Duration| *lasts >= SHORTEST_PAUSE && *lasts <= LONGEST_PAUSE;
    lasts.filter(allowed).map(Some).ok_or_else(|| {
        let days = LONGEST_PAUSE.as_secs() / (24 * 3600);
        let why =
            format!("must be a time such as \"2h\" or \"1h 30m\", one second to {days} days, not {}", value(given));
        invalid(name, why)
    })
}

/// Words of a person, on one line.
fn sentence(fields: &Map<String, Value>, name: &'static str) -> Result<Option<String>, InvalidCall> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(reason)) => match reason.chars().count() {
            // The length and not the text: what is refused here must reach no log.
            length if length > LONGEST_REASON => {
                Err(invalid(name, format!("has {length} characters; at most {LONGEST_REASON} are allowed")))
            }
            _ => Ok(words(reason)),
        },
        Some(other) => {
            let why = format!("must be text of at most {LONGEST_REASON} characters, not {}", kind(other));
            Err(invalid(name, why))
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
    let all = || Gate::ALL.into_iter().chain([Gate::WellFor]);
    let allowed = || all().map(Gate::name).collect::<Vec<_>>().join(", ");
    let names = match fields.get("waive") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(names)) => names,
        Some(other) => {
            let why = format!("must be a list of gates, not {}; the gates are {}", value(other), allowed());
            return Err(invalid("waive", why));
        }
    };
    let mut gates: Vec<Gate> = Vec::new();
    for name in names {
        let known = all().find(|gate| Some(gate.name()) == name.as_str());
        let unknown = || invalid("waive", format!("{} is no gate; the gates are {}", value(name), allowed()));
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

/// The words of a reason, on one line; none when nothing in it can be read: a reason holds a letter, a digit or a symbol.
fn words(text: &str) -> Option<String> {
    let line: Vec<&str> = text.split_whitespace().collect();
    let seen = quoted_within(&line.join(" "), Limit::Reason);
    let words: Vec<&str> = seen.split_whitespace().collect();
    words.iter().any(|word| word.contains(is_read)).then(|| words.join(" "))
}

/// True for a character that says something by itself: neither hidden, nor blank, nor only a mark on another one, nor
/// without a meaning that is the same for all (private use, no character), nor punctuation alone.
fn is_read(character: char) -> bool {
    let nothing = matches!(u32::from(character),
        // Private use, and what is no character.
        0xe000..=0xf8ff | 0xf_0000..=0x10_ffff | 0xfdd0..=0xfdef
        // Marks that combine with the character before, and tones.
        | 0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f
        // A note without a head, and other marks of notes; modifiers of the colour of a face.
        | 0x1_d159 | 0x1_d165..=0x1_d169 | 0x1_d16d..=0x1_d172 | 0x1_f3fb..=0x1_f3ff)
        || u32::from(character) & 0xfffe == 0xfffe;
    let is_punctuation = character.is_ascii_punctuation()
        || matches!(character, '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b7}' | '\u{bb}' | '\u{bf}' | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{fffc}' | '\u{fffd}');
    !(is_hidden(character) || character.is_whitespace() || character == BLANK || nothing || is_punctuation)
}

#[cfg(test)]
mod tests;
