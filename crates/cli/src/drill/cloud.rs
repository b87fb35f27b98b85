//! What differs from cloud to cloud in a drill: names of calls, what is a secret, what is nonsense.

use holdfast_simulator::{
    CloudName,
    azure::{PRINCIPAL_ID, profile_id},
    faults::Fault,
    kubernetes::AuditEntry,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{scenario::Stuck, stage::Stage};
use crate::args::Cloud;

/// The function's user on a standby whose kubeconfig holds a client certificate.
const CERTIFICATE_USER: &str = "masterclient";

/// The annotation in which the reference on Azure keeps the time of the last failover; it is read and never written.
const FAILOVER_NOTE: &str = "logscale.dr/last-failover-epoch";

/// Whether a request to the cluster came from the function.
pub fn is_function(stage: &Stage, entry: &AuditEntry) -> bool {
    match stage.cloud {
        Cloud::Aws => entry.groups.contains(&stage.sim.cluster().options().group),
        Cloud::Azure => [PRINCIPAL_ID, CERTIFICATE_USER].contains(&entry.user.as_str()),
    }
}

/// The simulator's name for a cloud.
pub fn name(cloud: Cloud) -> CloudName {
    match cloud {
        Cloud::Aws => CloudName::Aws,
        Cloud::Azure => CloudName::Azure,
    }
}

/// How many calls of the function one alarm makes: on Azure one takes it, and another does the work.
pub fn calls_of_an_alarm(cloud: Cloud) -> usize {
    match cloud {
        Cloud::Aws => 1,
        Cloud::Azure => 2,
    }
}

/// All calls to the API that switches traffic.
pub fn traffic_api(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Aws => &["route53:*"],
        Cloud::Azure => &["arm:GET:trafficManagerProfiles*", "arm:PATCH:trafficManagerProfiles*"],
    }
}

/// The writes of a failover outside of the cluster.
pub fn writes(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Aws => &["route53:UpdateHealthCheck", "ssm:PutParameter"],
        Cloud::Azure => &["arm:PATCH:trafficManagerProfiles*"],
    }
}

/// The calls of a failover outside of the cluster, with how each service says that there are too many.
pub fn throttled(cloud: Cloud) -> Vec<(&'static str, Fault)> {
    match cloud {
        Cloud::Aws => vec![
            ("route53:UpdateHealthCheck", Fault::throttled_by_route53()),
            ("cloudwatch:GetMetricData", Fault::throttled()),
            ("ssm:PutParameter", Fault::throttled()),
        ],
        Cloud::Azure => {
            vec![("arm:PATCH:*", Fault::throttled_by_arm()), ("arm:GET:metrics", Fault::throttled_by_arm())]
        }
    }
}

/// The calls to the cluster that are throttled beside them. A pause of a second is a minute of the simulated ones, and
/// a call on Azure has ten of these: what is the same on both clouds is throttled on AWS.
pub fn throttled_in_cluster(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Aws => &["update:configmaps", "update:leases", "delete:secrets", "patch:deployments/scale"],
        Cloud::Azure => &["update:configmaps", "update:leases"],
    }
}

/// How often each of them says so, for the same reason.
pub fn throttled_times(cloud: Cloud) -> u32 {
    match cloud {
        Cloud::Aws => 2,
        Cloud::Azure => 1,
    }
}

/// What only the first call of a process asks for.
pub fn asked_once(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Aws => &[],
        Cloud::Azure => &["msi:token", "arm:POST:listClusterUserCredential"],
    }
}

/// Writes down, where the cloud's operators look for it, that a failover began at this time.
pub fn note_failover(stage: &Stage, at: Timestamp) {
    let seconds = at.as_second().to_string();
    match stage.cloud {
        Cloud::Aws => {
            let function = stage.sim.function_env()["AWS_LAMBDA_FUNCTION_NAME"].clone();
            stage.sim.world().put_ssm_parameter(&format!("/logscale-dr/{function}/last-failover-timestamp"), &seconds);
        }
        Cloud::Azure => {
            let mut deployment = stage.sim.cluster().get("deployments", "humio-operator").unwrap_or_default();
            deployment["metadata"]["annotations"][FAILOVER_NOTE] = seconds.into();
            stage.sim.cluster().apply(deployment).expect("a Deployment with one more annotation is valid");
        }
    }
}

/// Lets the cloud's checkers see a failing primary, whatever it does.
pub fn mislead_checkers(stage: &Stage) {
    let world = stage.sim.world();
    match stage.cloud {
        Cloud::Aws => world.edit_health_check(|check| check.config.name = Some("primray.example.com".to_owned())),
        Cloud::Azure => world.blind_checkers(world.snapshot().checkers.1),
    }
}

/// The texts that a log must never hold: the function's credentials, the beginning of its tokens, key material.
pub fn secrets(stage: &Stage) -> Vec<String> {
    let variables = stage.sim.function_env();
    let credentials = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    let credentials = credentials.iter().filter_map(|name| variables.get(*name).cloned());
    let mut secrets: Vec<String> = credentials.filter(|value| !value.is_empty()).collect();
    secrets.extend(
        ["k8s-aws-v1.", "PRIVATE KEY", "X-Amz-Signature", "eyJ", "HOLDFAST-SIMULATED-IDENTITY"].map(str::to_owned),
    );
    // How a kubeconfig and the key in it begin, in base64 as they come: `apiVersion: `, `-----BEGIN PRIV`.
    secrets.extend(["YXBpVmVyc2lvbjog", "LS0tLS1CRUdJTiBQUklW"].map(str::to_owned));
    secrets.extend(stage.sim.azure().map(|azure| azure.function_key().to_owned()));
    secrets
}

