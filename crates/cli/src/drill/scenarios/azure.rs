//! What only happens on Azure: alerts that resolve, a host that restarts, messages that come twice or are put back.

use holdfast_simulator::{
    clouds::azure::Condition,
    timeline::{Delivered, Event, What},
    world::Outage,
};

use super::weather::unavailable;
use crate::drill::{
    facts::Facts,
    promise::{and, came_to, failed_over, one_worker, said, untouched},
    scenario::{Scenario, Setup, Stuck},
    stage::Stage,
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
        says: "the primary is away for two minutes: the alert fires, and resolves at the same address when all is well",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Closed);
                stage.until("the alert has fired", |stage| acted(stage, Condition::Fired)).await?;
                stage.sim.world().heal_primary();
                stage.until("the alert has resolved", |stage| acted(stage, Condition::Resolved)).await?;
                stage.pass(120.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![said("Resolved is recorded and nothing more", |facts| came_to(facts, "ignored"))],
        ),
    }
}

fn stateless_alert() -> Scenario {
    Scenario {
        name: "stateless-alert",
        says: "the rule acts at every bad minute instead of once: many calls, one failover",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().set_stateful_alert(false);
                stage.sim.world().set_scheduler(false);
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await?;
                stage.pass(240.0).await;
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
        says: "the host is restarted while the function waits for the holdoff; no tick: the message must bring the work back",
        setup: Setup::default,
        act: |stage| Box::pin(restarted(stage)),
        promises: and(failed_over(), vec![said("the message came again", delivered_again)]),
    }
}

fn queue_redelivers() -> Scenario {
    Scenario {
        name: "queue-redelivers",
        says: "the host loses its hold on the message while the function works: it is delivered again and again meanwhile",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                if let Some(functions) = stage.sim.functions() {
                    functions.lose_leases(3);
                }
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![one_worker(), said("the message came again", delivered_again)]),
    }
}

fn lock_refused_without_ticks() -> Scenario {
    Scenario {
        name: "lock-refused-without-ticks",
        says: "the endpoint cannot be changed for a while, and no tick comes: the function must put the work back until it can",
        setup: Setup::default,
        act: |stage| Box::pin(refused_for_a_while(stage)),
        promises: and(
            failed_over(),
            vec![
                said("the lock was owed in between", |facts| came_to(facts, "owed")),
                said("the work came back as a new message", put_back),
            ],
        ),
    }
}

fn aks_without_entra() -> Scenario {
    Scenario {
        name: "aks-without-entra",
        says: "the standby's kubeconfig holds a client certificate instead of asking for a token, as the reference's does",
        setup: || Setup { client_certificate: true, ..Setup::default() },
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Silent);
                stage.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn acted(stage: &Stage, wanted: Condition) -> bool {
    stage
        .sim
        .events()
        .iter()
        .any(|event| matches!(event.what, What::AlarmChanged { state, .. } if state == wanted.as_str()))
}

async fn restarted(stage: &Stage) -> Result<(), Stuck> {
    stage.sim.world().set_scheduler(false);
    stage.break_primary(Outage::Refuse);
    stage.until("the alert has fired", |stage| acted(stage, Condition::Fired)).await?;
    stage.pass(60.0).await;
    stage.until("the function works", |stage| stage.sim.host().running() > 0).await?;
    if let Some(functions) = stage.sim.functions() {
        functions.restart("an update of the platform").await;
    }
    stage.until_failed_over().await
}

async fn refused_for_a_while(stage: &Stage) -> Result<(), Stuck> {
    stage.sim.world().set_scheduler(false);
    for call in stage.sim.traffic_cloud().traffic_calls().all {
        stage.sim.faults().always(call, unavailable());
    }
    stage.break_primary(Outage::Refuse);
    stage.until("work is put back", |stage| put_back(&Facts::gather(stage)).is_ok()).await?;
    stage.sim.faults().clear();
    stage.until_failed_over().await
}

/// A message for later is one of the function's own; the host's outputs and redeliveries are not.
fn put_back(facts: &Facts) -> Result<String, String> {
    let later = facts.events.iter().filter(|event| matches!(event.what, What::Queued { in_ms: 1.., .. })).count();
    if later > 0 { Ok(format!("put back {later} times")) } else { Err("nothing was put back".to_owned()) }
}

/// The action group gives a call up after 10 s and repeats it; after some of these it leaves the function alone.
fn answered_in_time(facts: &Facts) -> Result<String, String> {
    let answer = |event: &Event| if let What::AlarmDelivered { answer, .. } = event.what { answer } else { None };
    let answers: Vec<Delivered> = facts.events.iter().filter_map(answer).collect();
    let late = answers.iter().filter(|answer| !matches!(answer, Delivered::Status(..300))).count();
    match (late, answers.len()) {
        (0, calls @ 2..) => Ok(format!("{calls} calls")),
        (_, calls) => Err(format!("{late} of {calls} calls were not answered")),
    }
}

fn delivered_again(facts: &Facts) -> Result<String, String> {
    let most = facts.results.iter().map(|result| result.attempt).max().unwrap_or(0);
    if most > 1 { Ok(format!("delivery {most} of one message")) } else { Err("no message came twice".to_owned()) }
}
