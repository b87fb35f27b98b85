//! What was done is looked at again: others put it back, take the lock away, fail back; and what operators say is kept.

use super::*;
use crate::{clock::Clock, fakes::FakeStep, record::Progress, step::Step};

const MINUTE: Duration = Duration::from_secs(60);

fn undo(step: &FakeStep) {
    step.put(false);
}

#[test]
fn a_done_step_that_another_manager_puts_back_is_driven_again_and_said() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("lock", InjectedFault::Before(FaultClass::Server));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Owed { .. }));
    undo(&world.steps[1]);
    world.clock.advance(MINUTE);
    let answer = world.tick("a").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Owed { .. }) && has(&answer, "lapsed"), "{answer:?}");
    assert!(world.steps[1].holds());
    assert_eq!(world.effects(), ["clean", "scale", "scale"]);
}

#[test]
fn a_manager_that_never_gives_up_is_met_a_few_times_a_call_and_never_given_up() {
    let world = World::new();
    world.fail_primary_for(600);
    world.steps[1].reverts(true);
    let answer = world.alarm("a").expect("lives");
    assert!(answer.outcome.wants_retry() && has(&answer, "lapsed"), "{answer:?}");
    let first = world.effects().iter().filter(|effect| **effect == "scale").count();
    assert!((2..=4).contains(&first), "{first}");
    world.steps[1].reverts(false);
    world.clock.advance(MINUTE);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn a_lock_that_is_taken_away_from_a_failing_primary_is_set_again_until_a_person_aborts() {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    for _ in 0..2 {
        undo(&world.steps[2]);
        world.clock.advance(MINUTE);
        let answer = world.tick("a").expect("lives");
        assert!(answer.outcome == Outcome::Completed && has(&answer, "lock_taken_away"), "{answer:?}");
        assert!(world.steps[2].holds());
    }
    let abort = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
    assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
    undo(&world.steps[2]);
    world.clock.advance(MINUTE);
    world.tick("a");
    assert!(!world.steps[2].holds() && world.store.state().unlocked.is_some());
}

#[test]
fn a_failback_while_something_is_owed_ends_the_execution_and_the_next_outage_is_failed_over() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("see clean", InjectedFault::Before(FaultClass::Server));
    let mut engine = world.engine("a");
    engine.runbook.steps.swap(0, 2);
    assert!(matches!(answer(&engine, &world.request(Trigger::Tick, Action::FailOver)).outcome, Outcome::Failed { .. }));
    assert!(world.steps[2].holds() && world.steps[1].holds());
    world.fault_plan.clear();
    world.heal_primary();
    for step in &world.steps {
        undo(step);
    }
    world.clock.advance(MINUTE);
    let closed = answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
    let state = world.store.state();
    assert_eq!(state.current.as_ref().map(|run| run.status), Some(Status::FailedBack), "{closed:?}");
    assert!(state.current.as_ref().is_some_and(|run| run.abort_reason.is_some()));
    assert_eq!(closed.outcome, Outcome::StoodDown);
    world.clock.advance(MINUTE * 10);
    world.fail_primary_for(240);
    assert_eq!(answer(&engine, &world.request(Trigger::Tick, Action::FailOver)).outcome, Outcome::Completed);
}

#[test]
fn what_was_done_before_the_claim_is_looked_at_again_under_it() {
    let world = World::new();
    world.fail_primary_for(600);
    world.steps[1].put(true);
    // The operator runs when the worker looks; before its claim a person scales it down.
    world.steps[1].put_after_next_look(false);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    assert!(world.steps[1].holds());
    let record = world.store.state().current.expect("a record");
    assert_eq!(record.steps[1].progress, Progress::Done { changed: true });
}

#[test]
fn an_alarm_is_told_no_on_the_evidence_of_two_looks_and_not_of_one() {
    let world = World::new();
    world.fail_primary_for(600);
    let check = Check { name: "nodes".to_owned(), level: Level::Error, found: "none".to_owned() };
    world.standby.set(Readiness { checks: vec![check] });
    let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
    assert_eq!((answer.outcome, answer.observations), (Outcome::Refused, 2));
    assert_eq!(took, Duration::from_secs(15));
}

