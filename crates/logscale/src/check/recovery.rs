//! The variables that make a standby boot from the primary's snapshot, in each pool that has nodes.

use holdfast_core::{
    evidence::{Check, Level},
    fault::quoted,
};
use holdfast_kubernetes::check::listed;

use super::{
    RecoverPrefix,
    findings::Findings,
    variables::{Given, Variables},
};

/// Sources that are named in one sentence.
const NAMED: usize = 3;

/// All checks of this kind.
pub(super) fn checks(pools: &[Variables<'_>], prefix: RecoverPrefix) -> Vec<Check> {
    let (mut source, mut region, mut bucket) = (Findings::among(pools), Findings::among(pools), Findings::among(pools));
    let buckets = [prefix.variable("RECOVER_FROM_BUCKET"), prefix.variable("STORAGE_BUCKET")];
    for variables in pools {
        let pool = &variables.pool.name;
        let (level, found) = recovers(*variables, prefix);
        source.add(pool, level, found);
        if let Some((level, found)) = replacement(*variables, &prefix.variable("RECOVER_FROM_REPLACE_REGION"), None) {
            region.add(pool, level, found);
        }
        let name = prefix.variable("RECOVER_FROM_REPLACE_BUCKET");
        if let Some((level, found)) = replacement(*variables, &name, Some(&buckets)) {
            bucket.add(pool, level, found);
        }
    }
    let checks = [
        source.of_nodes("recover-from-variables"),
        region.of_nodes("recover-from-replace-region"),
        bucket.of_nodes("recover-from-replace-bucket"),
    ];
    checks.into_iter().flatten().collect()
}

/// The bucket is the switch that turns recovery on. Without it LogScale never looks at the primary's snapshot: its log
/// ends after the look into its own bucket, and the "active site" is an empty one (the AWS and Azure recovery guides;
/// the recovery log's first line without its fourth). That is the refusal that this error rests on.
fn recovers(variables: Variables<'_>, prefix: RecoverPrefix) -> (Level, String) {
    let (bucket, key) = (prefix.variable("RECOVER_FROM_BUCKET"), prefix.variable("RECOVER_FROM_ENCRYPTION_KEY"));
    let has_key = variables.given(&key).is_some();
    let needs_key = !has_key && variables.given(&prefix.variable("STORAGE_ENCRYPTION_KEY")).is_some();
    let sources = variables.unread_sources();
    let unread = match sources.is_empty() {
        true => String::new(),
        false => format!(" - unless {} brings it, which is not read here", listed(&sources, NAMED)),
    };
    let absent =
        |name: &str| format!("absent: {name}; without it the standby starts empty instead of recovering{unread}");
    match variables.given(&bucket) {
        None if sources.is_empty() => (Level::Error, absent(&bucket)),
        None => (Level::Warning, absent(&bucket)),
        // A bucket that is not encrypted needs none; that of the primary is not seen from here.
        Some(_) if needs_key => (
            Level::Warning,
            format!("absent: {key}; without it a primary's bucket that is encrypted cannot be read{unread}"),
        ),
        Some(Given::Sourced { secret, .. }) => (Level::Good, format!("{bucket} set, by secret {}", quoted(secret))),
        Some(_) if has_key => (Level::Good, format!("{bucket} and {key} set")),
        Some(_) => (Level::Good, format!("{bucket} set")),
    }
}

/// A replacement reads `old/new`. With `buckets`, old must be the recovery source's value and new our own. What does
/// not fit is told and holds nothing back: no source says that LogScale refuses it.
fn replacement(variables: Variables<'_>, name: &str, buckets: Option<&[String; 2]>) -> Option<(Level, String)> {
    let Given::Literal(text) = variables.given(name)? else {
        return Some((Level::Warning, format!("{name} comes from elsewhere and was not checked")));
    };
    let shown = quoted(text);
    let wrong = |why: String| Some((Level::Warning, format!("{name} is {shown:?}: {why}")));
    let (old, new) = match text.split('/').collect::<Vec<_>>()[..] {
        [old, new] if !old.is_empty() && !new.is_empty() => (old, new),
        _ => return wrong("it must read old/new, with exactly one slash".to_owned()),
    };
    if old == new {
        return wrong("old and new are the same".to_owned());
    }
    if let Some([source, own]) = buckets {
        for (side, given, variable) in [("left", old, source), ("right", new, own)] {
            if let Some(other) = variables.literal(variable).filter(|other| *other != given) {
                return wrong(format!("its {side} side must be {variable}, which is {:?}", quoted(other)));
            }
        }
    }
    Some((Level::Good, format!("{name} is {shown:?}")))
}
