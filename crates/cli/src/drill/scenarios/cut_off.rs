//! The function loses its way out: to the clouds' global services, to the primary and to every control target. The
//! API of the standby cluster is inside, and stays.

use holdfast_core::evidence::{Probe, ProbeResult};
use holdfast_simulator::{
    outside::Lost,
    time,
    timeline::EventKind,
    world::{MetricsMode, Outage, Site},
};

use crate::drill::{
    promise::{and, came_to, execution, failed_over, said, untouched},
    run_report::RunReport,
    scenario::{Scenario, Setup},
};

/// How long the function works before: a process that is new has to ask for the cluster's address first.
const BEFORE_S: f64 = 150.0;

/// How long it is cut off: longer than any call can stay and watch, so that one ends and says why.
const CUT_OFF_S: f64 = 960.0;

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![cut_off(), cut_off_then_real_outage(), outage_while_cut_off()]
}

fn cut_off() -> Scenario {
    Scenario {
        name: "cut-off",
        summary: "the function loses its way out for a quarter of an hour: metrics and primary are silent to it, and the primary is well",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.pass(BEFORE_S).await;
                environment.sim.cut_off(Lost::Silent);
                environment.pass(CUT_OFF_S).await;
                environment.sim.give_way_out_back();
                environment.pass(180.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![
                said("nothing was written, no lease and no record", nothing_written),
                said("it says that it is cut off, and defers", deferred_as_cut_off),
                said("the primary was well all the while", primary_well),
                said("it sees so when it has a way out again", |report| came_to(report, "stood_down")),
            ],
        ),
    }
}

fn cut_off_then_real_outage() -> Scenario {
    Scenario {
        name: "cut-off-then-real-outage",
        summary: "the function is cut off and gets its way out back; then the primary really dies, and its metrics with it",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.pass(BEFORE_S).await;
                environment.sim.cut_off(Lost::Refused);
                environment.pass(CUT_OFF_S).await;
                environment.sim.give_way_out_back();
                environment.pass(60.0).await;
                environment.sim.world().set_metrics(MetricsMode::Failing);
                environment.break_primary(Outage::Closed);
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("it was cut off before", deferred_as_cut_off),
                said("a control target answered beside each probe", controlled),
            ],
        ),
    }
}

fn outage_while_cut_off() -> Scenario {
    Scenario {
        name: "outage-while-cut-off",
        summary: "the primary dies with its metrics while the function is cut off: what it could not see does not count",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.pass(BEFORE_S).await;
                environment.sim.cut_off(Lost::Silent);
                environment.sim.world().set_metrics(MetricsMode::Failing);
                environment.break_primary(Outage::Silent);
                environment.pass(CUT_OFF_S).await;
                environment.sim.give_way_out_back();
                environment.note_broken(time::now());
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![
                said("it was cut off before", deferred_as_cut_off),
                said("a control target answered beside each probe", controlled),
            ],
        ),
    }
}

fn nothing_written(report: &RunReport) -> Result<String, String> {
    let reading = |verb: &str| matches!(verb, "get" | "list" | "watch");
    let written: Vec<_> = report.audit.iter().filter(|entry| !reading(&entry.verb)).collect();
    match written.first() {
        None => Ok(format!("{} calls to the cluster, all of them reads", report.audit.len())),
        Some(first) => Err(format!("{} writes, the first: {} {}", written.len(), first.verb, first.resource)),
    }
}

/// Every answer that names it is deferred, and none takes it for an outage.
fn deferred_as_cut_off(report: &RunReport) -> Result<String, String> {
    let has = |answer: &serde_json::Value, code: &str| {
        answer["reasons"].as_array().is_some_and(|reasons| reasons.iter().any(|reason| reason["code"] == code))
    };
    let cut_off: Vec<_> = report.answers().filter(|answer| has(answer, "cut_off")).collect();
    if let Some(other) = cut_off.iter().find(|answer| answer["outcome"] != "deferred") {
        return Err(format!("an answer names it and is {}", other["outcome"]));
    }
    if cut_off.iter().any(|answer| has(answer, "primary_failing")) {
        return Err("an answer names it and says that the primary fails".to_owned());
    }
    match cut_off.len() {
        0 => Err(format!("no answer names cut_off; outcomes: {}", report.outcomes().join(", "))),
        answers => Ok(format!("{answers} answers are deferred as cut_off")),
    }
}

fn primary_well(report: &RunReport) -> Result<String, String> {
    let ill = report.events.iter().find(|event| match &event.kind {
        EventKind::SiteDown { site, .. } => *site == Site::Primary,
        EventKind::DnsChanged { .. } => true,
        EventKind::MetricPublished { health_check, minimum, .. } => {
            *health_check == report.world.health_check.id && *minimum == 0.0
        }
        _ => false,
    });
    match ill {
        None => Ok("its metric was 1, and DNS answered with it".to_owned()),
        Some(event) => Err(event.kind.to_string()),
    }
}

/// The record holds what each control target said, with every probe that counted.
fn controlled(report: &RunReport) -> Result<String, String> {
    let execution = execution(report)?;
    let (decision, evidence) = (execution.decision.known(), execution.evidence.known());
    let streak = decision.and_then(|decision| decision.streak.as_ref()).ok_or("the record holds no streak")?;
    let counted = |probe: &&Probe| probe.at >= streak.since && matches!(probe.result, ProbeResult::Failing { .. });
    let probes: Vec<_> = evidence.iter().flat_map(|evidence| &evidence.probes).filter(counted).collect();
    let alone = probes.iter().filter(|probe| !probe.controls.iter().any(|control| control.answered)).count();
    match (probes.len(), alone) {
        (0, _) => Err("the record holds no failing probe".to_owned()),
        (all, 0) => Ok(format!("{all} failing probes, each with {} controls", probes[0].controls.len())),
        (all, alone) => Err(format!("{alone} of {all} failing probes had no control that answered")),
    }
}
