//! What a look at the standby finds before a failover.

use holdfast_core::{
    evidence::{Check, Level, Readiness},
    step::{Step, StepState},
};
use holdfast_simulator::kubernetes::{StandbyFixture, TlsFixture};
use serde_json::{Value, json};

use crate::{
    clock::call,
    pki::{Ca, data},
    test_cluster::{Backend, HUMIO, TestCluster},
};

async fn look(standby: &TestCluster) -> Readiness {
    standby.site().standby().fitness(&call()).await.expect("a look")
}

fn level(fitness: &Readiness, name: &str) -> Option<Level> {
    fitness.checks.iter().find(|check| check.name == name).map(|check| check.level)
}

/// What did not come out good, without what cannot be looked at.
fn told(fitness: &Readiness) -> impl Iterator<Item = &Check> {
    fitness.checks.iter().filter(|check| check.level > Level::Good && check.name != "not-checked")
}

/// Everything declared, the operator at 0.
pub async fn a_standby_that_waits_is_fit(backend: &Backend) {
    let seed = StandbyFixture { tls: TlsFixture::StaleNoCa, ..StandbyFixture::default() };
    let fitness = look(&backend.cluster("fitness-good", seed).await).await;
    let bad: Vec<_> = told(&fitness).collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert!(fitness.checks.len() > 10, "{fitness:?}");
}

/// One seed with each, and the check that says so.
pub async fn each_thing_that_a_failover_would_trip_over_is_found(backend: &Backend) {
    let default = StandbyFixture::default;
    let cases = [
        ("kafka-reset-variable", Level::Error, StandbyFixture { kafka_reset_variable: true, ..default() }),
        ("recover-from-variables", Level::Error, StandbyFixture { recover_from: false, ..default() }),
        ("node-count", Level::Error, StandbyFixture { replication_factor: None, ..default() }),
        ("bootstrap-token", Level::Warning, StandbyFixture { bootstrap_token: false, ..default() }),
        ("humiocluster", Level::Error, StandbyFixture { humiocluster: false, ..default() }),
        ("tls-secrets", Level::Error, StandbyFixture { tls: TlsFixture::CustomCaMissing, ..default() }),
    ];
    for (name, wanted, seed) in cases {
        let fitness = look(&backend.cluster(&format!("fitness-{name}"), seed).await).await;
        assert_eq!(level(&fitness, name), Some(wanted), "{name}: {fitness:?}");
        let others = told(&fitness).filter(|check| check.name != name);
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&Check>::new(), "{name}");
    }
}

/// As after a Helm upgrade.
pub async fn an_operator_that_runs_already_is_a_warning(backend: &Backend) {
    let seed = StandbyFixture { operator_replicas: 1, humiocluster: false, ..StandbyFixture::default() };
    let fitness = look(&backend.cluster("fitness-active", seed).await).await;
    assert_eq!(level(&fitness, "operator-replicas"), Some(Level::Warning), "{fitness:?}");
}

/// More than one page of TLS secrets, and more others than fit into the short list: the licence and the stale secret of a
/// node come after them all.
pub async fn a_namespace_of_many_secrets_hides_none_that_is_wanted(backend: &Backend) {
    let standby = backend
        .cluster("fitness-crowded", StandbyFixture { tls: TlsFixture::Matching, ..StandbyFixture::default() })
        .await;
    let secret = |name: &str, kind: &str, data: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": data});
    let (tls, other) = (data(&[("tls.crt", "x"), ("tls.key", "x")]), data(&[("k", "x")]));
    for at in 0..110 {
        standby.create("secrets", secret(&format!("a-tls-{at}"), "kubernetes.io/tls", tls.clone())).await;
    }
    for at in 0..60 {
        standby.create("secrets", secret(&format!("a-other-{at}"), "Opaque", other.clone())).await;
    }
    let mut node = secret(&format!("{HUMIO}-core-zzzzzz"), "kubernetes.io/tls", Ca::new().issue("node"));
    node["metadata"]["annotations"] = json!({"cert-manager.io/issuer-name": HUMIO});
    standby.create("secrets", node).await;
    let fitness = look(&standby).await;
    let bad: Vec<_> = told(&fitness).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let seen = standby.site().remove_stale_tls().observe(&call()).await.expect("seen");
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    assert!(seen.found.contains("-core-zzzzzz"), "{}", seen.found);
}

/// The variables of the standby, moved from the common list into its one pool.
pub async fn nodes_in_pools_are_looked_at_where_they_are(backend: &Backend) {
    let seed = StandbyFixture { tls: TlsFixture::StaleNoCa, ..StandbyFixture::default() };
    let standby = backend.cluster("fitness-pools", seed).await;
    let cluster = standby.get("humioclusters", HUMIO).await.expect("declared");
    let variables = &cluster["spec"]["commonEnvironmentVariables"];
    let spec = json!({"nodeCount": 1, "dataVolumeSource": {"emptyDir": {}}, "environmentVariables": variables});
    let change = json!({"spec": {
        "nodeCount": 0, "commonEnvironmentVariables": null, "nodePools": [{"name": "segments", "spec": spec}],
    }});
    standby.change("humioclusters", HUMIO, change).await;
    let fitness = look(&standby).await;
    let bad: Vec<_> = told(&fitness).collect();
    assert!(bad.is_empty(), "{bad:?}");
    for name in ["recover-from-variables", "recover-from-replace-bucket", "encryption-keys-equal"] {
        assert_eq!(level(&fitness, name), Some(Level::Good), "{name}: {fitness:?}");
    }
}
