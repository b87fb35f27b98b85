//! The primary goes away, for good or for a moment.

use holdfast_simulator::{
    kubernetes::TlsFixture,
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
        summary: "the primary falls silent for good and later comes back: traffic must not follow it",
        setup: || Setup::standby(|standby| standby.tls = TlsFixture::StaleOtherCa),
        run: |environment| {
            Box::pin(async move {
                environment.pass(60.0).await;
                environment.break_primary(Outage::Silent);
                environment.until_failed_over().await?;
                environment.primary_returns().await;
                Ok(())
            })
        },
        promises: and(failed_over(), vec![traffic_stays()]),
    }
}

fn primary_down() -> Scenario {
    Scenario {
        name: "primary-down",
        summary: "LogScale on the primary answers 503 for good",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn transient_outage() -> Scenario {
    Scenario {
        name: "transient-outage",
        summary: "the primary is away for less than three minutes: an operator asks in the middle and has to wait",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                // One minute of it lies behind us, in the metrics too; at most another is the running period.
                environment.sim.world().publish_history(&[Past::Healthy, Past::Healthy, Past::Failing]);
                environment.break_primary(Outage::Closed);
                environment.sim.world().settle_checkers();
                let asked = environment.invoke(json!({"action": "failover", "reason": "is it time?"}));
                let back = async {
                    environment.pass(50.0).await;
                    environment.sim.world().heal_primary();
                };
                futures_util::join!(asked, back);
                environment.pass(420.0).await;
                Ok(())
            })
        },
        promises: untouched(),
    }
}

fn flapping() -> Scenario {
    Scenario {
        name: "flapping",
        summary: "the primary goes and comes every 80 s, for nine minutes",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                for _ in 0..4 {
                    environment.break_primary(Outage::Refuse);
                    environment.pass(80.0).await;
                    environment.sim.world().heal_primary();
                    environment.pass(60.0).await;
                }
                environment.pass(120.0).await;
                Ok(())
            })
        },
        promises: untouched(),
    }
}

fn primary_recovers_while_waiting() -> Scenario {
    Scenario {
        name: "primary-recovers-while-waiting",
        summary: "the function waits for the holdoff inside the call; the primary comes back in the meantime",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_scheduler(false);
                environment.break_primary(Outage::Closed);
                environment
                    .until("the alarm has called the function", |environment| environment.sim.host().running() > 0)
                    .await?;
                environment.pass(15.0).await;
                environment.sim.world().heal_primary();
                environment.pass(360.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it says so and stands down", |report| came_to(report, "stood_down"))]),
    }
}
