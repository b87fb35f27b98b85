//! The way back, as a person begins it by a call of the function.

use holdfast_core::{
    kind::Kind,
    record::{State, Status},
};
use holdfast_simulator::world::{Outage, Site};
use serde_json::{Value, json};

use crate::drill::{
    environment::Environment,
    promise::{gave_reason, said},
    run_report::RunReport,
    scenario::{Scenario, Setup, Stuck},
};

pub fn all() -> Vec<Scenario> {
    vec![failback(), failback_refused_primary_ill(), outage_during_failback()]
}

fn failback() -> Scenario {
    Scenario {
        name: "failback",
        summary: "a failover, and the way back by two calls of an operator: traffic to the primary, then the standby to rest",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                failed_over_and_well_again(environment).await?;
                to_rest(environment).await
            })
        },
        promises: vec![
            said("traffic is back and the standby at rest", back_and_at_rest),
            said("the record holds the person's word and every step", |report| {
                let run = report.state.as_ref().and_then(|state| state.current.as_ref()).ok_or("no execution")?;
                let told = run.data.as_deref() == Some(WORD) && run.steps.iter().all(|step| step.is_done());
                (run.kind == Kind::Failback && run.status == Status::Completed && told)
                    .then(|| format!("{} steps done", run.steps.len()))
                    .ok_or_else(|| format!("{run:?}"))
            }),
            said("nothing was refused", nothing_refused),
        ],
    }
}

fn failback_refused_primary_ill() -> Scenario {
    Scenario {
        name: "failback-refused-primary-ill",
        summary: "an operator asks for a failback while the primary is still down: refused, and the failover stands",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                is(&call(environment, json!({"action": "failback", "data": WORD})).await?, "refused")
            })
        },
        promises: vec![
            said("it says why", |report| gave_reason(report, "primary_not_well")),
            said("the failover stands and traffic is locked", |report| {
                let stands = report.state.as_ref().is_some_and(State::failed_over);
                (stands && report.is_locked()).then(|| "locked".to_owned()).ok_or_else(|| "not any more".to_owned())
            }),
        ],
    }
}

fn outage_during_failback() -> Scenario {
    Scenario {
        name: "outage-during-failback",
        summary: "the primary fails again while a failback waits for a person: the failback is over, and a failover follows",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                failed_over_and_well_again(environment).await?;
                unlocked(environment).await?;
                environment.pass(300.0).await;
                environment.break_primary(Outage::Refuse);
                environment
                    .until("traffic is locked again", |environment| environment.sim.world().snapshot().lock.on)
                    .await?;
                environment.until_failed_over().await
            })
        },
        promises: vec![
            said("the failback is closed and a failover stands", |report| {
                let state = report.state.as_ref().ok_or("no record")?;
                let closed = state.earlier().any(|run| (run.kind, run.status) == (Kind::Failback, Status::Closed));
                (closed && state.failed_over()).then(|| "closed".to_owned()).ok_or_else(|| format!("{:?}", state.past))
            }),
            said("users are led to the standby", |report| {
                let answer = report.world.answer;
                (answer == Site::Standby).then(|| "the standby".to_owned()).ok_or_else(|| format!("the {answer}"))
            }),
        ],
    }
}

/// So many calls, one each minute, watch a primary for the ten minutes that it has to be well.
const MOST_CALLS: usize = 12;

/// What the person says about the data.
const WORD: &str = "what the standby took in is replayed by the on-call engineer";

/// A failover that was completed, and a primary that has been well for long enough.
pub async fn failed_over_and_well_again(environment: &Environment) -> Result<(), Stuck> {
    environment.break_primary(Outage::Refuse);
    environment.until_failed_over().await?;
    environment.sim.world().heal_primary();
    environment.pass(780.0).await;
    Ok(())
}

/// The failback's first call: traffic is unlocked, and the rest of it waits for a person.
async fn unlocked(environment: &Environment) -> Result<(), Stuck> {
    let failback = || call(environment, json!({"action": "failback", "data": WORD}));
    let mut answer = failback().await?;
    // Where ticks may come seldom, as on OCI, a person asks again each minute until the primary was watched for long enough.
    for _ in 0..MOST_CALLS {
        if answer["outcome"] == "deferred" {
            environment.pass(60.0).await;
            answer = failback().await?;
        }
    }
    is(&answer, "unconfirmed")?;
    match environment.sim.world().snapshot().lock.on {
        false => Ok(()),
        true => Err("traffic is still locked".to_owned()),
    }
}

/// Both calls of the failback, until the name servers lead to the primary.
pub async fn to_rest(environment: &Environment) -> Result<(), Stuck> {
    unlocked(environment).await?;
    let answer = call(environment, json!({"action": "failback", "rest": true})).await?;
    is(&answer, "completed")?;
    let leads = |environment: &Environment| environment.sim.world().snapshot().answer == Site::Primary;
    environment.until("DNS leads to the primary", leads).await
}

async fn call(environment: &Environment, mut payload: Value) -> Result<Value, Stuck> {
    payload["reason"] = json!("a drill");
    let result = environment.invoke(payload).await;
    result.outcome.answer().cloned().ok_or_else(|| format!("the call was not answered: {}", result.outcome.describe()))
}

fn is(answer: &Value, outcome: &str) -> Result<(), Stuck> {
    if answer["outcome"] == outcome { Ok(()) } else { Err(format!("{outcome} was expected, and it was {answer}")) }
}

/// What a failback is for.
pub fn back_and_at_rest(report: &RunReport) -> Result<String, String> {
    let (locked, replicas, answer) = (report.is_locked(), report.replicas(), report.world.answer);
    if !locked && replicas == 0 && answer == Site::Primary {
        return Ok("DNS answers with the primary, operator 0".to_owned());
    }
    Err(format!("locked: {locked}, operator {replicas}, DNS answers with the {answer}"))
}

/// The permissions that we ship are enough.
pub fn nothing_refused(report: &RunReport) -> Result<String, String> {
    let refused = report.audit.iter().filter(|entry| !entry.allowed || matches!(entry.code, 401 | 403)).count();
    match (refused, report.refused.as_slice()) {
        (0, []) => Ok(format!("{} calls to the cluster under the shipped Role", report.audit.len())),
        (refused, others) => Err(format!("{refused} calls to the cluster, {}", others.join(", "))),
    }
}
