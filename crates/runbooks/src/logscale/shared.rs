//! What is the same on every cloud: variables with their ranges and defaults.

use std::time::Duration;

use holdfast_core::{
    engine::Limits,
    policy::{MissingData, Policy},
    retry::RetryPolicy,
};
use holdfast_logscale::TlsCleanup;

use super::trust;
use crate::variables::{
    Reader,
    shape::{self, is_host_name, is_https, is_object_name},
};

/// How long a worker's lease lasts.
const LEASE: &str = "HOLDFAST_LEASE_SECONDS";

/// A standby cluster whose address is known beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCluster {
    /// `https://...`
    pub endpoint: String,
    /// The certificate authority as clouds and kubeconfigs give it: PEM in base64.
    pub ca_data: String,
}

/// The names of what is touched on the standby cluster; they stand in the paths of requests.
pub(super) struct Names {
    pub(super) namespace: String,
    pub(super) operator_deployment: String,
    pub(super) object_name: String,
    pub(super) humio_cluster: Option<String>,
}

impl Names {
    pub(super) fn read(read: &mut Reader<'_>) -> Self {
        let mut name = |name: &str| read.shaped(name, "a name of Kubernetes: a to z, 0 to 9, - and .", is_object_name);
        Self {
            namespace: name("CLUSTER_NAMESPACE").unwrap_or_else(|| "logging".to_owned()),
            operator_deployment: name("HOLDFAST_OPERATOR_DEPLOYMENT").unwrap_or_else(|| "humio-operator".to_owned()),
            object_name: name("HOLDFAST_OBJECT_NAME").unwrap_or_else(|| "holdfast".to_owned()),
            humio_cluster: name("HUMIOCLUSTER_NAME"),
        }
    }
}

/// The cluster, when that need not be asked for.
pub(super) fn known_cluster(read: &mut Reader<'_>) -> Option<KnownCluster> {
    let (endpoint, ca_data) = ("HOLDFAST_CLUSTER_ENDPOINT", "HOLDFAST_CLUSTER_CA_DATA");
    match (read.text(endpoint), read.text(ca_data)) {
        (None, None) => None,
        (Some(_), Some(_)) => Some(KnownCluster {
            endpoint: https(read, endpoint)?,
            ca_data: read.shaped(ca_data, "a certificate in PEM in base64, as clouds give it", trust::is_ca_data)?,
        }),
        (Some(_), None) => {
            read.fault(ca_data, "set together with HOLDFAST_CLUSTER_ENDPOINT (PEM in base64, as clouds give it)");
            None
        }
        (None, Some(_)) => {
            read.fault(endpoint, "set together with HOLDFAST_CLUSTER_CA_DATA");
            None
        }
    }
}

/// An address that a token may be sent to. A signature or a password in it would end up in logs, and the identity
/// needs neither.
pub(super) fn https(read: &mut Reader<'_>, name: &str) -> Option<String> {
    read.shaped(name, "an https:// address without user, query or fragment", is_https)
}

/// A host name, and nothing around it.
pub(super) fn primary_name(read: &mut Reader<'_>, name: &str) -> Option<String> {
    let allowed = "a host name of the primary, without scheme, port, path or blank, and not one that never resolves";
    read.shaped(name, allowed, |host| is_host_name(host) && !shape::never_leads_to_a_site(host))
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
    let limits = Limits {
        lease_ttl: read.seconds(LEASE, 30.0, 0.5..=300.0),
        look_for: read.seconds("HOLDFAST_LOOK_SECONDS", 10.0, 0.2..=60.0),
        verify_for: read.seconds("HOLDFAST_VERIFY_SECONDS", 120.0, 0.0..=840.0),
        margin: read.seconds("HOLDFAST_MARGIN_SECONDS", 20.0, 0.1..=120.0),
        retry: RetryPolicy {
            max_retries: usize::try_from(read.whole("MAX_RETRIES", 3, 0..=10)).unwrap_or(3),
            base_delay: read.seconds("BASE_DELAY_SECONDS", 1.0, 0.1..=10.0),
            max_delay: read.seconds("MAX_DELAY_SECONDS", 30.0, 1.0..=60.0),
            attempt_timeout: read.seconds("HOLDFAST_CALL_TIMEOUT_SECONDS", 5.0, 0.05..=30.0),
        },
    };
    // The lease is renewed before each effect, and one renewal may take a whole call.
    let least = limits.retry.attempt_timeout * 2;
    if limits.lease_ttl < least {
        let least = least.as_secs_f64();
        read.fault(LEASE, &format!("at least {least} seconds: twice HOLDFAST_CALL_TIMEOUT_SECONDS"));
    }
    limits
}
