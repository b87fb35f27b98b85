//! The steps, in order, and what is said of them.

use jiff::Timestamp;

use super::*;
use crate::{
    record::{Progress, Why},
    step::{Observation, Step},
};

#[test]
fn the_clouds_note_is_written_once_and_an_older_one_is_replaced() {
    let world = World::new();
    world.fail_primary_for(600);
    world.clock.advance(Duration::from_millis(700));
    world.cooldown.put(world.clock.now() - Duration::from_secs(4000));
    world.fault_plan.always("lock", InjectedFault::Before(FaultClass::Server));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Owed { .. }));
    let started = world.store.state().current.expect("a record").started_at;
    assert_eq!(world.cooldown.noted(), Some(started));
    // The cloud keeps whole seconds; that is still this failover's note.
    let kept = Timestamp::from_second(started.as_second()).expect("in range");
    world.cooldown.put(kept);
    assert!(matches!(outcome(world.tick("b")), Outcome::Owed { .. }));
    assert_eq!(world.cooldown.noted(), Some(kept));
    world.cooldown.put(kept - Duration::from_secs(1));
    assert!(matches!(outcome(world.tick("c")), Outcome::Owed { .. }));
    assert_eq!(world.cooldown.noted(), Some(started));
}

#[test]
fn a_note_that_could_not_be_written_is_on_record() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("set", InjectedFault::Before(FaultClass::Denied));
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    assert_eq!(world.store.state().current.expect("a record").notes.len(), 1);
}

#[test]
fn a_step_that_is_not_done_is_on_record_with_its_reason_and_its_times() {
    let world = World::new();
    world.fail_primary_for(600);
    world.clock.advance(Duration::from_secs(7));
    world.fault_plan.always("scale", InjectedFault::Before(FaultClass::Denied));
    let answer = world.alarm("a").expect("lives");
    let execution = world.store.state().current.expect("a record");
    assert_eq!(answer.execution.as_deref(), Some(&execution));
    let (clean, scale, lock) = (&execution.steps[0], &execution.steps[1], &execution.steps[2]);
    let Progress::Failing { why: Why::Fault { fault } } = &scale.progress else { panic!("{scale:?}") };
    assert_eq!(fault.class, FaultClass::Denied);
    assert_eq!(
        (scale.attempts, scale.started_at, scale.ended_at),
        (1, Some(world.clock.now()), Some(world.clock.now()))
    );
    assert_eq!((&clean.progress, clean.ended_at), (&Progress::Done { changed: true }, Some(world.clock.now())));
    assert_eq!((&lock.progress, lock.started_at), (&Progress::Pending, None));
}

#[test]
fn what_held_already_is_done_and_not_changed() {
    let world = World::new();
    world.fail_primary_for(600);
    world.steps[0].put(true);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let steps = world.store.state().current.expect("a record").steps;
    let told: Vec<_> = steps.iter().map(|step| (step.progress.clone(), step.attempts)).collect();
    let done = |changed, attempts| (Progress::Done { changed }, attempts);
    assert_eq!(told, [done(false, 0), done(true, 1), done(true, 1)]);
}

#[test]
fn a_step_that_this_version_does_not_know_is_not_skipped() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("scale", InjectedFault::CrashBefore);
    assert_eq!(world.alarm("a"), None);
    world.clock.advance(Duration::from_secs(60));
    let mut engine = world.engine("b");
    engine.runbook.steps.remove(1);
    let answer = answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(answer.outcome, Outcome::Refused);
    assert!(has(&answer, "not_of_this_runbook") && answer.says.iter().any(|said| said.contains("scale")), "{answer:?}");
    assert_eq!(world.effects(), ["clean"]);
}

#[test]
fn a_worker_whose_execution_was_taken_over_says_so_and_where_it_stands() {
    let world = World::new();
    world.fail_primary_for(600);
    let store = Arc::clone(&world.store);
    let taken = move || store.change(|state| state.current.as_mut().expect("an intent").fence += 1);
    let meddler =
        super::told::Told::acts("clean", &[Observation::todo("not set", 1.into()), Observation::done("set")], taken);
    let mut engine = world.engine("a");
    engine.runbook.steps[0] = meddler as Arc<dyn Step>;
    let answer = answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
    assert!(has(&answer, "lease_lost"), "{answer:?}");
    let until = world.clock.now() + engine.limits.lease_ttl;
    assert_eq!(answer.outcome, Outcome::Deferred { until });
    assert_eq!(answer.execution.map(|execution| execution.holder), Some("a".to_owned()));
    assert!(!world.effects().contains(&"lock"), "{:?}", world.effects());
}
