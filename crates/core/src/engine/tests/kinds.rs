//! The kinds that a person begins: failback, rehearsal, switchover.

use super::*;
use crate::{
    kind::Kind,
    step::{Observation, Step},
};

pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn failed_over() -> World {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    world.clock.advance(MINUTE);
    world
}

/// A failover that stands, and a primary that ticks have seen well for eleven minutes.
pub(super) fn well_again() -> World {
    let world = failed_over();
    world.heal_primary();
    for minute in 0..12 {
        assert_eq!(outcome(world.tick(&format!("t{minute}"))), Outcome::AlreadyDone);
        world.clock.advance(MINUTE);
    }
    world
}

pub(super) fn failback(world: &World, rest: bool) -> Request {
    let request = world.request(Trigger::Operator, Action::Failback { rest });
    Request { data: Some("the primary has it all, says Ann".to_owned()), reason: Some("drill".to_owned()), ..request }
}

#[test]
fn a_failback_unlocks_waits_for_a_word_and_puts_the_standby_to_rest() {
    let world = well_again();
    let answer = world.run("op", &failback(&world, false)).expect("lives");
    assert_eq!(answer.outcome, Outcome::Unconfirmed { step: "rest".to_owned() });
    assert_eq!(world.effects(), ["clean", "scale", "lock", "unlock"]);
    let state = world.store.state();
    assert!(state.unlocked.is_some() && state.armed.is_some() && state.stands.is_some(), "{state:?}");
    let open = state.open().expect("an open failback");
    assert_eq!((open.kind, open.data.as_deref()), (Kind::Failback, Some("the primary has it all, says Ann")));
    assert_eq!(outcome(world.tick("t")), Outcome::Unconfirmed { step: "rest".to_owned() });
    assert_eq!(outcome(world.run("op", &failback(&world, true))), Outcome::Completed);
    assert_eq!(world.effects()[3..], ["unlock", "rest"]);
    let state = world.store.state();
    assert_eq!(state.current.as_ref().map(|run| (run.kind, run.status)), Some((Kind::Failback, Status::Completed)));
    assert!(state.stands.is_none() && state.armed.is_some());
    assert_eq!(state.earlier().map(|run| run.kind).collect::<Vec<_>>(), [Kind::Failover]);
    assert_eq!(outcome(world.tick("t")), Outcome::StoodDown);
}

#[test]
fn after_a_failback_the_next_outage_is_failed_over_again() {
    let world = well_again();
    assert_eq!(outcome(world.run("op", &failback(&world, true))), Outcome::Completed);
    world.clock.advance(MINUTE * 10);
    assert_eq!(outcome(world.tick("t")), Outcome::StoodDown);
    world.fail_primary_for(0);
    assert_eq!(outcome(world.alarm("b")), Outcome::Completed);
    assert_eq!(world.effects()[5..], ["scale", "lock"]);
    assert_eq!(world.store.state().past.len(), 2);
}

#[test]
fn an_outage_during_a_failback_closes_it_and_is_failed_over_by_the_usual_rules() {
    let world = well_again();
    assert!(matches!(outcome(world.run("op", &failback(&world, false))), Outcome::Unconfirmed { .. }));
    world.clock.advance(MINUTE * 10);
    let began = world.clock.now();
    world.fail_primary_for(0);
    assert_eq!(outcome(world.alarm("b")), Outcome::Completed);
    assert!(crate::clock::until(began, world.clock.now()) >= world.policy.holdoff, "no failover before the holdoff");
    assert_eq!(world.effects()[4..], ["lock"], "the standby was not at rest");
    let state = world.store.state();
    let ended: Vec<_> = state.earlier().map(|run| (run.kind, run.status)).collect();
    assert_eq!(ended, [(Kind::Failback, Status::Closed), (Kind::Failover, Status::Completed)]);
    assert!(state.failed_over());
}

