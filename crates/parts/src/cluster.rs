//! The settings of a standby cluster whose address is known beforehand.

use holdfast_kubernetes::KnownCluster;
use holdfast_settings::{Reader, certificate::is_ca_data};

/// The cluster, when that need not be asked for.
pub fn known_cluster(read: &mut Reader<'_>) -> Option<KnownCluster> {
    let (endpoint, ca_data) = ("HOLDFAST_CLUSTER_ENDPOINT", "HOLDFAST_CLUSTER_CA_DATA");
    match (read.text(endpoint), read.text(ca_data)) {
        (None, None) => None,
        (Some(_), Some(_)) => Some(KnownCluster {
            endpoint: read.https(endpoint)?,
            ca_data: read.shaped(ca_data, "a certificate in PEM in base64, as clouds give it", is_ca_data)?,
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
