//! What SNS hands to Lambda: the envelope of docs/reference/aws.md#sns-envelope around the alarm's message of
//! docs/reference/aws.md#alarm-notification.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alarm::{ACCOUNT, AlarmSettings, AlarmState, Channel, Transition};

/// CloudWatch's way to write an instant: milliseconds, and an offset without a colon.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

/// The event that the function gets.
pub(crate) fn envelope(
    channel: &Channel,
    message_id: &str,
    subscription: &str,
    message: &Value,
    state: &str,
    at: Timestamp,
) -> Value {
    let (alarm, topic) = (&channel.alarm, channel.topic_arn());
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{topic}:{subscription}"),
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic,
            "Subject": format!("{state}: \"{alarm}\" in US East (N. Virginia)"),
            "Message": message.to_string(),
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            "SignatureVersion": "1",
            "Signature": "c2ltdWxhdGVk",
            "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-simulated.pem",
            "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
            "MessageAttributes": {},
        },
    }]})
}

/// The text inside the envelope.
pub(crate) fn message(
    channel: &Channel,
    health_check: &str,
    period: i64,
    settings: &AlarmSettings,
    change: &Transition,
) -> Value {
    let topic = channel.topic_arn();
    let actions = |state| if settings.notified_states.contains(&state) { vec![topic.clone()] } else { Vec::new() };
    json!({
        "AlarmName": channel.alarm,
        "AlarmDescription": null,
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": stamp(change.at),
        "NewStateValue": change.to.as_str(),
        "OldStateValue": change.from.as_str(),
        "NewStateReason": change.reason,
        "StateChangeTime": stamp(change.at),
        "Region": "US East (N. Virginia)",
        "AlarmArn": channel.alarm_arn(),
        "OKActions": actions(AlarmState::Ok),
        "AlarmActions": actions(AlarmState::Alarm),
        "InsufficientDataActions": actions(AlarmState::InsufficientData),
        "Trigger": trigger(health_check, period, settings),
    })
}

fn trigger(health_check: &str, period: i64, settings: &AlarmSettings) -> Value {
    json!({
        "MetricName": "HealthCheckStatus",
        "Namespace": "AWS/Route53",
        "StatisticType": "Statistic",
        "Statistic": "MINIMUM",
        "Unit": null,
        "Dimensions": [{"value": health_check, "name": "HealthCheckId"}],
        "Period": period,
        "EvaluationPeriods": settings.evaluation_periods,
        "DatapointsToAlarm": settings.datapoints_to_alarm,
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1.0,
        "TreatMissingData": settings.missing.as_str(),
        "EvaluateLowSampleCountPercentile": "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_carries_the_message_as_text() {
        let channel = Channel { alarm: "p-primary-unhealthy".to_owned(), topic: "dr-sns".to_owned() };
        let at: Timestamp = "2026-01-01T00:00:21.231Z".parse().expect("time");
        let change = Transition { from: AlarmState::Ok, to: AlarmState::Alarm, reason: "r".to_owned(), at };
        let text = message(&channel, "HC", 60, &AlarmSettings::default(), &change);
        let event = envelope(&channel, "M", "S", &text, change.to.as_str(), at);
        let sns = &event["Records"][0]["Sns"];
        assert_eq!(sns["Subject"], "ALARM: \"p-primary-unhealthy\" in US East (N. Virginia)");
        let inner: Value = serde_json::from_str(sns["Message"].as_str().expect("text")).expect("JSON");
        assert_eq!(inner["StateChangeTime"], "2026-01-01T00:00:21.231+0000");
        assert_eq!(inner["Trigger"]["Dimensions"][0], json!({"name": "HealthCheckId", "value": "HC"}));
        assert_eq!(inner["AlarmArn"], "arn:aws:cloudwatch:us-east-1:111122223333:alarm:p-primary-unhealthy");
    }
}
