//! Which of the shapes an event has.

use holdfast_site::{json, json::Document, manual};
use serde_json::Value;

use super::{AlarmEvent, Filter, Incoming, alarm, ignored::IgnoredReason, text, whole};

/// Lambda delivers at most 1 MB to an asynchronous invocation; what is larger was not made by AWS.
const LARGEST: usize = 1024 * 1024;

/// SNS hands over one record at a time, SQS at most some.
const MOST_RECORDS: usize = 100;

/// What the schedule is configured to send.
const TICK: &str = "failover.schedule";

pub(super) fn parse(payload: &[u8], filter: &Filter) -> Vec<Incoming> {
    if payload.len() > LARGEST {
        return vec![Incoming::Ignored(IgnoredReason::TooLarge)];
    }
    let document = match json::read(payload) {
        Ok(document) => document,
        Err(why) => return vec![Incoming::Ignored(IgnoredReason::Unreadable(why))],
    };
    match json::at(&document.value, "/Records").and_then(Value::as_array) {
        Some(records) if records.is_empty() => vec![Incoming::Ignored(IgnoredReason::NoRecords)],
        // Each would be a line in the log and a part of the answer.
        Some(records) if records.len() > MOST_RECORDS => vec![Incoming::Ignored(IgnoredReason::TooLarge)],
        Some(records) => records.iter().map(|record| judged(notification(record, filter))).collect(),
        None => vec![single(&document, filter)],
    }
}

/// An event that is not wrapped in a notification.
fn single(document: &Document, filter: &Filter) -> Incoming {
    let payload = &document.value;
    let detail_type = payload.get("detail-type").and_then(Value::as_str);
    if detail_type == Some("Scheduled Event") {
        Incoming::Tick
    } else if detail_type.is_some() || payload.get("alarmData").is_some() {
        judged(alarm::parse(payload, filter))
    } else if payload.get("action").is_some() {
        let refused =
            |call: manual::InvalidCall| Incoming::Ignored(IgnoredReason::Invalid { field: call.field, why: call.why });
        manual::parse(document).map_or_else(refused, Incoming::Manual)
    } else if payload.get("source").and_then(Value::as_str) == Some(TICK) {
        Incoming::Tick
    } else {
        Incoming::Ignored(IgnoredReason::UnknownShape)
    }
}

/// One record of an SNS event. SNS writes `EventSource`, every other service `eventSource`.
fn notification(record: &Value, filter: &Filter) -> Result<AlarmEvent, IgnoredReason> {
    let is_sns = whole(record, "/EventSource") == Some("aws:sns");
    let Some(sns) = json::at(record, "/Sns").filter(|_| is_sns) else {
        return Err(IgnoredReason::NotSns { source: text(record, "/EventSource") });
    };
    let topic = text(sns, "/TopicArn");
    if filter.topic_arn.is_some() && filter.topic_arn.as_deref() != whole(sns, "/TopicArn") {
        return Err(IgnoredReason::OtherTopic { topic: topic.unwrap_or_default() });
    }
    let message = whole(sns, "/Message").unwrap_or_default();
    let message = json::read(message.as_bytes()).ok().map(|document| document.value).filter(Value::is_object);
    let alarm = alarm::parse(&message.ok_or(IgnoredReason::UnreadableMessage)?, filter)?;
    Ok(AlarmEvent { topic_arn: topic, message_id: text(sns, "/MessageId"), ..alarm })
}

fn judged(alarm: Result<AlarmEvent, IgnoredReason>) -> Incoming {
    alarm.map_or_else(Incoming::Ignored, Incoming::Alarm)
}
