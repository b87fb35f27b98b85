//! What drills and tests do with the running services of AWS.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::services::AwsServices;
use crate::backend::CloudServices;
use crate::environment::FUNCTION_NAME;

impl CloudServices for AwsServices {
    fn refused(&self) -> Vec<String> {
        self.iam().denied().iter().map(|denied| format!("{} on {}", denied.action, denied.resource)).collect()
    }

    fn secrets(&self) -> Vec<String> {
        let variables = self.lambda().variables();
        let credentials = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        let mut secrets: Vec<String> = credentials.iter().filter_map(|name| variables.get(*name).cloned()).collect();
        secrets.extend(["k8s-aws-v1.", "X-Amz-Signature"].map(str::to_owned));
        secrets
    }

    /// Another health check's alarm through our topic, and an alarm of ours through another topic.
    fn foreign_alarms(&self) -> Vec<Value> {
        let variables = self.lambda().variables();
        let (check, topic) = (&variables["PRIMARY_HEALTH_CHECK_ID"], &variables["HOLDFAST_SNS_TOPIC_ARN"]);
        vec![
            notification("00000000-0000-4000-8000-000000000000", topic),
            notification(check, "arn:aws:sns:us-east-1:111122223333:somebody-elses"),
        ]
    }

    fn note_failover(&self, at: Timestamp) {
        let name = format!("/logscale-dr/{FUNCTION_NAME}/last-failover-timestamp");
        self.parameters().put(&name, "String", &at.as_second().to_string(), crate::time::now());
    }
}

/// Envelopes and events that mean nothing.
pub(super) fn nonsense(variables: &BTreeMap<String, String>) -> Vec<Value> {
    // What comes from our own topic is read further than what does not.
    let topic = variables.get("HOLDFAST_SNS_TOPIC_ARN");
    let ours = |message: Value| envelope(json!({"TopicArn": topic, "Message": message}));
    vec![
        ours(json!("not JSON")),
        ours(json!("[]")),
        ours(json!(7)),
        ours(json!(json!({"AlarmName": 7, "NewStateValue": null, "Trigger": "no"}).to_string())),
        json!({"Records": []}),
        envelope(json!({"Message": "not JSON"})),
        envelope(json!({"Message": "x".repeat(100_000)})),
        json!({"Records": [{"EventSource": "aws:s3"}]}),
        json!({"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}}),
    ]
}

fn envelope(sns: Value) -> Value {
    json!({"Records": [{"EventSource": "aws:sns", "Sns": sns}]})
}

fn notification(check: &str, topic: &str) -> Value {
    let message = json!({
        "AlarmName": "somebody-elses", "NewStateValue": "ALARM", "OldStateValue": "OK", "AlarmDescription": null,
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:somebody-elses",
        "StateChangeTime": "2026-01-01T00:00:21.231+0000",
        "Trigger": {"MetricName": "HealthCheckStatus", "Namespace": "AWS/Route53",
            "Dimensions": [{"name": "HealthCheckId", "value": check}]},
    });
    envelope(json!({"MessageId": "m", "TopicArn": topic, "Message": message.to_string()}))
}
