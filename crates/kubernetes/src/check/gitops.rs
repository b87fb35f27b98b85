//! Signs that something else keeps the operator's Deployment as it is declared elsewhere: it would put the replicas back
//! while a failover raises them.

use std::collections::BTreeSet;

use holdfast_core::{evidence::Check, fault::quoted};

use super::{good, listed, warning};
use crate::deployment::Deployment;

/// How the marks of Argo CD and Flux begin, as labels or annotations.
const MARKS: [(&str, &str); 3] =
    [("argocd.argoproj.io/", "Argo CD"), ("kustomize.toolkit.fluxcd.io/", "Flux"), ("helm.toolkit.fluxcd.io/", "Flux")];

/// The names under which they write.
const MANAGERS: [(&str, &str); 3] =
    [("argocd", "Argo CD"), ("kustomize-controller", "Flux"), ("helm-controller", "Flux")];

/// The label that Argo CD tracks by unless told otherwise. Helm charts set it too, to the release's name.
const INSTANCE: &str = "app.kubernetes.io/instance";
const RELEASE: &str = "meta.helm.sh/release-name";

/// Signs that are named.
const NAMED: usize = 4;

/// The one check of this kind.
pub fn check(deployment: &Deployment) -> Check {
    let name = "managed-by";
    let signs: Vec<String> = signs(deployment).into_iter().collect();
    if signs.is_empty() {
        return good(name, "no mark of Argo CD or Flux on the operator's Deployment");
    }
    warning(
        name,
        format!(
            "{}: what keeps this Deployment as declared would put the replicas back that a failover raises. Let it \
             ignore spec.replicas of it (Argo CD: ignoreDifferences with RespectIgnoreDifferences; Flux: leave \
             replicas out of what is declared, or suspend)",
            listed(&signs, NAMED)
        ),
    )
}

fn signs(deployment: &Deployment) -> BTreeSet<String> {
    let metadata = &deployment.metadata;
    let mut signs = BTreeSet::new();
    for (mark, value) in metadata.labels.iter().chain(&metadata.annotations) {
        if let Some((_, who)) = MARKS.iter().find(|(begins, _)| mark.starts_with(begins)) {
            signs.insert(format!("{who} has marked it {}={}", quoted(mark), quoted(value)));
        }
    }
    for writer in &metadata.managed_fields {
        if let Some((_, who)) = MANAGERS.iter().find(|(begins, _)| writer.manager.starts_with(begins)) {
            signs.insert(format!("{who} has written it as {}", quoted(&writer.manager)));
        }
    }
    let release = metadata.annotations.get(RELEASE).unwrap_or(&metadata.name);
    if let Some(instance) = metadata.labels.get(INSTANCE).filter(|instance| *instance != release) {
        signs.insert(format!(
            "its label {INSTANCE} is {}, not the release {}, as where Argo CD tracks by it",
            quoted(instance),
            quoted(release)
        ));
    }
    signs
}

#[cfg(test)]
mod tests {
    use holdfast_core::evidence::Level;
    use serde_json::{Value, json};

    use super::*;

    fn checked(metadata: Value) -> Check {
        let mut metadata = metadata;
        metadata["name"] = "humio-operator".into();
        check(&serde_json::from_value(json!({"metadata": metadata})).expect("a deployment"))
    }

    #[test]
    fn each_mark_of_argo_cd_and_flux_is_told() {
        let marked = [
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "app:apps/Deployment:logging/humio-operator"}}),
                "Argo CD",
            ),
            (json!({"labels": {"argocd.argoproj.io/instance": "logscale"}}), "Argo CD"),
            (json!({"labels": {"app.kubernetes.io/instance": "logscale-standby"}}), "Argo CD"),
            (json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "logscale"}}), "Flux"),
            (json!({"labels": {"helm.toolkit.fluxcd.io/name": "humio-operator"}}), "Flux"),
            (json!({"managedFields": [{"manager": "argocd-controller"}]}), "Argo CD"),
            (json!({"managedFields": [{"manager": "kustomize-controller"}]}), "Flux"),
        ];
        for (metadata, who) in marked {
            let check = checked(metadata.clone());
            assert_eq!(check.level, Level::Warning, "{metadata}");
            assert!(check.found.contains(who) && check.found.contains("put the replicas back"), "{}", check.found);
        }
    }

    #[test]
    fn a_helm_release_alone_is_no_mark() {
        for metadata in [
            json!({}),
            json!({"labels": {"app.kubernetes.io/instance": "humio-operator", "app.kubernetes.io/managed-by": "Helm"}}),
            json!({"labels": {"app.kubernetes.io/instance": "other"}, "annotations": {"meta.helm.sh/release-name": "other"}}),
            json!({"managedFields": [{"manager": "helm"}, {"manager": "kubectl"}]}),
        ] {
            assert_eq!(checked(metadata.clone()).level, Level::Good, "{metadata}");
        }
    }

    #[test]
    fn many_marks_are_told_in_few_words() {
        let labels: serde_json::Map<String, Value> =
            (0..60).map(|at| (format!("argocd.argoproj.io/{at}"), "x".repeat(900).into())).collect();
        assert!(checked(json!({"labels": labels})).found.len() < 2200);
    }
}
