//! Part of the failover stands already, by somebody's hand.

use holdfast_simulator::world::Outage;

use crate::drill::{
    promise::{and, failed_over, said},
    run_report::{Effect, RunReport},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![already_locked(), already_active()]
}

fn already_locked() -> Scenario {
    Scenario {
        name: "already-locked",
        summary: "traffic was locked by hand before the primary went down: what the lock makes of the metric says nothing about the primary",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().lock_by_hand();
                environment.pass(300.0).await;
                if environment.state().is_some_and(|state| state.current.is_some()) {
                    return Err("a well primary was failed over on the word of its lock".to_owned());
                }
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![said("the lock was left as it was", |report| happened(report, Effect::Locked, 0))],
        ),
    }
}

fn already_active() -> Scenario {
    Scenario {
        name: "already-active",
        summary: "the operator of the standby runs already: the lock must be set all the same",
        setup: || Setup::standby(|standby| standby.operator_replicas = 1),
        run: |environment| {
            Box::pin(async move {
                environment.pass(120.0).await;
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("the operator was left as it was", |report| happened(report, Effect::Scaled, 0)),
                said("the lock was set", |report| happened(report, Effect::Locked, 1)),
            ],
        ),
    }
}

fn happened(report: &RunReport, effect: Effect, times: usize) -> Result<String, String> {
    let count = report.count(effect);
    if count == times { Ok(format!("{effect:?}: {count}")) } else { Err(format!("{effect:?}: {count}, not {times}")) }
}
