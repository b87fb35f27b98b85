//! The declared cluster itself: what would put it into `ConfigError`, or stop its recovery.

use std::collections::BTreeSet;

use holdfast_core::{
    Timestamp,
    evidence::{Check, Level},
    fault::quoted,
};
use holdfast_kubernetes::{
    check::{error, good, listed, warning},
    environment::EnvVar,
};

use super::{
    RecoverPrefix,
    findings::Findings,
    variables::{Given, Variables},
};
use crate::humio::{CONFIG_ERROR, HumioCluster};

/// Its presence alone turns off the rule by which a recovering node accepts an empty Kafka.
const KAFKA_RESET: &str = "ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS";

/// Duplicates that are named.
const NAMED: usize = 5;

/// All checks of this kind.
pub(super) fn checks(
    cluster: &HumioCluster,
    pools: &[Variables<'_>],
    prefix: RecoverPrefix,
    operator_runs: bool,
    now: Timestamp,
) -> Vec<Check> {
    vec![nodes(cluster), duplicates(cluster), kafka_reset(pools, prefix, now), state(cluster, operator_runs)]
}

/// The operator refuses fewer nodes in all pools together than the replication factor, which is 2 where none is given
/// (humio-operator, `humiocluster_controller.go`, `validateNodeCount`).
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

/// The operator looks for duplicates in `spec.environmentVariables` alone, and stops on one (humio-operator,
/// `humiocluster_controller.go`, first check of the reconcile). In other lists it takes them: of the common list the
/// first counts or the last, by whether the pool has variables of its own.
fn duplicates(cluster: &HumioCluster) -> Check {
    let name = "environment-duplicates";
    let spec = &cluster.spec;
    let top = twice("environmentVariables", &spec.top.environment_variables);
    if !top.is_empty() {
        return error(name, format!("given twice: {}: the operator stops with ConfigError", listed(&top, NAMED)));
    }
    let mut others = twice("commonEnvironmentVariables", &spec.common_environment_variables);
    for pool in &spec.node_pools {
        let list = format!("environmentVariables of pool {}", quoted(&pool.name));
        others.extend(twice(&list, &pool.spec.environment_variables));
    }
    match others.is_empty() {
        true => good(name, "no variable is given twice"),
        false => warning(
            name,
            format!(
                "given twice: {}: the operator takes it, and which of the two counts is hard to tell",
                listed(&others, NAMED)
            ),
        ),
    }
}

fn twice(list: &str, variables: &[EnvVar]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let again = variables.iter().filter(|variable| !seen.insert(variable.name.as_str()));
    again.map(|variable| format!("{} in {list}", quoted(&variable.name))).collect()
}

/// A node that recovers may die on the changed Kafka epoch key when the variable is there and its time is over (the AWS
/// recovery guide); the published function writes one in the future.
fn kafka_reset(pools: &[Variables<'_>], prefix: RecoverPrefix, now: Timestamp) -> Check {
    let name = "kafka-reset-variable";
    let mut findings = Findings::among(pools);
    for variables in pools {
        let recovers = variables.given(&prefix.variable("RECOVER_FROM_BUCKET")).is_some();
        let (level, found) = match variables.given(KAFKA_RESET) {
            None => (Level::Good, format!("{KAFKA_RESET} is not set")),
            Some(given) => {
                let (level, tense) = tense(&given, now);
                let level = if recovers { level } else { Level::Warning };
                (
                    level,
                    format!(
                        "{KAFKA_RESET} is set, {tense}: whatever its value, it overrides the automatic rule, and a \
                         recovering node may die on the changed Kafka epoch key. Remove it"
                    ),
                )
            }
        };
        findings.add(&variables.pool.name, level, found);
    }
    findings.of_nodes(name).unwrap_or_else(|| good(name, format!("{KAFKA_RESET} is not set: no pool has nodes")))
}

fn tense(given: &Given<'_>, now: Timestamp) -> (Level, &'static str) {
    let Given::Literal(value) = given else { return (Level::Warning, "with a value that is not read here") };
    match value.trim().parse::<i64>().ok().map(|millis| millis > now.as_millisecond()) {
        Some(true) => (Level::Warning, "with a time in the future"),
        Some(false) => (Level::Error, "with a time in the past"),
        None => (Level::Error, "with a value that is no time"),
    }
}

/// While the operator sleeps its last words are stale and prove nothing. What it said of an earlier generation, the change
/// since may have put right: it is waited out.
fn state(cluster: &HumioCluster, operator_runs: bool) -> Check {
    let status = &cluster.status;
    let name = "humiocluster-state";
    match (status.state.as_str(), operator_runs) {
        // The operator's own refusal of what is declared now (humio-operator, `humiocluster_status.go`).
        (CONFIG_ERROR, true) if cluster.status_is_current() => error(name, format!("ConfigError: {}", status.message)),
        (CONFIG_ERROR, true) => warning(
            name,
            format!(
                "ConfigError, said of generation {:?} and not of {}, which the operator has yet to look at: {}",
                status.observed_generation,
                cluster.metadata.generation.unwrap_or_default(),
                status.message
            ),
        ),
        ("", _) => good(name, "none yet: the operator has not seen it"),
        (state, true) => good(name, state),
        (state, false) => good(name, format!("{state}, written before the operator was stopped")),
    }
}
