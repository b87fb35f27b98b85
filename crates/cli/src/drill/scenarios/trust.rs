//! What others write, restore or put back neither starts a failover nor stops one.

use std::time::Duration;

use holdfast_core::record::{Note, Progress, State, Status};
use holdfast_simulator::{
    time,
    world::{Outage, Past},
};

use crate::drill::{
    facts::{Effect, Facts},
    promise::{Promise, and, execution, failed_over, gave_reason, said, untouched},
    scenario::{Scenario, Setup},
    stage::Stage,
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
        says: "a pair of sites that is being built: the primary has never answered, and nothing is failed over by itself",
        setup: || Setup::standby(|standby| standby.record = None),
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().set_scheduler(false);
                stage.break_primary(Outage::Refuse);
                stage.sim.world().settle_checkers();
                stage.pass(120.0).await;
                // Nobody has ever seen it well: neither the metrics nor the function.
                stage.sim.world().publish_history(&[Past::Missing; 60]);
                stage.plant(&State::default());
                stage.sim.world().set_scheduler(true);
                stage.pass(600.0).await;
                Ok(())
            })
        },
        promises: and(untouched(), vec![said("it says that it is not armed", |facts| gave_reason(facts, "not_armed"))]),
    }
}

/// The record as it was in the middle of the failover.
fn in_the_middle(stage: &Stage) -> Option<State> {
    let mut state = stage.state()?;
    let run = state.current.as_mut()?;
    run.status = Status::Running;
    run.finished_at = None;
    // As long ago as a failover of this morning is in the afternoon.
    let ago = stage.seconds(4.0 * 3600.0);
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
        says: "after the failback of the same day a backup puts the record of the failover back, as it was in its middle; the primary is well",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await?;
                let record = in_the_middle(stage).ok_or("there is no record to restore")?;
                stage.sim.world().heal_primary();
                stage.sim.world().unlock_by_hand();
                stage
                    .until("the unlock is noted", |stage| stage.state().is_some_and(|state| state.unlocked.is_some()))
                    .await?;
                stage.scale_by_hand(0);
                stage.pass(120.0).await;
                stage.plant(&record);
                stage.pass(600.0).await;
                Ok(())
            })
        },
        promises: vec![
            said("the restored record moved nothing", |facts| {
                let (scaled, locked) = (facts.count(Effect::Scaled), facts.count(Effect::Locked));
                if (scaled, locked) == (1, 1) && !facts.is_locked() && facts.replicas() == 0 {
                    return Ok("scaled once and locked once, by the failover of before".to_owned());
                }
                Err(format!("scaled {scaled} times, locked {locked} times, {} replicas", facts.replicas()))
            }),
            said("it says that the work stood still", |facts| gave_reason(facts, "stood_still")),
        ],
    }
}

fn note_from_the_future() -> Scenario {
    Scenario {
        name: "note-from-the-future",
        says: "the cloud's note of the last failover names the year 2100: it is no time, and a due failover happens",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.services().note_failover("2100-01-01T00:00:00Z".parse().map_err(|_| "no time")?);
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(
            failed_over(),
            vec![said("the note is named", |facts| {
                let named = facts.answers().any(|answer| answer["says"].to_string().contains("2100-01-01"));
                if named { Ok("an answer names the time".to_owned()) } else { Err("no answer names it".to_owned()) }
            })],
        ),
    }
}

fn lock_taken_away() -> Scenario {
    Scenario {
        name: "lock-taken-away",
        says: "an apply of Terraform takes the lock away while the primary is still dead: it is set again",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await?;
                stage.sim.world().unlock_by_hand();
                stage.until("traffic is locked again", |stage| stage.sim.world().snapshot().lock.on).await?;
                stage.until_failed_over().await
            })
        },
        promises: vec![
            said("it was locked twice and scaled once", |facts| counted(facts, 1, 2)),
            said("it says that the lock was gone", |facts| gave_reason(facts, "lock_taken_away")),
            stays_completed(),
        ],
    }
}