#[test]
fn an_outage_before_the_unlock_leaves_the_failover_standing() {
    let world = well_again();
    world.fault_plan.next("unlock", InjectedFault::CrashBefore);
    assert_eq!(world.run("op", &failback(&world, false)), None);
    world.clock.advance(MINUTE);
    world.fail_primary_for(30);
    assert_eq!(outcome(world.tick("b")), Outcome::AlreadyDone);
    let state = world.store.state();
    assert!(state.failed_over() && state.stands.is_none() && state.unlocked.is_none(), "{state:?}");
    assert_eq!(state.earlier().next().map(|run| run.status), Some(Status::Closed));
    assert_eq!(world.effects(), ["clean", "scale", "lock"]);
}

#[test]
fn no_effect_of_a_failback_comes_while_the_primary_is_not_seen_well() {
    for (result, status) in [
        (ProbeResult::Failing { why: "refused".to_owned() }, Status::Closed),
        (ProbeResult::Inconclusive { why: "no name".to_owned() }, Status::Running),
    ] {
        let world = well_again();
        let prober = Arc::clone(&world.prober);
        let todo = || Observation::todo("x", 1.into());
        let seen = [todo(), todo(), Observation::done("y")];
        let ill = move || prober.set(result.clone());
        let step = super::told::Told::acts("before", &seen, ill);
        let mut engine = world.engine("op");
        let planned = engine.runbook.others.get_mut(&Kind::Failback).expect("given");
        planned.insert(0, crate::runbook::PlannedStep::forward(step as Arc<dyn Step>));
        let request = Request { deadline: world.clock.now() + MINUTE, ..failback(&world, true) };
        let told = answer(&engine, &request);
        assert!(!world.effects().contains(&"unlock"), "{:?}", world.effects());
        let state = world.store.state();
        let ended = state.earlier().next().map(|run| run.status);
        let run = state.open().map(|run| run.status).or(ended).unwrap_or_else(|| panic!("{told:?}"));
        assert_eq!(run, status);
    }
}

#[test]
fn a_failback_is_refused_where_a_gate_is_not_passed_and_says_which() {
    let refused = |world: &World, request: &Request, code: &str| {
        let request = Request { deadline: world.clock.now() + Duration::from_secs(30), ..request.clone() };
        let answer = world.run("op", &request).expect("lives");
        assert!(has(&answer, code), "{code}: {answer:?}");
        assert!(!world.effects().contains(&"unlock"));
        answer.outcome
    };
    let world = World::new();
    world.heal_primary();
    assert_eq!(refused(&world, &failback(&world, false), "nothing_stands"), Outcome::Refused);
    let world = well_again();
    let wordless = Request { data: None, ..failback(&world, false) };
    assert_eq!(refused(&world, &wordless, "word_missing"), Outcome::Refused);
    let by_alarm = Request { trigger: Trigger::Tick, ..failback(&world, false) };
    assert_eq!(refused(&world, &by_alarm, "only_by_a_person"), Outcome::Refused);
    world.fail_primary_for(10);
    assert_eq!(refused(&world, &failback(&world, false), "primary_not_well"), Outcome::Refused);
    world.heal_primary();
    let early = failback(&world, false);
    assert!(matches!(refused(&world, &early, "not_well_for_long"), Outcome::Deferred { .. }));
    let waived = Request { overrides: vec![Gate::WellFor], ..failback(&world, false) };
    assert!(matches!(outcome(world.run("op", &waived)), Outcome::Unconfirmed { .. }));
}

#[test]
fn a_failback_waits_inside_the_call_until_the_primary_was_well_for_long_enough() {
    let world = failed_over();
    world.heal_primary();
    let (took, answer) = timed(&world, || world.run("op", &failback(&world, true)).expect("lives"));
    assert_eq!(answer.outcome, Outcome::Completed);
    assert!(took >= world.policy.well_for && took < world.policy.well_for + MINUTE, "{took:?}");
}

