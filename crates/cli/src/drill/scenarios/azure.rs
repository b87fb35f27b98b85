//! What only happens on Azure: alerts that resolve, a host that restarts, messages that come twice or are put back.

use holdfast_simulator::{
    clouds::azure::Condition,
    timeline::{Delivered, Event, EventKind},
    world::Outage,
};

use super::injected_faults::unavailable;
use crate::drill::{
    environment::Environment,
    promise::{and, came_to, failed_over, one_worker, said, untouched},
    run_report::RunReport,
    scenario::{Scenario, Setup, Stuck},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![
        alert_resolved(),
        stateless_alert(),
        host_restarts_mid_run(),
        queue_redelivers(),
        lock_refused_without_ticks(),
        aks_without_entra(),
    ]
}

fn alert_resolved() -> Scenario {
    Scenario {
        name: "alert-resolved",
        summary: "the primary is away for two minutes: the alert fires, and resolves at the same address when all is well",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Closed);
                environment
                    .until("the alert has fired", |environment| alarm_was(environment, Condition::Fired))
                    .await?;
                environment.sim.world().heal_primary();
                environment
                    .until("the alert has resolved", |environment| alarm_was(environment, Condition::Resolved))
                    .await?;
                environment.pass(120.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![said("Resolved is recorded and nothing more", |report| came_to(report, "ignored"))],
        ),
    }
}

fn stateless_alert() -> Scenario {
    Scenario {
        name: "stateless-alert",
        summary: "the rule acts at every bad minute instead of once: many calls, one failover",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_stateful_alert(false);
                environment.sim.world().set_scheduler(false);
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                environment.pass(240.0).await;
                Ok(())
            })
        },
        promises: and(
            failed_over(),
            vec![one_worker(), said("the action group was answered in time", answered_in_time)],
        ),
    }
}

fn host_restarts_mid_run() -> Scenario {
    Scenario {
        name: "host-restarts-mid-run",
        summary: "the host is restarted while the function waits for the holdoff; no tick: the message must bring the work back",
        setup: Setup::default,
        run: |environment| Box::pin(restarted(environment)),
        promises: and(failed_over(), vec![said("the message came again", delivered_again)]),
    }
}

fn queue_redelivers() -> Scenario {
    Scenario {
        name: "queue-redelivers",
        summary: "the host loses its hold on the message while the function works: it is delivered again and again meanwhile",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                if let Some(functions) = environment.sim.functions() {
                    functions.lose_leases(3);
                }
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![one_worker(), said("the message came again", delivered_again)]),
    }
}

fn lock_refused_without_ticks() -> Scenario {
    Scenario {
        name: "lock-refused-without-ticks",
        summary: "the endpoint cannot be changed for a while, and no tick comes: the function must put the work back until it can",
        setup: Setup::default,
        run: |environment| Box::pin(refused_for_a_while(environment)),
        promises: and(
            failed_over(),
            vec![
                said("the lock was owed in between", |report| came_to(report, "owed")),
                said("the work came back as a new message", put_back),
            ],
        ),
    }
}

fn aks_without_entra() -> Scenario {
    Scenario {
        name: "aks-without-entra",
        summary: "the standby's kubeconfig holds a client certificate instead of asking for a token, as the reference's does",
        setup: || Setup { client_certificate: true, ..Setup::default() },
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Silent);
                environment.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn alarm_was(environment: &Environment, wanted: Condition) -> bool {
    environment
        .sim
        .events()
        .iter()
        .any(|event| matches!(event.kind, EventKind::AlarmChanged { state, .. } if state == wanted.as_str()))
}

async fn restarted(environment: &Environment) -> Result<(), Stuck> {
    environment.sim.world().set_scheduler(false);
    environment.break_primary(Outage::Refuse);
    environment.until("the alert has fired", |environment| alarm_was(environment, Condition::Fired)).await?;
    environment.pass(60.0).await;
    environment.until("the function works", |environment| environment.sim.host().running() > 0).await?;
    if let Some(functions) = environment.sim.functions() {
        functions.restart("an update of the platform").await;
    }
    environment.until_failed_over().await
}

async fn refused_for_a_while(environment: &Environment) -> Result<(), Stuck> {
    environment.sim.world().set_scheduler(false);
    for call in environment.sim.traffic_cloud().traffic_calls().all {
        environment.sim.faults().always(call, unavailable());
    }
    environment.break_primary(Outage::Refuse);
    environment.until("work is put back", |environment| put_back(&RunReport::gather(environment)).is_ok()).await?;
    environment.sim.faults().clear();
    environment.until_failed_over().await
}

/// A message for later is one of the function's own; the host's outputs and redeliveries are not.
fn put_back(report: &RunReport) -> Result<String, String> {
    let later = report.events.iter().filter(|event| matches!(event.kind, EventKind::Queued { in_ms: 1.., .. })).count();
    if later > 0 { Ok(format!("put back {later} times")) } else { Err("nothing was put back".to_owned()) }
}

/// The action group gives a call up after 10 s and repeats it; after some of these it leaves the function alone.
fn answered_in_time(report: &RunReport) -> Result<String, String> {
    let answer = |event: &Event| if let EventKind::AlarmDelivered { answer, .. } = event.kind { answer } else { None };
    let answers: Vec<Delivered> = report.events.iter().filter_map(answer).collect();
    let late = answers.iter().filter(|answer| !matches!(answer, Delivered::Status(..300))).count();
    match (late, answers.len()) {
        (0, calls @ 2..) => Ok(format!("{calls} calls")),
        (_, calls) => Err(format!("{late} of {calls} calls were not answered")),
    }
}

fn delivered_again(report: &RunReport) -> Result<String, String> {
    let most = report.results.iter().map(|result| result.attempt).max().unwrap_or(0);
    if most > 1 { Ok(format!("delivery {most} of one message")) } else { Err("no message came twice".to_owned()) }
}
