//! What drills and tests do with the running services of OCI.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alarm;
use super::alarm_message::{AlarmFacts, MessageType, message};
use super::services::OciServices;
use crate::backend::CloudServices;
use crate::standby;
use crate::time;

impl CloudServices for OciServices {
    fn refused(&self) -> Vec<String> {
        self.judge().refused().into_iter().collect()
    }

    /// How a token begins, what stands before one in a `keyId`, the beginning of a signature, and of a token for the cluster.
    fn secrets(&self) -> Vec<String> {
        ["eyJ", "ST$", "Signature version", "Signature algorithm", "aHR0cHM6Ly9jb250YWluZXJlbmdpbmU"]
            .map(str::to_owned)
            .to_vec()
    }

    /// The alarm of another monitor, and ours with what it says when all is well again.
    fn foreign_alarms(&self) -> Vec<Value> {
        let ours = alarm::primary();
        let other = "ocid1.httpmonitor.oc1..aaaasomebodyelses";
        let query = ours.query.replace(super::MONITOR_ID, other);
        let foreign = AlarmFacts { query, dimension: ("resourceId", other.to_owned()), ..ours.clone() };
        let at = time::now();
        vec![
            message(&foreign, MessageType::OkToFiring, Some(0.0), at),
            message(&ours, MessageType::FiringToOk, Some(1.0), at),
        ]
    }

    fn note_failover(&self, at: Timestamp) {
        standby::annotate_failover(self.cluster(), at);
    }
}

/// Messages that mean nothing.
pub(super) fn nonsense() -> Vec<Value> {
    vec![
        json!({"type": "OK_TO_FIRING", "title": "primary-unhealthy"}),
        json!({"type": "OK_TO_FIRING", "alarmMetaData": [], "version": 1.5}),
        json!({"type": "OK_TO_FIRING", "alarmMetaData": [{"status": 1, "query": {}, "dimensions": "none"}], "version": "x"}),
    ]
}
