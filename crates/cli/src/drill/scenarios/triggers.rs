//! What calls the function: once, five times, never, or with nonsense.

use holdfast_simulator::world::{MetricsMode, Outage};

use crate::drill::{
    facts::Facts,
    messages,
    promise::{and, came_to, failed_over, gave_reason, one_worker, said, untouched},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![alarm_before_holdoff(), alarm_region_down(), duplicate_alarms(), wrong_alarm(), malformed_event()]
}

fn alarm_before_holdoff() -> Scenario {
    Scenario {
        name: "alarm-before-holdoff",
        says: "one notification at the first bad minute, no tick ever: that call is the only one there will be",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().set_scheduler(false);
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![said("that one call did it", |facts| called(facts, facts.cloud.platform_calls().per_alarm))],
        ),
    }
}

fn alarm_region_down() -> Scenario {
    Scenario {
        name: "alarm-region-down",
        says: "alarm, metrics and the API of the traffic switch are gone with their region: the tick alone must do it, the lock when it can",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().set_alarm(false);
                stage.sim.world().set_metrics(MetricsMode::Failing);
                for call in stage.sim.traffic_cloud().traffic_calls().all {
                    stage.sim.faults().always(call, super::weather::unavailable());
                }
                stage.break_primary(Outage::Silent);
                stage.until_status(holdfast_core::record::Status::Owed).await?;
                stage.pass(120.0).await;
                stage.sim.faults().clear();
                stage.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn duplicate_alarms() -> Scenario {
    Scenario {
        name: "duplicate-alarms",
        says: "the same notification is delivered five times at once",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().duplicate_notifications(4);
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await?;
                stage.pass(240.0).await;
                Ok(())
            })
        },
        promises: and(failed_over(), vec![one_worker()]),
    }
}

fn wrong_alarm() -> Scenario {
    Scenario {
        name: "wrong-alarm",
        says: "the alarm of somebody else's primary comes while the primary is down",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().set_scheduler(false);
                stage.sim.world().set_alarm(false);
                stage.break_primary(Outage::Refuse);
                stage.pass(300.0).await;
                messages::foreign_alarms(stage).await;
                // On Azure what an alarm asks for is done by another call.
                stage.pass(60.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it is answered and ignored", |facts| came_to(facts, "ignored"))]),
    }
}

fn malformed_event() -> Scenario {
    Scenario {
        name: "malformed-event",
        says: "nonsense of every kind comes, and then a real alarm",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                messages::nonsense(stage).await?;
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("nonsense is named", |facts| gave_reason(facts, "invalid_request"))]),
    }
}

/// How often the function was called, repetitions by the cloud included.
fn called(facts: &Facts, times: usize) -> Result<String, String> {
    let calls = facts.results.len();
    if calls == times { Ok(format!("{calls} invocation")) } else { Err(format!("{calls} invocations, not {times}")) }
}
