//! One step: attempts, pauses, watching, and the lease that is kept meanwhile.

use super::{told::Told, *};
use crate::step::{Observation, Step};

fn todo() -> Observation {
    Observation::todo("not yet", 1.into())
}

/// An engine whose first step is `step`, over a primary that has been failing for long.
fn engine(world: &World, step: &Arc<Told>) -> Engine {
    world.fail_primary_for(600);
    let mut engine = world.engine("a");
    engine.runbook.steps[0] = Arc::clone(step) as Arc<dyn Step>;
    engine
}

fn failed_at(answer: &Answer, name: &str) -> bool {
    matches!(&answer.outcome, Outcome::Failed { step, .. } if step == name)
}

#[test]
fn an_effect_that_failed_is_sent_again_after_a_pause_after_a_conflict_at_once_and_after_a_refusal_not_at_all() {
    let meet = |call, class| {
        let world = World::new();
        world.fail_primary_for(600);
        // The first look at a step is the one before the claim.
        world.fault_plan.nth(call, usize::from(call == "see scale"), InjectedFault::Before(class));
        timed(&world, || world.alarm("a").expect("lives"))
    };
    for class in [FaultClass::Server, FaultClass::Throttled, FaultClass::Timeout] {
        let (took, answer) = meet("scale", class);
        assert_eq!(answer.outcome, Outcome::Completed, "{class:?}");
        assert!(took >= Duration::from_millis(500), "{class:?} {took:?}");
    }
    let (took, answer) = meet("scale", FaultClass::Conflict);
    assert_eq!((took, answer.outcome), (Duration::ZERO, Outcome::Completed));
    for class in [FaultClass::Denied, FaultClass::Invalid] {
        let (took, answer) = meet("scale", class);
        assert!(took.is_zero() && failed_at(&answer, "scale"), "{class:?} {answer:?}");
    }
    let (took, answer) = meet("see scale", FaultClass::Server);
    assert!(took >= Duration::from_millis(500) && answer.outcome == Outcome::Completed, "{took:?} {answer:?}");
    let (took, answer) = meet("see scale", FaultClass::Denied);
    assert!(took.is_zero() && failed_at(&answer, "scale"), "{answer:?}");
}

#[test]
fn an_effect_is_sent_as_often_as_retries_allow_and_counted() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("scale", InjectedFault::Before(FaultClass::Server));
    assert!(failed_at(&world.alarm("a").expect("lives"), "scale"));
    assert_eq!(world.store.state().current.expect("a record").steps[1].attempts, 4);
}

#[test]
fn nobody_is_kept_for_an_attempt_that_would_come_after_the_deadline() {
    for (left, again) in [(0, false), (1, true)] {
        let world = World::new();
        world.fail_primary_for(600);
        world.fault_plan.next("scale", InjectedFault::Before(FaultClass::Server));
        let mut engine = world.engine("a");
        engine.limits.retry.base_delay = Duration::ZERO;
        let mut request = world.request(Trigger::Tick, Action::FailOver);
        request.deadline = world.clock.now() + Duration::from_secs(left);
        assert_eq!(answer(&engine, &request).outcome == Outcome::Completed, again, "{left}");
    }
}

