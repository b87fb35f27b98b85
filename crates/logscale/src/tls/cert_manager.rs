//! Whether the operator uses cert-manager, as its Deployment says.

use holdfast_kubernetes::deployment::{Container, Deployment};

/// The variable by which the operator is told to use cert-manager (chart value `certmanager`).
const USE_CERT_MANAGER: &str = "USE_CERTMANAGER";

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

impl CertManager {
    /// What its Deployment says.
    pub fn of(deployment: &Deployment) -> Self {
        let containers = &deployment.spec.template.spec.containers;
        // Of two entries of one name the kubelet takes the later.
        let said = |container: &Container| {
            let variable = container.env.iter().rev().find(|variable| variable.name == USE_CERT_MANAGER)?;
            Some(match variable.value.as_deref() {
                Some("true") => Self::Used,
                Some(text) if text.contains("$(") => Self::Unknown,
                None if variable.value_from.is_some() => Self::Unknown,
                Some(_) | None => Self::Unused,
            })
        };
        let all: Vec<_> = containers.iter().filter_map(said).collect();
        let is_said = |what: Self| all.contains(&what);
        let elsewhere = containers.is_empty() || containers.iter().any(|container| !container.env_from.is_empty());
        match all.first() {
            None if elsewhere => Self::Unknown,
            None => Self::Unsaid,
            Some(_) if is_said(Self::Used) => Self::Used,
            Some(_) if is_said(Self::Unknown) => Self::Unknown,
            Some(_) => Self::Unused,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cert_manager(containers: serde_json::Value) -> CertManager {
        let spec = json!({"template": {"spec": {"containers": containers}}});
        CertManager::of(&serde_json::from_value(json!({"spec": spec})).expect("a deployment"))
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