#[test]
fn what_operators_tell_is_kept_with_their_reasons() {
    let world = World::new();
    for (action, reason) in [
        (Action::Pause { lasts: None }, "works"),
        (Action::Resume, "done"),
        (Action::Acknowledge { abort: false }, "ok"),
    ] {
        let request = Request {
            reason: Some(reason.to_owned()),
            caller: Some("ann".to_owned()),
            ..world.request(Trigger::Operator, action)
        };
        assert_eq!(outcome(world.run("op", &request)), Outcome::Reported);
    }
    let told = world.store.state().operators;
    let told: Vec<_> =
        told.iter().map(|note| (note.action.as_str(), note.reason.as_deref(), note.caller.as_deref())).collect();
    let by_ann = |action, reason| (action, Some(reason), Some("ann"));
    assert_eq!(told, [by_ann("acknowledge", "ok"), by_ann("resume", "done"), by_ann("pause", "works")]);
}

#[test]
fn a_lock_that_a_person_takes_away_while_a_call_runs_is_not_set_again_by_that_call() {
    let world = World::new();
    world.fail_primary_for(600);
    world.steps[2].reverts(true);
    let answer = world.alarm("a").expect("lives");
    assert!(!world.steps[2].holds() && !has(&answer, "lapsed"), "{answer:?}");
    world.steps[2].reverts(false);
    world.heal_primary();
    world.clock.advance(MINUTE);
    let answer = world.tick("a").expect("lives");
    assert!(!world.steps[2].holds() && has(&answer, "lock_gone"), "a failback: {answer:?}");
}

#[test]
fn a_lock_that_only_the_look_before_the_claim_saw_is_set() {
    let world = World::new();
    world.fail_primary_for(600);
    world.store.change(|state| state.armed = Some(world.clock.now()));
    world.steps[2].put(true);
    // Locked when the worker looks; before its claim a person takes the lock away.
    world.steps[2].put_after_next_look(false);
    let mut engine = world.engine("a");
    engine.policy.holdoff = Duration::ZERO;
    let answer = answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(answer.outcome, Outcome::Completed);
    assert!(world.steps[2].holds() && world.effects().contains(&"lock"), "{answer:?}");
}

/// A step whose observation takes so long that half of a lease is gone.
struct Slow(Arc<crate::fakes::FakeClock>, Arc<FakeStep>);

#[async_trait::async_trait]
impl Step for Slow {
    fn name(&self) -> &'static str {
        self.1.name()
    }

    fn need(&self) -> crate::step::Need {
        self.1.need()
    }

    async fn observe(&self, call: &Call) -> Result<crate::step::Observation, crate::Fault> {
        self.0.advance(Duration::from_secs(4));
        self.1.observe(call).await
    }

    async fn apply(
        &self,
        call: &Call,
        seen: &crate::step::Observation,
    ) -> Result<Option<crate::step::Observation>, crate::Fault> {
        self.1.apply(call, seen).await
    }
}

#[test]
fn the_lease_is_looked_after_between_an_observation_and_its_effect() {
    let world = World::new();
    world.fail_primary_for(600);
    // Not seen before the claim, so that it is observed under it.
    world.fault_plan.next("see clean", InjectedFault::Before(FaultClass::Denied));
    let mut engine = world.engine("a");
    engine.limits.lease_ttl = Duration::from_secs(6);
    engine.runbook.steps[0] = Arc::new(Slow(Arc::clone(&world.clock), Arc::clone(&world.steps[0])));
    assert_eq!(answer(&engine, &world.request(Trigger::Tick, Action::FailOver)).outcome, Outcome::Completed);
    let calls = world.fault_plan.calls();
    let at = |name: &str| calls.iter().position(|call| *call == name).expect("called");
    let seen =
        calls.iter().rposition(|call| *call == "see clean" && at("clean") > 0).map(|_| at("clean")).expect("seen");
    assert_eq!(
        calls[..seen].iter().rev().find(|call| **call != "save" && **call != "set"),
        Some(&"renew"),
        "{calls:?}"
    );
}

#[test]
fn the_record_holds_the_operators_reason_and_an_abort_waives_the_cooldown_too() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("lock", InjectedFault::Before(FaultClass::Server));
    let request = Request {
        reason: Some("the region is gone".to_owned()),
        caller: Some("ann".to_owned()),
        ..world.request(Trigger::Operator, Action::FailOver)
    };
    assert!(matches!(outcome(world.run("op", &request)), Outcome::Owed { .. }));
    let run = world.store.state().current.expect("an execution");
    assert_eq!((run.reason.as_deref(), run.caller.as_deref()), (Some("the region is gone"), Some("ann")));
    let abort = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
    assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
    let state = world.store.state();
    assert_eq!(state.current.map(|run| run.status), Some(Status::Aborted));
    assert_eq!(state.acknowledged, Some(world.clock.now()));
}
