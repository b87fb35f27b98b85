//! What a failback or a rehearsal believes of the primary, and what it must not: metrics that are about the lock, a clock
//! that is wrong, a record that does not know what was done.

use super::{kinds::*, *};
use crate::kind::Kind;

const CANNOT_TELL: fn() -> ProbeResult = || ProbeResult::Inconclusive { why: "no name".to_owned() };

/// An open failback that waits for the word on its last step.
fn unlocked() -> World {
    let world = well_again();
    assert!(matches!(outcome(world.run("op", &failback(&world, false))), Outcome::Unconfirmed { .. }));
    world
}

/// A failback whose worker died right after the unlock: the record does not know of it.
fn unlocked_unknown() -> World {
    let world = well_again();
    world.fault_plan.next("unlock", InjectedFault::CrashAfter);
    assert_eq!(world.run("op", &failback(&world, false)), None);
    assert!(!world.steps[2].holds() && world.store.state().unlocked.is_none());
    world.clock.advance(MINUTE);
    world
}

#[test]
fn metrics_that_are_about_the_lock_still_close_no_failback_of_a_primary_that_answers() {
    let world = unlocked();
    world.clock.advance(MINUTE);
    world.history.set_down(Some(world.clock.now() - MINUTE * 30));
    let answer = world.tick("t").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "primary_not_well"), "{answer:?}");
    assert!(world.store.state().open().is_some_and(|run| run.kind == Kind::Failback));
    world.history.set_down(None);
    assert!(matches!(outcome(world.tick("t")), Outcome::Unconfirmed { .. }));
}

#[test]
fn where_no_probe_can_tell_metrics_close_a_failback_once_they_prove_what_a_failover_asks_for() {
    let world = unlocked();
    world.clock.advance(MINUTE * 10);
    world.prober.set(CANNOT_TELL());
    world.history.set_down(Some(world.clock.now() - MINUTE));
    let soon = Request { deadline: world.clock.now() + MINUTE, ..world.request(Trigger::Tick, Action::FailOver) };
    assert!(matches!(outcome(world.run("t", &soon)), Outcome::Deferred { .. }));
    assert!(world.store.state().open().is_some());
    world.clock.advance(MINUTE * 3);
    assert_eq!(outcome(world.tick("t")), Outcome::Completed);
    assert_eq!(world.effects()[4..], ["lock"]);
}

#[test]
fn what_a_worker_with_a_wrong_clock_unlocks_is_noted_in_the_servers_time() {
    let hours = Duration::from_secs(3 * 3600);
    for ahead in [true, false] {
        let world = failed_over();
        world.heal_primary();
        let error = |at| if ahead { at - hours } else { at + hours };
        world.store.tell_time(error(world.clock.now()));
        let request = Request { overrides: vec![Gate::WellFor], ..failback(&world, false) };
        assert!(matches!(outcome(world.run("op", &request)), Outcome::Unconfirmed { .. }));
        let (noted, right) = (world.store.state().unlocked.expect("noted"), error(world.clock.now()));
        assert!(crate::clock::until(noted, right).max(crate::clock::until(right, noted)) <= MINUTE, "{noted} {right}");
    }
}

#[test]
fn an_unlock_that_is_noted_after_another_note_of_the_same_call_has_the_servers_time() {
    let hours = Duration::from_secs(3 * 3600);
    for ahead in [true, false] {
        let world = failed_over();
        world.heal_primary();
        world.steps[2].put(false);
        let right = if ahead { world.clock.now() - hours } else { world.clock.now() + hours };
        world.store.tell_time(right);
        // The mark of a primary that is well is written first, and the answer to that tells no time.
        world.alarm("t");
        let noted = world.store.state().unlocked.expect("noted");
        assert!(crate::clock::until(noted, right).max(crate::clock::until(right, noted)) <= MINUTE, "{noted} {right}");
    }
}

#[test]
fn an_unlock_that_the_record_does_not_know_of_is_found_while_the_primary_is_well() {
    let world = unlocked_unknown();
    world.history.set_down(None);
    assert!(matches!(outcome(world.tick("t")), Outcome::Unconfirmed { .. }));
    let state = world.store.state();
    assert!(state.unlocked.is_some() && state.armed.is_some(), "{state:?}");
}

