//! What is different on a standby cluster on Azure.

use crate::kubernetes::{Cluster, StandbyFixture, manifests, put};

/// Makes a standby one on Azure: `rights`, which say who the function is there, and a HumioCluster with the variables that it
/// has there (docs/reference/logscale.md#recovery-variables): other names, and no regions.
pub(super) fn move_to_azure(cluster: &Cluster, fixture: &StandbyFixture, rights: &str) {
    for manifest in manifests(rights, &cluster.options().namespace) {
        put(cluster, manifest);
    }
    let Some(mut humio) = cluster.get("humioclusters", &fixture.cluster_name) else { return };
    if let Some(variables) = humio["spec"]["commonEnvironmentVariables"].as_array_mut() {
        variables.retain(|variable| variable["name"].as_str().is_some_and(|name| !name.contains("REGION")));
        for variable in variables {
            let name = variable["name"].as_str().unwrap_or_default();
            let name = name.strip_prefix("S3_").map_or(name.to_owned(), |rest| format!("AZURE_{rest}"));
            variable["name"] = name.into();
        }
    }
    put(cluster, humio);
}
