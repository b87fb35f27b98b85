use std::collections::BTreeMap;

use holdfast_aws::settings::Aws;
use holdfast_azure::settings::AzureCloud;
use holdfast_core::retry::RetryPolicy;
use holdfast_oci::settings::OciCloud;

use super::*;
use crate::clock::SystemClock;

const PROFILE: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm";
const CLUSTER: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/aks";
const ON_AWS: [(&str, &str); 3] =
    [("CLUSTER_NAME", "dr"), ("CLUSTER_REGION", "us-east-2"), ("PRIMARY_HEALTH_CHECK_ID", "hc")];
const ON_AZURE: [(&str, &str); 3] = [
    ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE),
    ("HOLDFAST_PRIMARY_ENDPOINT", "primary"),
    ("HOLDFAST_AKS_CLUSTER_ID", CLUSTER),
];
const ON_OCI: [(&str, &str); 8] = [
    ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
    ("OCI_RESOURCE_PRINCIPAL_RPST", "token"),
    ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "key"),
    ("OCI_RESOURCE_PRINCIPAL_REGION", "us-chicago-1"),
    ("STEERING_POLICY_ID", "ocid1.dnspolicy.oc1..aaaapolicy"),
    ("COMPARTMENT_ID", "ocid1.compartment.oc1..aaaacompartment"),
    ("PRIMARY_HEALTH_CHECK_ID", "ocid1.httpmonitor.oc1..aaaamonitor"),
    ("CLUSTER_ID", "ocid1.cluster.oc1.us-chicago-1.aaaacluster"),
];
const AWS_KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];

fn read(host: &'static dyn Cloud, pairs: &[&[(&str, &str)]]) -> Result<Settings, ConfigurationFaults> {
    read_exactly(host, &[&pairs.concat(), &AWS_KEYS])
}

fn read_exactly(host: &'static dyn Cloud, pairs: &[&[(&str, &str)]]) -> Result<Settings, ConfigurationFaults> {
    let variables: BTreeMap<_, _> =
        pairs.concat().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::read(host, &variables, |_, _| ()).map(|(settings, ())| settings)
}

fn names(faults: &ConfigurationFaults) -> Vec<&str> {
    faults.0.iter().map(|fault| fault.name.as_str()).collect()
}

#[test]
fn the_reference_functions_variables_are_enough_and_keep_their_defaults() {
    let name = ("PRIMARY_HEALTH_CHECK_FQDN", "p.example.com");
    let settings = read(&Aws, &[&ON_AWS, &[name, ("FAILOVER_COOLDOWN_SECONDS", "60")]]).expect("sound");
    assert_eq!((settings.policy.holdoff.as_secs(), settings.policy.cooldown.as_secs()), (180, 60));
    assert_eq!(settings.limits.retry, RetryPolicy::default());
    let probed = settings.outside.primary.expect("a probe");
    assert_eq!((probed.host(), settings.outside.controls.len()), ("p.example.com", 4));
    let settings = read(&AzureCloud, &[&ON_AZURE, &[("COOLDOWN_SECONDS", "60"), ("MAX_RETRIES", "5")]]).expect("sound");
    assert_eq!((settings.policy.cooldown.as_secs(), settings.limits.retry.max_retries), (60, 5));
    assert!(settings.outside.primary.is_none());
    let settings = read(&OciCloud, &[&ON_OCI, &[("FAILOVER_COOLDOWN_SECONDS", "60")]]).expect("sound");
    assert_eq!((settings.policy.cooldown.as_secs(), settings.policy.stale_after.as_secs()), (60, 360));
    assert_eq!(settings.outside.controls.len(), 4);
}

