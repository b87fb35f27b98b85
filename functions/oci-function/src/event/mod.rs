//! What the content of a call says, in every shape that it comes in.
//!
//! # Layout
//!
//! * this file: [`parse`], and what comes of it.
//! * `alarm`: the two spellings of an alarm message, and whether it is ours.
//! * [`ignored`]: why a message is not acted upon.
//!
//! Nothing here fails. A message that cannot be understood is [`Incoming::Ignored`] with its reason: as an error it
//! would be delivered again for two hours. Whoever may publish on the topic may send any text.

mod alarm;
pub mod ignored;
#[cfg(test)]
mod tests;

use holdfast_core::{Timestamp, fault::quoted};
use holdfast_site::{
    json::{self, Document},
    manual::{self, ManualCall},
};
use serde_json::Value;

pub use ignored::IgnoredReason;

/// Each message is a line in the log and a part of the answer.
const MOST_MESSAGES: usize = 100;

/// What makes an alarm ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The primary's health check or load balancer: an alarm on one of its metrics is ours.
    pub resources: Vec<String>,
    /// Names or OCIDs of alarms that are ours whatever they watch.
    pub alarms: Vec<String>,
    /// Names or OCIDs of alarms that always fire and repeat: the tick.
    pub ticks: Vec<String>,
}

/// One message, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// An alarm of ours fires.
    Alarm(AlarmEvent),
    /// The alarm that always fires: the timer.
    Tick,
    /// A person.
    Manual(ManualCall),
    /// Nothing to act upon.
    Ignored(IgnoredReason),
}

/// An alarm of ours that fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmEvent {
    /// Its title, which is its name unless somebody wrote another.
    pub name: String,
    /// Its OCID, where the message has one.
    pub id: Option<String>,
    /// When the message was made, by its own account. Messages may arrive late, twice and out of order.
    pub changed_at: Option<Timestamp>,
    /// With the time it tells two deliveries of one message from two messages.
    pub dedupe_key: Option<String>,
    /// True where the alarm has been firing for a while and says so again.
    pub repeated: bool,
}

/// Understands the content of one call: one result for each message in it.
pub fn parse(body: &[u8], filter: &Filter) -> Vec<Incoming> {
    let document = match json::read(body) {
        Ok(document) => document,
        Err(why) => return vec![Incoming::Ignored(why.into())],
    };
    let incoming = match &document.value {
        Value::Array(messages) if messages.is_empty() => vec![Incoming::Ignored(ignored::nothing())],
        Value::Array(messages) if messages.len() > MOST_MESSAGES => vec![Incoming::Ignored(ignored::too_many())],
        Value::Array(messages) => messages.iter().map(|message| alarm::parse(message, filter)).collect(),
        Value::Object(fields) if fields.contains_key("action") => vec![operator(&document)],
        message => vec![alarm::parse(message, filter)],
    };
    incoming.iter().for_each(log);
    incoming
}

/// An operator's action: the one place where it is understood.
fn operator(document: &Document) -> Incoming {
    match manual::parse(document) {
        Ok(call) => Incoming::Manual(call),
        Err(call) => Incoming::Ignored(call.into()),
    }
}

/// One line that ties a run to the message that began it.
fn log(incoming: &Incoming) {
    if let Incoming::Alarm(alarm) = incoming {
        let AlarmEvent { name, id, changed_at, dedupe_key, repeated } = alarm;
        let changed_at = changed_at.map(|at| at.to_string());
        tracing::info!(alarm = name, id, changed_at, dedupe_key, repeated, "an alarm of ours fires");
    }
}

/// The text at `path`, whole: to be compared, and not to be shown. Keys are found in any case.
fn whole<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    json::at(value, path)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The text at `path` as it may be shown.
fn text(value: &Value, path: &str) -> Option<String> {
    whole(value, path).map(quoted).filter(|text| !text.is_empty())
}
