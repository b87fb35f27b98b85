//! The environment of the function's containers on OCI: what the platform sets, the reference's configuration, and our own, all durations
//! paced. Token, key, memory and socket differ for each container and are added there.

use std::collections::BTreeMap;

use super::{
    APPLICATION_ID, BACKEND_SET, CLUSTER_ID, COMPARTMENT_ID, FUNCTION_ID, LOAD_BALANCER_ID, MONITOR_ID, POLICY_ID,
    STANDBY_REGION,
};
use crate::environment::{FUNCTION_NAME, NAMESPACE, common, outside};
use crate::time::Pace;
use crate::world::PRIMARY_ADDRESS;

/// Where things are.
pub(crate) struct Facts<'a> {
    /// With `{region}` in it.
    pub(crate) endpoint: &'a str,
    pub(crate) ca_file: String,
    pub(crate) humio_cluster: &'a str,
    pub(crate) primary_port: u16,
    /// The control targets, separated by commas.
    pub(crate) control_targets: String,
    /// Endpoint and base64 of the CA's PEM, when the function shall not ask Container Engine.
    pub(crate) known_cluster: Option<(String, String)>,
}

/// The whole environment.
pub(crate) fn build(facts: &Facts<'_>, pace: Pace) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
    platform(&mut set, facts);
    reference(&mut set, facts, pace);
    own(&mut set, facts, pace);
    variables
}

/// What the platform sets (docs/reference/oci.md#function-contract, docs/reference/oci.md#resource-principals), and the way to the simulated services.
fn platform(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>) {
    set("FN_FORMAT", "http-stream");
    set("FN_TYPE", "sync");
    set("FN_FN_ID", FUNCTION_ID);
    set("FN_APP_ID", APPLICATION_ID);
    set("FN_FN_NAME", FUNCTION_NAME);
    set("FN_APP_NAME", "logscale-dr");
    set("OCI_TRACING_ENABLED", "0");
    set("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2");
    set("OCI_RESOURCE_PRINCIPAL_REGION", STANDBY_REGION);
    set("HOLDFAST_OCI_ENDPOINT", facts.endpoint);
    set("SSL_CERT_FILE", &facts.ca_file);
}

/// The reference's names.
fn reference(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>, pace: Pace) {
    let whole = |simulated: f64| pace.seconds(simulated).as_secs_f64().round().max(1.0).to_string();
    set("CLUSTER_ID", CLUSTER_ID);
    set("CLUSTER_REGION", STANDBY_REGION);
    set("CLUSTER_NAMESPACE", NAMESPACE);
    set("COMPARTMENT_ID", COMPARTMENT_ID);
    set("HUMIOCLUSTER_NAME", facts.humio_cluster);
    set("USE_LB_HEALTH_METRICS", "false");
    set("PRIMARY_HEALTH_CHECK_ID", MONITOR_ID);
    set("PRIMARY_LB_OCID", LOAD_BALANCER_ID);
    set("LB_BACKEND_SET_NAME", BACKEND_SET);
    set("STEERING_POLICY_ID", POLICY_ID);
    set("PRE_FAILOVER_FAILURE_SECONDS", &whole(180.0));
    set("FAILOVER_COOLDOWN_SECONDS", &whole(300.0));
}

/// Our own variables on OCI.
fn own(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>, pace: Pace) {
    common(set, pace);
    outside(set, facts.primary_port, &facts.control_targets);
    let paced = |simulated: f64, floor: f64| format!("{:.2}", pace.seconds(simulated).as_secs_f64().max(floor));
    // Points come three minutes late.
    set("HOLDFAST_METRIC_STALE_SECONDS", &paced(360.0, 1.0));
    // So does the tick, at the latest.
    set("HOLDFAST_TICK_SECONDS", &paced(180.0, 1.0));
    // A busy machine must answer within it.
    set("HOLDFAST_FN_MARGIN_SECONDS", &paced(5.0, 0.6));
    set("HOLDFAST_PRIMARY_TARGET", PRIMARY_ADDRESS);
    if let Some((endpoint, ca_data)) = &facts.known_cluster {
        set("HOLDFAST_CLUSTER_ENDPOINT", endpoint);
        set("HOLDFAST_CLUSTER_CA_DATA", ca_data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the configuration of a function may have in all, in bytes of keys and values (docs/reference/oci.md#function-limits).
    const MOST: usize = 4096;

    #[test]
    fn the_configuration_fits_into_what_a_function_may_have() {
        let facts = Facts {
            endpoint: "https://localhost:1/{region}",
            ca_file: "ca.pem".to_owned(),
            humio_cluster: "logscale",
            primary_port: 2,
            control_targets: "https://localhost:3/ping".to_owned(),
            known_cluster: None,
        };
        let variables = build(&facts, Pace::new(60.0));
        let is_config = |name: &str| !["FN_", "OCI_", "SSL_", "PATH"].iter().any(|other| name.starts_with(other));
        let size: usize =
            variables.iter().filter(|(name, _)| is_config(name)).map(|(name, value)| name.len() + value.len()).sum();
        assert!(size < MOST, "{size}");
        assert_eq!(variables["HOLDFAST_METRIC_STALE_SECONDS"], "6.00");
        assert!(!variables.contains_key("HOLDFAST_CLUSTER_ENDPOINT"));
    }
}
