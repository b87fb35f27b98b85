//! Calls fail: throttled, cut, unanswered.

use holdfast_core::record::Status;
use holdfast_simulator::{
    faults::{Fault, Rule},
    kubernetes::TlsFixture,
    world::Outage,
};

use crate::drill::{
    promise::{and, came_to, failed_over, nothing_failed, said},
    run_report::RunReport,
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
        summary: "every service asks for fewer calls at the worst moment",
        setup: || Setup::standby(|standby| standby.tls = TlsFixture::StaleOtherCa),
        run: |environment| {
            Box::pin(async move {
                let (faults, platform) = (environment.sim.faults(), environment.sim.cloud().platform_calls());
                let (times, traffic) = (platform.throttled_times, environment.sim.traffic_cloud().traffic_calls());
                for call in platform.asked_once {
                    faults.once(call, (platform.throttling)());
                }
                environment.break_primary(Outage::Refuse);
                environment.pass(150.0).await;
                for call in platform.throttled_in_cluster {
                    faults.add(Rule::on(format!("kubernetes:{call}"), Fault::kubernetes_busy()).times(times));
                }
                faults.add(Rule::on(traffic.lock, (traffic.throttled)()).times(times));
                for call in platform.throttled {
                    faults.add(Rule::on(*call, (platform.throttling)()).times(times));
                }
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![nothing_failed()]),
    }
}

fn answer_lost() -> Scenario {
    Scenario {
        name: "answer-lost",
        summary: "every write takes effect, and its answer never arrives",
        setup: || Setup::standby(|standby| standby.tls = TlsFixture::StaleOtherCa),
        run: |environment| {
            Box::pin(async move {
                let faults = environment.sim.faults();
                for call in ["update:configmaps", "update:leases", "delete:secrets", "patch:deployments/scale"] {
                    faults.once(&format!("kubernetes:{call}"), Fault::LoseAnswer);
                }
                faults.once(environment.sim.traffic_cloud().traffic_calls().lock, Fault::LoseAnswer);
                for call in environment.sim.cloud().platform_calls().writes {
                    faults.once(call, Fault::LoseAnswer);
                }
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![nothing_failed()]),
    }
}

fn dns_control_plane_down() -> Scenario {
    Scenario {
        name: "dns-control-plane-down",
        summary: "the API of the traffic switch does not answer: the standby goes up, the lock is owed, and a later tick sets it",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                for call in environment.sim.traffic_cloud().traffic_calls().all {
                    environment.sim.faults().always(call, Fault::Hang);
                }
                environment.break_primary(Outage::Refuse);
                environment.until_status(Status::Owed).await?;
                environment
                    .until("the owed lock is told", |environment| {
                        owed_was_said(&RunReport::gather(environment)).is_ok()
                    })
                    .await?;
                environment.sim.faults().clear();
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("the lock was owed in between", owed_was_said)]),
    }
}

fn owed_was_said(report: &RunReport) -> Result<String, String> {
    came_to(report, "owed").or_else(|_| came_to(report, "Holdfast.Owed"))
}
