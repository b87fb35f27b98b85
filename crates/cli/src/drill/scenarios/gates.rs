//! Something forbids the failover.

use std::time::Duration;

use holdfast_core::clock::until;
use holdfast_simulator::{
    time,
    world::{Outage, Past},
};

use crate::drill::{
    environment::COOLDOWN_S,
    promise::{and, failed_over, gave_reason, said, untouched},
    run_report::RunReport,
    scenario::{Scenario, Setup},
};

/// How long the outage of `cooldown-active` lasts already when it begins, simulated seconds: four minutes of
/// the metrics and the running one.
const BEFORE_S: f64 = 300.0;

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![standby_unfit(), kafka_reset_variable_set(), cooldown_active(), paused()]
}

fn standby_unfit() -> Scenario {
    Scenario {
        name: "standby-unfit",
        summary: "the standby declares one node and no replication factor: its operator would refuse to start it",
        setup: || Setup::standby(|standby| standby.replication_factor = None),
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it says why", |report| gave_reason(report, "standby_unfit"))]),
    }
}

fn kafka_reset_variable_set() -> Scenario {
    Scenario {
        name: "kafka-reset-variable-set",
        summary: "ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS is declared on the standby: its pod would die",
        setup: || Setup::standby(|standby| standby.kafka_reset_variable = true),
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it names the variable", names_the_variable)]),
    }
}

fn cooldown_active() -> Scenario {
    Scenario {
        name: "cooldown-active",
        summary: "a failover began lately, by the cloud's own note: another one has to wait for the cooldown",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                // The holdoff is over before we are called for the first time, so that the cooldown alone decides.
                environment.sim.world().publish_history(&[vec![Past::Healthy], vec![Past::Failing; 4]].concat());
                environment.sim.services().note_failover(time::now());
                environment.break_primary(Outage::Refuse);
                environment.sim.world().settle_checkers();
                environment.note_broken(time::now() - environment.seconds(BEFORE_S));
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("it was refused first", |report| gave_reason(report, "cooling_down")),
                said("not before the cooldown was over", after_cooldown),
            ],
        ),
    }
}

fn paused() -> Scenario {
    Scenario {
        name: "paused",
        summary: "an operator has paused us; the primary goes down; later the operator lifts the pause",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.operator("pause", "maintenance of the standby").await?;
                environment.break_primary(Outage::Refuse);
                environment.pass(420.0).await;
                if environment.state().is_none_or(|state| state.pause.is_none() || state.current.is_some()) {
                    return Err("something was begun in spite of the pause".to_owned());
                }
                environment.operator("resume", "maintenance is over").await?;
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("it says that it is paused", |report| gave_reason(report, "paused"))]),
    }
}

fn names_the_variable(report: &RunReport) -> Result<String, String> {
    let named =
        report.answers().any(|answer| answer["says"].to_string().contains("ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS"));
    if named { Ok("the answer names it".to_owned()) } else { Err("no answer names it".to_owned()) }
}

fn after_cooldown(report: &RunReport) -> Result<String, String> {
    let noted =
        report.broke_at.ok_or("the primary was never broken")? + Duration::from_secs_f64(BEFORE_S / report.pace);
    let first = report.effects.first().ok_or("there was no effect")?.1;
    let waited = until(noted, first);
    // The note keeps whole seconds.
    let least = report.cooldown.saturating_sub(Duration::from_secs(1));
    if waited >= least {
        Ok(format!("{:.0} s of {COOLDOWN_S:.0} s", report.simulated(waited)))
    } else {
        Err(format!("after {:.0} s", report.simulated(waited)))
    }
}
