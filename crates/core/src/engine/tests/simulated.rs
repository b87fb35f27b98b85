//! What the simulation found, each as a small story of its own.

use super::*;
use crate::{
    clock::Clock,
    fakes::FakeStep,
    record::{Execution, Progress},
    step::{Observation, Step},
};

const MINUTE: Duration = Duration::from_secs(60);

/// A world in which the failover was completed.
fn failed_over() -> World {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    world
}

fn current(world: &World) -> Execution {
    world.store.state().current.expect("an execution")
}

fn take_back(step: &FakeStep) {
    step.put(false);
}

#[test]
fn a_failback_that_is_noted_on_a_primary_that_is_well_arms_the_site_for_the_next_outage() {
    let world = failed_over();
    world.heal_primary();
    world.steps.iter().for_each(|step| take_back(step));
    world.clock.advance(MINUTE * 10);
    // The very next look after the note finds the primary down again.
    world.fault_plan.nth("save", 0, InjectedFault::After(FaultClass::Server));
    world.tick("a");
    let state = world.store.state();
    assert!(state.unlocked.is_some() && state.armed.is_some(), "{state:?}");
    world.history.set_never_well();
    world.fail_primary_for(0);
    let answer = world.alarm("a").expect("lives");
    assert!(!has(&answer, "not_armed"), "{answer:?}");
}

/// Story 3191 of the simulation as it drew in November 2026.
#[test]
fn an_unlock_between_look_and_claim_is_neither_completed_over_nor_taken_for_a_failback() {
    let world = World::new();
    world.fail_primary_for(600);
    for step in &world.steps[1..] {
        step.put(true);
        step.put_after_next_look(false);
    }
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    assert!(world.steps.iter().all(|step| step.holds()));
    world.clock.advance(MINUTE * 10);
    let answer = world.tick("b").expect("lives");
    assert_eq!(answer.outcome, Outcome::AlreadyDone, "{answer:?}");
    let state = world.store.state();
    assert!(state.unlocked.is_none() && state.past.is_empty(), "{state:?}");
}

#[test]
fn a_failback_is_not_noted_while_another_worker_drives_and_may_set_the_lock_again() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("see clean", InjectedFault::Before(FaultClass::Server));
    let mut engine = world.engine("a");
    engine.runbook.steps.swap(0, 2);
    assert!(answer(&engine, &world.request(Trigger::Tick, Action::FailOver)).outcome.wants_retry());
    assert!(world.steps[2].holds());
    world.fault_plan.clear();
    world.heal_primary();
    take_back(&world.steps[2]);
    let call = crate::clock::Call {
        clock: Arc::clone(&world.clock) as _,
        deadline: world.clock.now() + MINUTE,
        retry: engine.limits.retry,
    };
    let held = engine.ports.lease.acquire(&call, "driver", Duration::from_secs(30)).now_or_never();
    assert!(matches!(held, Some(Ok(crate::ports::Claim::Granted(_)))));
    let request = Request {
        deadline: world.clock.now() + Duration::from_secs(25),
        ..world.request(Trigger::Tick, Action::FailOver)
    };
    let told = answer(&engine, &request);
    assert!(matches!(told.outcome, Outcome::Deferred { .. }) && has(&told, "held_by_another"), "{told:?}");
    assert!(current(&world).status.is_open());
    world.clock.advance(MINUTE);
    answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(current(&world).status, Status::FailedBack);
}

#[test]
fn what_the_record_calls_done_is_not_completed_unless_this_call_saw_it() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("lock", InjectedFault::Before(FaultClass::Server));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Owed { .. }));
    world.fault_plan.clear();
    take_back(&world.steps[1]);
    world.fault_plan.always("see scale", InjectedFault::Before(FaultClass::Server));
    world.clock.advance(MINUTE);
    let answer = world.tick("b").expect("lives");
    assert!(matches!(&answer.outcome, Outcome::Failed { step, .. } if step == "scale"), "{answer:?}");
    assert!(current(&world).status.is_open() && !world.steps[1].holds());
    world.fault_plan.clear();
    world.clock.advance(MINUTE);
    assert_eq!(outcome(world.tick("c")), Outcome::Completed);
    assert!(world.steps.iter().all(|step| step.holds()));
}

