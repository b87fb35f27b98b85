//! A lock that no execution of the record set: the record was restored from before the failover, or a person locked.

use super::*;
use crate::clock::Clock;

const MINUTE: Duration = Duration::from_secs(60);

/// The lock stands, nothing explains it, and the checkers watch it instead of the primary, which our probe sees well.
fn locked_by_hand() -> World {
    let world = World::new();
    world.heal_primary();
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    world.steps[2].put(true);
    world.clock.advance(MINUTE * 10);
    world.history.set_down(Some(world.clock.now() - MINUTE * 10));
    world
}

#[test]
fn the_history_from_under_a_lock_that_no_execution_set_is_not_held_against_the_primary() {
    let world = locked_by_hand();
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    let seen = world.store.state().lock_seen.expect("it is noted");
    world.clock.advance(MINUTE);
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    assert_eq!(world.store.state().lock_seen, Some(seen), "once");
    // The person takes it away again; at the next look our probe cannot tell.
    world.steps[2].put(false);
    world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
    for _ in 0..3 {
        let answer = world.tick("a").expect("lives");
        assert!(matches!(answer.outcome, Outcome::Deferred { .. }), "{answer:?}");
        world.clock.advance(Duration::from_secs(20));
    }
    let state = world.store.state();
    assert!(state.unlocked.is_some() && state.lock_seen.is_none() && world.effects().is_empty(), "{state:?}");
    assert!(state.current.is_none());
    // Seen well once more, the site is armed, and an outage is an outage.
    world.heal_primary();
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    world.clock.advance(MINUTE * 10);
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn a_lock_that_cannot_be_seen_any_more_may_still_stand() {
    let world = locked_by_hand();
    world.tick("a");
    world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
    world.fault_plan.always("see lock", InjectedFault::Before(FaultClass::Server));
    let answer = world.tick("a").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }) && has(&answer, "no_evidence"), "{answer:?}");
    assert!(world.effects().is_empty());
}

#[test]
fn an_outage_under_a_lock_that_no_execution_set_is_failed_over_on_probes() {
    let world = locked_by_hand();
    world.tick("a");
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    let state = world.store.state();
    assert!(state.lock_seen.is_none() && state.failed_over(), "{state:?}");
}

#[test]
fn a_record_from_before_the_failover_learns_of_the_lock_that_stands() {
    let world = World::new();
    world.heal_primary();
    world.tick("a");
    let backup = world.store.state();
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
    world.store.change(|state| *state = backup);
    world.clock.advance(MINUTE * 10);
    assert_eq!(outcome(world.tick("a")), Outcome::AlreadyDone);
    assert!(world.store.state().lock_seen.is_some());
    // A person fails back. The metrics show the lock until a moment ago, and one probe fails.
    let before = world.effects().len();
    world.steps.iter().for_each(|step| step.put(false));
    let answer = world.tick("a").expect("lives");
    assert!(has(&answer, "foreign_lock_gone") && has(&answer, "not_armed"), "{answer:?}");
    assert_eq!(world.effects().len(), before);
}

#[test]
fn the_lock_of_an_aborted_failover_is_looked_for_while_the_primary_is_well() {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let abort = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
    assert_eq!(outcome(world.run("op", &abort)), Outcome::Reported);
    world.steps.iter().for_each(|step| step.put(false));
    world.heal_primary();
    world.clock.advance(MINUTE);
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    // Weeks later: an outage is not the first look that sees that the lock is gone.
    world.clock.advance(MINUTE * 60 * 24 * 20);
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn finish_and_questions_note_no_lock() {
    let world = locked_by_hand();
    for action in [Action::Finish, Action::Plan, Action::Preflight, Action::Status] {
        world.run("op", &world.request(Trigger::Operator, action));
    }
    assert_eq!(world.store.state().lock_seen, None);
}
