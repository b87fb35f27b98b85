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
    vec![throttled(), answer_lost(), dns_control_plane_down()]
}

fn throttled() -> Scenario {
    Scenario {
        name: "throttled",
        says: "every service asks for fewer calls at the worst moment",
        setup: || Setup::standby(|standby| standby.tls = TlsSeed::StaleOtherCa),
        act: |stage| {
            Box::pin(async move {
                let (faults, platform) = (stage.sim.faults(), stage.sim.cloud().platform_calls());
                let (times, traffic) = (platform.throttled_times, stage.sim.traffic_cloud().traffic_calls());
                for call in platform.asked_once {
                    faults.once(call, (platform.throttling)());
                }
                stage.break_primary(Outage::Refuse);
                stage.pass(150.0).await;
                for call in platform.throttled_in_cluster {
                    faults.add(Rule::on(format!("kubernetes:{call}"), Fault::kubernetes_busy()).times(times));
                }
                faults.add(Rule::on(traffic.lock, (traffic.throttled)()).times(times));
                for call in platform.throttled {
                    faults.add(Rule::on(*call, (platform.throttling)()).times(times));
                }
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![nothing_failed()]),
    }
}

fn answer_lost() -> Scenario {
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
                faults.once(stage.sim.traffic_cloud().traffic_calls().lock, Fault::LoseAnswer);
                for call in stage.sim.cloud().platform_calls().writes {
                    faults.once(call, Fault::LoseAnswer);
                }
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![nothing_failed()]),
    }
}

fn dns_control_plane_down() -> Scenario {
    Scenario {
        name: "dns-control-plane-down",
        says: "the API of the traffic switch does not answer: the standby goes up, the lock is owed, and a later tick sets it",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                for call in stage.sim.traffic_cloud().traffic_calls().all {
                    stage.sim.faults().always(call, Fault::Hang);
                }
                stage.break_primary(Outage::Refuse);
                stage.until_status(Status::Owed).await?;
                stage.until("the owed lock is told", |stage| owed_was_said(&Facts::gather(stage)).is_ok()).await?;
                stage.sim.faults().clear();
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("the lock was owed in between", owed_was_said)]),
    }
}

fn owed_was_said(facts: &Facts) -> Result<String, String> {
    came_to(facts, "owed").or_else(|_| came_to(facts, "Holdfast.Owed"))
}