#[test]
fn an_open_execution_whose_steps_are_all_done_is_completed_and_its_time_known() {
    let world = failed_over();
    world.store.change(|state| {
        let run = state.current.as_mut().expect("an execution");
        (run.status, run.finished_at) = (Status::Running, None);
    });
    world.clock.advance(MINUTE);
    assert_eq!(outcome(world.tick("b")), Outcome::Completed);
    assert_eq!(current(&world).status, Status::Completed);
    assert!(current(&world).finished_at.is_some());
}

#[test]
fn an_unlock_that_is_older_than_the_execution_does_not_make_it_fall() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("lock", InjectedFault::CrashBefore);
    assert_eq!(world.alarm("a"), None);
    world.store.change(|state| state.unlocked = Some(Timestamp::UNIX_EPOCH));
    world.clock.advance(MINUTE);
    assert_eq!(outcome(world.tick("b")), Outcome::Completed);
    assert!(world.store.state().failed_over());
    world.store.change(|state| state.unlocked = Some(Timestamp::UNIX_EPOCH));
    world.store.change(|state| state.current.as_mut().expect("an execution").status = Status::Owed);
    let abort = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
    assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
    assert!(world.store.state().lock_may_stand());
}

#[test]
fn a_history_that_is_judged_by_a_clock_that_is_wrong_by_hours_proves_nothing() {
    let hours = Duration::from_secs(3 * 3600);
    for slow in [true, false] {
        let world = World::new();
        world.fail_primary_for(600);
        world.prober.set(ProbeResult::Inconclusive { why: "none".to_owned() });
        let now = world.clock.now();
        world.store.tell_time(if slow { now + hours } else { now - hours });
        let answer = world.tick("a").expect("lives");
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "history_silent"), "{answer:?}");
        assert!(world.effects().is_empty());
        world.store.tell_time(now);
        assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    }
}

#[test]
fn times_in_the_record_are_the_servers_where_our_clock_is_wrong() {
    let world = World::new();
    world.heal_primary();
    let right = world.clock.now() - Duration::from_secs(7200);
    world.store.tell_time(right);
    world.tick("a");
    assert_eq!(world.store.state().armed, Some(right));
    let note = world.request(Trigger::Operator, Action::Acknowledge { abort: false });
    assert_eq!(outcome(world.run("op", &note)), Outcome::Reported);
    assert_eq!(world.store.state().acknowledged, Some(right));
    let mut force = world.request(Trigger::Operator, Action::FailOver);
    force.overrides = Gate::ALL.to_vec();
    assert_eq!(outcome(world.run("op", &force)), Outcome::Completed);
    assert_eq!(current(&world).started_at, right);
    // What was driven is judged by these: work that has stood still for hours is not driven on.
    assert!(current(&world).steps.iter().all(|step| (step.started_at, step.ended_at) == (Some(right), Some(right))));
}

#[test]
fn a_worker_writes_nothing_into_an_execution_that_was_put_in_the_place_of_its_own() {
    type Change = fn(&mut Execution);
    let changes: [Change; 2] = [|run| run.id = "another".to_owned(), |run| run.holder = "another".to_owned()];
    for change in changes {
        let world = World::new();
        world.fail_primary_for(600);
        let store = Arc::clone(&world.store);
        let put = move || store.change(|state| change(state.current.as_mut().expect("an execution")));
        let seen = [Observation::todo("not set", 1.into()), Observation::done("set")];
        let mut engine = world.engine("a");
        engine.runbook.steps[0] = super::told::Told::acts("clean", &seen, put) as Arc<dyn Step>;
        let answer = answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "lease_lost"), "{answer:?}");
        assert!(current(&world).steps.iter().all(|step| step.progress == Progress::Pending));
    }
}
