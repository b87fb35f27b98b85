//! What only happens on Azure: alerts that resolve, a host that restarts, messages that come twice.

use holdfast_simulator::{
    timeline::What,
    world::{Condition, Outage},
};

use crate::drill::{
    facts::Facts,
    promise::{and, came_to, failed_over, one_worker, said, untouched},
    scenario::{Scenario, Setup, Stuck},
    stage::Stage,
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![alert_resolved(), stateless_alert(), host_restarts_mid_run(), queue_redelivers(), aks_without_entra()]
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
        promises: and(failed_over(), vec![one_worker()]),
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

fn aks_without_entra() -> Scenario {
    Scenario {
        name: "aks-without-entra",
        says: "the standby's kubeconfig holds a client certificate instead of asking for a token, as the reference's does",
        setup: || Setup { aks_certificate: true, ..Setup::default() },
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
    stage.sim.events().iter().any(|event| matches!(event.what, What::AlertActs { condition } if condition == wanted))
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

fn delivered_again(facts: &Facts) -> Result<String, String> {
    let most = facts.results.iter().map(|result| result.attempt).max().unwrap_or(0);
    if most > 1 { Ok(format!("delivery {most} of one message")) } else { Err("no message came twice".to_owned()) }
}
