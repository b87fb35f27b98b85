//! The function loses its way out: to the clouds' global services, to the primary and to every control target. The
//! API of the standby cluster is inside, and stays.

use holdfast_core::evidence::{Probe, ProbeResult};
use holdfast_simulator::{
    outside::Lost,
    time,
    timeline::What,
    world::{MetricsMode, Outage, Site},
};

use crate::drill::{
    facts::Facts,
    promise::{and, came_to, execution, failed_over, said, untouched},
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
        says: "the function loses its way out for a quarter of an hour: metrics and primary are silent to it, and the primary is well",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.pass(BEFORE_S).await;
                stage.sim.cut_off(Lost::Silent);
                stage.pass(CUT_OFF_S).await;
                stage.sim.give_way_out_back();
                stage.pass(180.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![
                said("nothing was written, no lease and no record", nothing_written),
                said("it says that it is cut off, and defers", deferred_as_cut_off),
                said("the primary was well all the while", primary_well),
                said("it sees so when it has a way out again", |facts| came_to(facts, "stood_down")),
            ],
        ),
    }
}

fn cut_off_then_real_outage() -> Scenario {
    Scenario {
        name: "cut-off-then-real-outage",
        says: "the function is cut off and gets its way out back; then the primary really dies, and its metrics with it",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.pass(BEFORE_S).await;
                stage.sim.cut_off(Lost::Refused);
                stage.pass(CUT_OFF_S).await;
                stage.sim.give_way_out_back();
                stage.pass(60.0).await;
                stage.sim.world().set_metrics(MetricsMode::Failing);
                stage.break_primary(Outage::Closed);
                stage.until_failed_over().await
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
        says: "the primary dies with its metrics while the function is cut off: what it could not see does not count",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.pass(BEFORE_S).await;
                stage.sim.cut_off(Lost::Silent);
                stage.sim.world().set_metrics(MetricsMode::Failing);
                stage.break_primary(Outage::Silent);
                stage.pass(CUT_OFF_S).await;
                stage.sim.give_way_out_back();
                stage.note_broken(time::now());
                stage.until_failed_over().await
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

fn nothing_written(facts: &Facts) -> Result<String, String> {
    let reading = |verb: &str| matches!(verb, "get" | "list" | "watch");
    let written: Vec<_> = facts.audit.iter().filter(|entry| !reading(&entry.verb)).collect();
    match written.first() {
        None => Ok(format!("{} calls to the cluster, all of them reads", facts.audit.len())),
        Some(first) => Err(format!("{} writes, the first: {} {}", written.len(), first.verb, first.resource)),
    }
}

/// Every answer that names it is deferred, and none takes it for an outage.
fn deferred_as_cut_off(facts: &Facts) -> Result<String, String> {
    let has = |answer: &serde_json::Value, code: &str| {
        answer["reasons"].as_array().is_some_and(|reasons| reasons.iter().any(|reason| reason["code"] == code))
    };
    let cut_off: Vec<_> = facts.answers().filter(|answer| has(answer, "cut_off")).collect();
    if let Some(other) = cut_off.iter().find(|answer| answer["outcome"] != "deferred") {
        return Err(format!("an answer names it and is {}", other["outcome"]));
    }
    if cut_off.iter().any(|answer| has(answer, "primary_failing")) {
        return Err("an answer names it and says that the primary fails".to_owned());
    }
    match cut_off.len() {
        0 => Err(format!("no answer names cut_off; outcomes: {}", facts.outcomes().join(", "))),
        answers => Ok(format!("{answers} answers are deferred as cut_off")),
    }
}

fn primary_well(facts: &Facts) -> Result<String, String> {
    let ill = facts.events.iter().find(|event| match &event.what {
        What::SiteDown { site, .. } => *site == Site::Primary,
        What::DnsChanged { .. } => true,
        What::MetricPublished { health_check, minimum, .. } => {
            *health_check == facts.world.health_check.id && *minimum == 0.0
        }
        _ => false,
    });
    match ill {
        None => Ok("its metric was 1, and DNS answered with it".to_owned()),
        Some(event) => Err(event.what.to_string()),
    }
}

/// The record holds what each control target said, with every probe that counted.
fn controlled(facts: &Facts) -> Result<String, String> {
    let execution = execution(facts)?;
    let streak = execution.decision.streak.as_ref().ok_or("the record holds no streak")?;
    let counted = |probe: &&Probe| probe.at >= streak.since && matches!(probe.result, ProbeResult::Failing { .. });
    let probes: Vec<_> = execution.evidence.probes.iter().filter(counted).collect();
    let alone = probes.iter().filter(|probe| !probe.controls.iter().any(|control| control.answered)).count();
    match (probes.len(), alone) {
        (0, _) => Err("the record holds no failing probe".to_owned()),
        (all, 0) => Ok(format!("{all} failing probes, each with {} controls", probes[0].controls.len())),
        (all, alone) => Err(format!("{alone} of {all} failing probes had no control that answered")),
    }
}
