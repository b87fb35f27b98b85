//! What is read of the operator's Deployment.

use serde::{Deserialize, de::IgnoredAny};

use crate::{humio::EnvVar, secret::Meta};

/// The variable by which the operator is told to use cert-manager (chart value `certmanager`).
const USE_CERT_MANAGER: &str = "USE_CERTMANAGER";

/// A Deployment as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Name, version, generation.
    pub metadata: Meta,
    /// What is wanted.
    pub spec: Spec,
    /// What there is.
    pub status: Status,
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

/// Whether the operator uses cert-manager: `USE_CERTMANAGER`, which must be `true` to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertManager {
    /// It says so.
    Used,
    /// It says otherwise.
    Unused,
    /// It says nothing, which the operator takes for a no.
    Unsaid,
    /// It says so elsewhere, where we do not look, or there is no operator to ask.
    Unknown,
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
    /// How many pods are wanted.
    pub fn wanted(&self) -> i32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// How many pods are available, by numbers that refer to what is wanted now; else 0.
    pub fn available(&self) -> i32 {
        let current = self.metadata.generation.is_some_and(|now| self.status.observed_generation >= Some(now));
        if current { self.status.available_replicas.unwrap_or(0) } else { 0 }
    }

    /// Whether the operator uses cert-manager.
    pub fn cert_manager(&self) -> CertManager {
        let containers = &self.spec.template.spec.containers;
        // Of two entries of one name the kubelet takes the later.
        let said = |container: &Container| {
            let variable = container.env.iter().rev().find(|variable| variable.name == USE_CERT_MANAGER)?;
            Some(match variable.value.as_deref() {
                Some("true") => CertManager::Used,
                Some(text) if text.contains("$(") => CertManager::Unknown,
                None if variable.value_from.is_some() => CertManager::Unknown,
                Some(_) | None => CertManager::Unused,
            })
        };
        let all: Vec<_> = containers.iter().filter_map(said).collect();
        let is_said = |what: CertManager| all.contains(&what);
        let elsewhere = containers.is_empty() || containers.iter().any(|container| !container.env_from.is_empty());
        match all.first() {
            None if elsewhere => CertManager::Unknown,
            None => CertManager::Unsaid,
            Some(_) if is_said(CertManager::Used) => CertManager::Used,
            Some(_) if is_said(CertManager::Unknown) => CertManager::Unknown,
            Some(_) => CertManager::Unused,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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

    fn cert_manager(containers: serde_json::Value) -> CertManager {
        let spec = json!({"template": {"spec": {"containers": containers}}});
        serde_json::from_value::<Deployment>(json!({"spec": spec})).expect("a deployment").cert_manager()
    }

    #[test]
    fn cert_manager_is_used_when_the_operator_is_told_so_to_the_letter() {
        let env =
            |value: &str| json!([{"name": "humio-operator", "env": [{"name": "USE_CERTMANAGER", "value": value}]}]);
        assert_eq!(cert_manager(env("true")), CertManager::Used);
        for value in ["false", "False", "True", "1", ""] {
            assert_eq!(cert_manager(env(value)), CertManager::Unused, "{value:?}");
        }
        assert_eq!(cert_manager(env("$(OTHER)")), CertManager::Unknown);
        let empty = json!([{"name": "humio-operator", "env": [{"name": "USE_CERTMANAGER"}]}]);
        assert_eq!(cert_manager(empty), CertManager::Unused);
    }

    #[test]
    fn the_variable_counts_in_any_container_and_the_later_of_two_entries() {
        let twice =
            json!([{"name": "USE_CERTMANAGER", "value": "true"}, {"name": "USE_CERTMANAGER", "value": "false"}]);
        assert_eq!(cert_manager(json!([{"name": "a"}, {"name": "b", "env": twice}])), CertManager::Unused);
    }

    #[test]
    fn a_variable_that_stands_elsewhere_or_nowhere_is_no_answer() {
        let from = json!({"configMapKeyRef": {"name": "c", "key": "k"}});
        let reference = json!([{"env": [{"name": "USE_CERTMANAGER", "valueFrom": from}]}]);
        assert_eq!(cert_manager(reference), CertManager::Unknown);
        assert_eq!(cert_manager(json!([{"envFrom": [{"configMapRef": {"name": "c"}}]}])), CertManager::Unknown);
        assert_eq!(cert_manager(json!([])), CertManager::Unknown);
        assert_eq!(cert_manager(json!([{"name": "humio-operator", "env": []}])), CertManager::Unsaid);
    }
}
