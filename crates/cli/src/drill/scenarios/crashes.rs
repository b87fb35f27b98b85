//! The function is killed half-way. The next call must finish what it began.

use holdfast_simulator::{
    faults::Fault,
    kubernetes::TlsSeed,
    time,
    world::{Outage, Past},
};

use crate::drill::{
    facts::Facts,
    promise::{Promise, and, execution, failed_over, said},
    scenario::{Scenario, Setup},
    stage::Stage,
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![crash_after_claim(), crash_after_tls(), crash_after_scale()]
}

fn crash_after_claim() -> Scenario {
    Scenario {
        name: "crash-after-claim",
        says: "killed once the intent is written and nothing is touched yet",
        setup: stale,
        act: |stage| {
            Box::pin(async move {
                // The holdoff is over when the first call looks: who has to wait writes its mark into the record first.
                stage.sim.world().publish_history(&[vec![Past::Healthy], vec![Past::Failing; 4]].concat());
                stage.sim.faults().once("kubernetes:update:configmaps", Fault::KillFunction { after: true });
                stage.break_primary(Outage::Refuse);
                stage.sim.world().settle_checkers();
                stage.note_broken(time::now() - stage.seconds(300.0));
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![taken_over()]),
    }
}

fn crash_after_tls() -> Scenario {
    Scenario {
        name: "crash-after-tls",
        says: "killed once the stale TLS secret is gone",
        setup: stale,
        act: |stage| Box::pin(killed_after(stage, "kubernetes:delete:secrets")),
        promises: and(failed_over(), vec![taken_over()]),
    }
}

fn crash_after_scale() -> Scenario {
    Scenario {
        name: "crash-after-scale",
        says: "killed once the operator is scaled: the next call must lock, although the operator already runs",
        setup: stale,
        act: |stage| Box::pin(killed_after(stage, "kubernetes:patch:deployments/scale")),
        promises: and(failed_over(), vec![taken_over()]),
    }
}

fn stale() -> Setup {
    Setup::standby(|standby| standby.tls = TlsSeed::StaleOtherCa)
}

async fn killed_after(stage: &Stage, call: &str) -> Result<(), String> {
    stage.sim.faults().once(call, Fault::KillFunction { after: true });
    stage.break_primary(Outage::Refuse);
    stage.until_failed_over().await
}

fn taken_over() -> Promise {
    said("another call took the work over", |facts: &Facts| {
        let execution = execution(facts)?;
        let crashed = facts.outcomes().iter().filter(|outcome| outcome.contains("crashed")).count();
        if crashed > 0 && execution.takeovers > 0 {
            return Ok(format!("{crashed} crash, {} take-over", execution.takeovers));
        }
        Err(format!("{crashed} crashes, {} take-overs", execution.takeovers))
    })
}
