//! What others write, cut off or answer neither starts nor stops a failover.

use super::*;
use crate::{
    clock::Clock,
    evidence::{NamedSite, TrafficAnswer},
    fakes::FakeStep,
    policy::MOST_AHEAD,
    record::{Execution, StepRecord, Waiter},
};

const MINUTE: Duration = Duration::from_secs(60);

/// A world in which the failover has begun and its worker died before the lock; the primary is well again.
fn half_done() -> World {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("lock", InjectedFault::CrashBefore);
    assert_eq!(world.alarm("a"), None);
    world.heal_primary();
    world
}

fn change(world: &World, change: impl FnOnce(&mut Execution)) {
    world.store.change(|state| change(state.current.as_mut().expect("an execution")));
}

fn undo(step: &FakeStep) {
    step.put(false);
}

#[test]
fn a_function_that_is_cut_off_defers_and_touches_nothing() {
    let world = World::new();
    world.heal_primary();
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    world.fault_plan.always("history", InjectedFault::Hang);
    world.prober.set(ProbeResult::Failing { why: "no connection".to_owned() });
    world.controls.cut_off(true);
    for _ in 0..10 {
        let answer = world.tick("a").expect("lives");
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "cut_off"), "{answer:?}");
        world.clock.advance(MINUTE);
    }
    let alarm = world.alarm("a").expect("lives");
    assert!(matches!(alarm.outcome, Outcome::Deferred { .. }) && has(&alarm, "cut_off"), "{alarm:?}");
    assert!(world.effects().is_empty() && world.store.state().current.is_none());
    world.controls.cut_off(false);
    assert_eq!(
        outcome(world.alarm("a")),
        Outcome::Completed,
        "a way out, and the primary is silent: that is an outage"
    );
}

#[test]
fn metrics_that_prove_the_holdoff_need_no_probe() {
    let world = World::new();
    world.fail_primary_for(240);
    world.controls.cut_off(true);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn where_dns_still_names_the_primary_our_probes_alone_begin_nothing() {
    struct Names(NamedSite);
    #[async_trait::async_trait]
    impl crate::ports::TrafficWitness for Names {
        async fn answer(&self, _: &Call) -> Result<TrafficAnswer, crate::Fault> {
            Ok(TrafficAnswer { names: self.0, found: "192.0.2.1".to_owned() })
        }
    }
    for (names, done) in [(NamedSite::Primary, false), (NamedSite::Other, true)] {
        let world = World::new();
        world.fail_primary_for(600);
        world.fault_plan.always("history", InjectedFault::Before(FaultClass::Denied));
        world.store.change(|state| state.armed = Some(world.clock.now()));
        let mut engine = world.engine("a");
        engine.ports.traffic = Some(Arc::new(Names(names)));
        let answer = answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
        assert_eq!(answer.outcome == Outcome::Completed, done, "{answer:?}");
        assert_eq!(has(&answer, "dns_names_primary"), !done, "{answer:?}");
    }
}

#[test]
fn a_site_that_was_never_well_is_not_failed_over_by_itself_and_a_person_may_waive_that() {
    let world = World::new();
    world.history.set_never_well();
    world.prober.set(ProbeResult::Failing { why: "refused".to_owned() });
    for answer in [world.alarm("a"), world.tick("a")] {
        let answer = answer.expect("lives");
        assert!(answer.outcome == Outcome::Refused && has(&answer, "not_armed"), "{answer:?}");
    }
    let mut request = world.request(Trigger::Operator, Action::FailOver);
    request.overrides = vec![Gate::Armed];
    assert_eq!(outcome(world.run("op", &request)), Outcome::Completed);
}

#[test]
fn a_site_is_armed_by_being_seen_well_once_and_an_unlock_takes_that_back() {
    let world = World::new();
    world.heal_primary();
    world.tick("a");
    let armed = world.store.state().armed.expect("armed");
    world.clock.advance(MINUTE);
    world.tick("a");
    assert_eq!(world.store.state().armed, Some(armed), "noted once");
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    world.heal_primary();
    undo(&world.steps[2]);
    world.clock.advance(MINUTE);
    assert_eq!(outcome(world.alarm("a")), Outcome::StoodDown);
    let state = world.store.state();
    assert!(state.unlocked.is_some() && state.armed >= state.unlocked, "{state:?}");
}

#[test]
fn a_failover_that_a_person_begins_and_ends_does_not_arm_a_site_by_what_was_seen_before_its_unlock() {
    let world = World::new();
    world.fail_primary_for(3600);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    // Its lock is taken away while the primary fails.
    let abort = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
    assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
    undo(&world.steps[2]);
    let answer = world.tick("a").expect("lives");
    let state = world.store.state();
    assert!(state.unlocked.is_some() && state.armed.is_none(), "{state:?} {answer:?}");
    let mut waived = world.request(Trigger::Operator, Action::FailOver);
    waived.overrides = Gate::ALL.to_vec();
    assert_eq!(outcome(world.run("op", &waived)), Outcome::Completed);
    assert_eq!(world.store.state().unlocked, None, "the new failover stands");
    assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
    undo(&world.steps[1]);
    world.clock.advance(MINUTE * 10);
    let before = world.effects().len();
    for _ in 0..10 {
        let answer = world.alarm("a").expect("lives");
        assert!(has(&answer, "not_armed") && answer.outcome != Outcome::Completed, "{answer:?}");
        world.clock.advance(MINUTE);
    }
    assert_eq!(world.effects().len(), before);
    // Seen well once more, the site is armed again, and an outage is one.
    world.steps.iter().for_each(|step| step.put(false));
    world.heal_primary();
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    let state = world.store.state();
    assert!(state.armed.is_some() && state.unarmed_since.is_none(), "{state:?}");
    world.clock.advance(MINUTE * 60);
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn a_lost_mark_is_made_up_for_by_the_history_and_an_unreadable_history_is_asked_again() {
    let world = World::new();
    world.fail_primary_for(3600);
    world.fault_plan.always("last well", InjectedFault::Before(FaultClass::Denied));
    let answer = world.tick("a").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "not_armed"), "{answer:?}");
    world.fault_plan.clear();
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    assert!(world.store.state().armed.is_some(), "noted with the intent");
}

