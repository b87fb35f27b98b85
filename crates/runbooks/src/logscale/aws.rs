//! The configuration of the AWS form. The reference function's variables keep their names and defaults; ours begin
//! with `HOLDFAST_`. docs/CONFIGURATION.md describes each.

use std::collections::BTreeMap;

use holdfast_aws::public::control_targets;
use holdfast_core::{engine::Limits, policy::Policy};
use holdfast_kubernetes::{RecoverPrefix, TlsCleanup};

use super::{
    outside::Outside,
    shared::{self, KnownCluster},
};
use crate::variables::{ConfigurationFaults, Reader};

/// What the lock puts in place of the primary's name: a top-level domain that never resolves (RFC 2606).
pub const LOCK_FQDN: &str = "failover-locked.invalid";

/// Everything that the function can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct AwsConfig {
    /// EKS name of the standby cluster.
    pub cluster_name: String,
    /// Its region, also that of SSM.
    pub cluster_region: String,
    /// Namespace of LogScale on it.
    pub namespace: String,
    /// Its address, when that need not be asked for.
    pub known_cluster: Option<KnownCluster>,
    /// The Deployment to scale.
    pub operator_deployment: String,
    /// To how many replicas.
    pub target_replicas: i32,
    /// The HumioCluster, for TLS and verification.
    pub humio_cluster: Option<String>,
    /// What to do with TLS secrets.
    pub tls_cleanup: TlsCleanup,
    /// How the recovery variables of the standby begin.
    pub recover_prefix: RecoverPrefix,
    /// Name of the Lease and of the ConfigMap.
    pub object_name: String,
    /// The primary's health check.
    pub primary_check: String,
    /// The primary's own name.
    pub primary_fqdn: Option<String>,
    /// The name that locks.
    pub lock_fqdn: String,
    /// The standby's health check, when it is a gate.
    pub secondary_check: Option<String>,
    /// The way out, the probe of the primary and its witnesses.
    pub outside: Outside,
    /// Where Route 53 keeps its metrics.
    pub metric_region: String,
    /// SSM parameter of the last failover.
    pub cooldown_parameter: String,
    /// The topic that may send us alarms.
    pub topic_arn: Option<String>,
    /// Alarms that are ours though they name no health check.
    pub alarm_names: Vec<String>,
    /// Level of the log.
    pub log_level: String,
    /// The numbers of the decision.
    pub policy: Policy,
    /// The numbers of the machinery.
    pub limits: Limits,
}

