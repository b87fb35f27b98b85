//! Which of the shapes an event has.

use holdfast_runbooks::manual;
use serde_json::Value;

use super::{AlarmEvent, Filter, Incoming, alarm, ignored::IgnoredReason, text};

/// Lambda delivers at most 1 MB to an asynchronous invocation; what is larger was not made by AWS.
const LARGEST: usize = 1024 * 1024;

/// SNS hands over one record at a time.
const MOST_RECORDS: usize = 100;

/// What the schedule is configured to send.
const TICK: &str = "failover.schedule";

pub(super) fn parse(payload: &Value, filter: &Filter) -> Vec<Incoming> {
    if is_too_large(payload) {
        return vec![Incoming::Ignored(IgnoredReason::TooLarge)];
    }
    match payload.get("Records").and_then(Value::as_array) {
        Some(records) if records.is_empty() => vec![Incoming::Ignored(IgnoredReason::NoRecords)],
        // Each would be a line in the log and a part of the answer.
        Some(records) if records.len() > MOST_RECORDS => vec![Incoming::Ignored(IgnoredReason::TooLarge)],
        Some(records) => records.iter().map(|record| judged(notification(record, filter))).collect(),
        None => vec![single(payload, filter)],
    }
}

/// An event that is not wrapped in a notification.
fn single(payload: &Value, filter: &Filter) -> Incoming {
    let detail_type = payload.get("detail-type").and_then(Value::as_str);
    if detail_type == Some("Scheduled Event") {
        Incoming::Tick
    } else if detail_type.is_some() || payload.get("alarmData").is_some() {
        judged(alarm::parse(payload, filter))
    } else if payload.get("action").is_some() {
        let refused =
            |call: manual::InvalidCall| Incoming::Ignored(IgnoredReason::Invalid { field: call.field, why: call.why });
        manual::parse(payload).map_or_else(refused, Incoming::Manual)
    } else if payload.get("source").and_then(Value::as_str) == Some(TICK) {
        Incoming::Tick
    } else {
        Incoming::Ignored(IgnoredReason::UnknownShape)
    }
}

/// One record of an SNS event.
fn notification(record: &Value, filter: &Filter) -> Result<AlarmEvent, IgnoredReason> {
    let source = text(record, "/EventSource").unwrap_or_default();
    let Some(sns) = record.get("Sns").filter(|_| source == "aws:sns") else {
        return Err(IgnoredReason::NotSns { source });
    };
    let topic = text(sns, "/TopicArn");
    if filter.topic_arn.is_some() && filter.topic_arn != topic {
        return Err(IgnoredReason::OtherTopic { topic: topic.unwrap_or_default() });
    }
    let message = sns.get("Message").and_then(Value::as_str).unwrap_or_default();
    let message: Value = serde_json::from_str(message).map_err(|_| IgnoredReason::UnreadableMessage)?;
    if !message.is_object() {
        return Err(IgnoredReason::UnreadableMessage);
    }
    let alarm = alarm::parse(&message, filter)?;
    Ok(AlarmEvent { topic_arn: topic, message_id: text(sns, "/MessageId"), ..alarm })
}

fn judged(alarm: Result<AlarmEvent, IgnoredReason>) -> Incoming {
    alarm.map_or_else(Incoming::Ignored, Incoming::Alarm)
}

/// Adds up the text and the values, and stops as soon as it is too much.
fn is_too_large(payload: &Value) -> bool {
    let (mut size, mut open) = (0_usize, vec![payload]);
    while let Some(value) = open.pop() {
        size += 1;
        match value {
            Value::String(text) => size += text.len(),
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                size += fields.keys().map(String::len).sum::<usize>();
                open.extend(fields.values());
            }
            _ => {}
        }
        if size > LARGEST {
            return true;
        }
    }
    false
}
