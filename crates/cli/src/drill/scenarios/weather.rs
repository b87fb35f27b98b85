//! Calls fail: throttled, cut, unanswered.

use holdfast_core::record::Status;
use holdfast_simulator::{
    faults::{Fault, Rule},
    kubernetes::TlsSeed,
    world::Outage,
};

use crate::drill::{
    facts::Facts,
    promise::{and, came_to, failed_over, nothing_failed, said},
    scenario::{Scenario, Setup},
};

/// What an API says while its region is in trouble.
pub fn unavailable() -> Fault {
    Fault::Error { status: 503, code: "ServiceUnavailable".to_owned() }
}

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "throttled",
            says: "every service asks for fewer calls, twice each, at the worst moment",
            setup: || Setup::standby(|standby| standby.tls = TlsSeed::StaleOtherCa),
            act: |stage| {
                Box::pin(async move {
                    stage.break_primary(Outage::Refuse);
                    stage.pass(150.0).await;
                    let faults = stage.sim.faults();
                    for call in ["update:configmaps", "update:leases", "delete:secrets", "patch:deployments/scale"] {
                        faults.add(Rule::on(format!("kubernetes:{call}"), Fault::kubernetes_busy()).times(2));
                    }
                    faults.add(Rule::on("route53:UpdateHealthCheck", Fault::throttled_by_route53()).times(2));
                    faults.add(Rule::on("cloudwatch:GetMetricData", Fault::throttled()).times(2));
                    faults.add(Rule::on("ssm:PutParameter", Fault::throttled()).times(2));
                    stage.until_failed_over().await
                })
            },
            promises: and(failed_over(), vec![nothing_failed()]),
        },
        Scenario {
            name: "answer-lost",
            says: "every write takes effect, and its answer never arrives",
            setup: || Setup::standby(|standby| standby.tls = TlsSeed::StaleOtherCa),
            act: |stage| {
                Box::pin(async move {
                    let faults = stage.sim.faults();
                    for call in ["update:configmaps", "update:leases", "delete:secrets", "patch:deployments/scale"] {
                        faults.once(&format!("kubernetes:{call}"), Fault::LoseAnswer);
                    }
                    faults.once("route53:UpdateHealthCheck", Fault::LoseAnswer);
                    faults.once("ssm:PutParameter", Fault::LoseAnswer);
                    stage.break_primary(Outage::Refuse);
                    stage.until_failed_over().await
                })
            },
            promises: and(failed_over(), vec![nothing_failed()]),
        },
        Scenario {
            name: "dns-control-plane-down",
            says: "Route 53's API does not answer: the standby goes up, the lock is owed, and a later tick sets it",
            setup: Setup::default,
            act: |stage| {
                Box::pin(async move {
                    stage.sim.faults().always("route53:*", Fault::Hang);
                    stage.break_primary(Outage::Refuse);
                    stage.until_status(Status::Owed).await?;
                    stage.until("the owed lock is told", |stage| owed_was_said(&Facts::gather(stage)).is_ok()).await?;
                    stage.sim.faults().clear();
                    stage.until_failed_over().await
                })
            },
            promises: and(failed_over(), vec![said("the lock was owed in between", owed_was_said)]),
        },
    ]
}

fn owed_was_said(facts: &Facts) -> Result<String, String> {
    came_to(facts, "owed").or_else(|_| came_to(facts, "Holdfast.Owed"))
}
