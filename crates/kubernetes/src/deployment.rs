//! What is read of a Deployment.

use holdfast_core::fault::{Limit, quoted_within};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::Value;

use crate::{
    environment::EnvVar,
    meta::{Meta, or_default},
};

mod handle;

pub use handle::DeploymentHandle;

/// Writers of one object that are kept; Kubernetes itself merges older ones away.
const WRITERS: usize = 64;

/// A Deployment as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Name, version, generation.
    pub metadata: DeploymentMeta,
    /// What is wanted.
    pub spec: Spec,
    /// What there is.
    pub status: Status,
}

/// The metadata of a Deployment: that of any object, and who wrote it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentMeta {
    /// What every object has.
    #[serde(flatten)]
    pub common: Meta,
    /// Who wrote which fields.
    #[serde(deserialize_with = "writers")]
    pub managed_fields: Vec<Writer>,
}

impl std::ops::Deref for DeploymentMeta {
    type Target = Meta;

    fn deref(&self) -> &Meta {
        &self.common
    }
}

/// An entry of `metadata.managedFields`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Writer {
    /// Who: a program's name.
    #[serde(deserialize_with = "or_default")]
    pub manager: String,
    /// How: `Update` or `Apply`.
    #[serde(deserialize_with = "or_default")]
    pub operation: String,
    /// Through which part of the object: `scale`, `status` or nothing.
    #[serde(deserialize_with = "or_default")]
    pub subresource: String,
    /// When last, as text: it is shown and nothing is decided by it.
    #[serde(deserialize_with = "or_default")]
    pub time: String,
    /// Whether `spec.replicas` is among its fields.
    #[serde(rename = "fieldsV1", deserialize_with = "holds_replicas")]
    pub writes_replicas: bool,
}

fn writers<'de, D: Deserializer<'de>>(text: D) -> Result<Vec<Writer>, D::Error> {
    // What cannot be read is left out: this is for a sentence.
    let all: Vec<Value> = or_default(text)?;
    Ok(all.into_iter().take(WRITERS).filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}

fn holds_replicas<'de, D: Deserializer<'de>>(text: D) -> Result<bool, D::Error> {
    let fields = Value::deserialize(text)?;
    Ok(fields.pointer("/f:spec/f:replicas").is_some())
}

impl std::fmt::Display for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { manager, operation, subresource, time, .. } = self;
        let through = if subresource.is_empty() { String::new() } else { format!(" of {}", short(subresource)) };
        write!(f, "{} ({}{through}) at {}", short(manager), short(operation), short(time))
    }
}

/// A foreign word for a sentence.
fn short(word: &str) -> String {
    let word = quoted_within(word, Limit::Value);
    if word.is_empty() { "unknown".to_owned() } else { word }
}

/// What is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// How many pods; the server fills in 1 when it is not given.
    pub replicas: Option<i32>,
    /// What they are made of.
    pub template: Template,
}

/// What the pods are made of.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Template {
    /// Their specification.
    pub spec: PodSpec,
}

/// The containers of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodSpec {
    /// All of them.
    pub containers: Vec<Container>,
}

/// A container, as far as its environment goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Variables.
    pub env: Vec<EnvVar>,
    /// Variables from elsewhere, as far as it matters: whether there are any.
    pub env_from: Vec<IgnoredAny>,
}

/// What there is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// The generation that the numbers refer to.
    pub observed_generation: Option<i64>,
    /// Pods that are ready long enough.
    pub available_replicas: Option<i32>,
}

impl Deployment {
    /// Who wrote `spec.replicas` last, where the server keeps account of it.
    pub fn replicas_writer(&self) -> Option<&Writer> {
        // Times of the server: RFC 3339 in UTC and whole seconds, so their order is that of their texts.
        self.metadata.managed_fields.iter().filter(|writer| writer.writes_replicas).max_by(|a, b| a.time.cmp(&b.time))
    }

    /// How many pods are wanted.
    pub fn wanted(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// How many pods are available, by numbers that refer to what is wanted now; else 0.
    pub fn available(&self) -> i32 {
        let current = self.metadata.generation.is_some_and(|now| self.status.observed_generation >= Some(now));
        if current { self.status.available_replicas.unwrap_or(0) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn managed(entries: &Value) -> Deployment {
        serde_json::from_value(json!({"metadata": {"name": "humio-operator", "managedFields": entries}}))
            .expect("a deployment")
    }

    /// The form of the real server.
    #[test]
    fn the_last_writer_of_the_replicas_is_known_whatever_others_wrote_since() {
        let replicas = json!({"f:spec": {"f:replicas": {}}});
        let deployment = managed(&json!([
            {"manager": "helm", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z",
             "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {}, "f:spec": {"f:replicas": {}, "f:strategy": {}}}},
            {"manager": "argocd-controller", "operation": "Update", "time": "2026-01-01T00:05:00Z", "fieldsV1": replicas},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
             "time": "2026-01-01T00:06:00Z", "fieldsV1": {"f:status": {"f:replicas": {}}}},
        ]));
        let writer = deployment.replicas_writer().expect("known");
        assert_eq!(writer.to_string(), "argocd-controller (Update) at 2026-01-01T00:05:00Z");
        let scaled = managed(&json!([{"manager": "kubectl", "operation": "Update", "subresource": "scale",
            "time": "2026-01-01T00:00:00Z", "fieldsV1": replicas}]));
        assert_eq!(
            scaled.replicas_writer().expect("known").to_string(),
            "kubectl (Update of scale) at 2026-01-01T00:00:00Z"
        );
    }

    #[test]
    fn an_account_of_writers_that_makes_no_sense_is_none_and_never_a_fault() {
        for entries in [json!(null), json!([]), json!([7, "x", null]), json!([{"manager": 7}])] {
            assert!(managed(&entries).replicas_writer().is_none(), "{entries}");
        }
        let odd = json!([{"manager": "a\u{202e}\n b".to_owned() + &"x".repeat(800), "fieldsV1": {"f:spec": {"f:replicas": 1}}}]);
        let said = managed(&odd).replicas_writer().expect("known").to_string();
        assert!(said.starts_with("a (unknown) at unknown") && !said.contains('\u{202e}'), "{said}");
        let many: Vec<_> =
            (0..5000).map(|_| json!({"manager": "m", "fieldsV1": {"f:spec": {"f:replicas": {}}}})).collect();
        assert_eq!(managed(&json!(many)).metadata.managed_fields.len(), WRITERS);
    }

    #[test]
    fn numbers_that_refer_to_an_older_wish_prove_nothing() {
        let mut value = json!({
            "metadata": {"generation": 3},
            "spec": {"replicas": 1},
            "status": {"observedGeneration": 2, "availableReplicas": 1},
        });
        let old: Deployment = serde_json::from_value(value.clone()).expect("a deployment");
        assert_eq!(old.available(), 0);
        value["status"]["observedGeneration"] = 3.into();
        let current: Deployment = serde_json::from_value(value).expect("a deployment");
        assert_eq!(current.available(), 1);
    }
}
