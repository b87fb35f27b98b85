//! An alert in the common alert schema (docs/reference/azure.md#common-alert-schema).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::profile::PRIMARY_ENDPOINT;
use super::{ALERT_RULE, GROUP, PROFILE_NAME, SUBSCRIPTION, profile_id};
use crate::ids::Ids;

/// What an alert says of its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Condition {
    /// It is met.
    Fired,
    /// It is no longer met; only a stateful rule says so.
    Resolved,
}

impl Condition {
    /// The spelling of the alert schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "Fired",
            Self::Resolved => "Resolved",
        }
    }
}

/// One act of the rule, with what its notification says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    pub(crate) condition: Condition,
    /// The same for `Fired` and its `Resolved`.
    pub(crate) number: u64,
    pub(crate) fired_at: Timestamp,
    pub(crate) resolved_at: Option<Timestamp>,
    /// Average of the endpoint's state in the window.
    pub(crate) value: f64,
    /// Start and end of the window.
    pub(crate) window: (Timestamp, Timestamp),
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%7fZ").to_string()
}

/// The body, with its letter case as the service mixes it.
pub(crate) fn document(alert: &Alert, period: i64) -> Value {
    let id = Ids::new(alert.number).uuid();
    let lower = |text: &str| text.to_ascii_lowercase();
    let window = if period == 60 { "PT1M".to_owned() } else { format!("PT{period}S") };
    json!({
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{id}"),
                "alertRule": ALERT_RULE, "alertRuleID": format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/{}/providers/microsoft.insights/metricalerts/{ALERT_RULE}", lower(GROUP)),
                "severity": "Sev0", "signalType": "Metric", "monitorCondition": alert.condition.as_str(),
                "monitoringService": "Platform", "alertTargetIDs": [lower(&profile_id())], "configurationItems": [PROFILE_NAME],
                "originAlertId": format!("{SUBSCRIPTION}_{GROUP}_microsoft.insights_metricalerts_{ALERT_RULE}_-{}", alert.number),
                "targetResourceType": "microsoft.network/trafficmanagerprofiles", "targetResourceGroup": lower(GROUP),
                "firedDateTime": stamp(alert.fired_at), "resolvedDateTime": alert.resolved_at.map(stamp),
                "description": "", "essentialsVersion": "1.0", "alertContextVersion": "1.0",
            },
            "alertContext": {
                "properties": null, "conditionType": "SingleResourceMultipleMetricCriteria",
                "condition": {
                    "windowSize": window,
                    "allOf": [{
                        "metricName": "ProbeAgentCurrentEndpointStateByProfileResourceId",
                        "metricNamespace": "Microsoft.Network/trafficManagerProfiles", "operator": "LessThan",
                        "threshold": "0.5", "timeAggregation": "Average",
                        "dimensions": [{"name": "EndpointName", "value": PRIMARY_ENDPOINT}],
                        "metricValue": alert.value, "webTestName": null,
                    }],
                    "windowStartTime": stamp(alert.window.0), "windowEndTime": stamp(alert.window.1),
                },
            },
            "customProperties": {},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fired_and_its_resolved_share_their_id() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("time");
        let fired = Alert {
            condition: Condition::Fired,
            number: 3,
            fired_at: now,
            resolved_at: None,
            value: 0.0,
            window: (now, now),
        };
        let resolved = Alert { condition: Condition::Resolved, resolved_at: Some(now), value: 1.0, ..fired.clone() };
        let [fired, resolved] = [&fired, &resolved].map(|alert| document(alert, 60));
        let essentials = |body: &Value, field: &str| body["data"]["essentials"][field].clone();
        assert_eq!(essentials(&fired, "alertId"), essentials(&resolved, "alertId"));
        assert_eq!(essentials(&fired, "firedDateTime"), "2026-11-21T10:00:00.0000000Z");
        assert_eq!(
            (essentials(&fired, "resolvedDateTime"), essentials(&resolved, "monitorCondition")),
            (Value::Null, json!("Resolved"))
        );
        let criterion = &fired["data"]["alertContext"]["condition"]["allOf"][0];
        assert_eq!((&criterion["threshold"], &criterion["metricValue"]), (&json!("0.5"), &json!(0.0)));
    }
}
