//! Which of the shapes an event has.

use holdfast_core::fault::quoted;
use holdfast_site::{json, json::Document, manual};
use serde_json::Value;

use super::{
    AlarmEvent, Filter, Incoming, alarm,
    envelope::{self, Bridged, Notification},
    ignored::{self, IgnoredReason},
};

/// Lambda delivers at most 1 MB to an asynchronous invocation; what is larger was not made by AWS.
const LARGEST: usize = 1024 * 1024;

/// SNS hands over one record at a time, SQS at most some.
const MOST_RECORDS: usize = 100;

/// What the schedule is configured to send.
const TICK: &str = "failover.schedule";

pub(super) fn parse(payload: &[u8], filter: &Filter) -> Vec<Incoming> {
    if payload.len() > LARGEST {
        return vec![Incoming::Ignored(ignored::too_large())];
    }
    let document = match json::read(payload) {
        Ok(document) => document,
        Err(why) => return vec![Incoming::Ignored(why.into())],
    };
    match json::at(&document.value, "/Records").and_then(Value::as_array) {
        Some(records) if records.is_empty() => vec![Incoming::Ignored(ignored::no_records())],
        // Each would be a line in the log and a part of the answer.
        Some(records) if records.len() > MOST_RECORDS => vec![Incoming::Ignored(ignored::too_large())],
        Some(records) => records.iter().map(|record| judged(notification(record, filter))).collect(),
        None => vec![single(&document, filter)],
    }
}

/// An event that is not wrapped in a notification.
fn single(document: &Document, filter: &Filter) -> Incoming {
    let payload = &document.value;
    if let Some(Bridged { kind, alarm }) = envelope::bridged(payload) {
        of_bridge(&kind, &alarm, filter)
    } else if payload.get("alarmData").is_some() {
        judged(alarm::parse(payload, filter))
    } else if payload.get("action").is_some() {
        manual::parse(document).map_or_else(|call| Incoming::Ignored(call.into()), Incoming::Manual)
    } else if payload.get("source").and_then(Value::as_str) == Some(TICK) {
        Incoming::Tick
    } else {
        Incoming::Ignored(ignored::unknown_shape())
    }
}

/// An event of EventBridge, which also tells of alarms that were made, changed or deleted, and of much else.
fn of_bridge(kind: &str, alarm: &Value, filter: &Filter) -> Incoming {
    match kind {
        "Scheduled Event" => Incoming::Tick,
        kind if kind.ends_with(" State Change") && alarm.pointer("/alarmData/alarmName").is_some() => {
            judged(alarm::parse(alarm, filter))
        }
        kind => Incoming::Ignored(ignored::not_an_alarm(&quoted(kind))),
    }
}

/// One record of an SNS event.
fn notification(record: &Value, filter: &Filter) -> Result<AlarmEvent, IgnoredReason> {
    let Notification { topic, message_id, message } = envelope::notification(record)?;
    if filter.topic_arn.is_some() && filter.topic_arn != topic {
        return Err(ignored::other_topic(&topic.as_deref().map(quoted).unwrap_or_default()));
    }
    let message = json::read(message.as_bytes()).ok().map(|document| document.value).filter(Value::is_object);
    let alarm = alarm::parse(&message.ok_or_else(ignored::unreadable_message)?, filter)?;
    let shown = |text: Option<String>| text.as_deref().map(quoted).filter(|text| !text.is_empty());
    Ok(AlarmEvent { topic_arn: shown(topic), message_id: shown(message_id), ..alarm })
}

fn judged(alarm: Result<AlarmEvent, IgnoredReason>) -> Incoming {
    alarm.map_or_else(Incoming::Ignored, Incoming::Alarm)
}