/// Notifications that are well formed and not about our primary, or not from our topic.
pub async fn foreign_alarm(stage: &Stage) {
    match stage.sim.functions() {
        None => {
            for notification in foreign_notifications(stage) {
                drop(stage.invoke(notification).await);
            }
        }
        Some(functions) => {
            for alert in foreign_alerts() {
                drop(functions.deliver_alarm(&alert).await);
            }
        }
    }
}

/// Another health check's alarm through our topic, and an alarm of ours through another topic: each is wrong in one
/// thing only, so that no other check can hide that this one is missing.
fn foreign_notifications(stage: &Stage) -> [Value; 2] {
    let variables = stage.sim.function_env();
    let (check, topic) = (&variables["PRIMARY_HEALTH_CHECK_ID"], &variables["HOLDFAST_SNS_TOPIC_ARN"]);
    [
        notification("00000000-0000-4000-8000-000000000000", topic),
        notification(check, "arn:aws:sns:us-east-1:111122223333:somebody-elses"),
    ]
}

fn notification(check: &str, topic: &str) -> Value {
    let message = json!({
        "AlarmName": "somebody-elses", "NewStateValue": "ALARM", "OldStateValue": "OK", "AlarmDescription": null,
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:somebody-elses",
        "StateChangeTime": "2026-01-01T00:00:21.231+0000",
        "Trigger": {"MetricName": "HealthCheckStatus", "Namespace": "AWS/Route53",
            "Dimensions": [{"name": "HealthCheckId", "value": check}]},
    });
    let sns = json!({"MessageId": "m", "TopicArn": topic, "Message": message.to_string()});
    json!({"Records": [{"EventSource": "aws:sns", "Sns": sns}]})
}

/// The alert of the secondary's endpoint, which is degraded as it should be, that of an endpoint with our primary's name
/// in another profile, and one on how often our primary is the answer: each is wrong in one thing only.
fn foreign_alerts() -> [Value; 3] {
    let (profile, state) = (profile_id().to_lowercase(), "ProbeAgentCurrentEndpointStateByProfileResourceId");
    [
        alert(&profile, "secondary", state),
        alert(&format!("{profile}-of-others"), "primary", state),
        alert(&profile, "primary", "QpsByEndpoint"),
    ]
}

fn alert(profile: &str, endpoint: &str, metric: &str) -> Value {
    json!({"schemaId": "azureMonitorCommonAlertSchema", "data": {
        "essentials": {
            "alertId": "/subscriptions/s/providers/Microsoft.AlertsManagement/alerts/00000000-0000-4000-8000-000000000000",
            "alertRule": "somebody-elses", "severity": "Sev0", "signalType": "Metric", "monitorCondition": "Fired",
            "monitoringService": "Platform", "alertTargetIDs": [profile], "configurationItems": ["logscale-global"],
            "originAlertId": "o", "firedDateTime": "2026-01-01T00:00:21.2310000Z", "resolvedDateTime": null,
            "description": "", "essentialsVersion": "1.0", "alertContextVersion": "1.0",
        },
        "alertContext": {"properties": null, "conditionType": "SingleResourceMultipleMetricCriteria", "condition": {
            "windowSize": "PT1M", "allOf": [{
                "metricName": metric,
                "metricNamespace": "Microsoft.Network/trafficManagerProfiles", "operator": "LessThan", "threshold": "0.5",
                "timeAggregation": "Average", "dimensions": [{"name": "EndpointName", "value": endpoint}],
                "metricValue": 0.0, "webTestName": null,
            }],
        }},
    }})
}

/// Sends nonsense of every kind, each of which must be ignored.
pub async fn nonsense(stage: &Stage) -> Result<(), Stuck> {
    for payload in events(stage) {
        let result = match stage.sim.functions() {
            // On Azure alarms and people have a door each.
            Some(functions) if payload.get("action").is_none() => functions.deliver_alarm(&payload).await,
            _ => stage.invoke(payload.clone()).await,
        };
        if result.outcome.answer().is_none_or(|answer| answer["outcome"] != "ignored") {
            return Err(format!("{:.80} was not ignored but {}", payload.to_string(), result.outcome.words()));
        }
    }
    Ok(())
}

fn events(stage: &Stage) -> Vec<Value> {
    // What comes from our own topic is read further than what does not.
    let topic = stage.sim.function_env().get("HOLDFAST_SNS_TOPIC_ARN").cloned();
    let sns = |message: Value| json!({"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": topic, "Message": message}}]});
    vec![
        sns(json!("not JSON")),
        sns(json!("[]")),
        sns(json!(7)),
        sns(json!(json!({"AlarmName": 7, "NewStateValue": null, "Trigger": "no"}).to_string())),
        json!(null),
        json!([]),
        json!({}),
        json!("failover"),
        json!({"Records": []}),
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "not JSON"}}]}),
        json!({"Records": [{"EventSource": "aws:s3"}]}),
        json!({"action": "detonate"}),
        json!({"action": 7}),
        json!({"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}}),
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "x".repeat(100_000)}}]}),
        json!({"schemaId": "azureMonitorCommonAlertSchema"}),
        json!({"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {"monitorCondition": 1}}}),
        json!({"schemaId": "Microsoft.Insights/activityLogs", "data": {"status": "Activated"}}),
    ]
}
