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
        world.fault_plan.next(call, InjectedFault::Before(class));
        let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
        assert_eq!((answer.outcome, answer.observations, took), (Outcome::Completed, 2, pause), "{class:?} {call}");
    }
}

#[test]
fn the_intent_says_what_there_was_before_anything_was_touched() {
    let world = World::new();
    world.fail_primary_for(600);
    world.steps[0].put(true);
    world.fault_plan.next("save", InjectedFault::CrashAfter);
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
    world.fault_plan.always("see lock", InjectedFault::Before(FaultClass::Server));
    world.fault_plan.next("save", InjectedFault::CrashAfter);
    assert_eq!(world.alarm("a"), None);
    world.fault_plan.clear();
    world.clock.advance(Duration::from_secs(60));
    world.fault_plan.next("save", InjectedFault::CrashAfter);
    assert_eq!(world.alarm("b"), None);
    let execution = world.store.state().current.expect("an intent");
    assert_eq!(execution.takeovers, 1);
    assert_eq!(execution.steps[2].before, Some(Observation::todo("not set", json!(1))));
}

#[test]
fn a_claim_that_only_a_person_can_mend_is_told_at_once_and_not_polled_to_the_deadline() {
    for (class, call) in [
        (FaultClass::Denied, "save"),
        (FaultClass::Invalid, "acquire"),
        (FaultClass::Invalid, "load"),
        (FaultClass::NotFound, "acquire"),
        (FaultClass::NotFound, "load"),
        (FaultClass::NotFound, "save"),
    ] {
        let world = World::new();
        world.fail_primary_for(600);
        world.fault_plan.always(call, InjectedFault::Before(class));
        let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }), "{class:?} {call}: {answer:?}");
        assert_eq!((answer.observations, took), (1, Duration::ZERO), "{class:?} {call}");
    }
}

#[test]
fn a_claim_that_fails_again_is_repeated_at_each_poll_and_no_sooner() {
    for class in [FaultClass::Conflict, FaultClass::Server] {
        let world = World::new();
        world.fail_primary_for(600);
        world.fault_plan.always("acquire", InjectedFault::Before(class));
        let (took, answer) = timed(&world, || world.alarm("a").expect("lives"));
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }), "{class:?}: {answer:?}");
        let polls = took.as_secs() / world.policy.poll.as_secs();
        assert!(u64::from(answer.observations) <= polls + 2, "{class:?}: {} looks in {took:?}", answer.observations);
    }
}

#[test]
fn a_lease_that_is_over_by_our_clock_and_not_by_the_stores_is_looked_at_again_at_each_poll() {
    struct Held;
    #[async_trait::async_trait]
    impl crate::ports::Lease for Held {
        async fn acquire(&self, _: &Call, _: &str, _: Duration) -> Result<crate::ports::Claim, crate::Fault> {
            Ok(crate::ports::Claim::Held { holder: "b".to_owned(), until: Timestamp::UNIX_EPOCH })
        }

        async fn renew(
            &self,
            _: &Call,
            _: &str,
            grant: &crate::ports::Grant,
            _: Duration,
        ) -> Result<crate::ports::Grant, crate::Fault> {
            Ok(grant.clone())
        }

        async fn release(&self, _: &Call, _: &str, _: &crate::ports::Grant) -> Result<(), crate::Fault> {
            Ok(())
        }
    }
    let world = World::new();
    world.fail_primary_for(600);
    let mut engine = world.engine("a");
    engine.ports.lease = Arc::new(Held);
    let request = world.request(Trigger::Operator, Action::FailOver);
    let (took, answer) = timed(&world, || answer(&engine, &request));
    assert!(has(&answer, "held_by_another"), "{answer:?}");
    assert_eq!(u64::from(answer.observations) - 1, took.as_secs() / world.policy.poll.as_secs());
}

#[test]
fn what_the_record_as_it_was_read_does_not_allow_is_no_lost_race_and_told_at_once() {
    let world = World::new();
    world.fail_primary_for(600);
    let mut engine = world.engine("a");
    // An execution without steps is none.
    engine.runbook.steps.clear();
    let alarm = world.request(Trigger::Alarm { name: "primary".to_owned(), changed_at: None }, Action::FailOver);
    let (took, answer) = timed(&world, || answer(&engine, &alarm));
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "claim_failed"), "{answer:?}");
    assert_eq!((answer.observations, took), (1, Duration::ZERO), "{answer:?}");
}
