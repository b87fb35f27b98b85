//! The configuration of the AWS form. The reference function's variables keep their names and defaults; ours begin
//! with `HOLDFAST_`. docs/CONFIGURATION.md describes each.

use std::collections::BTreeMap;

use holdfast_aws::public::{MARKS, control_targets};
use holdfast_core::{engine::Limits, policy::Policy};
use holdfast_logscale::{RecoverPrefix, TlsCleanup};

use super::{
    outside::Outside,
    shared::{self, KnownCluster, Names},
    trust,
};
use crate::{
    doors::Doors,
    variables::{ConfigurationFaults, Reader, shape},
};

/// What the lock puts in place of the primary's name: a top-level domain that never resolves (RFC 2606).
pub const LOCK_FQDN: &str = "failover-locked.invalid";

/// What is allowed where a health check, a topic or alarms are named.
const HEALTH_CHECK: &str = "the id of a Route 53 health check: letters, digits and -";
const TOPIC: &str = "the ARN of a topic, arn:aws:sns:REGION:ACCOUNT:NAME";
const ALARMS: &str = "names of alarms, or ARNs arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME, separated by commas";

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
    /// Which alias admits what.
    pub doors: Doors,
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
        let primary_fqdn = shared::primary_name(read, "PRIMARY_HEALTH_CHECK_FQDN");
        let cluster_region = cluster_region(read);
        let skip_secondary = read.flag("SKIP_SECONDARY_HEALTH_CHECK", false);
        let Names { namespace, operator_deployment, object_name, humio_cluster } = Names::read(read);
        trust::anchors(read);
        let config = Self {
            cluster_name: read.required_shaped(
                "CLUSTER_NAME",
                "the EKS name of the standby cluster: letters, digits, - and _",
                shape::is_cluster_name,
            ),
            outside: Outside::read(read, primary_fqdn.as_deref(), &control_targets(&cluster_region), &MARKS),
            cluster_region,
            namespace,
            known_cluster: shared::known_cluster(read),
            operator_deployment,
            target_replicas: i32::try_from(read.whole("TARGET_OPERATOR_REPLICAS", 1, 1..=10)).unwrap_or(1),
            humio_cluster,
            tls_cleanup: shared::tls_cleanup(read),
            recover_prefix: read.choice(
                "HOLDFAST_RECOVER_PREFIX",
                &[("S3_", RecoverPrefix::S3), ("AZURE_", RecoverPrefix::Azure), ("GCP_", RecoverPrefix::Gcp)],
            ),
            object_name,
            primary_check: read.required_shaped("PRIMARY_HEALTH_CHECK_ID", HEALTH_CHECK, shape::is_id),
            lock_fqdn: lock_fqdn(read),
            secondary_check: read
                .shaped("SECONDARY_HEALTH_CHECK_ID", HEALTH_CHECK, shape::is_id)
                .filter(|_| !skip_secondary),
            primary_fqdn,
            metric_region: region(read, "HOLDFAST_METRIC_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
            cooldown_parameter: cooldown_parameter(read, &function),
            topic_arn: read.shaped("HOLDFAST_SNS_TOPIC_ARN", TOPIC, shape::is_topic_arn),
            alarm_names: read
                .list_of("HOLDFAST_ALARM_NAMES", ALARMS, |name| !name.starts_with("arn:") || shape::is_alarm_arn(name)),
            doors: Doors::read(read, &[]),
            log_level: shared::log_level(read),
            policy: policy(read),
            limits: shared::limits(read),
        };
        reader.finish(config)
    }
}

fn region(read: &mut Reader<'_>, name: &str) -> Option<String> {
    read.shaped(name, "an AWS region, such as us-east-1", shape::is_region)
}

fn cluster_region(read: &mut Reader<'_>) -> String {
    match region(read, "CLUSTER_REGION").or_else(|| region(read, "AWS_REGION")) {
        Some(region) => region,
        None => read.required("CLUSTER_REGION", "the AWS region of the standby cluster"),
    }
}

fn lock_fqdn(read: &mut Reader<'_>) -> String {
    let allowed = "a host name that ends in .invalid, which can never resolve (RFC 2606)";
    let locks = |name: &str| name.ends_with(".invalid") && shape::is_host_name(name);
    read.shaped("HOLDFAST_LOCK_FQDN", allowed, locks).unwrap_or_else(|| LOCK_FQDN.to_owned())
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
            ("HOLDFAST_SNS_TOPIC_ARN", "typo"),
            ("HOLDFAST_ALARM_NAMES", "p-site-down,arn:typo"),
            ("PRIMARY_HEALTH_CHECK_FQDN", "https://logs.example.com"),
            ("PRIMARY_HEALTH_CHECK_ID", "a/b"),
            ("SSL_CERT_FILE", "/dev/null"),
            ("HOLDFAST_ADMITS", "live=everything"),
            ("HOLDFAST_LEASE_SECONDS", "9"),
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
