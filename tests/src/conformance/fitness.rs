//! What a look at the standby finds before a failover.

use holdfast_core::{
    evidence::{Check, Fitness, Level},
    step::{Standing, Step},
};
use holdfast_simulator::kubernetes::{StandbySeed, TlsSeed};
use serde_json::{Value, json};

use crate::{
    clock::call,
    pki::{Ca, data},
    stand::{Ground, HUMIO, Stand},
};

async fn look(stand: &Stand) -> Fitness {
    stand.site().standby().fitness(&call()).await.expect("a look")
}

fn level(fitness: &Fitness, name: &str) -> Option<Level> {
    fitness.checks.iter().find(|check| check.name == name).map(|check| check.level)
}

/// What did not come out good, without what cannot be looked at.
fn told(fitness: &Fitness) -> impl Iterator<Item = &Check> {
    fitness.checks.iter().filter(|check| check.level > Level::Good && check.name != "not-checked")
}

/// Everything declared, the operator at 0.
pub async fn a_standby_that_waits_is_fit(ground: &Ground) {
    let seed = StandbySeed { tls: TlsSeed::StaleNoCa, ..StandbySeed::default() };
    let fitness = look(&ground.stand("fitness-good", seed).await).await;
    let bad: Vec<_> = told(&fitness).collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert!(fitness.checks.len() > 10, "{fitness:?}");
}

/// One seed with each, and the check that says so.
pub async fn each_thing_that_a_failover_would_trip_over_is_found(ground: &Ground) {
    let default = StandbySeed::default;
    let cases = [
        ("kafka-reset-variable", Level::Error, StandbySeed { kafka_reset_variable: true, ..default() }),
        ("recover-from-variables", Level::Error, StandbySeed { recover_from: false, ..default() }),
        ("node-count", Level::Error, StandbySeed { replication_factor: None, ..default() }),
        ("bootstrap-token", Level::Warning, StandbySeed { bootstrap_token: false, ..default() }),
        ("humiocluster", Level::Error, StandbySeed { humiocluster: false, ..default() }),
        ("tls-secrets", Level::Error, StandbySeed { tls: TlsSeed::CustomCaMissing, ..default() }),
    ];
    for (name, wanted, seed) in cases {
        let fitness = look(&ground.stand(&format!("fitness-{name}"), seed).await).await;
        assert_eq!(level(&fitness, name), Some(wanted), "{name}: {fitness:?}");
        let others = told(&fitness).filter(|check| check.name != name);
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&Check>::new(), "{name}");
    }
}

/// As after a Helm upgrade.
pub async fn an_operator_that_runs_already_is_a_warning(ground: &Ground) {
    let seed = StandbySeed { operator_replicas: 1, humiocluster: false, ..StandbySeed::default() };
    let fitness = look(&ground.stand("fitness-active", seed).await).await;
    assert_eq!(level(&fitness, "operator-replicas"), Some(Level::Warning), "{fitness:?}");
}

/// More than one page of TLS secrets, and more others than fit into the short list: the licence and the stale secret of a
/// node come after them all.
pub async fn a_namespace_of_many_secrets_hides_none_that_is_wanted(ground: &Ground) {
    let stand = ground.stand("fitness-crowded", StandbySeed { tls: TlsSeed::Matching, ..StandbySeed::default() }).await;
    let secret = |name: &str, kind: &str, data: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": data});
    let (tls, other) = (data(&[("tls.crt", "x"), ("tls.key", "x")]), data(&[("k", "x")]));
    for at in 0..110 {
        stand.create("secrets", secret(&format!("a-tls-{at}"), "kubernetes.io/tls", tls.clone())).await;
    }
    for at in 0..60 {
        stand.create("secrets", secret(&format!("a-other-{at}"), "Opaque", other.clone())).await;
    }
    let mut node = secret(&format!("{HUMIO}-core-zzzzzz"), "kubernetes.io/tls", Ca::new().issue("node"));
    node["metadata"]["annotations"] = json!({"cert-manager.io/issuer-name": HUMIO});
    stand.create("secrets", node).await;
    let fitness = look(&stand).await;
    let bad: Vec<_> = told(&fitness).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let seen = stand.site().remove_stale_tls().observe(&call()).await.expect("seen");
    assert_eq!(seen.standing, Standing::Todo, "{}", seen.found);
    assert!(seen.found.contains("-core-zzzzzz"), "{}", seen.found);
}

/// The variables of the standby, moved from the common list into its one pool.
pub async fn nodes_in_pools_are_looked_at_where_they_are(ground: &Ground) {
    let seed = StandbySeed { tls: TlsSeed::StaleNoCa, ..StandbySeed::default() };
    let stand = ground.stand("fitness-pools", seed).await;
    let cluster = stand.get("humioclusters", HUMIO).await.expect("declared");
    let variables = &cluster["spec"]["commonEnvironmentVariables"];
    let spec = json!({"nodeCount": 1, "dataVolumeSource": {"emptyDir": {}}, "environmentVariables": variables});
    let change = json!({"spec": {
        "nodeCount": 0, "commonEnvironmentVariables": null, "nodePools": [{"name": "segments", "spec": spec}],
    }});
    stand.change("humioclusters", HUMIO, change).await;
    let fitness = look(&stand).await;
    let bad: Vec<_> = told(&fitness).collect();
    assert!(bad.is_empty(), "{bad:?}");
    for name in ["recover-from-variables", "recover-from-replace-bucket", "encryption-keys-equal"] {
        assert_eq!(level(&fitness, name), Some(Level::Good), "{name}: {fitness:?}");
    }
}
