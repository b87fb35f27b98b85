//! What others write, restore or put back neither starts a failover nor stops one.

use std::time::Duration;

use holdfast_core::record::{Note, Progress, State, Status};
use holdfast_simulator::{
    time,
    world::{Outage, Past},
};

use crate::drill::{
    environment::Environment,
    promise::{Promise, and, execution, failed_over, gave_reason, said, untouched},
    run_report::{Effect, RunReport},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![
        built_but_never_well(),
        record_restored(),
        note_from_the_future(),
        lock_taken_away(),
        replicas_put_back(),
        failback_while_owed(),
        many_alarms_one_waits(),
    ]
}

fn built_but_never_well() -> Scenario {
    Scenario {
        name: "built-but-never-well",
        summary: "a pair of sites that is being built: the primary has never answered, and nothing is failed over by itself",
        setup: || Setup::standby(|standby| standby.record = None),
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_scheduler(false);
                environment.break_primary(Outage::Refuse);
                environment.sim.world().settle_checkers();
                environment.pass(120.0).await;
                // Nobody has ever seen it well: neither the metrics nor the function.
                environment.sim.world().publish_history(&[Past::Missing; 60]);
                environment.plant(&State::default());
                environment.sim.world().set_scheduler(true);
                environment.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(
            untouched(),
            vec![said("it says that it is not armed", |report| gave_reason(report, "not_armed"))],
        ),
    }
}

/// The record as it was in the middle of the failover.
fn in_the_middle(environment: &Environment) -> Option<State> {
    let mut state = environment.state()?;
    let run = state.current.as_mut()?;
    run.status = Status::Running;
    run.finished_at = None;
    // As long ago as a failover of this morning is in the afternoon.
    let ago = environment.seconds(4.0 * 3600.0);
    run.started_at -= ago;
    for step in &mut run.steps {
        step.progress = Progress::Pending;
        step.started_at = None;
        step.ended_at = None;
    }
    state.unlocked = None;
    Some(state)
}

fn record_restored() -> Scenario {
    Scenario {
        name: "record-restored",
        summary: "after the failback of the same day a backup puts the record of the failover back, as it was in its middle; the primary is well",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                let record = in_the_middle(environment).ok_or("there is no record to restore")?;
                environment.sim.world().heal_primary();
                environment.sim.world().unlock_by_hand();
                environment
                    .until("the unlock is noted", |environment| {
                        environment.state().is_some_and(|state| state.unlocked.is_some())
                    })
                    .await?;
                environment.scale_by_hand(0);
                environment.pass(120.0).await;
                environment.plant(&record);
                environment.pass(600.0).await;
                Ok(())
            })
        },
        promises: vec![
            said("the restored record moved nothing", |report| {
                let (scaled, locked) = (report.count(Effect::Scaled), report.count(Effect::Locked));
                if (scaled, locked) == (1, 1) && !report.is_locked() && report.replicas() == 0 {
                    return Ok("scaled once and locked once, by the failover of before".to_owned());
                }
                Err(format!("scaled {scaled} times, locked {locked} times, {} replicas", report.replicas()))
            }),
            said("it says that the work stood still", |report| gave_reason(report, "stood_still")),
        ],
    }
}

fn note_from_the_future() -> Scenario {
    Scenario {
        name: "note-from-the-future",
        summary: "the cloud's note of the last failover names the year 2100: it is no time, and a due failover happens",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.services().note_failover("2100-01-01T00:00:00Z".parse().map_err(|_| "no time")?);
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![said("the note is named", |report| {
                let named = report.answers().any(|answer| answer["says"].to_string().contains("2100-01-01"));
                if named { Ok("an answer names the time".to_owned()) } else { Err("no answer names it".to_owned()) }
            })],
        ),
    }
}

fn lock_taken_away() -> Scenario {
    Scenario {
        name: "lock-taken-away",
        summary: "an apply of Terraform takes the lock away while the primary is still dead: it is set again",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await?;
                environment.sim.world().unlock_by_hand();
                environment
                    .until("traffic is locked again", |environment| environment.sim.world().snapshot().lock.on)
                    .await?;
                environment.until_failed_over().await
            })
        },
        promises: vec![
            said("it was locked twice and scaled once", |report| counted(report, 1, 2)),
            said("it says that the lock was gone", |report| gave_reason(report, "lock_taken_away")),
            stays_completed(),
        ],
    }
}

