//! Lease and intent.

use serde_json::json;

use super::*;
use crate::step::Observation;

#[test]
fn a_claim_that_failed_is_repeated_after_a_pause_and_one_that_lost_a_race_at_once() {
    for (class, call, pause) in [
        (FaultClass::Server, "acquire", Duration::from_secs(1)),
        (FaultClass::Timeout, "save", Duration::from_secs(1)),
        (FaultClass::Conflict, "acquire", Duration::from_millis(20)),
        (FaultClass::Conflict, "save", Duration::from_millis(20)),
    ] {
        let world = World::new();
        world.fail_primary_for(600);
        world.weather.next(call, Mishap::Before(class));
        let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
        assert_eq!((answer.outcome, answer.looks, took), (Outcome::Completed, 2, pause), "{class:?} {call}");
    }
}

#[test]
fn the_intent_says_what_there_was_before_anything_was_touched() {
    let world = World::new();
    world.fail_primary_for(600);
    world.steps[0].put(true);
    world.weather.next("save", Mishap::CrashAfter);
    assert_eq!(world.alarm("a"), None);
    assert!(world.effects().is_empty());
    let execution = world.store.state().current.expect("an intent");
    let before: Vec<_> = execution.steps.into_iter().map(|step| step.before).collect();
    let todo = || Some(Observation::todo("not set", json!(1)));
    assert_eq!(before, [None, todo(), todo()]);
}

#[test]
fn a_take_over_says_what_it_found_where_the_intent_could_not() {
    let world = World::new();
    world.fail_primary_for(600);
    world.weather.always("see lock", Mishap::Before(FaultClass::Server));
    world.weather.next("save", Mishap::CrashAfter);
    assert_eq!(world.alarm("a"), None);
    world.weather.clear();
    world.clock.advance(Duration::from_secs(60));
    world.weather.next("save", Mishap::CrashAfter);
    assert_eq!(world.alarm("b"), None);
    let execution = world.store.state().current.expect("an intent");
    assert_eq!(execution.takeovers, 1);
    assert_eq!(execution.steps[2].before, Some(Observation::todo("not set", json!(1))));
}

#[test]
fn a_claim_that_only_a_person_can_mend_is_told_at_once_and_not_polled_to_the_deadline() {
    for (class, call) in [(FaultClass::Denied, "save"), (FaultClass::Invalid, "acquire"), (FaultClass::Invalid, "load")]
    {
        let world = World::new();
        world.fail_primary_for(600);
        world.weather.always(call, Mishap::Before(class));
        let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }), "{class:?} {call}: {answer:?}");
        assert_eq!((answer.looks, took), (1, Duration::ZERO), "{class:?} {call}");
    }
}
