//! A completed record that somebody restored or planted, and a failback that nobody has noted yet.

use super::*;
use crate::{clock::Clock, record::Execution, step::Need};

const MINUTE: Duration = Duration::from_secs(60);

fn blip() -> ProbeResult {
    ProbeResult::Failing { why: "blip".to_owned() }
}

/// A failover was completed, and a person has failed back half an hour ago; nobody has looked since.
fn failed_back_unnoticed() -> World {
    let world = World::new();
    world.heal_primary();
    world.tick("a");
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    world.heal_primary();
    world.steps.iter().for_each(|step| step.put(false));
    world.clock.advance(MINUTE * 30);
    world
}

/// The failback was noted, and a month later the record of before is put back.
fn restored() -> World {
    let world = failed_back_unnoticed();
    let backup = world.store.state();
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    world.clock.advance(MINUTE * 60 * 24 * 30);
    world.store.change(|state| *state = backup);
    world
}

fn change(world: &World, change: impl FnOnce(&mut Execution)) {
    world.store.change(|state| change(state.current.as_mut().expect("an execution")));
}

#[test]
fn one_failing_probe_sets_no_lock_again_on_a_record_that_has_stood_still() {
    for world in [restored(), failed_back_unnoticed()] {
        let before = world.effects().len();
        world.prober.set(blip());
        let request = Request {
            deadline: world.clock.now() + Duration::from_secs(30),
            ..world.request(Trigger::Tick, Action::FailOver)
        };
        let answer = world.run("b", &request).expect("lives");
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "sources_disagree"), "{answer:?}");
        assert!(
            !has(&answer, "primary_failing"),
            "what the failover began on is not said as if it were now: {answer:?}"
        );
        // Without metrics one failing probe is less still.
        world.fault_plan.always("history", InjectedFault::Hang);
        let request = Request { deadline: world.clock.now() + Duration::from_secs(60), ..request };
        let answer = world.run("b", &request).expect("lives");
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "holdoff_running"), "{answer:?}");
        world.fault_plan.clear();
        world.heal_primary();
        assert_eq!(outcome(world.tick("b")), Outcome::StoodDown);
        assert!(world.store.state().unlocked.is_some(), "it is noted as the failback that it was");
        assert_eq!(world.effects().len(), before);
    }
}

#[test]
fn silence_sets_no_lock_again_on_a_record_that_has_stood_still() {
    let world = restored();
    let before = world.effects().len();
    world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
    world.controls.cut_off(true);
    world.fault_plan.always("history", InjectedFault::Hang);
    for _ in 0..10 {
        let answer = world.tick("b").expect("lives");
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "cut_off"), "{answer:?}");
        world.clock.advance(MINUTE);
    }
    assert_eq!(world.effects().len(), before);
}

#[test]
fn what_the_history_says_from_under_the_lock_sets_no_lock_again() {
    let world = restored();
    let before = world.effects().len();
    // The checkers have watched the lock until a moment ago; our probe cannot tell.
    world.history.set_down(Some(world.clock.now() - MINUTE * 60));
    world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
    let answer = world.tick("b").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "no_evidence"), "{answer:?}");
    let gone = world.store.state().lock_gone.expect("it is noted that the lock is gone");
    assert_eq!(world.effects().len(), before);
    // What is failing since a period after that is the primary.
    world.clock.advance(MINUTE * 3);
    assert!(!world.steps[2].holds());
    let answer = world.tick("b").expect("lives");
    assert!(answer.outcome == Outcome::Completed && has(&answer, "lock_taken_away"), "{answer:?}");
    assert!(world.steps[2].holds() && world.clock.now() >= gone + MINUTE * 4);
    assert_eq!(world.store.state().lock_gone, None);
}

#[test]
fn a_lock_that_is_missed_long_after_is_set_again_once_probes_prove_the_holdoff() {
    let world = restored();
    world.fail_primary_for(3600);
    let (took, answer) = timed(&world, || world.tick("b").expect("lives"));
    assert!(answer.outcome == Outcome::Completed && has(&answer, "lock_taken_away"), "{answer:?}");
    assert_eq!(took, world.policy.holdoff);
    assert_eq!(answer.failing_for_s, Some(180.0));
    assert!(world.steps.iter().all(|step| step.holds()));
}

#[test]
fn a_lock_that_came_back_by_hand_is_no_longer_missed() {
    let world = restored();
    world.fail_primary_for(3600);
    world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
    world.tick("b");
    assert!(world.store.state().lock_gone.is_some());
    world.steps[2].put(true);
    assert_eq!(outcome(world.tick("b")), Outcome::AlreadyDone);
    let state = world.store.state();
    assert_eq!((state.lock_gone, state.lock_seen), (None, None));
}

#[test]
fn metrics_that_saw_the_primary_well_after_our_failing_probe_note_the_failback() {
    let world = failed_back_unnoticed();
    let before = world.effects().len();
    // Only our own path is broken, and stays so.
    world.prober.set(blip());
    let answer = world.tick("b").expect("lives");
    assert!(world.store.state().unlocked.is_some(), "{answer:?}");
    assert_eq!(world.effects().len(), before);
}

#[test]
fn a_completed_record_that_no_version_of_the_runbook_wrote_is_refused_and_found_by_preflight() {
    type Plant = fn(&mut Execution);
    let plants: [(&str, Plant); 5] = [
        ("without steps", |run| run.steps.clear()),
        ("without the lock", |run| run.steps.retain(|step| step.step != "lock")),
        ("with the lock alone", |run| run.steps.retain(|step| step.step == "lock")),
        ("of another runbook", |run| run.runbook = "evil".to_owned()),
        ("with another need", |run| run.steps[1].need = Need::Owed),
    ];
    for (name, plant) in plants {
        let world = restored();
        let before = world.effects().len();
        change(&world, plant);
        world.fail_primary_for(3600);
        let alarm = world.alarm("b").expect("lives");
        let mut waived = world.request(Trigger::Operator, Action::FailOver);
        waived.overrides = Gate::ALL.to_vec();
        for answer in [alarm, world.run("op", &waived).expect("lives")] {
            let refused = answer.outcome == Outcome::Refused && has(&answer, "not_of_this_runbook");
            assert!(refused && answer.observations == 1, "{name}: {answer:?}");
        }
        let preflight = world.run("op", &world.request(Trigger::Operator, Action::Preflight)).expect("lives");
        let told = |check: &Check| check.name == "record" && check.level == Level::Error;
        assert!(preflight.checks.iter().any(told), "{name}: {:?}", preflight.checks);
        assert_eq!(world.effects().len(), before, "{name}");
        // A person ends it, and the outage is that person's to judge.
        let abort = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
        assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
        assert_eq!(outcome(world.run("op", &waived)), Outcome::Completed, "{name}");
    }
}

#[test]
fn a_completed_record_whose_lock_cannot_be_seen_while_the_standby_is_off_is_no_final_answer() {
    let world = restored();
    world.fail_primary_for(3600);
    world.fault_plan.always("see lock", InjectedFault::Before(FaultClass::Server));
    let answer = world.alarm("b").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "lock_unreadable"), "{answer:?}");
    world.fault_plan.clear();
    assert_eq!(outcome(world.alarm("b")), Outcome::Completed);
    // Where all that is required holds, the failover stands whether or not its lock can be seen.
    world.fault_plan.always("see lock", InjectedFault::Before(FaultClass::Server));
    assert_eq!(outcome(world.alarm("b")), Outcome::AlreadyDone);
}
