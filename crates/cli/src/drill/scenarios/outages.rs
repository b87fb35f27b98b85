//! The primary goes away, for good or for a moment.

use holdfast_simulator::{
    kubernetes::TlsSeed,
    world::{Outage, Past},
};
use serde_json::json;

use crate::drill::{
    promise::{and, came_to, failed_over, said, traffic_stays, untouched},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![region_down(), primary_down(), transient_outage(), flapping(), primary_recovers_while_waiting()]
}

fn region_down() -> Scenario {
    Scenario {
        name: "region-down",
        says: "the primary falls silent for good and later comes back: traffic must not follow it",
        setup: || Setup::standby(|standby| standby.tls = TlsSeed::StaleOtherCa),
        act: |stage| {
            Box::pin(async move {
                stage.pass(60.0).await;
                stage.break_primary(Outage::Silent);
                stage.until_failed_over().await?;
                stage.primary_returns().await;
                Ok(())
            })
        },
        promises: and(failed_over(), vec![traffic_stays()]),
    }
}

fn primary_down() -> Scenario {
    Scenario {
        name: "primary-down",
        says: "LogScale on the primary answers 503 for good",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn transient_outage() -> Scenario {
    Scenario {
        name: "transient-outage",
        says: "the primary is away for less than three minutes: an operator asks in the middle and has to wait",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                // One minute of it lies behind us, in the metrics too; at most another is the running period.
                stage.sim.world().publish_history(&[Past::Healthy, Past::Healthy, Past::Failing]);
                stage.break_primary(Outage::Closed);
                stage.sim.world().settle_checkers();
                let asked = stage.invoke(json!({"action": "failover", "reason": "is it time?"}));
                let back = async {
                    stage.pass(50.0).await;
                    stage.sim.world().heal_primary();
                };
                futures_util::join!(asked, back);
                stage.pass(420.0).await;
                Ok(())
            })
        },
        promises: untouched(),
    }
}

fn flapping() -> Scenario {
    Scenario {
        name: "flapping",
        says: "the primary goes and comes every 80 s, for nine minutes",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                for _ in 0..4 {
                    stage.break_primary(Outage::Refuse);
                    stage.pass(80.0).await;
                    stage.sim.world().heal_primary();
                    stage.pass(60.0).await;
                }
                stage.pass(120.0).await;
                Ok(())
            })
        },
        promises: untouched(),
    }
}

fn primary_recovers_while_waiting() -> Scenario {
    Scenario {
        name: "primary-recovers-while-waiting",
        says: "the function waits for the holdoff inside the call; the primary comes back in the meantime",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().set_scheduler(false);
                stage.break_primary(Outage::Closed);
                stage.until("the alarm has called the function", |stage| stage.sim.host().running() > 0).await?;
                stage.pass(15.0).await;
                stage.sim.world().heal_primary();
                stage.pass(360.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it says so and stands down", |facts| came_to(facts, "stood_down"))]),
    }
}
