use std::collections::BTreeMap;

use holdfast_core::Clock;
use holdfast_http::Proxies;

use super::*;
use crate::testing::KEY;

const ALL: Roles = Roles { cluster: true, history: true, traffic: true, note: true, topic: true };
const BALANCER: &str = "ocid1.loadbalancer.oc1.iad.aaaabalancer";
const LEAST: [(&str, &str); 8] = [
    ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
    ("OCI_RESOURCE_PRINCIPAL_RPST", "TOKEN"),
    ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", KEY),
    ("OCI_RESOURCE_PRINCIPAL_REGION", "us-chicago-1"),
    ("CLUSTER_ID", "ocid1.cluster.oc1.us-chicago-1.aaaacluster"),
    ("COMPARTMENT_ID", "ocid1.compartment.oc1..aaaacompartment"),
    ("PRIMARY_HEALTH_CHECK_ID", "ocid1.httpmonitor.oc1..aaaamonitor"),
    ("STEERING_POLICY_ID", "ocid1.dnspolicy.oc1..aaaapolicy"),
];

fn with<T>(pairs: &[(&str, &str)], read: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, ConfigurationFaults> {
    let variables: BTreeMap<_, _> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut reader = Reader::new(&variables);
    let value = read(&mut reader);
    reader.finish(value)
}

fn read(pairs: &[(&str, &str)], roles: Roles) -> Result<Settings, ConfigurationFaults> {
    with(pairs, |read| Settings::read(read, roles))
}

/// The least, with changes; an empty value takes a variable away.
fn changed(pairs: &[(&str, &str)]) -> Result<Settings, ConfigurationFaults> {
    read(&[&LEAST[..], pairs].concat(), ALL)
}

fn names(faults: Result<Settings, ConfigurationFaults>) -> Vec<String> {
    faults.map_or_else(|faults| faults.0.into_iter().map(|fault| fault.name).collect(), |_| Vec::new())
}

/// What is looked at, written out.
fn watched(pairs: &[(&str, &str)]) -> String {
    format!("{:?}", changed(pairs).expect("sound").history.expect("a history"))
}

struct Stopped;

#[async_trait::async_trait]
impl Clock for Stopped {
    fn now(&self) -> holdfast_core::Timestamp {
        holdfast_core::Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {}
}

#[test]
fn the_references_four_ids_are_enough_and_fill_every_role() {
    let settings = changed(&[]).expect("sound");
    let shared = Shared {
        clock: Arc::new(Stopped),
        proxies: Proxies::default(),
        attempt_timeout: Duration::from_secs(5),
        period: Duration::from_secs(60),
    };
    let parts = settings.open(&shared).expect("parts");
    assert!(parts.cluster.is_some() && parts.history.is_some() && parts.traffic.is_some() && parts.note.is_none());
    assert_eq!(settings.public_endpoints().targets.len(), 4);
    let place = settings.cluster.expect("a cluster");
    assert_eq!((place.region.as_str(), place.order.len(), place.endpoint), ("us-chicago-1", 4, None));
}

#[test]
fn only_the_settings_of_its_roles_are_asked_for() {
    assert_eq!(names(read(&[], Roles::default())), [""; 0]);
    let missing = |roles| names(read(&LEAST[..4], roles));
    assert_eq!(missing(Roles { cluster: true, ..Roles::default() }), ["CLUSTER_ID"]);
    assert_eq!(missing(Roles { history: true, ..Roles::default() }), ["PRIMARY_HEALTH_CHECK_ID", "COMPARTMENT_ID"]);
    assert_eq!(missing(Roles { traffic: true, ..Roles::default() }), ["STEERING_POLICY_ID"]);
    assert_eq!(missing(Roles { note: true, ..Roles::default() }), [""; 0]);
    assert_eq!(missing(ALL).len(), 4);
    let nobody = names(read(&LEAST[4..], Roles { cluster: true, ..Roles::default() }));
    assert_eq!(nobody, ["OCI_RESOURCE_PRINCIPAL_VERSION"]);
}

#[test]
fn the_load_balancer_is_watched_in_its_own_region_and_a_health_check_beside_the_function() {
    let found = watched(&[]);
    assert!(found.contains("us-chicago-1") && found.contains("oci_healthchecks") && found.contains("Some(Monitor"));
    let by_balancer = [("USE_LB_HEALTH_METRICS", "true"), ("PRIMARY_LB_OCID", BALANCER)];
    let found = watched(&by_balancer);
    assert!(found.contains("us-ashburn-1") && found.contains("oci_lbaas") && found.contains("TCP-443"), "{found}");
    let found = watched(&[by_balancer[0], by_balancer[1], ("PRIMARY_HEALTH_CHECK_ID", "")]);
    assert!(found.contains("monitor: None"), "{found}");
    let moved = [by_balancer[0], by_balancer[1], ("HOLDFAST_OCI_HISTORY_REGION", "phx")];
    assert!(watched(&moved).contains("us-phoenix-1"));
    assert_eq!(names(changed(&[("USE_LB_HEALTH_METRICS", "true")])), ["PRIMARY_LB_OCID"]);
    let custom = [("HOLDFAST_OCI_HISTORY_NAMESPACE", "own"), ("HOLDFAST_OCI_HISTORY_QUERY", "up[1m].max()")];
    let found = watched(&[custom[0], custom[1], ("PRIMARY_HEALTH_CHECK_ID", "")]);
    assert!(found.contains("up[1m].max()") && found.contains("us-chicago-1"), "{found}");
}

#[test]
fn a_cluster_is_where_its_id_says_unless_a_region_is_set() {
    let region = |pairs: &[(&str, &str)]| changed(pairs).expect("sound").cluster.expect("a cluster").region;
    let elsewhere = ("CLUSTER_ID", "ocid1.cluster.oc1.phx.aaaacluster");
    assert_eq!(region(&[elsewhere]), "us-phoenix-1");
    assert_eq!(region(&[elsewhere, ("CLUSTER_REGION", "IAD")]), "us-ashburn-1");
    assert_eq!(region(&[("CLUSTER_ID", "ocid1.cluster.oc1..aaaacluster")]), "us-chicago-1");
}

#[test]
fn what_contradicts_itself_is_one_fault_each() {
    for (pairs, name) in [
        (&[("SECONDARY_POOL_NAME", "primary")][..], "SECONDARY_POOL_NAME"),
        (&[("HOLDFAST_PRIMARY_POOL", "secondary")], "SECONDARY_POOL_NAME"),
        (&[("HOLDFAST_OCI_HISTORY_QUERY", "up[1m].max()")], "HOLDFAST_OCI_HISTORY_NAMESPACE"),
        (&[("HOLDFAST_OCI_HISTORY_NAMESPACE", "own")], "HOLDFAST_OCI_HISTORY_QUERY"),
        (&[("OCI_RESOURCE_PRINCIPAL_REGION", "")], "HOLDFAST_OCI_HEALTH_CHECK_REGION"),
    ] {
        assert!(names(changed(pairs)).contains(&name.to_owned()), "{pairs:?}");
    }
}

#[test]
fn alarms_are_known_by_what_they_watch_and_the_tick_by_its_name() {
    let filter = |pairs: &[(&str, &str)]| with(pairs, HostSettings::read).expect("sound").alarms;
    let found = filter(&[LEAST[6], ("PRIMARY_LB_OCID", BALANCER), ("HOLDFAST_ALARM_NAMES", "primary down, other")]);
    assert_eq!((found.resources.len(), found.alarms.len()), (2, 2));
    assert_eq!(found.ticks, ["holdfast-tick"]);
    let of_route_53 = filter(&[("PRIMARY_HEALTH_CHECK_ID", "abc"), ("HOLDFAST_TICK_ALARM_NAMES", "t")]);
    assert!(of_route_53.resources.is_empty() && of_route_53.ticks == ["t"]);
}

#[test]
fn nothing_secret_is_told() {
    let set = [("OCI_RESOURCE_PRINCIPAL_VERSION", "1"), ("OCI_RESOURCE_PRINCIPAL_RPST", "SECRET")];
    let faults = changed(&set).expect_err("no identity").to_string();
    assert!(!faults.contains("SECRET") && !faults.contains("PRIVATE KEY"), "{faults}");
    let settings = format!("{:?}", changed(&[]).expect("sound"));
    assert!(!settings.contains("TOKEN") && !settings.contains("PRIVATE"), "{settings}");
}