fn replicas_put_back() -> Scenario {
    Scenario {
        name: "replicas-put-back",
        summary: "a GitOps manager puts the operator's replicas back to 0 while the failover is still open: they are raised again",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                for call in environment.sim.traffic_cloud().traffic_calls().all {
                    environment.sim.faults().always(call, super::injected_faults::unavailable());
                }
                environment.break_primary(Outage::Refuse);
                environment.until_status(Status::Owed).await?;
                environment.scale_by_hand(0);
                environment
                    .until("the operator is raised again", |environment| replicas(environment) == Some(1))
                    .await?;
                environment.sim.faults().clear();
                environment.until_failed_over().await
            })
        },
        promises: vec![
            said("it was scaled twice and locked once", |report| counted(report, 2, 1)),
            said("the record says what was put back", |report| {
                let told = |note: &Note| note.text.contains("scale-operator was done and does not hold any more");
                let notes = &execution(report)?.notes;
                notes.iter().find(|note| told(note)).map(|note| note.text.clone()).ok_or_else(|| format!("{notes:?}"))
            }),
            stays_completed(),
        ],
    }
}

fn failback_while_owed() -> Scenario {
    Scenario {
        name: "failback-while-owed",
        summary: "a person fails back while a step is still owed; the next outage is failed over all the same",
        setup: || {
            Setup::standby(|standby| {
                standby.node_count = 2;
                standby.room_for_nodes = Some(1);
            })
        },
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_status(Status::Owed).await?;
                environment.until("the lock is on record", lock_is_recorded).await?;
                environment.sim.world().heal_primary();
                environment.sim.world().unlock_by_hand();
                environment.until_status(Status::FailedBack).await?;
                environment.scale_by_hand(0);
                environment.pass(420.0).await;
                environment.break_primary(Outage::Refuse);
                environment
                    .until("the operator is raised again", |environment| replicas(environment) == Some(1))
                    .await?;
                environment
                    .until("traffic is locked again", |environment| environment.sim.world().snapshot().lock.on)
                    .await
            })
        },
        promises: vec![
            said("both outages were failed over", |report| counted(report, 2, 2)),
            said("the first execution is closed with its reason", |report| gave_reason(report, "failed_back")),
        ],
    }
}

fn many_alarms_one_waits() -> Scenario {
    Scenario {
        name: "many-alarms-one-waits",
        summary: "one alarm is delivered eight times during the holdoff: one call waits, and an operator is not kept out",
        setup: Setup::default,
        run: |environment| {
            Box::pin(async move {
                environment.sim.world().set_scheduler(false);
                environment.sim.world().duplicate_notifications(7);
                environment.break_primary(Outage::Refuse);
                environment
                    .until("a call waits", |environment| {
                        environment.state().is_some_and(|state| state.waiter.is_some())
                    })
                    .await?;
                // Two polls: whoever found the mark has gone. Those that come again only look and go.
                let mut waiting = usize::MAX;
                for _ in 0..9 {
                    environment.pass(10.0).await;
                    waiting = waiting.min(environment.sim.host().running());
                }
                if waiting > 1 {
                    return Err(format!("{waiting} calls wait at once"));
                }
                let asked = time::now();
                environment.operator("pause", "the standby is being mended").await?;
                let took = holdfast_core::clock::until(asked, time::now());
                if took > Duration::from_secs(3) {
                    return Err(format!("the operator's pause took {:.1} s", took.as_secs_f64()));
                }
                environment.operator("resume", "it is mended").await?;
                environment.sim.world().set_scheduler(true);
                environment.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn lock_is_recorded(environment: &Environment) -> bool {
    environment.state().and_then(|state| state.current).is_some_and(|run| run.has_done("lock-traffic"))
}

fn replicas(environment: &Environment) -> Option<i64> {
    environment.sim.cluster().get("deployments", "humio-operator")?["spec"]["replicas"].as_i64()
}

fn counted(report: &RunReport, scaled: usize, locked: usize) -> Result<String, String> {
    let found = (report.count(Effect::Scaled), report.count(Effect::Locked));
    let words = format!("scaled {} times, locked {} times", found.0, found.1);
    if found == (scaled, locked) { Ok(words) } else { Err(words) }
}

fn stays_completed() -> Promise {
    said("it is one execution, and complete", |report| {
        let (run, past) = (execution(report)?, report.state.as_ref().map_or(0, |state| state.past.len()));
        if run.status == Status::Completed && past == 0 && report.is_locked() {
            return Ok(run.id.clone());
        }
        Err(format!("{:?}, {past} earlier executions, locked: {}", run.status, report.is_locked()))
    })
}
