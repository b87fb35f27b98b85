//! The action group: what it sends (the common alert schema, facts azure 3.1) and how often it tries (3.4).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alert_rule::Alert;
use super::functions::FunctionsHost;
use super::profile::PRIMARY_ENDPOINT;
use super::{ALERT_RULE, GROUP, PROFILE_NAME, SUBSCRIPTION, profile_id};
use crate::host::Notice;
use crate::ids::Ids;
use crate::timeline::{Delivered, What};

/// Simulated seconds before each repetition.
const PAUSES_S: [f64; 5] = [5.0, 20.0, 5.0, 40.0, 5.0];
/// Simulated seconds for which a receiver that never answered is left alone.
const REST_S: f64 = 900.0;
/// Simulated seconds that an answer may take, and the real ones that it may take at least: a process must have time to start.
const PATIENCE_S: (f64, f64) = (10.0, 2.0);
/// The answers that are worth another try.
const REPEATED: [u16; 4] = [408, 429, 503, 504];

/// Delivers one alert, as often as the notice says, each copy with its own repetitions.
pub(crate) fn deliver(functions: &FunctionsHost, notice: &Notice) {
    let body = notice.body.to_string();
    for _ in 0..notice.copies {
        let (functions, body, state) = (functions.clone(), body.clone(), notice.state);
        tokio::spawn(async move { send(&functions, body, state).await });
    }
}

async fn send(functions: &FunctionsHost, body: String, state: &'static str) {
    if functions.is_resting() {
        return;
    }
    let pace = functions.pace();
    let patience = pace.seconds(PATIENCE_S.0).max(Duration::from_secs_f64(PATIENCE_S.1));
    for pause in PAUSES_S.iter().map(Some).chain([None]) {
        let call = functions.alarm(body.clone().into_bytes());
        let status = tokio::time::timeout(patience, call).await.ok().map(|answer| answer.status);
        let answer = Some(status.map_or(Delivered::Nothing, Delivered::Status));
        functions.tell(What::AlarmDelivered { service: "action group", state, answer });
        if status.is_some_and(|status| !REPEATED.contains(&status)) {
            return;
        }
        match pause {
            Some(pause) => tokio::time::sleep(pace.seconds(*pause)).await,
            None => functions.rest(pace.seconds(REST_S)),
        }
    }
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
    use crate::clouds::azure::alert_rule::Condition;

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
