//! Something forbids the failover.

use std::time::Duration;

use holdfast_core::clock::until;
use holdfast_simulator::{
    time,
    world::{Outage, Past},
};

use crate::drill::{
    facts::Facts,
    promise::{and, failed_over, gave_reason, said, untouched},
    scenario::{Scenario, Setup},
    stage::COOLDOWN_S,
};

/// How long the outage of `cooldown-active` lasts already when its story begins, simulated seconds: four minutes of
/// the metrics and the running one.
const BEFORE_S: f64 = 300.0;

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![standby_unfit(), kafka_reset_variable_set(), cooldown_active(), paused()]
}

fn standby_unfit() -> Scenario {
    Scenario {
        name: "standby-unfit",
        says: "the standby declares one node and no replication factor: its operator would refuse to start it",
        setup: || Setup::standby(|standby| standby.replication_factor = None),
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it says why", |facts| gave_reason(facts, "standby_unfit"))]),
    }
}

fn kafka_reset_variable_set() -> Scenario {
    Scenario {
        name: "kafka-reset-variable-set",
        says: "ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS is declared on the standby: its pod would die",
        setup: || Setup::standby(|standby| standby.kafka_reset_variable = true),
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it names the variable", names_the_variable)]),
    }
}

fn cooldown_active() -> Scenario {
    Scenario {
        name: "cooldown-active",
        says: "a failover began lately, by the cloud's own note: another one has to wait for the cooldown",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                // The holdoff is over before we are called for the first time, so that the cooldown alone decides.
                stage.sim.world().publish_history(&[vec![Past::Healthy], vec![Past::Failing; 4]].concat());
                stage.sim.services().note_failover(time::now());
                stage.break_primary(Outage::Refuse);
                stage.sim.world().settle_checkers();
                stage.note_broken(time::now() - stage.seconds(BEFORE_S));
                stage.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("it was refused first", |facts| gave_reason(facts, "cooling_down")),
                said("not before the cooldown was over", after_cooldown),
            ],
        ),
    }
}

fn paused() -> Scenario {
    Scenario {
        name: "paused",
        says: "an operator has paused us; the primary goes down; later the operator lifts the pause",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.operator("pause", "maintenance of the standby").await?;
                stage.break_primary(Outage::Refuse);
                stage.pass(420.0).await;
                if stage.state().is_none_or(|state| state.pause.is_none() || state.current.is_some()) {
                    return Err("something was begun in spite of the pause".to_owned());
                }
                stage.operator("resume", "maintenance is over").await?;
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("it says that it is paused", |facts| gave_reason(facts, "paused"))]),
    }
}

fn names_the_variable(facts: &Facts) -> Result<String, String> {
    let named =
        facts.answers().any(|answer| answer["says"].to_string().contains("ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS"));
    if named { Ok("the answer names it".to_owned()) } else { Err("no answer names it".to_owned()) }
}

fn after_cooldown(facts: &Facts) -> Result<String, String> {
    let noted = facts.broke_at.ok_or("the primary was never broken")? + Duration::from_secs_f64(BEFORE_S / facts.pace);
    let first = facts.effects.first().ok_or("there was no effect")?.1;
    let waited = until(noted, first);
    // The note keeps whole seconds.
    let least = facts.cooldown.saturating_sub(Duration::from_secs(1));
    if waited >= least {
        Ok(format!("{:.0} s of {COOLDOWN_S:.0} s", facts.simulated(waited)))
    } else {
        Err(format!("after {:.0} s", facts.simulated(waited)))
    }
}
