//! The declared cluster itself: what would put it into `ConfigError`, or stop its recovery.

use std::collections::BTreeSet;

use holdfast_core::{Timestamp, evidence::Check};

use super::{error, good};
use crate::humio::{CONFIG_ERROR, EnvVar, HumioCluster};

/// Its presence alone, whatever its value, turns off the rule by which a recovering node accepts an empty Kafka.
const KAFKA_RESET: &str = "ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS";

/// All checks of this kind.
pub(super) fn checks(cluster: &HumioCluster, operator_runs: bool, now: Timestamp) -> Vec<Check> {
    vec![nodes(cluster), duplicates(cluster), kafka_reset(cluster, now), state(cluster, operator_runs)]
}

/// The operator refuses fewer nodes in all pools together than the replication factor (`validateNodeCount`).
fn nodes(cluster: &HumioCluster) -> Check {
    let (nodes, factor) = (cluster.nodes(), cluster.replication_factor());
    if nodes >= factor && nodes > 0 {
        return good("node-count", format!("nodes {nodes}, replication factor {factor}"));
    }
    let given = if cluster.spec.target_replication_factor.is_some() { "" } else { " (the operator's default)" };
    error(
        "node-count",
        format!(
            "the number of nodes, {nodes}, is below the replication factor {factor}{given}: the operator stops with ConfigError. \
             Set spec.targetReplicationFactor to {} on the standby",
            nodes.max(1)
        ),
    )
}

/// Lists of variables with a name for each: common, top pool, further pools.
fn lists(cluster: &HumioCluster) -> Vec<(String, &[EnvVar])> {
    let spec = &cluster.spec;
    let mut lists = vec![
        ("commonEnvironmentVariables".to_owned(), spec.common_environment_variables.as_slice()),
        ("environmentVariables".to_owned(), spec.top.environment_variables.as_slice()),
    ];
    for pool in &spec.node_pools {
        lists.push((format!("environmentVariables of pool {}", pool.name), pool.spec.environment_variables.as_slice()));
    }
    lists
}

fn duplicates(cluster: &HumioCluster) -> Check {
    let mut twice = Vec::new();
    for (list, variables) in lists(cluster) {
        let mut seen = BTreeSet::new();
        let again = variables.iter().filter(|variable| !seen.insert(variable.name.as_str()));
        twice.extend(again.map(|variable| format!("{} in {list}", variable.name)));
    }
    if twice.is_empty() {
        return good("environment-duplicates", "no variable is given twice");
    }
    error("environment-duplicates", format!("given twice: {}: the operator stops with ConfigError", twice.join(", ")))
}

fn kafka_reset(cluster: &HumioCluster, now: Timestamp) -> Check {
    let found: Vec<_> = lists(cluster)
        .into_iter()
        .filter_map(|(list, variables)| {
            let variable = variables.iter().find(|variable| variable.name == KAFKA_RESET)?;
            Some(format!("in {list}, {}", tense(variable, now)))
        })
        .collect();
    if found.is_empty() {
        return good("kafka-reset-variable", format!("{KAFKA_RESET} is not set"));
    }
    error(
        "kafka-reset-variable",
        format!(
            "{KAFKA_RESET} is set ({}): whatever its value, it overrides the automatic rule, and a recovering node may \
             die on the changed Kafka epoch key. Remove it",
            found.join("; ")
        ),
    )
}

fn tense(variable: &EnvVar, now: Timestamp) -> &'static str {
    let millis = variable.value.as_deref().and_then(|value| value.trim().parse::<i64>().ok());
    match millis.map(|millis| millis > now.as_millisecond()) {
        Some(true) => "with a time in the future",
        Some(false) => "with a time in the past",
        None => "with a value that is no time",
    }
}

/// While the operator sleeps its last words are stale and prove nothing.
fn state(cluster: &HumioCluster, operator_runs: bool) -> Check {
    let status = &cluster.status;
    let name = "humiocluster-state";
    match (status.state.as_str(), operator_runs) {
        (CONFIG_ERROR, true) => error(name, format!("ConfigError: {}", status.message)),
        ("", _) => good(name, "none yet: the operator has not seen it"),
        (state, true) => good(name, state),
        (state, false) => good(name, format!("{state}, written before the operator was stopped")),
    }
}
