//! What Lambda hands us, in every shape that it comes in.
//!
//! # Layout
//!
//! * this file: [`parse`], and what comes of it.
//! * `shape`: which of the shapes an event has.
//! * `envelope`: what AWS wraps around an alarm.
//! * `alarm`: the two spellings of one alarm, and whether it is ours.
//! * `ignored`: why an event is not acted upon.
//!
//! Nothing here fails. An event that cannot be understood is [`Incoming::Ignored`] with its reason: as an error it
//! would only be delivered again. Fields are looked up where they are expected and may be absent or of another type;
//! AWS has changed spellings over the years, and any publisher on a topic can write any message.

mod alarm;
mod envelope;
mod ignored;
mod shape;
#[cfg(test)]
mod tests;

use holdfast_core::{Timestamp, fault::quoted};
use holdfast_site::{json, manual::ManualCall};
use serde_json::Value;

pub use ignored::IgnoredReason;

/// What makes an alarm ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The primary's health check: an alarm on one of its metrics is ours.
    pub health_check_id: Option<String>,
    /// The topic that alarms come from; any, when `None`.
    pub topic_arn: Option<String>,
    /// Names or ARNs of alarms that carry no health check in themselves and are ours all the same.
    pub alarm_names: Vec<String>,
}

/// One event, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// An alarm of ours went into ALARM.
    Alarm(AlarmEvent),
    /// The timer.
    Tick,
    /// A person.
    Manual(ManualCall),
    /// Nothing to act upon.
    Ignored(IgnoredReason),
}

/// An alarm of ours that went into ALARM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmEvent {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: Option<String>,
    /// Its region, such as `us-east-1`, from the ARN: notifications name the region in words.
    pub region: Option<String>,
    /// When it changed, by its own account. Notifications may arrive late, twice and out of order.
    pub changed_at: Option<Timestamp>,
    /// Health checks in its dimensions.
    pub health_check_ids: Vec<String>,
    /// The topic that it came through.
    pub topic_arn: Option<String>,
    /// The notification's id; another delivery of the same notification has the same.
    pub message_id: Option<String>,
    /// What it is made of.
    pub kind: AlarmKind,
}

/// What an alarm is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// One metric.
    Metric,
    /// An expression over metrics.
    Math,
    /// Other alarms.
    Composite,
    /// One series of many (Metrics Insights, PromQL).
    Contributor,
}

impl AlarmKind {
    /// Its name, for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Math => "metric math",
            Self::Composite => "composite",
            Self::Contributor => "contributor",
        }
    }
}

/// Understands one event of Lambda: one result for each notification in it, one in all for other shapes.
pub fn parse(payload: &[u8], filter: &Filter) -> Vec<Incoming> {
    let incoming = shape::parse(payload, filter);
    for one in &incoming {
        if let Incoming::Alarm(alarm) = one {
            log(alarm);
        }
    }
    incoming
}

/// One line that ties a run to the notification that began it.
fn log(alarm: &AlarmEvent) {
    tracing::info!(
        alarm = alarm.name,
        arn = alarm.arn,
        region = alarm.region,
        kind = alarm.kind.name(),
        health_checks = alarm.health_check_ids.join(" "),
        topic = alarm.topic_arn,
        message_id = alarm.message_id,
        "an alarm of ours"
    );
}

/// The text at `path`, whole: to be compared, and not to be shown. Keys are found in any case.
fn whole<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    json::at(value, path)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The text at `path` as it may be shown.
fn text(value: &Value, path: &str) -> Option<String> {
    whole(value, path).map(quoted).filter(|text| !text.is_empty())
}
