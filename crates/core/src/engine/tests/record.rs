//! The record, written beside the steps.

use super::*;
use crate::step::{Observation, Step};

/// An alarm whose second write of the record, the one beside the second step, meets a mishap.
fn second_write(mishap: Mishap) -> (World, Duration, Answer) {
    let world = World::new();
    world.fail_primary_for(600);
    world.weather.nth("save", 1, mishap);
    let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
    (world, took, answer)
}

#[test]
fn a_record_that_was_changed_meanwhile_is_read_and_written_again_at_once() {
    for mishap in [Mishap::Before(FaultClass::Conflict), Mishap::After(FaultClass::Conflict)] {
        let (world, took, answer) = second_write(mishap);
        assert_eq!((answer.outcome, took), (Outcome::Completed, Duration::ZERO), "{mishap:?}");
        assert_eq!(world.store.state().current.as_ref(), answer.execution.as_deref());
    }
}

#[test]
fn a_record_that_could_not_be_written_is_written_again_after_a_pause() {
    for mishap in [Mishap::Before(FaultClass::Server), Mishap::After(FaultClass::Connection)] {
        let (world, took, answer) = second_write(mishap);
        assert_eq!(answer.outcome, Outcome::Completed, "{mishap:?}");
        assert!(took >= Duration::from_millis(500), "{mishap:?} {took:?}");
        assert_eq!(world.store.state().current.as_ref(), answer.execution.as_deref());
    }
}

#[test]
fn a_refused_write_is_not_repeated_and_holds_no_step_up() {
    let (world, took, answer) = second_write(Mishap::Before(FaultClass::Denied));
    assert_eq!((answer.outcome, took), (Outcome::Completed, Duration::ZERO));
    // Intent, what came of the first step (refused), both first steps, all three.
    assert_eq!(world.weather.calls().iter().filter(|call| **call == "save").count(), 4);
    assert_eq!(world.effects(), ["clean", "scale", "lock"]);
}

#[test]
fn a_pause_that_comes_while_steps_run_stays_in_the_record() {
    let world = World::new();
    world.fail_primary_for(600);
    let (store, at) = (Arc::clone(&world.store), world.clock.now());
    let paused = move || {
        store.change(|state| state.pause = Some(Pause { at, until: None, reason: "works".to_owned(), caller: None }))
    };
    let seen = [Observation::todo("not set", 1.into()), Observation::done("set")];
    let mut engine = world.engine("a");
    engine.runbook.steps[0] = super::told::Told::acts("clean", &seen, paused) as Arc<dyn Step>;
    let answer = answer(&engine, &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(answer.outcome, Outcome::Completed);
    let state = world.store.state();
    assert!(state.pause.is_some());
    assert_eq!(state.current.map(|execution| execution.status), Some(Status::Completed));
}
