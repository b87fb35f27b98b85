//! The configuration of the Azure form. The reference's application settings keep their names and defaults; ours begin
//! with `HOLDFAST_`. docs/CONFIGURATION.md describes each.

use std::{collections::BTreeMap, time::Duration};

use holdfast_azure::{
    arm::PUBLIC,
    endpoint::{EndpointKind, EndpointName, PROFILE},
    public::{MARKS, control_targets},
    resource::{ResourceId, is_name},
};
use holdfast_core::{engine::Limits, policy::Policy};
use holdfast_logscale::{RecoverPrefix, TlsCleanup};

use super::{
    outside::Outside,
    shared::{self, KnownCluster, Names, https},
    trust,
};
use crate::{
    doors::Doors,
    variables::{ConfigurationFaults, Reader, shape},
};

/// The kind of resource that the standby cluster is.
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";

/// The functions of the app: its doors.
const DOORS: [&str; 4] = ["Alarm", "Work", "Tick", "Operator"];

/// What is allowed where an application or alert rules are named.
const ID: &str = "the id of an application: letters, digits and -";
const ALARMS: &str =
    "names of alert rules, or ids /subscriptions/.../providers/microsoft.insights/..., separated by commas";

/// Everything that the function can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct AzureConfig {
    /// The primary's endpoint in Traffic Manager.
    pub primary: EndpointName,
    /// The primary's region, when the place of the profile is to be judged by it.
    pub primary_region: Option<String>,
    /// The standby cluster, unless [`known_cluster`](Self::known_cluster) says where it is.
    pub cluster: Option<ResourceId>,
    /// Its address, when that need not be asked for.
    pub known_cluster: Option<KnownCluster>,
    /// The application that tokens for the cluster are made out to, where it is not the public cloud's.
    pub cluster_server: Option<String>,
    /// Resource Manager.
    pub arm_endpoint: String,
    /// What its tokens are made out to.
    pub arm_audience: String,
    /// The client id of a user-assigned identity.
    pub client_id: Option<String>,
    /// The queue that work is put back into, when it is reached directly.
    pub queue_url: Option<String>,
    /// The blob of the last failover, instead of the annotation.
    pub cooldown_blob: Option<String>,
    /// How long the host lets one invocation run: `functionTimeout` of host.json.
    pub function_timeout: Duration,
    /// Alert rules that are ours though they name no endpoint of ours.
    pub alarm_names: Vec<String>,
    /// Namespace of LogScale on the standby cluster.
    pub namespace: String,
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
    /// The way out, the probe of the primary and its witnesses.
    pub outside: Outside,
    /// Which function, or which of its keys, admits what.
    pub doors: Doors,
    /// Level of the log.
    pub log_level: String,
    /// The numbers of the decision.
    pub policy: Policy,
    /// The numbers of the machinery.
    pub limits: Limits,
}