fn replicas_put_back() -> Scenario {
    Scenario {
        name: "replicas-put-back",
        says: "a GitOps manager puts the operator's replicas back to 0 while the failover is still open: they are raised again",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                for call in stage.sim.traffic_cloud().traffic_calls().all {
                    stage.sim.faults().always(call, super::weather::unavailable());
                }
                stage.break_primary(Outage::Refuse);
                stage.until_status(Status::Owed).await?;
                stage.scale_by_hand(0);
                stage.until("the operator is raised again", |stage| replicas(stage) == Some(1)).await?;
                stage.sim.faults().clear();
                stage.until_failed_over().await
            })
        },
        promises: vec![
            said("it was scaled twice and locked once", |facts| counted(facts, 2, 1)),
            said("the record says what was put back", |facts| {
                let told = |note: &Note| note.text.contains("scale-operator was done and does not hold any more");
                let notes = &execution(facts)?.notes;
                notes.iter().find(|note| told(note)).map(|note| note.text.clone()).ok_or_else(|| format!("{notes:?}"))
            }),
            stays_completed(),
        ],
    }
}

fn failback_while_owed() -> Scenario {
    Scenario {
        name: "failback-while-owed",
        says: "a person fails back while a step is still owed; the next outage is failed over all the same",
        setup: || {
            Setup::standby(|standby| {
                standby.node_count = 2;
                standby.room_for_nodes = Some(1);
            })
        },
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.until_status(Status::Owed).await?;
                stage.until("the lock is on record", lock_is_recorded).await?;
                stage.sim.world().heal_primary();
                stage.sim.world().unlock_by_hand();
                stage.until_status(Status::FailedBack).await?;
                stage.scale_by_hand(0);
                stage.pass(420.0).await;
                stage.break_primary(Outage::Refuse);
                stage.until("the operator is raised again", |stage| replicas(stage) == Some(1)).await?;
                stage.until("traffic is locked again", |stage| stage.sim.world().snapshot().lock.on).await
            })
        },
        promises: vec![
            said("both outages were failed over", |facts| counted(facts, 2, 2)),
            said("the first execution is closed with its reason", |facts| gave_reason(facts, "failed_back")),
        ],
    }
}

fn many_alarms_one_waits() -> Scenario {
    Scenario {
        name: "many-alarms-one-waits",
        says: "one alarm is delivered eight times during the holdoff: one call waits, and an operator is not kept out",
        setup: Setup::default,
        act: |stage| {
            Box::pin(async move {
                stage.sim.world().set_scheduler(false);
                stage.sim.world().duplicate_notifications(7);
                stage.break_primary(Outage::Refuse);
                stage.until("a call waits", |stage| stage.state().is_some_and(|state| state.waiter.is_some())).await?;
                // Two polls: whoever found the mark has gone. Those that come again only look and go.
                let mut waiting = usize::MAX;
                for _ in 0..9 {
                    stage.pass(10.0).await;
                    waiting = waiting.min(stage.sim.host().running());
                }
                if waiting > 1 {
                    return Err(format!("{waiting} calls wait at once"));
                }
                let asked = time::now();
                stage.operator("pause", "the standby is being mended").await?;
                let took = holdfast_core::clock::until(asked, time::now());
                if took > Duration::from_secs(3) {
                    return Err(format!("the operator's pause took {:.1} s", took.as_secs_f64()));
                }
                stage.operator("resume", "it is mended").await?;
                stage.sim.world().set_scheduler(true);
                stage.until_failed_over().await
            })
        },
        promises: failed_over(),
    }
}

fn lock_is_recorded(stage: &Stage) -> bool {
    stage.state().and_then(|state| state.current).is_some_and(|run| run.has_done("lock-traffic"))
}

fn replicas(stage: &Stage) -> Option<i64> {
    stage.sim.cluster().get("deployments", "humio-operator")?["spec"]["replicas"].as_i64()
}

fn counted(facts: &Facts, scaled: usize, locked: usize) -> Result<String, String> {
    let found = (facts.count(Effect::Scaled), facts.count(Effect::Locked));
    let words = format!("scaled {} times, locked {} times", found.0, found.1);
    if found == (scaled, locked) { Ok(words) } else { Err(words) }
}

fn stays_completed() -> Promise {
    said("it is one execution, and complete", |facts| {
        let (run, past) = (execution(facts)?, facts.state.as_ref().map_or(0, |state| state.past.len()));
        if run.status == Status::Completed && past == 0 && facts.is_locked() {
            return Ok(run.id.clone());
        }
        Err(format!("{:?}, {past} earlier executions, locked: {}", run.status, facts.is_locked()))
    })
}