#[test]
fn a_primary_that_failed_in_between_or_was_not_watched_has_to_be_well_anew() {
    for watched in [true, false] {
        let world = well_again();
        if watched {
            world.fail_primary_for(5);
            assert_eq!(outcome(world.tick("x")), Outcome::AlreadyDone);
            world.heal_primary();
        } else {
            world.clock.advance(MINUTE * 5);
        }
        let (took, answer) = timed(&world, || world.run("op", &failback(&world, true)).expect("lives"));
        assert_eq!(answer.outcome, Outcome::Completed, "{watched}");
        assert!(took >= world.policy.well_for, "{watched} {took:?}");
    }
}

#[test]
fn a_failback_may_meet_every_fault_and_is_finished_exactly_once() {
    use FaultClass::{Conflict, Connection, Server};
    let faults = [
        InjectedFault::Before(Server),
        InjectedFault::Before(Conflict),
        InjectedFault::After(Connection),
        InjectedFault::Hang,
        InjectedFault::HangAfter,
        InjectedFault::CrashBefore,
        InjectedFault::CrashAfter,
    ];
    for call in ["load", "see lock", "acquire", "save", "see unlock", "unlock", "see rest", "rest", "release"] {
        for fault in faults {
            for skip in 0..3 {
                let world = well_again();
                world.fault_plan.nth(call, skip, fault);
                let mut last = None;
                for turn in 0..6 {
                    let request = Request { overrides: vec![Gate::WellFor], ..failback(&world, true) };
                    last = world.run(&format!("op{turn}"), &request).or(last);
                    world.clock.advance(MINUTE);
                    if world.store.state().open().is_none() && !world.store.state().failed_over() {
                        break;
                    }
                }
                let what = format!("{call} {skip} {fault:?}");
                assert_eq!(world.effects(), ["clean", "scale", "lock", "unlock", "rest"], "{what}");
                let state = world.store.state();
                let run = state.current.as_ref().expect("a failback");
                assert_eq!((run.kind, run.status), (Kind::Failback, Status::Completed), "{what}");
                assert!(state.unlocked.is_some() && state.stands.is_none() && state.past.len() == 1, "{what}");
                world.fault_plan.clear();
                assert_eq!(outcome(world.tick("t")), Outcome::StoodDown, "{what}");
            }
        }
    }
}

#[test]
fn an_abort_of_a_failback_leaves_the_failover_standing_or_the_site_open() {
    for unlocked in [false, true] {
        let world = well_again();
        // The look sees each step once.
        let (call, skip) = if unlocked { ("see rest", 1) } else { ("unlock", 0) };
        world.fault_plan.nth(call, skip, InjectedFault::CrashBefore);
        assert_eq!(world.run("op", &failback(&world, true)), None);
        let abort = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
        assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
        let state = world.store.state();
        // What was done is known to the record only once it was written.
        assert_eq!(state.failed_over(), state.unlocked.is_none());
        assert!(state.open().is_none() && state.stands.is_none());
    }
}

#[test]
fn a_rehearsal_starts_the_standby_and_puts_it_back_to_rest() {
    let world = World::new();
    world.heal_primary();
    let request = world.request(Trigger::Operator, Action::Rehearse);
    assert_eq!(outcome(world.run("op", &request)), Outcome::Completed);
    assert_eq!(world.effects(), ["scale", "rest"]);
    assert_eq!(world.cooldown.noted(), None, "no cooldown follows from it");
    assert_eq!(outcome(world.tick("t")), Outcome::StoodDown);
    world.steps[1].put(true);
    assert!(has(&world.run("op", &request).expect("lives"), "not_at_rest"));
    world.clock.advance(MINUTE * 10);
    world.steps[1].put(false);
    world.fail_primary_for(200);
    assert!(has(&world.run("op", &request).expect("lives"), "primary_not_well"));
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    assert!(has(&world.run("op", &request).expect("lives"), "failed_over"));
}