#[test]
fn an_effect_that_was_sent_and_does_not_show_is_looked_for_before_it_is_sent_again() {
    let world = World::new();
    let step = Told::acts("clean", &[todo(), todo(), Observation::done("set")], || ());
    let answer = answer(&engine(&world, &step), &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(answer.outcome, Outcome::Completed);
    assert_eq!(step.met(), (4, 1), "and once more at the end");
}

#[test]
fn an_answer_that_shows_the_effect_is_its_confirmation_and_is_seen_again_before_completion() {
    let world = World::new();
    let step = Told::answers("clean", &[todo(), Observation::done("set")], Observation::done("answered"));
    let answer = answer(&engine(&world, &step), &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(answer.outcome, Outcome::Completed);
    assert_eq!(step.met(), (2, 1), "before the claim and before completion");
    assert_eq!(world.store.state().current.expect("a record").steps[0].found, "answered");
}

#[test]
fn an_answer_that_shows_another_state_confirms_nothing_and_is_looked_behind() {
    for shown in [todo(), Observation::blocked("another state")] {
        let world = World::new();
        let step = Told::answers("clean", &[todo(), todo(), Observation::done("set")], shown);
        let answer = answer(&engine(&world, &step), &world.request(Trigger::Tick, Action::FailOver));
        assert_eq!(answer.outcome, Outcome::Completed);
        assert_eq!(step.met(), (4, 1), "looked at until it shows, and once more before completion");
    }
}

#[test]
fn what_is_blocked_is_not_touched() {
    let world = World::new();
    let step = Told::acts("clean", &[Observation::blocked("no CA")], || ());
    let answer = answer(&engine(&world, &step), &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(answer.outcome, Outcome::Failed { step: "clean".to_owned(), why: "no CA".to_owned() });
    assert_eq!(step.met().1, 0);
}

#[test]
fn what_is_only_watched_is_given_its_time_and_no_longer_than_the_deadline_allows() {
    for (deadline, given) in [(900, 120), (80, 60), (10, 0)] {
        let world = World::new();
        let step = Told::watches("clean", &[todo()]);
        let engine = engine(&world, &step);
        let mut request = world.request(Trigger::Tick, Action::FailOver);
        request.deadline = world.clock.now() + Duration::from_secs(deadline);
        let (took, answer) = timed(&world, || answer(&engine, &request));
        assert_eq!(answer.outcome, Outcome::Failed { step: "clean".to_owned(), why: "not yet: not yet".to_owned() });
        assert_eq!((took, step.met().1), (Duration::from_secs(given), 0));
    }
}

/// Watches a step that comes true at its `looks`th look after the claim, in a call whose renewals meet `fault`; looks are 5 s apart,
/// the lease lasts for 30 s. How long it took, how often the lease was renewed, and the answer.
fn watched(looks: usize, fault: Option<InjectedFault>) -> (u64, usize, Answer) {
    let world = World::new();
    let mut seen = vec![todo(); looks];
    seen.push(Observation::done("there"));
    let engine = engine(&world, &Told::watches("clean", &seen));
    if let Some(fault) = fault {
        world.fault_plan.always("renew", fault);
    }
    let (took, answer) = timed(&world, || answer(&engine, &world.request(Trigger::Tick, Action::FailOver)));
    let renewals = world.fault_plan.calls().iter().filter(|call| **call == "renew").count();
    (took.as_secs(), renewals, answer)
}

#[test]
fn the_lease_is_renewed_once_half_of_it_is_gone() {
    for (looks, seconds, renewals) in [(3, 10, 0), (4, 15, 1), (6, 25, 1), (7, 30, 2)] {
        let (took, renewed, answer) = watched(looks, None);
        assert_eq!((took, renewed, answer.outcome), (seconds, renewals, Outcome::Completed), "{looks}");
    }
}

#[test]
fn a_lease_that_cannot_be_renewed_is_ours_while_an_attempt_fits_into_what_is_left() {
    let failing = InjectedFault::Before(FaultClass::Server);
    let (took, _, answer) = watched(5, Some(failing));
    assert_eq!((took, answer.outcome), (20, Outcome::Completed));
    let (took, _, answer) = watched(100, Some(failing));
    assert!(has(&answer, "lease_lost"), "{answer:?}");
    assert_eq!(took, 25);
}

#[test]
fn a_lease_that_somebody_else_has_taken_is_lost_at_once() {
    let (took, _, answer) = watched(100, Some(InjectedFault::Before(FaultClass::Conflict)));
    assert!(has(&answer, "lease_lost"), "{answer:?}");
    assert_eq!(took, 15);
}

#[test]
fn what_was_seen_before_the_effects_verifies_nothing() {
    let world = World::new();
    let watch = Told::watches("watch", &[Observation::done("it served then"), todo(), Observation::done("it serves")]);
    let answer = answer(&engine(&world, &watch), &world.request(Trigger::Tick, Action::FailOver));
    assert_eq!(answer.outcome, Outcome::Completed);
    // Before the claim, and twice after it.
    assert_eq!(watch.met(), (3, 0));
}