impl AzureConfig {
    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// All faults at once.
    pub fn read(variables: &BTreeMap<String, String>) -> Result<Self, ConfigurationFaults> {
        let mut reader = Reader::new(variables);
        let read = &mut reader;
        let Names { namespace, operator_deployment, object_name, humio_cluster } = Names::read(read);
        trust::anchors(read);
        let known_cluster = shared::known_cluster(read);
        let primary = primary(read);
        let arm_endpoint = https(read, "HOLDFAST_ARM_ENDPOINT").unwrap_or_else(|| PUBLIC.to_owned());
        let config = Self {
            primary_region: read.shaped(
                "HOLDFAST_PRIMARY_REGION",
                "an Azure region, such as westeurope",
                shape::is_azure_region,
            ),
            cluster: cluster(read, known_cluster.is_some()),
            known_cluster,
            cluster_server: read.shaped("HOLDFAST_AKS_SERVER_ID", ID, shape::is_id),
            outside: outside(read, &arm_endpoint),
            arm_endpoint,
            arm_audience: https(read, "HOLDFAST_ARM_AUDIENCE").unwrap_or_else(|| PUBLIC.to_owned()),
            client_id: read.shaped("AZURE_CLIENT_ID", ID, shape::is_id),
            queue_url: https(read, "HOLDFAST_QUEUE_URL"),
            cooldown_blob: https(read, "HOLDFAST_COOLDOWN_BLOB_URL"),
            function_timeout: read.seconds("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", 600.0, 1.0..=3600.0),
            alarm_names: read.list_of("HOLDFAST_ALARM_NAMES", ALARMS, is_rule),
            namespace,
            operator_deployment,
            target_replicas: i32::try_from(read.whole("TARGET_OPERATOR_REPLICAS", 1, 1..=10)).unwrap_or(1),
            humio_cluster,
            tls_cleanup: shared::tls_cleanup(read),
            recover_prefix: read.choice(
                "HOLDFAST_RECOVER_PREFIX",
                &[("AZURE_", RecoverPrefix::Azure), ("S3_", RecoverPrefix::S3), ("GCP_", RecoverPrefix::Gcp)],
            ),
            object_name,
            doors: Doors::read(read, &DOORS),
            log_level: shared::log_level(read),
            policy: policy(read),
            limits: shared::limits(read),
            primary,
        };
        if config.limits.margin >= config.function_timeout {
            let allowed = "less than HOLDFAST_FUNCTION_TIMEOUT_SECONDS, or nothing is ever waited for";
            read.fault("HOLDFAST_MARGIN_SECONDS", allowed);
        }
        reader.finish(config)
    }
}

/// App Service says in `REGION_NAME` where the function runs, which is beside the standby.
fn outside(read: &mut Reader<'_>, arm_endpoint: &str) -> Outside {
    let regions = ["HOLDFAST_PRIMARY_REGION", "REGION_NAME"].map(|name| read.text(name).unwrap_or_default());
    Outside::read(read, None, &control_targets(arm_endpoint, &regions.each_ref().map(String::as_str)), &MARKS)
}

