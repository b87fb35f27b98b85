//! Secrets that the declared cluster refers to. Presence and equality only; nothing of their content is said.

use holdfast_core::evidence::Check;

use super::{RecoverPrefix, error, good, warning};
use crate::{
    humio::{HumioCluster, SecretKeyRef},
    secret::{Secret, digest},
};

/// All checks of this kind.
pub(super) fn checks(cluster: &HumioCluster, secrets: &[Secret], prefix: RecoverPrefix) -> Vec<Check> {
    let mut checks = vec![bootstrap_token(cluster, secrets), licence(cluster, secrets)];
    checks.extend(encryption_keys(cluster, secrets, prefix));
    checks
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

fn present(name: &str, SecretKeyRef { name: secret, key }: &SecretKeyRef, secrets: &[Secret]) -> Check {
    match find(secrets, secret) {
        None => error(name, format!("secret {secret} does not exist")),
        Some(found) if !found.data.contains_key(key) => error(name, format!("secret {secret} has no entry {key}")),
        Some(_) => good(name, format!("secret {secret} has the entry {key}")),
    }
}

fn encryption_keys(cluster: &HumioCluster, secrets: &[Secret], prefix: RecoverPrefix) -> Vec<Check> {
    let (own, source) = (prefix.variable("STORAGE_ENCRYPTION_KEY"), prefix.variable("RECOVER_FROM_ENCRYPTION_KEY"));
    let reference = |variable: &str| cluster.variable(variable)?.value_from.as_ref()?.secret_key_ref.clone();
    let mut checks: Vec<_> = [&own, &source]
        .into_iter()
        .filter_map(|variable| Some(present("encryption-key-secret", &reference(variable)?, secrets)))
        .collect();
    // Most often both name the same entry.
    checks.dedup();
    let digest_of = |variable: &str| {
        let literal = cluster.variable(variable)?.value.as_ref().map(|value| digest(value.as_bytes()));
        literal.or_else(|| {
            let SecretKeyRef { name, key } = reference(variable)?;
            find(secrets, &name)?.digest(&key)
        })
    };
    if let (Some(a), Some(b)) = (digest_of(&own), digest_of(&source)) {
        checks.push(if a == b {
            good("encryption-keys-equal", format!("{own} and {source} are the same key"))
        } else {
            error(
                "encryption-keys-equal",
                format!("{own} and {source} are different keys: the primary's snapshot could not be read"),
            )
        });
    }
    checks
}
