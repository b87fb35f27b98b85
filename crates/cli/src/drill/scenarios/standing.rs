//! Part of the failover stands already, by somebody's hand.

use holdfast_simulator::world::Outage;

use crate::drill::{
    facts::{Effect, Facts},
    promise::{and, failed_over, said},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![already_locked(), already_active()]
}

fn already_locked() -> Scenario {
    Scenario {
        name: "already-locked",
        says: "traffic was locked by hand before the primary went down: what the lock makes of the metric says nothing about the primary",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().lock_by_hand();
                stage.pass(300.0).await;
                if stage.state().is_some_and(|state| state.current.is_some()) {
                    return Err("a well primary was failed over on the word of its lock".to_owned());
                }
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![said("the lock was left as it was", |facts| happened(facts, Effect::Locked, 0))],
        ),
    }
}

fn already_active() -> Scenario {
    Scenario {
        name: "already-active",
        says: "the operator of the standby runs already: the lock must be set all the same",
        setup: || Setup::standby(|standby| standby.operator_replicas = 1),
        act: |stage| {
            Box::pin(async move {
                stage.pass(120.0).await;
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("the operator was left as it was", |facts| happened(facts, Effect::Scaled, 0)),
                said("the lock was set", |facts| happened(facts, Effect::Locked, 1)),
            ],
        ),
    }
}

fn happened(facts: &Facts, effect: Effect, times: usize) -> Result<String, String> {
    let count = facts.count(effect);
    if count == times { Ok(format!("{effect:?}: {count}")) } else { Err(format!("{effect:?}: {count}, not {times}")) }
}
