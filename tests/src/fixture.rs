//! The simulator's standby as objects that any API server takes: one scene for both.

use std::sync::Arc;

use holdfast_simulator::kubernetes::{Cluster, ClusterOptions, StandbyFixture, TokenPolicy, apply_fixture};
use serde_json::{Value, json};

/// What Terraform and Helm put on a standby. The Role, the Lease and the ConfigMap come from the shipped manifest.
const RESOURCES: [&str; 3] = ["secrets", "deployments", "humioclusters"];

/// A cluster in memory; nobody talks to it.
fn cluster() -> Arc<Cluster> {
    Cluster::new(ClusterOptions {
        name: "logscale-standby".to_owned(),
        region: "us-west-2".to_owned(),
        namespace: "logging".to_owned(),
        access_key: "AKIDHOLDFASTFUNCTION".to_owned(),
        secret_key: "real/function+secret".to_owned(),
        group: "dr-failover".to_owned(),
        pace: 60.0,
        seed: 1,
    })
}

/// Whom a real control plane is to let in.
pub(crate) fn token_policy() -> TokenPolicy {
    cluster().token_policy()
}

/// The objects of `fixture`, without what only its own server could have written into them: in another one, owners of
/// these uids would not exist, and the garbage collector would act on it.
pub(crate) fn objects(fixture: &StandbyFixture) -> Vec<Value> {
    let cluster = cluster();
    apply_fixture(&cluster, fixture);
    RESOURCES.iter().flat_map(|resource| cluster.list(resource)).map(plain).collect()
}

fn plain(mut object: Value) -> Value {
    let metadata = object["metadata"].take();
    object["metadata"] = json!({"name": metadata["name"]});
    for part in ["labels", "annotations"] {
        if metadata[part].is_object() {
            object["metadata"][part] = metadata[part].clone();
        }
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}