#[test]
fn work_that_stood_still_is_judged_again_and_not_finished_on_a_primary_that_is_well() {
    let world = half_done();
    world.clock.advance(MINUTE * 6);
    for answer in [world.tick("b"), world.alarm("b")] {
        let answer = answer.expect("lives");
        assert!(answer.outcome == Outcome::Refused && has(&answer, "stood_still"), "{answer:?}");
    }
    assert_eq!(world.effects(), ["clean", "scale"]);
    let finish = world.run("op", &world.request(Trigger::Operator, Action::Finish));
    assert_eq!(outcome(finish), Outcome::Completed, "a person chose to finish it");
}

#[test]
fn work_that_stood_still_goes_on_where_the_primary_is_not_proven_well() {
    let world = half_done();
    world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
    world.fault_plan.always("history", InjectedFault::Before(FaultClass::Server));
    world.clock.advance(MINUTE * 60);
    assert_eq!(outcome(world.tick("b")), Outcome::Completed);
}

#[test]
fn work_that_calls_keep_driving_is_finished_whatever_the_primary_does() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("lock", InjectedFault::Before(FaultClass::Server));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Owed { .. }));
    world.heal_primary();
    for _ in 0..30 {
        world.clock.advance(MINUTE);
        assert!(matches!(outcome(world.tick("a")), Outcome::Owed { .. }));
    }
    world.fault_plan.clear();
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn a_planted_execution_moves_nothing_off_a_primary_that_is_well() {
    type Plant = fn(&mut Execution);
    let plants: [(&str, Plant); 6] = [
        ("of 2001", |run| run.started_at = "2001-01-01T00:00:00Z".parse().expect("a time")),
        ("with one step", |run| run.steps.retain(|step| step.step == "lock")),
        ("without steps", |run| run.steps.clear()),
        ("with another need", |run| run.steps[1].need = crate::step::Need::Owed),
        ("in another order", |run| run.steps.reverse()),
        ("of another runbook", |run| run.runbook = "other".to_owned()),
    ];
    for (name, plant) in plants {
        let world = half_done();
        change(&world, |run| {
            run.steps.iter_mut().for_each(|step| *step = StepRecord::pending(&step.step, step.need));
            plant(run);
        });
        world.clock.advance(MINUTE);
        let answer = world.tick("b").expect("lives");
        assert_eq!(answer.outcome, Outcome::Refused, "{name}: {answer:?}");
        assert_eq!(world.effects(), ["clean", "scale"], "{name}");
        let words = answer.says.join("; ");
        assert!(has(&answer, "not_of_this_runbook") || has(&answer, "stood_still"), "{name}: {words}");
    }
}

#[test]
fn times_from_the_future_neither_drive_an_execution_nor_cool_one_down() {
    let world = half_done();
    change(&world, |run| run.started_at = "2999-01-01T00:00:00Z".parse().expect("a time"));
    change(&world, |run| run.steps.iter_mut().for_each(|step| (step.started_at, step.ended_at) = (None, None)));
    let answer = world.tick("b").expect("lives");
    assert!(has(&answer, "stood_still"), "{answer:?}");

    let world = World::new();
    world.fail_primary_for(600);
    world.cooldown.put("2100-01-01T00:00:00Z".parse().expect("a time"));
    let answer = world.alarm("a").expect("lives");
    assert_eq!(answer.outcome, Outcome::Completed);
    let said = answer.says.join("; ");
    assert!(has(&answer, "time_in_future") && said.contains("2100-01-01"), "{said}");
}