#[test]
fn every_value_that_makes_no_sense_is_one_fault() {
    for (name, bad) in [
        ("PRE_FAILOVER_FAILURE_SECONDS", "601"),
        ("MAX_RETRIES", "11"),
        ("BASE_DELAY_SECONDS", "0.05"),
        ("MAX_DELAY_SECONDS", "61"),
        ("TARGET_OPERATOR_REPLICAS", "0"),
        ("HOLDFAST_PRIMARY_PROBE_URL", "ftp://x"),
        ("HOLDFAST_CLUSTER_ENDPOINT", "https://c"),
        ("SSL_CERT_FILE", "/dev/null"),
        ("HOLDFAST_ADMITS", "live=everything"),
        ("HOLDFAST_LEASE_SECONDS", "9"),
        ("LOG_LEVEL", "loud"),
        ("HOLDFAST_SYSTEM", "humio"),
        ("HOLDFAST_CLUSTER_CLOUD", "gcp"),
    ] {
        let hosts: [(&'static dyn Cloud, &[_]); 3] = [(&Aws, &ON_AWS), (&AzureCloud, &ON_AZURE), (&OciCloud, &ON_OCI)];
        for (host, least) in hosts {
            let faults = read(host, &[least, &[(name, bad)]]).expect_err(name);
            assert_eq!(names(&faults), [if name.ends_with("ENDPOINT") { "HOLDFAST_CLUSTER_CA_DATA" } else { name }]);
        }
    }
}

#[test]
fn an_unknown_system_is_told_which_there_are() {
    let faults = read(&Aws, &[&ON_AWS, &[("HOLDFAST_SYSTEM", "humio")]]).expect_err("unknown");
    assert_eq!(faults.to_string(), "HOLDFAST_SYSTEM=\"humio\" is not allowed: it must be one of logscale, api-connect");
}

#[test]
fn api_connect_asks_first_unless_the_mode_is_set() {
    use holdfast_core::mode::Mode;
    let apic: &[(&str, &str)] = &[("HOLDFAST_SYSTEM", "api-connect"), ("HOLDFAST_APIC_MANAGEMENT", "management")];
    let mode = |more: &[(&str, &str)]| read(&Aws, &[&ON_AWS, more]).map(|settings| settings.policy.mode);
    assert_eq!(mode(&[]), Ok(Mode::Automatic));
    assert!(matches!(mode(apic), Ok(Mode::Ask { .. })));
    assert_eq!(mode(&[apic, &[("HOLDFAST_MODE", "automatic")]].concat()), Ok(Mode::Automatic));
}

#[test]
fn all_faults_of_all_clouds_come_at_once() {
    let traffic = ("HOLDFAST_TRAFFIC_CLOUD", "azure");
    let faults = read(&Aws, &[&[traffic]]).expect_err("nothing else is set");
    let expected = [
        "CLUSTER_REGION",
        "CLUSTER_NAME",
        "PRIMARY_HEALTH_CHECK_ID",
        "HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID",
        "HOLDFAST_PRIMARY_ENDPOINT",
    ];
    assert_eq!(names(&faults), expected);
}

#[test]
fn a_function_on_aws_locks_traffic_manager_and_needs_no_aks() {
    let traffic = [("HOLDFAST_TRAFFIC_CLOUD", "azure"), ON_AZURE[0], ON_AZURE[1]];
    let settings = read(&Aws, &[&ON_AWS, &traffic]).expect("sound");
    let site = settings.open(Arc::new(SystemClock::default())).expect("a site");
    let steps: Vec<_> = site.engine("w".to_owned()).runbook.steps.iter().map(|step| step.name()).collect();
    assert_eq!(steps, ["remove-stale-tls", "scale-operator", "lock-traffic", "verify-standby"]);
}

#[test]
fn a_function_on_aws_locks_a_steering_policy_and_needs_no_oke() {
    let traffic = [("HOLDFAST_TRAFFIC_CLOUD", "oci")];
    let settings = read(&Aws, &[&ON_AWS, &traffic, &ON_OCI[..5]]).expect("sound");
    assert!(settings.open(Arc::new(SystemClock::default())).is_ok());
    let site = read(&OciCloud, &[&ON_OCI]).expect("sound").open(Arc::new(SystemClock::default())).expect("a site");
    let steps: Vec<_> = site.engine("w".to_owned()).runbook.steps.iter().map(|step| step.name()).collect();
    assert_eq!(steps, ["remove-stale-tls", "scale-operator", "lock-traffic", "verify-standby"]);
}

#[test]
fn a_function_on_azure_locks_route_53_and_needs_no_eks() {
    let roles = [("HOLDFAST_TRAFFIC_CLOUD", "aws"), ("HOLDFAST_HISTORY_CLOUD", "aws"), ON_AWS[2], ON_AZURE[2]];
    let settings = read(&AzureCloud, &[&roles]).expect("sound");
    assert!(settings.open(Arc::new(SystemClock::default())).is_ok());
    let faults = read_exactly(&AzureCloud, &[&roles]).expect_err("no credentials");
    assert_eq!(names(&faults), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
}