#[test]
fn a_rehearsal_whose_standby_is_not_verified_is_put_to_rest_and_has_failed() {
    let world = World::new();
    world.heal_primary();
    let mut engine = world.engine("op");
    let never = crate::runbook::PlannedStep::forward(Arc::clone(&world.steps[2]) as Arc<dyn Step>);
    engine.runbook.others.get_mut(&Kind::Rehearsal).expect("given").insert(1, never);
    world.fault_plan.always("lock", InjectedFault::Before(FaultClass::Server));
    let answer = answer(&engine, &world.request(Trigger::Operator, Action::Rehearse));
    assert!(matches!(&answer.outcome, Outcome::Failed { step, .. } if step == "lock"), "{answer:?}");
    assert_eq!(world.effects(), ["scale", "rest"]);
    let run = world.store.state().current.expect("a rehearsal");
    assert_eq!(run.status, Status::Closed);
    assert!(run.abort_reason.is_some_and(|reason| reason.contains("lock was not done")));
    world.fault_plan.clear();
    assert_eq!(outcome(world.tick("t")), Outcome::StoodDown);
}

#[test]
fn an_outage_during_a_rehearsal_puts_the_standby_to_rest_first_and_is_then_failed_over() {
    let world = World::new();
    world.heal_primary();
    world.tick("t");
    world.fault_plan.next("rest", InjectedFault::CrashBefore);
    assert_eq!(world.run("op", &world.request(Trigger::Operator, Action::Rehearse)), None);
    assert_eq!(world.effects(), ["scale"]);
    world.clock.advance(MINUTE * 10);
    world.fail_primary_for(0);
    assert_eq!(outcome(world.alarm("b")), Outcome::Completed);
    assert_eq!(world.effects(), ["scale", "rest", "clean", "scale", "lock"]);
    assert_eq!(world.store.state().earlier().next().map(|run| run.kind), Some(Kind::Rehearsal));
}

#[test]
fn a_switchover_makes_the_primary_passive_and_is_then_finished_whatever_the_primary_does() {
    let world = World::new();
    world.heal_primary();
    world.fault_plan.next("scale", InjectedFault::CrashBefore);
    assert_eq!(world.run("op", &world.request(Trigger::Operator, Action::Switchover)), None);
    assert_eq!(world.effects(), ["passive", "clean"]);
    world.clock.advance(MINUTE);
    world.fail_primary_for(30);
    assert_eq!(outcome(world.tick("b")), Outcome::Completed);
    assert_eq!(world.effects(), ["passive", "clean", "scale", "lock"]);
    let state = world.store.state();
    assert!(state.failed_over() && state.current.as_ref().is_some_and(|run| run.kind == Kind::Switchover));
    assert_eq!(world.cooldown.noted(), state.current.map(|run| run.started_at));
}

#[test]
fn a_switchover_that_has_changed_nothing_is_closed_by_an_outage() {
    let world = World::new();
    world.heal_primary();
    world.tick("t");
    world.fault_plan.next("passive", InjectedFault::CrashBefore);
    assert_eq!(world.run("op", &world.request(Trigger::Operator, Action::Switchover)), None);
    world.clock.advance(MINUTE * 10);
    world.fail_primary_for(0);
    assert_eq!(outcome(world.alarm("b")), Outcome::Completed);
    assert_eq!(world.effects(), ["clean", "scale", "lock"]);
    assert_eq!(world.store.state().earlier().next().map(|run| run.kind), Some(Kind::Switchover));
}

#[test]
fn a_kind_that_the_system_does_not_give_is_refused_with_its_reason() {
    let world = World::new();
    world.heal_primary();
    let mut engine = world.engine("op");
    engine.runbook.others.clear();
    for action in [Action::Switchover, Action::Rehearse, Action::Failback { rest: false }] {
        let answer = answer(&engine, &world.request(Trigger::Operator, action));
        assert_eq!(answer.outcome, Outcome::Refused);
        assert!(has(&answer, "not_given"), "{answer:?}");
    }
    let paused = World::new();
    paused.heal_primary();
    assert_eq!(
        outcome(paused.run("op", &paused.request(Trigger::Operator, Action::Pause { lasts: None }))),
        Outcome::Reported
    );
    assert!(has(&paused.run("op", &paused.request(Trigger::Operator, Action::Rehearse)).expect("lives"), "paused"));
}
