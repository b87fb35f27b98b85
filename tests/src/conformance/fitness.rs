//! What a look at the standby finds before a failover.

use holdfast_core::{
    evidence::{Check, Fitness, Level},
    ports::Standby,
};
use holdfast_simulator::kubernetes::{StandbySeed, TlsSeed};

use crate::{
    clock::call,
    stand::{Ground, Stand},
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
