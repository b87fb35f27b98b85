//! What an alarm says through Notifications: the message format RAW, version 1.5 (docs/reference/oci.md#alarms).

use jiff::Timestamp;
use serde_json::{Value, json};

/// An alarm, as far as it is in its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlarmFacts {
    pub(crate) id: String,
    pub(crate) title: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) query: String,
    /// The dimension by which streams are grouped, and its value.
    pub(crate) dimension: (&'static str, String),
}

/// What a message tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageType {
    /// It began to fire.
    OkToFiring,
    /// It fires still.
    Repeat,
    /// It is over.
    FiringToOk,
    /// Its streams have been absent for long: no proof of anything.
    Reset,
}

impl MessageType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::OkToFiring => "OK_TO_FIRING",
            Self::Repeat => "REPEAT",
            Self::FiringToOk => "FIRING_TO_OK",
            Self::Reset => "RESET",
        }
    }

    fn status(self) -> &'static str {
        if matches!(self, Self::OkToFiring | Self::Repeat) { "FIRING" } else { "OK" }
    }
}

/// The message. `value`: the metric's, where there is a point.
pub(crate) fn message(alarm: &AlarmFacts, kind: MessageType, value: Option<f64>, at: Timestamp) -> Value {
    let (name, dimension) = &alarm.dimension;
    // Values are texts.
    let values: Vec<Value> = value.iter().map(|value| json!({&alarm.query: format!("{value:.2}")})).collect();
    let id = &alarm.id;
    json!({
        "dedupeKey": dedupe_key(id), "title": alarm.title, "body": null, "type": kind.as_str(), "severity": "CRITICAL",
        "timestampEpochMillis": at.as_second() * 1000, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "alarmMetaData": [{
            "id": id, "status": kind.status(), "severity": "CRITICAL", "namespace": alarm.namespace, "query": alarm.query,
            "totalMetricsFiring": u8::from(kind.status() == "FIRING"), "dimensions": [{*name: dimension}],
            "alarmUrl": format!("https://cloud.oracle.com/monitoring/alarms/{id}?region={}", super::STANDBY_REGION),
            "alarmSummary": format!("Alarm \"{}\" is in a \"{}\" state", alarm.title, kind.status()), "metricValues": values,
        }],
        "notificationType": "Grouped messages across metric streams", "version": 1.5,
    })
}

/// The same for all messages of an alarm.
fn dedupe_key(id: &str) -> String {
    let sum = id.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    format!("6b28ce05-0000-4407-b9c0-{:012x}", sum & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_documented_fields_and_texts_for_values() {
        let alarm = super::super::alarm::primary();
        let at: Timestamp = "2025-10-27T11:05:00Z".parse().expect("time");
        let said = message(&alarm, MessageType::OkToFiring, Some(0.0), at);
        assert_eq!((said["type"].as_str(), said["version"].as_f64()), (Some("OK_TO_FIRING"), Some(1.5)));
        assert_eq!(said["timestampEpochMillis"], 1_761_563_100_000_u64);
        let entry = &said["alarmMetaData"][0];
        assert_eq!((entry["status"].as_str(), entry["id"].as_str()), (Some("FIRING"), Some(alarm.id.as_str())));
        assert_eq!(entry["metricValues"][0][&alarm.query], "0.00");
        assert_eq!(entry["dimensions"][0]["resourceId"], super::super::MONITOR_ID);
        assert_eq!(message(&alarm, MessageType::Reset, None, at)["alarmMetaData"][0]["status"], "OK");
    }
}
