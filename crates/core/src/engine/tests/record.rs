//! The record, written beside the steps.

use super::*;
use crate::clock::Clock;
use crate::step::{Observation, Step};

/// An alarm whose second write of the record, the one beside the second step, meets a fault.
fn second_write(fault: InjectedFault) -> (World, Duration, Answer) {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.nth("save", 1, fault);
    let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
    (world, took, answer)
}

#[test]
fn a_record_that_was_changed_meanwhile_is_read_and_written_again_at_once() {
    for fault in [InjectedFault::Before(FaultClass::Conflict), InjectedFault::After(FaultClass::Conflict)] {
        let (world, took, answer) = second_write(fault);
        assert_eq!((answer.outcome, took), (Outcome::Completed, Duration::ZERO), "{fault:?}");
        assert_eq!(world.store.state().current.as_ref(), answer.execution.as_deref());
    }
}

#[test]
fn a_record_that_could_not_be_written_holds_no_step_up_and_is_written_after_the_next_one() {
    for fault in [InjectedFault::Before(FaultClass::Server), InjectedFault::After(FaultClass::Connection)] {
        let (world, took, answer) = second_write(fault);
        assert_eq!((answer.outcome, took), (Outcome::Completed, Duration::ZERO), "{fault:?}");
        assert_eq!(world.store.state().current.as_ref(), answer.execution.as_deref());
    }
}

#[test]
fn the_last_write_of_a_record_that_failed_is_repeated_after_a_pause() {
    for fault in [InjectedFault::Before(FaultClass::Server), InjectedFault::After(FaultClass::Connection)] {
        let world = World::new();
        world.fail_primary_for(600);
        world.fault_plan.nth("save", 3, fault);
        let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
        assert_eq!(answer.outcome, Outcome::Completed, "{fault:?}");
        assert!(took >= Duration::from_millis(500), "{fault:?} {took:?}");
        assert_eq!(world.store.state().current.as_ref(), answer.execution.as_deref());
    }
}

/// A store that takes the intent and asks whoever comes after it to wait, so many times.
struct Throttles {
    inner: Arc<crate::fakes::FakeStore>,
    asks: Duration,
    times: std::sync::Mutex<std::ops::Range<u32>>,
}

#[async_trait::async_trait]
impl crate::ports::StateStore for Throttles {
    async fn load(&self, call: &Call) -> Result<crate::ports::Versioned, crate::Fault> {
        self.inner.load(call).await
    }

    async fn save(&self, call: &Call, state: &crate::record::State, version: &str) -> Result<String, crate::Fault> {
        let throttled = state.current.is_some() && self.times.lock().expect("no panic").next().is_some_and(|at| at > 0);
        if throttled {
            return Err(crate::Fault::new(FaultClass::Throttled, "save", "429").retry_after(Some(self.asks)));
        }
        self.inner.save(call, state, version).await
    }
}

#[test]
fn no_effect_waits_for_a_record_whose_store_asks_to_wait() {
    for asks in [300, 3600] {
        for times in [2, 1000] {
            let world = World::new();
            world.fail_primary_for(600);
            let mut engine = world.engine("a");
            let (inner, asks) = (Arc::clone(&world.store), Duration::from_secs(asks));
            engine.ports.store = Arc::new(Throttles { inner, asks, times: std::sync::Mutex::new(0..times) });
            let began = world.clock.now();
            let (took, answer) = timed(&world, || answer(&engine, &world.request(Trigger::Tick, Action::FailOver)));
            for step in ["clean", "scale", "lock"] {
                assert_eq!(world.effects_of(step), [began], "{step}, {asks:?}, {times} times");
            }
            assert_eq!(answer.outcome, Outcome::Completed);
            // The answer waits for the record no longer than for another call that fails.
            assert!(took <= engine.limits.retry.max_delay * 3, "{took:?}");
            assert_eq!(has(&answer, "record_unreadable"), times == 1000, "{answer:?}");
        }
    }
}

#[test]
fn a_refused_write_is_not_repeated_and_holds_no_step_up() {
    let (world, took, answer) = second_write(InjectedFault::Before(FaultClass::Denied));
    assert_eq!((answer.outcome, took), (Outcome::Completed, Duration::ZERO));
    // Intent, what came of the first step (refused), both first steps, all three.
    assert_eq!(world.fault_plan.calls().iter().filter(|call| **call == "save").count(), 4);
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

#[test]
fn a_record_that_cannot_be_read_is_not_written_over_by_anybody() {
    let (abort, pause) = (Action::Acknowledge { abort: true }, Action::Pause { lasts: None });
    let actions = [Action::FailOver, Action::Failback { rest: true }, Action::Rehearse, Action::Finish, Action::Resume];
    for action in actions.into_iter().chain([abort, pause]) {
        for trigger in [Trigger::Operator, Trigger::Tick] {
            let world = World::new();
            world.fail_primary_for(600);
            world.fault_plan.always("load", InjectedFault::Before(FaultClass::Invalid));
            let request = Request { data: Some("d".to_owned()), ..world.request(trigger, action) };
            let answer = world.run("a", &request).expect("lives");
            assert!(!world.fault_plan.calls().contains(&"save") && world.effects().is_empty(), "{action:?} {answer:?}");
        }
    }
}
