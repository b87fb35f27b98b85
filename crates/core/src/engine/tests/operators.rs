//! What operators tell the engine, and what they ask it.

use super::*;
use crate::{evidence::Evidence, record::State};

/// Pauses in a world whose first write meets `class`, with `left` seconds to do so.
fn pause(class: FaultClass, left: u64) -> (World, Answer) {
    let world = World::new();
    world.fault_plan.next("save", InjectedFault::Before(class));
    let mut engine = world.engine("op");
    if left == 0 {
        engine.limits.retry.base_delay = Duration::ZERO;
    }
    let mut request = world.request(Trigger::Operator, Action::Pause { lasts: None });
    request.reason = Some("works".to_owned());
    request.deadline = world.clock.now() + Duration::from_secs(left);
    let answer = answer(&engine, &request);
    (world, answer)
}

#[test]
fn a_word_of_an_operator_is_written_again_when_the_first_write_failed() {
    for class in [FaultClass::Server, FaultClass::Connection, FaultClass::Conflict] {
        let (world, answer) = pause(class, 60);
        assert_eq!(answer.outcome, Outcome::Reported, "{class:?}");
        assert_eq!(answer.state.as_deref(), Some(&world.store.state()));
        assert_eq!(world.store.state().pause.map(|pause| pause.reason).as_deref(), Some("works"));
    }
}

#[test]
fn a_word_that_was_refused_or_for_which_no_time_is_left_is_said_to_have_failed() {
    for (class, left) in [(FaultClass::Denied, 60), (FaultClass::Server, 0)] {
        let (world, answer) = pause(class, left);
        assert!(matches!(answer.outcome, Outcome::Failed { step, .. } if step == "pause"), "{class:?}");
        assert_eq!(world.store.state(), State::default());
        assert_eq!(world.fault_plan.calls().iter().filter(|call| **call == "save").count(), 1);
    }
}

#[test]
fn whatever_cannot_be_noted_is_named_by_what_was_asked() {
    let world = World::new();
    world.fault_plan.always("load", InjectedFault::Before(FaultClass::Denied));
    for (action, name) in [
        (Action::Pause { lasts: None }, "pause"),
        (Action::Resume, "resume"),
        (Action::Acknowledge { abort: true }, "acknowledge"),
        (Action::Status, "status"),
    ] {
        let told = outcome(world.run("op", &world.request(Trigger::Operator, action)));
        assert!(matches!(told, Outcome::Failed { step, .. } if step == name), "{name}");
    }
}

#[test]
fn a_pause_is_taken_back() {
    let world = World::new();
    assert_eq!(
        outcome(world.run("op", &world.request(Trigger::Operator, Action::Pause { lasts: None }))),
        Outcome::Reported
    );
    assert!(world.store.state().pause.is_some());
    assert_eq!(outcome(world.run("op", &world.request(Trigger::Operator, Action::Resume))), Outcome::Reported);
    assert_eq!(world.store.state().pause, None);
}

