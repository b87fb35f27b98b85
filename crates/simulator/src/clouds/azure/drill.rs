//! What drills and tests do with the running services of Azure.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::profile_id;
use super::services::AzureServices;
use crate::backend::CloudServices;
use crate::standby;

impl CloudServices for AzureServices {
    fn refused(&self) -> Vec<String> {
        self.role().refused().iter().map(|refused| format!("{} on {}", refused.action, refused.scope)).collect()
    }

    fn secrets(&self) -> Vec<String> {
        let mut secrets = self.credentials();
        // How a token begins, and what stands in the header for one.
        secrets.extend(["eyJ", "HOLDFAST-SIMULATED-IDENTITY"].map(str::to_owned));
        // How a kubeconfig and the key in it begin, in base64 as they come: `apiVersion: `, `-----BEGIN PRIV`.
        secrets.extend(["YXBpVmVyc2lvbjog", "LS0tLS1CRUdJTiBQUklW"].map(str::to_owned));
        secrets
    }

    /// The alert of the secondary's endpoint, which is degraded as it should be, that of an endpoint with our primary's name in another
    /// profile, and one on how often our primary is the answer.
    fn foreign_alarms(&self) -> Vec<Value> {
        let (profile, state) = (profile_id().to_lowercase(), "ProbeAgentCurrentEndpointStateByProfileResourceId");
        vec![
            alert(&profile, "secondary", state),
            alert(&format!("{profile}-of-others"), "primary", state),
            alert(&profile, "primary", "QpsByEndpoint"),
        ]
    }

    fn note_failover(&self, at: Timestamp) {
        standby::annotate_failover(self.cluster(), at);
    }
}

/// Alerts that mean nothing.
pub(super) fn nonsense() -> Vec<Value> {
    vec![
        json!({"schemaId": "azureMonitorCommonAlertSchema"}),
        json!({"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {"monitorCondition": 1}}}),
        json!({"schemaId": "Microsoft.Insights/activityLogs", "data": {"status": "Activated"}}),
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
