//! What only happens on OCI: alarms that repeat, calls that nobody waits for, versions of a policy, keys that are replaced.

use std::time::Duration;

use holdfast_simulator::{faults::Fault, timeline::EventKind, world::Outage};
use serde_json::json;

use crate::drill::{
    environment::Environment,
    promise::{and, failed_over, one_worker, said},
    run_report::RunReport,
    scenario::{Scenario, Setup, Stuck},
};

/// How long an update is on its way, in real time: less than the second that a call has at least, whatever the pace.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![alarm_repeats(), detached_time_limit(), etag_conflict(), signing_key_rotated()]
}

fn alarm_repeats() -> Scenario {
    Scenario {
        name: "alarm-repeats",
        summary: "the alarm fires and repeats each minute, twice each time, and no tick comes: many calls, one failover",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_scheduler(false);
                environment.sim.world().duplicate_notifications(1);
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                environment.pass(240.0).await;
                Ok(())
            })
        },
        promises: and(failed_over(), vec![one_worker(), said("the alarm repeated", repeated)]),
    }
}

fn detached_time_limit() -> Scenario {
    Scenario {
        name: "detached-time-limit",
        summary: "no alarm; a call that nobody waits for ends by its limit of a minute, long before the holdoff: ticks must bring it about",
        setup: Setup::default,
        run: |environment| Box::pin(detached(environment)),
        promises: failed_over(),
    }
}

fn etag_conflict() -> Scenario {
    Scenario {
        name: "etag-conflict",
        summary: "somebody writes the policy while our update is on its way: it is refused, read again and written again",
        setup: Setup::default,
        run: |environment| Box::pin(overtaken(environment)),
        promises: failed_over(),
    }
}

fn signing_key_rotated() -> Scenario {
    Scenario {
        name: "signing-key-rotated",
        summary: "the platform replaces the function's key and token while it works, and takes the old ones no longer",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                // What it has not signed with yet it could not keep for too long.
                let signed = |environment: &Environment| {
                    !environment.sim.calls().named("monitoring:SummarizeMetricsData").is_empty()
                };
                environment.until("the function has signed a call", signed).await?;
                environment.until("the function works", |environment| environment.sim.host().running() > 0).await?;
                if let Some(oci) = environment.sim.oci() {
                    oci.principals().rotate().map_err(|error| error.to_string())?;
                }
                environment.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

async fn detached(environment: &Environment) -> Result<(), Stuck> {
    environment.sim.world().set_alarm(false);
    environment.break_primary(Outage::Silent);
    if let Some(agent) = environment.sim.fn_agent() {
        agent.set_detached_timeout(environment.seconds(60.0));
        agent.invoke_detached(&json!({"action": "failover", "reason": "drill"}));
    }
    environment.until_failed_over().await
}

async fn overtaken(environment: &Environment) -> Result<(), Stuck> {
    let lock = environment.sim.traffic_cloud().traffic_calls().lock;
    environment.sim.faults().once(lock, Fault::Delay(ON_ITS_WAY));
    environment.break_primary(Outage::Refuse);
    let updates = |environment: &Environment| environment.sim.calls().named("dns:UpdateSteeringPolicy");
    environment.until("our update is on its way", |environment| !updates(environment).is_empty()).await?;
    // The same answers, another version.
    environment.sim.world().unlock_by_hand();
    environment.until_failed_over().await?;
    let refused = |environment: &Environment| updates(environment).iter().any(|call| call.status == Some(412));
    environment.until("the update that came late was refused", refused).await
}

fn repeated(report: &RunReport) -> Result<String, String> {
    let is = |kind: &EventKind| matches!(kind, EventKind::AlarmDelivered { state: "REPEAT", .. });
    let count = report.events.iter().filter(|event| is(&event.kind)).count();
    if count > 1 { Ok(format!("{count} repetitions")) } else { Err("it did not repeat".to_owned()) }
}