#[test]
fn a_pause_with_an_end_is_over_by_itself_by_the_clock_that_is_believed() {
    let world = World::new();
    world.fail_primary_for(600);
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let pause = Action::Pause { lasts: Some(hours(2)) };
    assert_eq!(outcome(world.run("op", &world.request(Trigger::Operator, pause))), Outcome::Reported);
    let until = world.store.state().pause.expect("a pause").until.expect("an end");
    assert_eq!(until, world.clock.now() + hours(2));
    assert_eq!(level(&world, "pause"), Some(Level::Error));
    world.clock.advance(hours(1));
    let refused = world.tick("a").expect("lives");
    assert!(has(&refused, "paused") && refused.says[0].contains(&format!("until {until:.0}")), "{refused:?}");
    // Our clock is three hours ahead, and the API server's is right.
    let right = world.clock.now();
    world.store.tell_time(right);
    world.clock.advance(hours(3));
    assert!(has(&world.tick("a").expect("lives"), "paused"));
    world.store.tell_time(right + hours(1));
    assert_eq!(level(&world, "pause"), None);
    world.store.tell_time(world.clock.now());
    world.fail_primary_for(600);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn status_shows_document_and_evidence_of_one_look() {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let answer = world.run("op", &world.request(Trigger::Operator, Action::Status)).expect("lives");
    assert_eq!((answer.outcome, answer.observations), (Outcome::Reported, 1));
    assert_eq!(answer.state.as_deref(), Some(&world.store.state()));
    assert_eq!(answer.evidence.expect("a look").locked, Some(true));
}

#[test]
fn a_plan_shows_the_execution_that_stands_and_a_preflight_adds_checks() {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let asked = |action| world.run("op", &world.request(Trigger::Operator, action)).expect("lives");
    let plan = asked(Action::Plan);
    assert_eq!((plan.observations, plan.outcome), (1, Outcome::Planned { would: Verdict::AlreadyDone }));
    assert_eq!(plan.execution.as_deref(), world.store.state().current.as_ref());
    assert!(plan.checks.is_empty());
    assert!(!asked(Action::Preflight).checks.is_empty());
}

/// The preflight's checks by name, each with how bad it is.
fn preflight(world: &World) -> Vec<(String, Level)> {
    let answer = world.run("op", &world.request(Trigger::Operator, Action::Preflight)).expect("lives");
    answer.checks.into_iter().map(|check| (check.name, check.level)).collect()
}

fn level(world: &World, name: &str) -> Option<Level> {
    preflight(world).into_iter().find_map(|(found, level)| (found == name).then_some(level))
}

#[test]
fn a_preflight_of_a_fit_site_is_good_in_every_point() {
    let world = World::new();
    world.heal_primary();
    let good = |name: &str| (name.to_owned(), Level::Good);
    assert_eq!(
        preflight(&world),
        ["record", "probe", "control-targets", "history", "armed", "clean", "scale", "lock", "mode"].map(good)
    );
}

#[test]
fn a_preflight_names_what_would_stand_in_the_way() {
    use Level::{Error, Warning};
    let world = World::new();
    world.heal_primary();
    let broken = |call, name: &str| {
        world.fault_plan.always(call, InjectedFault::Before(FaultClass::Denied));
        let level = level(&world, name);
        world.fault_plan.clear();
        level
    };
    assert_eq!(broken("load", "record"), Some(Error));
    assert_eq!(broken("history", "history"), Some(Error));
    assert_eq!(broken("last", "last-failover-note"), Some(Warning));
    assert_eq!(broken("see scale", "scale"), Some(Error));
    assert_eq!(broken("fitness", "standby"), Some(Error));
    world.store.change(|state| {
        state.pause = Some(Pause { at: world.clock.now(), until: None, reason: "works".to_owned(), caller: None })
    });
    assert_eq!(level(&world, "pause"), Some(Error));
    world
        .standby
        .set(Readiness { checks: vec![Check { name: "nodes".to_owned(), level: Error, found: "0".to_owned() }] });
    assert_eq!(level(&world, "nodes"), Some(Error));
}

#[test]
fn a_preflight_warns_of_a_primary_that_fails_and_of_a_probe_that_cannot_tell() {
    let world = World::new();
    assert_eq!(level(&world, "probe"), Some(Level::Error));
    world.fail_primary_for(600);
    assert_eq!((level(&world, "probe"), level(&world, "history")), (Some(Level::Warning), Some(Level::Warning)));
    let mut engine = world.engine("op");
    engine.ports.prober = None;
    let checks = answer(&engine, &world.request(Trigger::Operator, Action::Preflight)).checks;
    assert!(checks.iter().any(|check| check.name == "probe" && check.level == Level::Warning));
}

#[test]
fn a_preflight_warns_of_what_is_unfinished_and_of_a_failover_that_stands() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("scale", InjectedFault::Before(FaultClass::Denied));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Failed { .. }));
    assert_eq!(level(&world, "record"), Some(Level::Warning));
    world.fault_plan.clear();
    assert_eq!(outcome(world.tick("b")), Outcome::Completed);
    assert_eq!(level(&world, "record"), Some(Level::Warning));
}

#[test]
fn a_preflight_of_a_history_that_ends_long_ago_is_an_error() {
    let world = World::new();
    let evidence =
        Evidence { history: Some(Ok(crate::evidence::History::default())), ..Evidence::nothing(world.clock.now()) };
    let checks = super::preflight::preflight(&Ok(State::default()), &evidence, &world.policy);
    assert!(checks.iter().any(|check| check.name == "history" && check.level == Level::Error), "{checks:?}");
}