#[test]
fn a_time_within_the_skew_of_clocks_is_one() {
    for (ahead, refused) in [(MOST_AHEAD, true), (MOST_AHEAD + Duration::from_secs(1), false)] {
        let world = World::new();
        world.fail_primary_for(600);
        world.cooldown.put(world.clock.now() + ahead);
        assert_eq!(outcome(world.tick("a")) == Outcome::Refused, refused, "{ahead:?}");
    }
}

#[test]
fn an_unlock_noted_in_the_future_does_not_silence_the_history() {
    let world = World::new();
    world.fail_primary_for(600);
    world.prober.set(ProbeResult::Inconclusive { why: "none".to_owned() });
    let far = "2100-01-01T00:00:00Z".parse().expect("a time");
    world.store.change(|state| (state.unlocked, state.armed) = (Some(far), Some(far)));
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn an_unlock_noted_in_the_future_does_not_hide_that_the_primary_was_once_well() {
    for trigger in [Trigger::Tick, Trigger::Alarm { name: "primary".to_owned(), changed_at: None }] {
        let world = World::new();
        world.fail_primary_for(3600);
        let far = "2099-01-01T00:00:00Z".parse().expect("a time");
        world.store.change(|state| (state.unlocked, state.armed) = (Some(far), None));
        assert_eq!(outcome(world.run("a", &world.request(trigger, Action::FailOver))), Outcome::Completed);
    }
}

#[test]
fn a_fence_that_the_lease_never_reached_stops_nothing_and_is_named() {
    let world = half_done();
    world.fail_primary_for(600);
    change(&world, |run| run.fence = u64::MAX);
    world.clock.advance(MINUTE);
    let answer = world.tick("b").expect("lives");
    assert!(answer.outcome == Outcome::Completed && has(&answer, "fence_ahead"), "{answer:?}");
}

#[test]
fn one_waiting_call_is_enough_and_operators_are_never_behind_it() {
    let world = World::new();
    world.fail_primary_for(60);
    let until = world.clock.now() + Duration::from_secs(40);
    world.store.change(|state| state.waiter = Some(Waiter { holder: "first".to_owned(), until }));
    let (took, answer) = timed(&world, || world.alarm("second").expect("lives"));
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "another_waits"), "{answer:?}");
    assert_eq!((answer.observations, took), (1, Duration::ZERO));
    assert_eq!(outcome(world.run("op", &world.request(Trigger::Operator, Action::FailOver))), Outcome::Completed);
}

#[test]
fn the_mark_of_a_waiting_call_is_over_by_itself_and_one_from_the_future_is_none() {
    for until in ["2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let world = World::new();
        world.fail_primary_for(60);
        let until = until.parse().expect("a time");
        world.store.change(|state| state.waiter = Some(Waiter { holder: "first".to_owned(), until }));
        assert_eq!(outcome(world.alarm("second")), Outcome::Completed, "{until}");
    }
}

#[test]
fn the_waiting_call_renews_its_mark_and_a_failover_takes_it_away() {
    let world = World::new();
    world.fail_primary_for(60);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let state = world.store.state();
    assert_eq!(state.waiter, None);
    let saves = world.fault_plan.calls().iter().filter(|call| **call == "save").count();
    assert!((6..=9).contains(&saves), "a few marks in two minutes, the intent and three steps: {saves}");
}

#[test]
fn an_execution_that_schema_1_began_is_finished_as_a_failover_and_what_another_version_wrote_is_kept() {
    let world = World::new();
    world.fail_primary_for(600);
    world.steps[0].put(true);
    let mut written: serde_json::Value =
        serde_json::from_str(include_str!("../../../fixtures/record-schema-1.json")).expect("JSON");
    written["current"]["later"] = serde_json::json!("x");
    world.store.change(|state| *state = serde_json::from_value(written).expect("a record"));
    assert_eq!(outcome(world.tick("b")), Outcome::Completed);
    assert_eq!(world.effects(), ["scale", "lock"]);
    let state = world.store.state();
    assert!(state.failed_over());
    assert_eq!(state.schema, crate::record::SCHEMA);
    let run = state.current.expect("an execution");
    assert_eq!((run.kind, run.takeovers), (crate::kind::Kind::Failover, 1));
    assert_eq!(run.unknown.get("later"), Some(&serde_json::json!("x")));
}
