//! The variables that make a standby boot from the primary's snapshot.

use holdfast_core::evidence::Check;

use super::{RecoverPrefix, error, good, warning};
use crate::humio::HumioCluster;

/// All checks of this kind.
pub(super) fn checks(cluster: &HumioCluster, prefix: RecoverPrefix) -> Vec<Check> {
    let mut checks = vec![source(cluster, prefix)];
    checks.extend(replacement(cluster, prefix, "RECOVER_FROM_REPLACE_REGION", None));
    let buckets = (prefix.variable("RECOVER_FROM_BUCKET"), prefix.variable("STORAGE_BUCKET"));
    checks.extend(replacement(cluster, prefix, "RECOVER_FROM_REPLACE_BUCKET", Some(buckets)));
    checks
}

/// The bucket is the switch that turns recovery on; the encryption key must come with it where our own is set.
fn source(cluster: &HumioCluster, prefix: RecoverPrefix) -> Check {
    let name = "recover-from-variables";
    let is_absent = |variable: &String| cluster.variable(variable).is_none();
    let mut wanted = vec![prefix.variable("RECOVER_FROM_BUCKET")];
    if cluster.variable(&prefix.variable("STORAGE_ENCRYPTION_KEY")).is_some() {
        wanted.push(prefix.variable("RECOVER_FROM_ENCRYPTION_KEY"));
    }
    let absent: Vec<_> = wanted.iter().filter(|variable| is_absent(variable)).map(String::as_str).collect();
    if absent.is_empty() {
        return good(name, format!("{} set", wanted.join(" and ")));
    }
    let found = format!("absent: {}; without it the standby starts empty instead of recovering", absent.join(", "));
    if cluster.spec.top.environment_variables_source.is_empty() {
        error(name, found)
    } else {
        warning(name, format!("{found} - unless environmentVariablesSource brings it, which is not read here"))
    }
}

/// A replacement reads `old/new`. With `buckets`, old must be the recovery source's value and new our own.
fn replacement(
    cluster: &HumioCluster,
    prefix: RecoverPrefix,
    rest: &str,
    buckets: Option<(String, String)>,
) -> Option<Check> {
    let variable = prefix.variable(rest);
    let name = rest.to_ascii_lowercase().replace('_', "-");
    let Some(text) = cluster.variable(&variable)?.value.as_deref() else {
        return Some(warning(&name, format!("{variable} comes from elsewhere and was not checked")));
    };
    let wrong = |why: String| Some(error(&name, format!("{variable} is {text:?}: {why}")));
    let (old, new) = match text.split('/').collect::<Vec<_>>()[..] {
        [old, new] if !old.is_empty() && !new.is_empty() => (old, new),
        _ => return wrong("it must read old/new, with exactly one slash".to_owned()),
    };
    if old == new {
        return wrong("old and new are the same".to_owned());
    }
    let value = |variable: &str| cluster.variable(variable).and_then(|variable| variable.value.as_deref());
    if let Some((source, own)) = buckets {
        for (side, given, variable) in [("left", old, source), ("right", new, own)] {
            if let Some(other) = value(&variable).filter(|other| *other != given) {
                return wrong(format!("its {side} side must be {variable}, which is {other:?}"));
            }
        }
    }
    Some(good(&name, format!("{variable} is {text:?}")))
}
