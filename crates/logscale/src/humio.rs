//! What is read of a `HumioCluster` (core.humio.com/v1alpha1).
//!
//! Field names and defaults: humio-operator, `api/v1alpha1/humiocluster_types.go`.

use std::collections::BTreeMap;

use holdfast_core::fault::quoted;
use holdfast_kubernetes::{
    environment::{EnvVar, SecretKeyRef},
    meta::{Meta, or_default},
    pod::Pod,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

mod pool;

pub use pool::Pool;

/// `spec.targetReplicationFactor` when it is not set.
const DEFAULT_REPLICATION_FACTOR: i64 = 2;

/// The state in which the operator makes no pod.
pub const CONFIG_ERROR: &str = "ConfigError";

/// The label that says which node pool a pod belongs to.
const POOL_LABEL: &str = "humio.com/node-pool";

/// A declared LogScale cluster.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HumioCluster {
    /// Name, generation.
    pub metadata: Meta,
    /// What is wanted.
    pub spec: Spec,
    /// What the operator wrote last; stale while it does not run.
    pub status: Status,
}

/// What is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    /// Transport security inside the cluster.
    pub tls: Option<Tls>,
    /// Copies of each segment.
    pub target_replication_factor: Option<i64>,
    /// Variables of all pools; a pool's own win.
    #[serde(deserialize_with = "or_default")]
    pub common_environment_variables: Vec<EnvVar>,
    /// The licence.
    pub license: License,
    /// Further pools.
    #[serde(deserialize_with = "or_default")]
    pub node_pools: Vec<NodePool>,
    /// The top pool.
    #[serde(flatten)]
    pub top: NodeSpec,
}

/// One pool's nodes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// How many.
    #[serde(deserialize_with = "or_default")]
    pub node_count: i64,
    /// Variables of this pool.
    #[serde(deserialize_with = "or_default")]
    pub environment_variables: Vec<EnvVar>,
    /// Secrets and ConfigMaps whose entries become variables.
    #[serde(deserialize_with = "or_default")]
    pub environment_variables_source: Vec<EnvSource>,
    /// The image; unset means the one that the operator was built with.
    #[serde(deserialize_with = "or_default")]
    pub image: String,
    /// Where the image's name is kept instead.
    pub image_source: Option<ImageSource>,
    /// A volume for data.
    #[serde(deserialize_with = "or_default")]
    pub data_volume_source: Map<String, Value>,
    /// Claims for volumes for data.
    #[serde(deserialize_with = "or_default")]
    pub data_volume_persistent_volume_claim_spec_template: Map<String, Value>,
}

/// Where variables come from, all entries of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvSource {
    /// What is put before the names of its entries.
    #[serde(deserialize_with = "or_default")]
    pub prefix: String,
    /// A ConfigMap.
    pub config_map_ref: Option<Named>,
    /// A secret.
    pub secret_ref: Option<Named>,
}

/// Where the image's name is kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageSource {
    /// A ConfigMap.
    pub config_map_ref: Option<Named>,
}

/// An object of the namespace, by name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// A further pool.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodePool {
    /// Its short name.
    pub name: String,
    /// Its nodes.
    pub spec: NodeSpec,
}

/// Transport security.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tls {
    /// Unset means on wherever cert-manager is used.
    pub enabled: Option<bool>,
    /// A CA of the user's own.
    pub ca_secret_name: Option<String>,
}

/// The licence.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct License {
    /// Where it is kept.
    pub secret_key_ref: Option<SecretKeyRef>,
}

/// What the operator wrote last.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// One word; no proof of readiness.
    #[serde(deserialize_with = "shown")]
    pub state: String,
    /// The operator's sentence, fit to be shown.
    #[serde(deserialize_with = "shown")]
    pub message: String,
    /// The generation that it refers to, as **text**.
    #[serde(deserialize_with = "shown")]
    pub observed_generation: String,
}

impl HumioCluster {
    /// Whether transport security is declared on or off.
    pub fn tls_enabled(&self) -> Option<bool> {
        self.spec.tls.as_ref()?.enabled
    }

    /// The user's own CA, if one is named.
    pub fn ca_secret_name(&self) -> Option<&str> {
        self.spec.tls.as_ref()?.ca_secret_name.as_deref().filter(|name| !name.is_empty())
    }

    /// The pools with their full names (the value of their pods' label) and node counts.
    pub fn pools(&self) -> Vec<(String, i64)> {
        let name = &self.metadata.name;
        let further = self.spec.node_pools.iter().map(|pool| (format!("{name}-{}", pool.name), pool.spec.node_count));
        std::iter::once((name.clone(), self.spec.top.node_count)).chain(further).collect()
    }

    /// Nodes of all pools together.
    pub fn nodes(&self) -> i64 {
        self.pools().iter().fold(0, |sum, (_, nodes)| sum.saturating_add(*nodes))
    }

    /// Copies of each segment that are wanted.
    pub fn replication_factor(&self) -> i64 {
        self.spec.target_replication_factor.filter(|factor| *factor > 0).unwrap_or(DEFAULT_REPLICATION_FACTOR)
    }

    /// True when the status refers to what is wanted now.
    pub fn status_is_current(&self) -> bool {
        self.metadata.generation.is_some_and(|now| self.status.observed_generation == now.to_string())
    }

    /// True when the operator says of what is wanted now that it cannot work with it. What it said of an earlier
    /// generation, a change may have put right.
    pub fn is_config_error(&self) -> bool {
        self.status.state == CONFIG_ERROR && self.status_is_current()
    }
}

/// A text that others wrote, fit to be shown.
fn shown<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    let text: String = or_default(text)?;
    Ok(quoted(&text))
}

/// The labels of the pods of the cluster `name` and of no other: `app.kubernetes.io/name=humio` alone would match those
/// of every HumioCluster in the namespace. `name` can be a name in Kubernetes.
pub(crate) fn labels_of(name: &str) -> String {
    format!("app.kubernetes.io/name=humio,app.kubernetes.io/instance={name}")
}

/// Ready pods of each pool.
pub fn ready_by_pool(pods: &[Pod]) -> BTreeMap<&str, i64> {
    let mut ready = BTreeMap::new();
    for pod in pods.iter().filter(|pod| pod.is_ready()) {
        if let Some(pool) = pod.metadata.labels.get(POOL_LABEL) {
            let ready: &mut i64 = ready.entry(pool.as_str()).or_default();
            *ready = ready.saturating_add(1);
        }
    }
    ready
}
