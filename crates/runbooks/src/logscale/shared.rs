//! What is the same on every cloud: variables with their ranges and defaults.

use std::time::Duration;

use holdfast_core::{
    engine::Limits,
    policy::{MissingData, Policy},
    retry::RetryPolicy,
    runbook::StepList,
    step::Need,
};
use holdfast_kubernetes::TlsCleanup;

use crate::variables::Reader;

/// The system's name in records.
pub(super) const RUNBOOK: &str = "logscale";

/// The lists of steps that earlier versions wrote. Until it was seen that a clean-up can hold a failover back, the
/// first step was required.
pub(super) fn earlier_lists() -> Vec<StepList> {
    vec![vec![
        ("remove-stale-tls", Need::Required),
        ("scale-operator", Need::Required),
        ("lock-traffic", Need::Owed),
        ("verify-standby", Need::Owed),
    ]]
}

/// A standby cluster whose address is known beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCluster {
    /// `https://...`
    pub endpoint: String,
    /// The certificate authority as clouds and kubeconfigs give it: PEM in base64.
    pub ca_data: String,
}

/// The cluster, when that need not be asked for.
pub(super) fn known_cluster(read: &mut Reader<'_>) -> Option<KnownCluster> {
    let (endpoint, ca_data) = (read.text("HOLDFAST_CLUSTER_ENDPOINT"), read.text("HOLDFAST_CLUSTER_CA_DATA"));
    match (endpoint, ca_data) {
        (None, None) => None,
        (Some(endpoint), Some(ca_data)) => {
            if !endpoint.starts_with("https://") {
                read.fault("HOLDFAST_CLUSTER_ENDPOINT", "an https:// address");
            }
            Some(KnownCluster { endpoint, ca_data })
        }
        (Some(_), None) => {
            read.fault(
                "HOLDFAST_CLUSTER_CA_DATA",
                "set together with HOLDFAST_CLUSTER_ENDPOINT (PEM in base64, as clouds give it)",
            );
            None
        }
        (None, Some(_)) => {
            read.fault("HOLDFAST_CLUSTER_ENDPOINT", "set together with HOLDFAST_CLUSTER_CA_DATA");
            None
        }
    }
}

/// What to do with TLS secrets.
pub(super) fn tls_cleanup(read: &mut Reader<'_>) -> TlsCleanup {
    let choices = [("stale", TlsCleanup::StaleOnly), ("always", TlsCleanup::Always), ("off", TlsCleanup::Off)];
    read.choice("HOLDFAST_TLS_CLEANUP", &choices)
}

/// Level of the log; the reference knows Python's names.
pub(super) fn log_level(read: &mut Reader<'_>) -> String {
    let levels = [
        ("info", "info"),
        ("error", "error"),
        ("critical", "error"),
        ("warn", "warn"),
        ("warning", "warn"),
        ("debug", "debug"),
        ("trace", "trace"),
    ];
    read.choice("LOG_LEVEL", &levels).to_owned()
}

/// The numbers of the decision. The reference names the cooldown differently on each cloud, and each cloud has periods
/// of its own, in seconds.
pub(super) fn policy(read: &mut Reader<'_>, cooldown: &str, period: u64) -> Policy {
    Policy {
        holdoff: Duration::from_secs(read.whole("PRE_FAILOVER_FAILURE_SECONDS", 180, 0..=600)),
        cooldown: Duration::from_secs(read.whole(cooldown, 300, 0..=3600)),
        period: Duration::from_secs(period),
        stale_after: read.seconds("HOLDFAST_METRIC_STALE_SECONDS", 180.0, 1.0..=3600.0),
        missing: read.choice(
            "HOLDFAST_MISSING_DATA",
            &[("ends-the-streak", MissingData::EndsTheStreak), ("counts-as-failing", MissingData::CountsAsFailing)],
        ),
        poll: read.seconds("HOLDFAST_POLL_SECONDS", 15.0, 0.05..=60.0),
        stands_still_after: read.seconds("HOLDFAST_STANDS_STILL_SECONDS", 300.0, 1.0..=3600.0),
    }
}

/// The numbers of the machinery.
pub(super) fn limits(read: &mut Reader<'_>) -> Limits {
    Limits {
        lease_ttl: read.seconds("HOLDFAST_LEASE_SECONDS", 30.0, 0.5..=300.0),
        look_for: read.seconds("HOLDFAST_LOOK_SECONDS", 10.0, 0.2..=60.0),
        verify_for: read.seconds("HOLDFAST_VERIFY_SECONDS", 120.0, 0.0..=840.0),
        margin: read.seconds("HOLDFAST_MARGIN_SECONDS", 20.0, 0.1..=120.0),
        retry: RetryPolicy {
            max_retries: usize::try_from(read.whole("MAX_RETRIES", 3, 0..=10)).unwrap_or(3),
            base_delay: read.seconds("BASE_DELAY_SECONDS", 1.0, 0.1..=10.0),
            max_delay: read.seconds("MAX_DELAY_SECONDS", 30.0, 1.0..=60.0),
            attempt_timeout: read.seconds("HOLDFAST_CALL_TIMEOUT_SECONDS", 5.0, 0.05..=30.0),
        },
    }
}
