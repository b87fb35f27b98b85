//! What only happens on OCI: alarms that repeat, calls that nobody waits for, versions of a policy, keys that are replaced.

use std::time::Duration;

use holdfast_core::{Timestamp, clock::until, record::Status};
use holdfast_simulator::{faults::Fault, timeline::EventKind, world::Outage};
use serde_json::json;

use crate::drill::{
    environment::Environment,
    promise::{and, execution, failed_over, one_worker, said},
    run_report::RunReport,
    scenario::{Scenario, Setup, Stuck},
    scenarios::injected_faults::unavailable,
};

/// How long an update is on its way, in real time: less than the second that a call has at least, whatever the pace.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// The longest time between two messages of an alarm that repeats each minute that is reckoned with (docs/reference/oci.md#alarms).
const TICK_MINUTES: u32 = 3;

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![alarm_repeats(), slow_ticks(), detached_time_limit(), etag_conflict(), signing_key_rotated()]
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

fn slow_ticks() -> Scenario {
    Scenario {
        name: "slow-ticks",
        summary: "no alarm, and the tick's repeat comes each three minutes; DNS takes no update at first: ticks must begin it and end it",
        setup: Setup::default,
        run: |environment| Box::pin(seldom(environment)),
        promises: and(
            failed_over(),
            vec![
                said("three minutes lay between two ticks", three_minutes_apart),
                said("a later tick did what was owed", later_tick),
            ],
        ),
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

async fn seldom(environment: &Environment) -> Result<(), Stuck> {
    environment.sim.world().set_alarm(false);
    if let Some(agent) = environment.sim.fn_agent() {
        agent.set_tick_minutes(TICK_MINUTES);
    }
    let lock = environment.sim.traffic_cloud().traffic_calls().lock;
    environment.sim.faults().always(lock, unavailable());
    environment.break_primary(Outage::Silent);
    environment.until_status(Status::Owed).await?;
    environment.pass(200.0).await;
    environment.sim.faults().clear();
    environment.until_failed_over().await
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

/// The ticks that were handed to the function, as the moments.
fn ticks(report: &RunReport) -> Vec<Timestamp> {
    let is = |kind: &EventKind| matches!(kind, EventKind::Ticked { .. });
    report.events.iter().filter(|event| is(&event.kind)).map(|event| event.at).collect()
}

/// From the second tick on: the first repeat's time was drawn before it was set, if the clock was faster than the scenario.
fn three_minutes_apart(report: &RunReport) -> Result<String, String> {
    let ticks = ticks(report);
    let apart = |pair: &[Timestamp]| until(pair[0], pair[1]).as_secs_f64() * report.pace;
    let gaps: Vec<f64> = ticks.windows(2).skip(1).map(apart).collect();
    // The clock of the simulator may be late by a little, never by a minute.
    let least = f64::from(TICK_MINUTES) * 60.0 - 30.0;
    if gaps.len() >= 2 && gaps.iter().all(|gap| *gap > least) {
        return Ok(format!("{} ticks", ticks.len()));
    }
    Err(format!("{} ticks, with these seconds between them: {gaps:.0?}", ticks.len()))
}

/// More than one tick worked on the execution: the one that began it was answered "owed" and a later one completed it.
fn later_tick(report: &RunReport) -> Result<String, String> {
    let begun = execution(report)?.started_at;
    match ticks(report).iter().filter(|at| **at > begun).count() {
        0 => Err("no tick came after the execution had begun".to_owned()),
        later => Ok(format!("{later} ticks came after it had begun")),
    }
}

fn repeated(report: &RunReport) -> Result<String, String> {
    let is = |kind: &EventKind| matches!(kind, EventKind::AlarmDelivered { state: "REPEAT", .. });
    let count = report.events.iter().filter(|event| is(&event.kind)).count();
    if count > 1 { Ok(format!("{count} repetitions")) } else { Err("it did not repeat".to_owned()) }
}
