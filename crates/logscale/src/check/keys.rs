//! The keys of the bucket of this cluster and of the primary's, in each pool. Presence and equality only; nothing of
//! their content is said.

use holdfast_core::{
    evidence::{Check, Level},
    fault::quoted,
};
use holdfast_kubernetes::environment::SecretKeyRef;

use super::{
    RecoverPrefix,
    findings::Findings,
    variables::{Given, Presence, Variables},
};

/// The variables that hold the two keys: our own, and the one for the primary's bucket.
pub(super) fn variables(prefix: RecoverPrefix) -> [String; 2] {
    [prefix.variable("STORAGE_ENCRYPTION_KEY"), prefix.variable("RECOVER_FROM_ENCRYPTION_KEY")]
}

/// All checks of this kind.
pub(super) fn checks(pools: &[Variables<'_>], prefix: RecoverPrefix) -> Vec<Check> {
    let (mut present, mut equal) = (Findings::among(pools), Findings::among(pools));
    let [own, source] = variables(prefix);
    for variables in pools {
        let pool = &variables.pool.name;
        // Most often both name the same entry.
        let mut found: Vec<_> = [&own, &source].into_iter().filter_map(|name| entry(*variables, name)).collect();
        found.dedup();
        // The worst of a pool is what it is at.
        if let Some((level, text)) = found.into_iter().max() {
            present.add(pool, level, text);
        }
        match (variables.digest(&own), variables.digest(&source)) {
            (Some(a), Some(b)) if a == b => {
                equal.add(pool, Level::Good, format!("{own} and {source} are the same key"))
            }
            // LogScale cannot open a snapshot that another key sealed: its recovery log stops after the look into the
            // primary's bucket (the AWS and Azure recovery guides: 403 or wrong key; the same key is a precondition).
            (Some(_), Some(_)) => equal.add(
                pool,
                Level::Error,
                format!("{own} and {source} are different keys: the primary's snapshot could not be read"),
            ),
            _ => {}
        }
    }
    [present.of_nodes("encryption-key-secret"), equal.of_nodes("encryption-keys-equal")].into_iter().flatten().collect()
}

/// Whether the entry is there that the variable names. Kubernetes starts no container whose variable names an entry
/// that does not exist (kubelet, `CreateContainerConfigError`), so LogScale would not start at all.
fn entry(variables: Variables<'_>, name: &str) -> Option<(Level, String)> {
    let Given::Entry(SecretKeyRef { name: secret, key, optional }) = variables.given(name)? else { return None };
    let level = if optional.unwrap_or(false) { Level::Warning } else { Level::Error };
    let (shown, key_shown) = (quoted(secret), quoted(key));
    Some(match variables.presence(secret) {
        Presence::Absent => (level, format!("secret {shown} does not exist")),
        Presence::Unread => (Level::Warning, format!("secret {shown} was not looked at")),
        Presence::There(found) if found.data.contains_key(key) => {
            (Level::Good, format!("secret {shown} has the entry {key_shown}"))
        }
        Presence::There(_) => (level, format!("secret {shown} has no entry {key_shown}")),
    })
}
