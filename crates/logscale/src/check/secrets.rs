//! Secrets that the declared cluster refers to. Presence and equality only; nothing of their content is said.

use holdfast_core::evidence::Check;
use holdfast_kubernetes::{
    check::{error, good, warning},
    environment::SecretKeyRef,
    secret::Secret,
};

use crate::humio::HumioCluster;

/// All checks of this kind.
pub(super) fn checks(cluster: &HumioCluster, secrets: &[Secret]) -> Vec<Check> {
    vec![bootstrap_token(cluster, secrets), licence(cluster, secrets)]
}

fn find<'a>(secrets: &'a [Secret], name: &str) -> Option<&'a Secret> {
    secrets.iter().find(|secret| secret.metadata.name == name)
}

fn bootstrap_token(cluster: &HumioCluster, secrets: &[Secret]) -> Check {
    let (name, wanted) = ("bootstrap-token", format!("{}-bootstrap-token", cluster.metadata.name));
    let complete = |secret: &Secret| ["secret", "hashedToken"].iter().all(|key| secret.data.contains_key(*key));
    if find(secrets, &wanted).is_some_and(complete) {
        return good(name, format!("secret {wanted} is there"));
    }
    warning(
        name,
        format!(
            "secret {wanted} with the keys secret and hashedToken is not there: before anything else the operator starts \
             a one-time pod to make it, and the start of that pod adds to the recovery time"
        ),
    )
}

fn licence(cluster: &HumioCluster, secrets: &[Secret]) -> Check {
    let name = "licence-secret";
    match &cluster.spec.license.secret_key_ref {
        None => error(name, "spec.license.secretKeyRef is not set: the operator stops with ConfigError"),
        Some(reference) => present(name, reference, secrets),
    }
}

fn present(name: &str, SecretKeyRef { name: secret, key, .. }: &SecretKeyRef, secrets: &[Secret]) -> Check {
    match find(secrets, secret) {
        None => error(name, format!("secret {secret} does not exist")),
        Some(found) if !found.data.contains_key(key) => error(name, format!("secret {secret} has no entry {key}")),
        Some(_) => good(name, format!("secret {secret} has the entry {key}")),
    }
}
