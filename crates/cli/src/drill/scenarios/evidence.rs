//! What is seen of the primary is late, lost, full of holes, or out of date.

use holdfast_core::holdoff::Source;
use holdfast_simulator::{
    time,
    timeline::EventKind,
    world::{MetricsMode, Outage, Past},
};

use crate::drill::{
    environment::HOLDOFF_S,
    promise::{and, execution, failed_over, gave_reason, said, untouched},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![metrics_lost(), metrics_stale(), wrong_checkers(), gap_in_metrics()]
}

fn metrics_lost() -> Scenario {
    Scenario {
        name: "metrics-lost",
        summary: "the metric store fails together with the primary: our own probes must prove the outage",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_metrics(MetricsMode::Failing);
                environment.break_primary(Outage::Closed);
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("probes are the evidence", proven_by_probes)]),
    }
}

fn metrics_stale() -> Scenario {
    Scenario {
        name: "metrics-stale",
        summary: "the metrics stopped while they said failing; the primary is well",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                let past = [vec![Past::Healthy; 5], vec![Past::Failing; 6]].concat();
                environment.sim.world().publish_history(&past);
                environment.sim.world().set_metrics(MetricsMode::Stale);
                environment.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it says that they are out of date", stale_said)]),
    }
}

fn gap_in_metrics() -> Scenario {
    Scenario {
        name: "gap-in-metrics",
        summary: "two minutes of data are missing in the middle of the outage: what lies before them does not count",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                use Past::{Failing, Healthy, Missing};
                environment.sim.world().publish_history(&[Healthy, Healthy, Failing, Failing, Missing, Missing]);
                environment.break_primary(Outage::Refuse);
                environment.sim.world().settle_checkers();
                // The gap ends where the running period of one real second began.
                environment.note_broken(time::now() - environment.seconds(60.0));
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("the gap is in the record", gap_recorded)]),
    }
}

/// On AWS the name in the health check is mistyped, on Azure a firewall keeps the probes of Traffic Manager out.
fn wrong_checkers() -> Scenario {
    Scenario {
        name: "checkers-wrong",
        summary: "the checkers look past the primary: its metrics fail for good while it is well",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                let world = environment.sim.world();
                world.blind_checkers(world.snapshot().checkers.1);
                environment.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![
                said("the checkers were wrong all the while", checkers_wrong),
                said("it says that the primary is well", well_said),
            ],
        ),
    }
}

fn proven_by_probes(report: &crate::drill::run_report::RunReport) -> Result<String, String> {
    let execution = execution(report)?;
    let (decision, evidence) = (execution.decision.known(), execution.evidence.known());
    let streak = decision.and_then(|decision| decision.streak.as_ref()).ok_or("the record holds no streak")?;
    if streak.source == Source::Probes {
        return Ok(format!("{} probes in the record", evidence.map_or(0, |evidence| evidence.probes.len())));
    }
    Err("the record says that metrics proved it".to_owned())
}

fn stale_said(report: &crate::drill::run_report::RunReport) -> Result<String, String> {
    let stale = report.answers().any(|answer| answer["says"].to_string().contains("freshest period ended"));
    if stale { Ok("an answer says how old they are".to_owned()) } else { Err("no answer says so".to_owned()) }
}

/// For longer than the holdoff, so that nothing but our own probe speaks for the primary.
fn checkers_wrong(report: &crate::drill::run_report::RunReport) -> Result<String, String> {
    let primary = &report.world.health_check.id;
    let failing = report.events.iter().filter(|event| {
        matches!(&event.kind, EventKind::MetricPublished { health_check, maximum, .. } if health_check == primary && *maximum == 0.0)
    });
    let (minutes, (good, all)) = (failing.count(), report.world.checkers);
    if report.world.primary.is_none() && good == 0 && minutes as f64 * 60.0 > HOLDOFF_S {
        return Ok(format!("{minutes} minutes of failing metrics, {good} of {all} checkers see a good answer"));
    }
    Err(format!("{minutes} minutes of failing metrics, {good} of {all} checkers see a good answer"))
}

fn well_said(report: &crate::drill::run_report::RunReport) -> Result<String, String> {
    gave_reason(report, "primary_healthy")
}

fn gap_recorded(report: &crate::drill::run_report::RunReport) -> Result<String, String> {
    let decision = execution(report)?.decision.known().ok_or("the record holds no decision")?;
    let streak = decision.streak.clone().ok_or("the record holds no streak")?;
    if report.cloud.name() == "oci" && report.broke_at <= Some(streak.since) {
        // A missing point leaves both periods beside it unproven, so the gap is longer than one that a streak may have.
        return Ok("the streak begins after it".to_owned());
    }
    if streak.gaps.is_empty() {
        Err("no gap is in the record".to_owned())
    } else {
        Ok(format!("{} gap", streak.gaps.len()))
    }
}
