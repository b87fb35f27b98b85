//! The settings of the function app: what the host sets, the reference's, and our own, all durations paced.

use std::collections::BTreeMap;
use std::time::Duration;

use super::entra::CLIENT_SECRET;
use super::profile::PRIMARY_ENDPOINT;
use super::{CLIENT_ID, PRIMARY_REGION, cluster_id, profile_id};
use crate::environment::NAMESPACE;
use crate::time::Pace;

/// Where things are.
pub(crate) struct Facts<'a> {
    pub(crate) arm_endpoint: &'a str,
    pub(crate) identity_endpoint: &'a str,
    pub(crate) queue_endpoint: &'a str,
    pub(crate) blob_endpoint: &'a str,
    pub(crate) ca_file: String,
    pub(crate) humio_cluster: &'a str,
    pub(crate) primary_port: u16,
    /// The control targets, separated by commas.
    pub(crate) control_targets: String,
    /// Endpoint and base64 of the CA's PEM, when the function shall not ask AKS.
    pub(crate) known_cluster: Option<&'a (String, String)>,
    /// `functionTimeout`, real.
    pub(crate) function_timeout: Duration,
    /// The queue that the function works from.
    pub(crate) work_queue: String,
}

/// The whole environment. `IDENTITY_HEADER` is one that no process gets; each gets its own instead.
pub(crate) fn build(facts: &Facts<'_>, pace: Pace) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
    host(&mut set, facts);
    crate::environment::common(&mut set, pace);
    own(&mut set, facts, pace);
    variables
}

/// What a function on another cloud is told, so that it switches traffic here: which cloud, and a client's secret for its tokens.
pub(crate) fn traffic(arm_endpoint: &str, authority_host: &str, tenant: &str) -> BTreeMap<String, String> {
    let profile = profile_id();
    let variables = [
        ("HOLDFAST_TRAFFIC_CLOUD", "azure"),
        ("HOLDFAST_ARM_ENDPOINT", arm_endpoint),
        ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", &profile),
        ("HOLDFAST_PRIMARY_ENDPOINT", PRIMARY_ENDPOINT),
        ("AZURE_AUTHORITY_HOST", authority_host),
        ("AZURE_TENANT_ID", tenant),
        ("AZURE_CLIENT_ID", CLIENT_ID),
        ("AZURE_CLIENT_SECRET", CLIENT_SECRET),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What the platform and the host set (docs/reference/azure.md#custom-handler-process, docs/reference/azure.md#managed-identity).
fn host(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>) {
    set("FUNCTIONS_WORKER_RUNTIME", "custom");
    set("FUNCTIONS_APP_ROOT_PATH", "/home/site/wwwroot");
    set("WEBSITE_SITE_NAME", "logscale-standby-dr-failover");
    set("IDENTITY_ENDPOINT", facts.identity_endpoint);
    set("IDENTITY_HEADER", "none");
    set("AzureWebJobsStorage__queueServiceUri", facts.queue_endpoint);
    set("AzureWebJobsStorage__blobServiceUri", facts.blob_endpoint);
    set("AzureWebJobsStorage__credential", "managedidentity");
    set("AzureWebJobsStorage__clientId", CLIENT_ID);
    set("SSL_CERT_FILE", &facts.ca_file);
}

/// Where the function finds its cloud and its standby.
fn own(set: &mut impl FnMut(&str, &str), facts: &Facts<'_>, pace: Pace) {
    let whole = |simulated: f64| pace.seconds(simulated).as_secs_f64().round().max(1.0).to_string();
    set("PRE_FAILOVER_FAILURE_SECONDS", &whole(180.0));
    set("COOLDOWN_SECONDS", &whole(300.0));
    set("HOLDFAST_ARM_ENDPOINT", facts.arm_endpoint);
    set("CLUSTER_NAMESPACE", NAMESPACE);
    set("HUMIOCLUSTER_NAME", facts.humio_cluster);
    set("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", &profile_id());
    set("HOLDFAST_PRIMARY_ENDPOINT", PRIMARY_ENDPOINT);
    set("HOLDFAST_AKS_CLUSTER_ID", &cluster_id());
    set("HOLDFAST_PRIMARY_REGION", PRIMARY_REGION);
    set("HOLDFAST_QUEUE_URL", &format!("{}/{}", facts.queue_endpoint, facts.work_queue));
    set("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", &format!("{:.2}", facts.function_timeout.as_secs_f64()));
    crate::environment::outside(set, facts.primary_port, &facts.control_targets);
    if let Some((endpoint, ca_data)) = facts.known_cluster {
        set("HOLDFAST_CLUSTER_ENDPOINT", endpoint);
        set("HOLDFAST_CLUSTER_CA_DATA", ca_data);
    }
}
