//! The function is killed half-way. The next call must finish what it began.

use holdfast_simulator::{
    faults::Fault,
    kubernetes::TlsFixture,
    time,
    world::{Outage, Past},
};

use crate::drill::{
    environment::Environment,
    promise::{Promise, and, execution, failed_over, said},
    run_report::RunReport,
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![crash_after_claim(), crash_after_tls(), crash_after_scale()]
}

fn crash_after_claim() -> Scenario {
    Scenario {
        name: "crash-after-claim",
        summary: "killed once the intent is written and nothing is touched yet",
        setup: stale,
        run: |environment| {
            Box::pin(async move {
                // The holdoff is over when the first call looks: who has to wait writes its mark into the record first.
                environment.sim.world().publish_history(&[vec![Past::Healthy], vec![Past::Failing; 4]].concat());
                environment.sim.faults().once("kubernetes:update:configmaps", Fault::KillFunction { after: true });
                environment.break_primary(Outage::Refuse);
                environment.sim.world().settle_checkers();
                environment.note_broken(time::now() - environment.seconds(300.0));
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![taken_over()]),
    }
}

fn crash_after_tls() -> Scenario {
    Scenario {
        name: "crash-after-tls",
        summary: "killed once the stale TLS secret is gone",
        setup: stale,
        run: |environment| Box::pin(killed_after(environment, "kubernetes:delete:secrets")),
        promises: and(failed_over(), vec![taken_over()]),
    }
}

fn crash_after_scale() -> Scenario {
    Scenario {
        name: "crash-after-scale",
        summary: "killed once the operator is scaled: the next call must lock, although the operator already runs",
        setup: stale,
        run: |environment| Box::pin(killed_after(environment, "kubernetes:patch:deployments/scale")),
        promises: and(failed_over(), vec![taken_over()]),
    }
}

fn stale() -> Setup {
    Setup::standby(|standby| standby.tls = TlsFixture::StaleOtherCa)
}

async fn killed_after(environment: &Environment, call: &str) -> Result<(), String> {
    environment.sim.faults().once(call, Fault::KillFunction { after: true });
    environment.break_primary(Outage::Refuse);
    environment.until_failed_over().await
}

fn taken_over() -> Promise {
    said("another call took the work over", |report: &RunReport| {
        let execution = execution(report)?;
        let crashed = report.outcomes().iter().filter(|outcome| outcome.contains("crashed")).count();
        if crashed > 0 && execution.takeovers > 0 {
            return Ok(format!("{crashed} crash, {} take-over", execution.takeovers));
        }
        Err(format!("{crashed} crashes, {} take-overs", execution.takeovers))
    })
}