impl AwsConfig {
    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// All faults at once.
    pub fn read(variables: &BTreeMap<String, String>) -> Result<Self, ConfigurationFaults> {
        let mut reader = Reader::new(variables);
        let read = &mut reader;
        let function = read.text("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "holdfast".to_owned());
        let default = |read: &Reader<'_>, name: &str, value: &str| read.text(name).unwrap_or_else(|| value.to_owned());
        let primary_fqdn = read.text("PRIMARY_HEALTH_CHECK_FQDN");
        let cluster_region = cluster_region(read);
        let skip_secondary = read.flag("SKIP_SECONDARY_HEALTH_CHECK", false);
        let config = Self {
            cluster_name: read.required("CLUSTER_NAME", "the EKS name of the standby cluster"),
            outside: Outside::read(read, primary_fqdn.as_deref(), &control_targets(&cluster_region)),
            cluster_region,
            namespace: default(read, "CLUSTER_NAMESPACE", "logging"),
            known_cluster: shared::known_cluster(read),
            operator_deployment: default(read, "HOLDFAST_OPERATOR_DEPLOYMENT", "humio-operator"),
            target_replicas: i32::try_from(read.whole("TARGET_OPERATOR_REPLICAS", 1, 1..=10)).unwrap_or(1),
            humio_cluster: read.text("HUMIOCLUSTER_NAME"),
            tls_cleanup: shared::tls_cleanup(read),
            recover_prefix: read.choice(
                "HOLDFAST_RECOVER_PREFIX",
                &[("S3_", RecoverPrefix::S3), ("AZURE_", RecoverPrefix::Azure), ("GCP_", RecoverPrefix::Gcp)],
            ),
            object_name: default(read, "HOLDFAST_OBJECT_NAME", "holdfast"),
            primary_check: read.required("PRIMARY_HEALTH_CHECK_ID", "the id of the primary's Route 53 health check"),
            lock_fqdn: lock_fqdn(read),
            secondary_check: read.text("SECONDARY_HEALTH_CHECK_ID").filter(|_| !skip_secondary),
            primary_fqdn,
            metric_region: default(read, "HOLDFAST_METRIC_REGION", "us-east-1"),
            cooldown_parameter: cooldown_parameter(read, &function),
            topic_arn: read.text("HOLDFAST_SNS_TOPIC_ARN"),
            alarm_names: read.list("HOLDFAST_ALARM_NAMES"),
            log_level: shared::log_level(read),
            policy: policy(read),
            limits: shared::limits(read),
        };
        reader.finish(config)
    }
}

fn cluster_region(read: &mut Reader<'_>) -> String {
    match read.text("CLUSTER_REGION").or_else(|| read.text("AWS_REGION")) {
        Some(region) => region,
        None => read.required("CLUSTER_REGION", "the AWS region of the standby cluster"),
    }
}

fn lock_fqdn(read: &mut Reader<'_>) -> String {
    let name = read.text("HOLDFAST_LOCK_FQDN").unwrap_or_else(|| LOCK_FQDN.to_owned());
    if !name.ends_with(".invalid") {
        read.fault("HOLDFAST_LOCK_FQDN", "a name that ends in .invalid, which can never resolve (RFC 2606)");
    }
    name
}

fn cooldown_parameter(read: &mut Reader<'_>, function: &str) -> String {
    let name = read.text("COOLDOWN_SSM_PARAMETER");
    let name = name.unwrap_or_else(|| holdfast_aws::cooldown::default_parameter(function));
    // Parameter names: facts of SSM, up to 1011 characters together with the ARN; 15 levels.
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if !name.chars().all(allowed) || name.len() > 900 || name.matches('/').count() > 15 {
        read.fault("COOLDOWN_SSM_PARAMETER", "letters, digits, and _ . - / only, at most 15 levels");
    }
    name
}

fn policy(read: &mut Reader<'_>) -> Policy {
    let period = read.whole("HOLDFAST_METRIC_PERIOD_SECONDS", 60, 1..=3600);
    if !matches!(period, 1 | 5 | 10 | 20 | 30) && !period.is_multiple_of(60) {
        read.fault("HOLDFAST_METRIC_PERIOD_SECONDS", "1, 5, 10, 20, 30 or a multiple of 60, as CloudWatch wants it");
    }
    shared::policy(read, "FAILOVER_COOLDOWN_SECONDS", period)
}

#[cfg(test)]
mod tests {
    use holdfast_core::retry::RetryPolicy;
    use holdfast_probe::Target;

    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let reference = [("CLUSTER_NAME", "dr"), ("CLUSTER_REGION", "us-east-2"), ("PRIMARY_HEALTH_CHECK_ID", "hc")];
        reference.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_reference_functions_variables_are_enough_and_keep_their_defaults() {
        let config = AwsConfig::read(&variables(&[
            ("AWS_LAMBDA_FUNCTION_NAME", "dr-handler"),
            ("PRIMARY_HEALTH_CHECK_FQDN", "p.example.com"),
        ]))
        .expect("a sound configuration");
        assert_eq!(config.namespace, "logging");
        assert_eq!(config.policy.holdoff.as_secs(), 180);
        assert_eq!(config.policy.cooldown.as_secs(), 300);
        assert_eq!(config.limits.retry, RetryPolicy::default());
        assert_eq!(config.cooldown_parameter, "/logscale-dr/dr-handler/last-failover-timestamp");
        let probed = Target::parse("https://p.example.com/api/v1/status").expect("a target");
        assert_eq!(config.outside.primary, Some(probed));
        assert!(config.outside.controls.iter().all(|control| !control.target.host().contains("us-east-2")));
        assert_eq!(config.outside.controls.len(), 4);
        assert_eq!(config.tls_cleanup, TlsCleanup::StaleOnly);
    }

    #[test]
    fn every_range_of_the_reference_is_kept() {
        for (name, bad) in [
            ("PRE_FAILOVER_FAILURE_SECONDS", "601"),
            ("FAILOVER_COOLDOWN_SECONDS", "3601"),
            ("MAX_RETRIES", "11"),
            ("BASE_DELAY_SECONDS", "0.05"),
            ("MAX_DELAY_SECONDS", "61"),
            ("TARGET_OPERATOR_REPLICAS", "0"),
            ("HOLDFAST_LOCK_FQDN", "locked.example.com"),
            ("HOLDFAST_PRIMARY_PROBE_URL", "ftp://x"),
            ("HOLDFAST_CLUSTER_ENDPOINT", "https://c"),
            ("HOLDFAST_METRIC_PERIOD_SECONDS", "45"),
            ("COOLDOWN_SSM_PARAMETER", "a b"),
            ("LOG_LEVEL", "loud"),
        ] {
            let faults = AwsConfig::read(&variables(&[(name, bad)])).expect_err(name);
            assert_eq!(faults.0.len(), 1, "{faults}");
        }
    }

    #[test]
    fn the_secondary_gate_can_be_skipped() {
        let gate = |skip| {
            let variables = variables(&[("SECONDARY_HEALTH_CHECK_ID", "s"), ("SKIP_SECONDARY_HEALTH_CHECK", skip)]);
            AwsConfig::read(&variables).expect("sound").secondary_check
        };
        assert_eq!(gate("false").as_deref(), Some("s"));
        assert_eq!(gate("true"), None);
    }
}
