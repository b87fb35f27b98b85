//! Who waits for what, how long, and what a call that begins nothing says.

use super::*;

fn looks(answer: Option<Answer>) -> (Outcome, u32) {
    let answer = answer.expect("the worker lives");
    (answer.outcome, answer.observations)
}

#[test]
fn a_wait_is_begun_when_it_leaves_time_for_the_work_and_not_otherwise() {
    let world = World::new();
    world.fail_primary_for(60);
    let mut request = world.request(Trigger::Alarm { name: "primary".to_owned(), changed_at: None }, Action::FailOver);
    request.deadline = world.clock.now();
    let Outcome::Deferred { until } = outcome(world.run("a", &request)) else { panic!("there is no time") };
    let enough = until + Limits::default().margin;
    request.deadline = enough - Duration::from_millis(1);
    let (took, deferred) = timed(&world, || looks(world.run("a", &request)));
    assert_eq!((took, deferred), (Duration::ZERO, (Outcome::Deferred { until }, 1)));
    request.deadline = enough;
    assert_eq!(outcome(world.run("a", &request)), Outcome::Completed);
    assert_eq!(world.clock.now(), until);
}

#[test]
fn a_wait_looks_again_at_every_poll() {
    let world = World::new();
    world.fail_primary_for(120);
    let (took, told) = timed(&world, || looks(world.alarm("a")));
    assert_eq!((took, told), (Duration::from_secs(60), (Outcome::Completed, 5)));
}

#[test]
fn a_tick_stays_for_the_holdoff_and_does_not_stay_for_another_workers_lease() {
    let world = World::new();
    world.fail_primary_for(120);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("clean", InjectedFault::CrashBefore);
    assert_eq!(world.alarm("a"), None);
    let (took, told) = timed(&world, || outcome(world.tick("b")));
    assert!(matches!(told, Outcome::Deferred { until } if until == world.clock.now() + Duration::from_secs(30)));
    assert_eq!(took, Duration::ZERO);
}

#[test]
fn a_failover_that_stands_is_shown_with_the_answer() {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let answer = world.tick("b").expect("lives");
    assert_eq!(answer.outcome, Outcome::AlreadyDone);
    assert_eq!(answer.execution.as_deref(), world.store.state().current.as_ref());
}

#[test]
fn an_answer_says_for_how_long_the_primary_has_been_failing() {
    let world = World::new();
    world.fail_primary_for(600);
    let check = Check { name: "nodeCount".to_owned(), level: Level::Error, found: "2".to_owned() };
    world.standby.set(Readiness { checks: vec![check] });
    let refused = world.alarm("a").expect("lives");
    assert_eq!((refused.outcome, refused.failing_for_s), (Outcome::Refused, Some(615.0)), "it looked twice");
    world.standby.set(Readiness::default());
    let completed = world.alarm("a").expect("lives");
    assert_eq!((completed.outcome, completed.failing_for_s), (Outcome::Completed, Some(600.0)));
}

/// A world with a failover that somebody has just ended by hand.
fn unlocked() -> World {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    world.clock.advance(Duration::from_secs(3600));
    world.steps[2].put(false);
    world.heal_primary();
    world
}

#[test]
fn an_unlock_is_noted_with_its_time_and_the_primary_judged_a_poll_later() {
    let world = unlocked();
    let seen_at = world.clock.now();
    let (took, told) = timed(&world, || looks(world.alarm("b")));
    assert_eq!((took, told), (world.policy.poll, (Outcome::StoodDown, 2)));
    assert_eq!(world.store.state().unlocked, Some(seen_at));
}

#[test]
fn an_unlock_that_a_second_look_cannot_confirm_is_not_noted() {
    let world = unlocked();
    world.fault_plan.nth("see lock", 1, InjectedFault::Before(FaultClass::Denied));
    let mut request = world.request(Trigger::Operator, Action::FailOver);
    request.deadline = world.clock.now();
    assert!(matches!(outcome(world.run("b", &request)), Outcome::Deferred { .. }));
    assert_eq!(world.store.state().unlocked, None);
}

#[test]
fn finish_drives_on_what_is_open() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("scale", InjectedFault::Before(FaultClass::Denied));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Failed { .. }));
    assert_eq!(outcome(world.run("op", &world.request(Trigger::Operator, Action::Finish))), Outcome::Completed);
}

#[test]
fn finish_begins_nothing_waits_for_nothing_and_notes_nothing() {
    let due = World::new();
    due.fail_primary_for(600);
    let not_yet = World::new();
    not_yet.fail_primary_for(60);
    for world in [due, not_yet, unlocked()] {
        let before = (world.effects(), world.store.state());
        let request = world.request(Trigger::Operator, Action::Finish);
        let (took, answer) = timed(&world, || world.run("op", &request).expect("lives"));
        assert_eq!((took, &answer.outcome, answer.observations), (Duration::ZERO, &Outcome::StoodDown, 1));
        assert!(has(&answer, "nothing_unfinished"), "{answer:?}");
        assert_eq!((world.effects(), world.store.state()), before);
    }
}

#[test]
fn finish_does_not_say_that_nothing_is_unfinished_when_the_record_cannot_be_read() {
    let world = World::new();
    world.fault_plan.always("load", InjectedFault::Before(FaultClass::Denied));
    let mut request = world.request(Trigger::Operator, Action::Finish);
    request.deadline = world.clock.now();
    let answer = world.run("op", &request).expect("lives");
    assert_eq!(answer.outcome, Outcome::Deferred { until: world.clock.now() + world.policy.poll });
    assert!(has(&answer, "record_unreadable") && !has(&answer, "nothing_unfinished"), "{answer:?}");
}

#[test]
fn a_history_that_may_not_be_asked_is_told_at_once_and_not_polled_to_the_deadline() {
    for trigger in [Trigger::Operator, Trigger::Alarm { name: "primary".to_owned(), changed_at: None }] {
        for (call, code) in [("history", "no_evidence"), ("last well", "not_armed")] {
            for (class, permanent) in
                [(FaultClass::Denied, true), (FaultClass::Invalid, true), (FaultClass::Server, false)]
            {
                let world = World::new();
                world.fail_primary_for(3600);
                world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
                world.fault_plan.always(call, InjectedFault::Before(class));
                let request = world.request(trigger.clone(), Action::FailOver);
                let (took, answer) = timed(&world, || world.run("a", &request).expect("lives"));
                let deferred = matches!(answer.outcome, Outcome::Deferred { .. });
                assert!(deferred && has(&answer, code), "{call} {class:?}: {answer:?}");
                assert_eq!((answer.observations == 1, took.is_zero()), (permanent, permanent), "{call} {class:?}");
            }
        }
    }
}