#[test]
fn a_failback_that_died_as_it_unlocked_leaves_the_failover_standing_and_its_lock_is_set_again_by_the_usual_rules() {
    let world = unlocked_unknown();
    let began = world.clock.now();
    world.fail_primary_for(30);
    assert_eq!(outcome(world.alarm("b")), Outcome::Completed);
    assert!(crate::clock::until(began, world.clock.now()) >= world.policy.holdoff, "no lock before the holdoff");
    let state = world.store.state();
    assert!(state.failed_over() && state.earlier().all(|run| run.kind == Kind::Failback), "{state:?}");
    assert_eq!(world.effects()[3..], ["unlock", "lock"]);
}

#[test]
fn metrics_alone_end_a_failback_whose_unlock_is_not_known_from_when_the_lock_was_seen_gone() {
    let world = unlocked_unknown();
    world.prober.set(CANNOT_TELL());
    world.history.set_down(Some(world.clock.now() - MINUTE * 30));
    let gone = world.clock.now();
    let answer = world.tick("b").expect("lives");
    let gap = crate::clock::until(gone, world.clock.now());
    assert!(answer.outcome == Outcome::Completed && gap >= world.policy.holdoff, "{gap:?} {answer:?}");
    assert_eq!(world.effects()[3..], ["unlock", "lock"]);
}

#[test]
fn a_lock_by_hand_while_a_rehearsal_is_open_is_noted_and_its_history_not_held_against_the_primary() {
    let world = World::new();
    world.heal_primary();
    assert_eq!(outcome(world.tick("t")), Outcome::StoodDown);
    world.fault_plan.next("rest", InjectedFault::CrashBefore);
    assert_eq!(world.run("op", &world.request(Trigger::Operator, Action::Rehearse)), None);
    world.clock.advance(MINUTE);
    // Until the rehearsal is over nobody can be sure whose lock it is.
    world.steps[2].put(true);
    world.fault_plan.next("rest", InjectedFault::CrashBefore);
    assert_eq!(world.tick("t"), None);
    assert!(world.store.state().lock_seen.is_some() && world.store.state().open().is_some());
    world.clock.advance(MINUTE * 10);
    world.steps[2].put(false);
    world.history.set_down(Some(world.clock.now() - MINUTE * 10));
    assert_eq!(outcome(world.tick("t")), Outcome::Completed, "the rehearsal");
    assert!(world.store.state().unlocked.is_some() && world.store.state().lock_seen.is_none());
    world.prober.set(CANNOT_TELL());
    let soon = Request { deadline: world.clock.now() + MINUTE, ..world.request(Trigger::Tick, Action::FailOver) };
    assert!(matches!(outcome(world.run("t", &soon)), Outcome::Deferred { .. }));
    assert_eq!(world.effects(), ["scale", "rest"]);
}

/// A primary whose next probe fails, and which answers from then on.
struct Blip(std::sync::atomic::AtomicBool);

#[async_trait::async_trait]
impl crate::ports::Prober for Blip {
    async fn probe(&self, _: &Call) -> ProbeResult {
        if self.0.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return ProbeResult::Failing { why: "blip".to_owned() };
        }
        ProbeResult::Healthy { said: "OK".to_owned() }
    }
}

#[test]
fn a_call_whose_execution_a_failing_primary_ended_does_not_begin_the_same_once_more() {
    let put_back: &[&str] = &["scale", "rest"];
    for (action, dies_at, effects) in
        [(Action::Rehearse, "rest", put_back), (Action::Rehearse, "scale", &[]), (Action::Switchover, "passive", &[])]
    {
        let world = World::new();
        world.heal_primary();
        world.tick("t");
        let request = world.request(Trigger::Operator, action);
        world.fault_plan.next(dies_at, InjectedFault::CrashBefore);
        assert_eq!(world.run("op", &request), None);
        world.clock.advance(MINUTE);
        let mut engine = world.engine("op2");
        engine.ports.prober = Some(Arc::new(Blip(true.into())));
        let request = world.request(Trigger::Operator, action);
        let answer = answer(&engine, &request);
        assert!(answer.outcome == Outcome::Refused && has(&answer, "primary_not_well"), "{action:?}: {answer:?}");
        assert_eq!(world.effects(), effects, "{action:?}");
        let state = world.store.state();
        assert!(state.open().is_none() && state.past.is_empty(), "{action:?}: {state:?}");
    }
}