fn primary(read: &mut Reader<'_>) -> EndpointName {
    let profile = id(read, "HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE);
    let kinds = [EndpointKind::External, EndpointKind::Azure, EndpointKind::Nested].map(|kind| (kind.word(), kind));
    let kind = read.choice("HOLDFAST_PRIMARY_ENDPOINT_TYPE", &kinds);
    let allowed = "the name of the primary's endpoint in the profile: letters, digits and - _ . ( )";
    let name = read.required("HOLDFAST_PRIMARY_ENDPOINT", allowed);
    if !name.is_empty() && !is_name(&name) {
        read.fault("HOLDFAST_PRIMARY_ENDPOINT", allowed);
    }
    EndpointName { profile, kind, name }
}

fn cluster(read: &mut Reader<'_>, known: bool) -> Option<ResourceId> {
    let name = "HOLDFAST_AKS_CLUSTER_ID";
    (!known || read.text(name).is_some()).then(|| id(read, name, CLUSTER))
}

/// The id of a resource. Where it makes no sense the fault ends the reading, so what is returned is never used.
fn id(read: &mut Reader<'_>, name: &str, kind: &str) -> ResourceId {
    let text = read.text(name).unwrap_or_default();
    ResourceId::parse(&text, kind).unwrap_or_else(|| {
        let allowed = format!("/subscriptions/.../resourceGroups/.../providers/{kind}/...");
        read.fault(name, &allowed);
        ResourceId::default()
    })
}

/// An alert rule: its name, or the id of a resource of Azure. A rule's name may hold blanks.
fn is_rule(text: &str) -> bool {
    let Some(id) = text.strip_prefix('/') else { return !text.starts_with("arn:") };
    let parts: Vec<&str> = id.trim_end_matches('/').split('/').collect();
    parts.len() == 8 && parts.iter().all(|part| !part.is_empty())
}

fn policy(read: &mut Reader<'_>) -> Policy {
    // Traffic Manager publishes minutes and hours; shorter ones are for drills.
    let period = read.whole("HOLDFAST_METRIC_PERIOD_SECONDS", 60, 1..=3600);
    shared::policy(read, "COOLDOWN_SECONDS", period)
}

#[cfg(test)]
mod tests {
    use holdfast_core::retry::RetryPolicy;

    use super::*;

    const PROFILE_ID: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm";
    const CLUSTER_ID: &str =
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/aks";

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let least = [
            ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE_ID),
            ("HOLDFAST_PRIMARY_ENDPOINT", "primary"),
            ("HOLDFAST_AKS_CLUSTER_ID", CLUSTER_ID),
        ];
        least.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn three_names_are_enough_and_the_reference_keeps_its_defaults() {
        let config = AzureConfig::read(&variables(&[])).expect("a sound configuration");
        assert_eq!((config.policy.holdoff.as_secs(), config.policy.cooldown.as_secs()), (180, 300));
        assert_eq!(config.limits.retry, RetryPolicy::default());
        assert_eq!((config.namespace.as_str(), config.recover_prefix), ("logging", RecoverPrefix::Azure));
        assert_eq!(config.primary.kind, EndpointKind::External);
        assert_eq!((config.arm_endpoint.as_str(), config.function_timeout.as_secs()), (PUBLIC, 600));
        assert_eq!((config.outside.primary, config.queue_url, config.cooldown_blob), (None, None, None));
        assert_eq!(config.outside.controls.len(), 4);
    }

    #[test]
    fn the_settings_of_the_reference_are_read_under_their_names() {
        let set = [("PRE_FAILOVER_FAILURE_SECONDS", "0"), ("COOLDOWN_SECONDS", "60"), ("MAX_RETRIES", "5")];
        let config = AzureConfig::read(&variables(&set)).expect("sound");
        assert_eq!((config.policy.holdoff.as_secs(), config.policy.cooldown.as_secs()), (0, 60));
        assert_eq!(config.limits.retry.max_retries, 5);
    }

    #[test]
    fn every_value_that_makes_no_sense_is_one_fault() {
        for (name, bad) in [
            ("PRE_FAILOVER_FAILURE_SECONDS", "601"),
            ("COOLDOWN_SECONDS", "3601"),
            ("MAX_RETRIES", "11"),
            ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", CLUSTER_ID),
            ("HOLDFAST_AKS_CLUSTER_ID", "aks"),
            ("HOLDFAST_PRIMARY_ENDPOINT", "a/../b"),
            ("HOLDFAST_PRIMARY_ENDPOINT", ""),
            ("HOLDFAST_PRIMARY_ENDPOINT_TYPE", "any"),
            ("HOLDFAST_ARM_ENDPOINT", "http://127.0.0.1"),
            ("HOLDFAST_QUEUE_URL", "https://a.queue.core.windows.net/q?sig=SECRET"),
            ("HOLDFAST_COOLDOWN_BLOB_URL", "https://"),
            ("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", "0"),
            ("HOLDFAST_CLUSTER_ENDPOINT", "https://c"),
            ("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", "20"),
            ("HOLDFAST_ALARM_NAMES", "/subscriptions/typo"),
            ("HOLDFAST_ALARM_NAMES", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:x"),
            ("HOLDFAST_ADMITS", "Oprator=plan"),
            ("HOLDFAST_LEASE_SECONDS", "9.9"),
            ("SSL_CERT_FILE", "/nowhere"),
            ("LOG_LEVEL", "loud"),
        ] {
            let faults = AzureConfig::read(&variables(&[(name, bad)])).expect_err(name);
            assert_eq!(faults.0.len(), 1, "{faults}");
        }
    }

    #[test]
    fn all_faults_come_at_once() {
        let faults = AzureConfig::read(&BTreeMap::new()).expect_err("nothing is set");
        let names: Vec<&str> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }

    #[test]
    fn a_cluster_that_is_known_need_not_be_named() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let ca = rcgen::CertificateParams::new(Vec::new()).expect("names").self_signed(&key).expect("signed").pem();
        let ca = base64::engine::Engine::encode(&base64::engine::general_purpose::STANDARD, ca);
        let mut variables = variables(&[("HOLDFAST_CLUSTER_ENDPOINT", "https://c"), ("HOLDFAST_CLUSTER_CA_DATA", &ca)]);
        variables.remove("HOLDFAST_AKS_CLUSTER_ID");
        assert!(AzureConfig::read(&variables).expect("sound").cluster.is_none());
    }
}
