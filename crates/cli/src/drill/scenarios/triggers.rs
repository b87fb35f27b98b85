//! What calls the function: once, five times, never, or with nonsense.

use holdfast_simulator::world::{MetricsMode, Outage};

use crate::drill::{
    messages,
    promise::{and, came_to, failed_over, gave_reason, one_worker, said, untouched},
    run_report::RunReport,
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![alarm_before_holdoff(), alarm_region_down(), duplicate_alarms(), wrong_alarm(), malformed_event()]
}

fn alarm_before_holdoff() -> Scenario {
    Scenario {
        name: "alarm-before-holdoff",
        summary: "one notification at the first bad minute, no tick ever: that call is the only one there will be",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_scheduler(false);
                environment.sim.world().set_alarm_repeats(false);
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![said("that one call did it", |report| called(report, report.cloud.platform_calls().per_alarm))],
        ),
    }
}

fn alarm_region_down() -> Scenario {
    Scenario {
        name: "alarm-region-down",
        summary: "alarm, metrics and the API of the traffic switch are gone with their region: the tick alone must do it, the lock when it can",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_alarm(false);
                environment.sim.world().set_metrics(MetricsMode::Failing);
                for call in environment.sim.traffic_cloud().traffic_calls().all {
                    environment.sim.faults().always(call, super::injected_faults::unavailable());
                }
                environment.break_primary(Outage::Silent);
                environment.until_status(holdfast_core::record::Status::Owed).await?;
                environment.pass(120.0).await;
                environment.sim.faults().clear();
                environment.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn duplicate_alarms() -> Scenario {
    Scenario {
        name: "duplicate-alarms",
        summary: "the same notification is delivered five times at once",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().duplicate_notifications(4);
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                environment.pass(240.0).await;
                Ok(())
            })
        },
        promises: and(failed_over(), vec![one_worker()]),
    }
}

fn wrong_alarm() -> Scenario {
    Scenario {
        name: "wrong-alarm",
        summary: "the alarm of somebody else's primary comes while the primary is down",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_scheduler(false);
                environment.sim.world().set_alarm(false);
                environment.break_primary(Outage::Refuse);
                environment.pass(300.0).await;
                messages::foreign_alarms(environment).await;
                // On Azure what an alarm asks for is done by another call.
                environment.pass(60.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it is answered and ignored", |report| came_to(report, "ignored"))]),
    }
}

fn malformed_event() -> Scenario {
    Scenario {
        name: "malformed-event",
        summary: "nonsense of every kind comes, and then a real alarm",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                messages::nonsense(environment).await?;
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("nonsense is named", |report| gave_reason(report, "invalid_request"))]),
    }
}

/// How often the function was called, repetitions by the cloud included.
fn called(report: &RunReport, times: usize) -> Result<String, String> {
    let calls = report.results.len();
    if calls == times { Ok(format!("{calls} invocation")) } else { Err(format!("{calls} invocations, not {times}")) }
}
