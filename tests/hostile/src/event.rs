//! What Lambda hands the function.

use holdfast_aws_lambda::event::{Filter, Incoming, parse};
use serde_json::json;

use crate::said;

/// SNS sends one record; what comes back must not grow with what was sent.
const MOST_RESULTS: usize = 1000;

fn filter() -> Filter {
    Filter {
        health_check_id: Some("11111111-2222-4333-8444-555555555555".to_owned()),
        topic_arn: Some("arn:aws:sns:us-east-1:111122223333:dr-failover".to_owned()),
        alarm_names: vec!["p-site-down".to_owned()],
    }
}

/// Any event: one result or more, each with its reason.
pub fn event(bytes: &[u8]) {
    judged(bytes);
    let notification = json!({"Records": [{"EventSource": "aws:sns", "Sns": {
        "TopicArn": "arn:aws:sns:us-east-1:111122223333:dr-failover",
        "Message": String::from_utf8_lossy(bytes),
    }}]});
    judged(notification.to_string().as_bytes());
}

fn judged(payload: &[u8]) {
    let results = parse(payload, &filter());
    assert!(!results.is_empty(), "no result");
    assert!(results.len() <= MOST_RESULTS, "{} results", results.len());
    for result in &results {
        match result {
            Incoming::Ignored(reason) => {
                said(reason);
                said(&reason.code());
            }
            Incoming::Alarm(alarm) => {
                said(&format!("{alarm:?}"));
                let listed = filter().alarm_names.contains(&alarm.name);
                assert!(
                    listed || alarm.health_check_ids.iter().any(|id| Some(id) == filter().health_check_id.as_ref())
                );
            }
            other => said(&format!("{other:?}")),
        }
    }
}

/// The time of an alarm: whatever stands there, the alarm counts.
pub fn timestamp(bytes: &[u8]) {
    let time = String::from_utf8_lossy(bytes);
    let payload = json!({"alarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:p-site-down", "alarmData": {
        "alarmName": "p-site-down", "state": {"value": "ALARM", "timestamp": time}}});
    match parse(payload.to_string().as_bytes(), &filter()).as_slice() {
        [Incoming::Alarm(alarm)] => {
            if let Some(at) = alarm.changed_at {
                assert_eq!(at.to_string().parse().ok(), Some(at));
            }
        }
        other => panic!("{other:?}"),
    }
}
