//! What is read of a pod.

use holdfast_core::{Call, Fault, FaultClass};
use serde::Deserialize;

use crate::{
    api::{Api, LIST_PODS, Listed, Weight, total},
    meta::{Meta, or_default},
};

/// A pod as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Name and labels.
    pub metadata: Meta,
    /// What it mounts.
    pub spec: PodSpec,
    /// Conditions.
    pub status: PodStatus,
}

/// What a pod mounts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodSpec {
    /// All volumes.
    #[serde(deserialize_with = "or_default")]
    pub volumes: Vec<Volume>,
}

/// One volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// The secret, where it is one.
    pub secret: Option<SecretVolume>,
}

/// A secret that is mounted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolume {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub secret_name: String,
}

/// The conditions of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodStatus {
    /// All of them.
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// Which.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
}

impl Weight for Pod {
    fn weight(&self) -> usize {
        let status = self.status.conditions.iter().flat_map(|one| [one.kind.len(), one.status.len()]);
        total(status.chain([self.metadata.weight()]))
    }
}

impl Pod {
    /// True when it serves: ready, and not on its way out.
    pub fn is_ready(&self) -> bool {
        let ready = |condition: &Condition| condition.kind == "Ready" && condition.status == "True";
        self.metadata.deletion_timestamp.is_none() && self.status.conditions.iter().any(ready)
    }

    /// The secrets that it uses: those that it mounts, and the one of its own name, which the operator makes for it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let mounted = self.spec.volumes.iter().filter_map(|volume| volume.secret.as_ref());
        std::iter::once(self.metadata.name.as_str()).chain(mounted.map(|secret| secret.secret_name.as_str()))
    }
}

/// All pods that `labels` selects: `key=value`, separated by commas, in characters that a query may hold as they are.
///
/// # Errors
/// Faults of the API server; [`Invalid`](FaultClass::Invalid) when there are more pods than are read.
pub async fn list(api: &Api, call: &Call, labels: &str) -> Result<Vec<Pod>, Fault> {
    let query = format!("labelSelector={labels}");
    let Listed { items, complete } = api.list(call, &LIST_PODS, &query, |_: &Pod| true).await?;
    let too_many = || Fault::new(FaultClass::Invalid, LIST_PODS.name, "there are more pods than are read");
    complete.then_some(items).ok_or_else(too_many)
}
