use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::{
    decision::{Gate, Reason, Verdict},
    evidence::{Check, Level, ProbeResult, Readiness},
    fakes::{InjectedFault, World},
    fault::FaultClass,
    record::{Pause, Status, Trigger},
};

mod claim;
mod drive;
mod kinds;
mod kinds_trust;
mod lock_seen;
mod modes;
mod observe;
mod operators;
mod put_back;
mod record;
mod restored;
mod simulated;
mod step;
mod tell;
mod told;
mod trust;
mod waiting;

/// What an engine that differs from the world's own says.
fn answer(engine: &Engine, request: &Request) -> Answer {
    engine.handle(request).now_or_never().expect("virtual time")
}

/// How much time `work` takes, and what comes of it.
fn timed<T>(world: &World, work: impl FnOnce() -> T) -> (Duration, T) {
    let began = world.clock.now();
    let done = work();
    (crate::clock::until(began, world.clock.now()), done)
}

fn outcome(answer: Option<Answer>) -> Outcome {
    answer.expect("the worker lives").outcome
}

fn has(answer: &Answer, code: &str) -> bool {
    answer.reasons.iter().any(|reason| reason.code() == code)
}

#[test]
fn a_primary_that_fails_for_the_holdoff_is_failed_over_once_and_in_order() {
    let world = World::new();
    world.fail_primary_for(180);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    assert_eq!(world.effects(), ["clean", "scale", "lock"]);
    assert_eq!(outcome(world.alarm("b")), Outcome::AlreadyDone);
    assert_eq!(world.effects().len(), 3);
    let state = world.store.state();
    let execution = state.current.as_ref().expect("a record");
    assert_eq!(execution.status, Status::Completed);
    assert!(execution.finished_at.is_some());
    assert_eq!(world.cooldown.noted(), Some(execution.started_at));
    assert_eq!(world.lease.holder(), None);
}

#[test]
fn an_alarm_before_the_holdoff_waits_inside_the_call() {
    let world = World::new();
    world.fail_primary_for(60);
    let began = world.clock.now();
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    let waited = crate::clock::until(began, world.clock.now());
    assert!(waited >= Duration::from_secs(120) && waited < Duration::from_secs(200), "{waited:?}");
}

#[test]
fn a_call_without_time_to_wait_is_deferred_and_touches_nothing() {
    let world = World::new();
    world.fail_primary_for(60);
    let mut request = world.request(Trigger::Alarm { name: "primary".to_owned(), changed_at: None }, Action::FailOver);
    request.deadline = world.clock.now() + Duration::from_secs(60);
    assert!(matches!(outcome(world.run("a", &request)), Outcome::Deferred { .. }));
    assert!(world.effects().is_empty());
    assert_eq!(world.store.state().current, None);
}

#[test]
fn a_tick_on_a_healthy_primary_asks_for_record_history_and_probe_only() {
    let world = World::new();
    world.heal_primary();
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    assert_eq!(world.fault_plan.calls(), ["load", "history", "save"], "the site is armed, once");
    assert_eq!(outcome(world.tick("a")), Outcome::StoodDown);
    assert_eq!(world.fault_plan.calls()[3..], ["load", "history"]);
}

#[test]
fn a_tick_alone_fails_over_without_any_alarm() {
    let world = World::new();
    world.fail_primary_for(240);
    assert_eq!(outcome(world.tick("a")), Outcome::Completed);
}

#[test]
fn lost_metrics_are_made_up_for_by_probes() {
    let world = World::new();
    world.fail_primary_for(30);
    world.fault_plan.always("history", InjectedFault::Hang);
    let began = world.clock.now();
    let answer = world.tick("a").expect("the worker lives");
    assert_eq!(answer.outcome, Outcome::Completed);
    assert!(crate::clock::until(began, world.clock.now()) >= Duration::from_secs(180));
}

#[test]
fn without_any_evidence_nothing_is_begun() {
    let world = World::new();
    world.fault_plan.always("history", InjectedFault::Before(FaultClass::Server));
    let answer = world.alarm("a").expect("the worker lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }));
    assert!(has(&answer, "no_evidence"));
    assert!(world.effects().is_empty());
}

#[test]
fn a_primary_that_answers_our_probe_is_not_failed_over() {
    let world = World::new();
    world.fail_primary_for(600);
    world.prober.set(ProbeResult::Healthy { said: "OK".to_owned() });
    assert_eq!(outcome(world.alarm("a")), Outcome::StoodDown);
}

#[test]
fn an_unfit_standby_and_a_pause_refuse_and_say_why() {
    let world = World::new();
    world.fail_primary_for(600);
    let check = Check { name: "nodeCount".to_owned(), level: Level::Error, found: "2".to_owned() };
    world.standby.set(Readiness { checks: vec![check] });
    assert!(has(&world.alarm("a").expect("lives"), "standby_unfit"));
    world.standby.set(Readiness::default());
    world.store.change(|state| {
        state.pause = Some(Pause { at: world.clock.now(), until: None, reason: "works".to_owned(), caller: None })
    });
    let answer = world.alarm("a").expect("lives");
    assert_eq!(answer.outcome, Outcome::Refused);
    assert!(has(&answer, "paused"));
    assert!(world.effects().is_empty());
}

#[test]
fn the_cooldown_refuses_until_it_is_over_or_waived() {
    let world = World::new();
    world.fail_primary_for(600);
    world.cooldown.put(world.clock.now() - Duration::from_secs(100));
    assert!(has(&world.alarm("a").expect("lives"), "cooling_down"));
    let mut request = world.request(Trigger::Operator, Action::Acknowledge { abort: false });
    request.reason = Some("it was a drill".to_owned());
    assert_eq!(outcome(world.run("op", &request)), Outcome::Reported);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
}

#[test]
fn a_lock_that_cannot_be_set_is_owed_and_done_by_a_later_tick() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("lock", InjectedFault::Before(FaultClass::Server));
    assert_eq!(outcome(world.alarm("a")), Outcome::Owed { steps: vec!["lock".to_owned()] });
    assert_eq!(world.effects(), ["clean", "scale"]);
    world.heal_primary();
    assert_eq!(outcome(world.tick("b")), Outcome::Owed { steps: vec!["lock".to_owned()] });
    world.fault_plan.clear();
    assert_eq!(outcome(world.tick("c")), Outcome::Completed);
    assert_eq!(world.effects(), ["clean", "scale", "lock"]);
}

#[test]
fn a_required_step_that_is_refused_fails_and_is_resumed_by_the_next_call() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("scale", InjectedFault::Before(FaultClass::Denied));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Failed { step, .. } if step == "scale"));
    assert_eq!(world.effects(), ["clean"]);
    assert_eq!(outcome(world.tick("b")), Outcome::Completed);
    assert_eq!(world.effects(), ["clean", "scale", "lock"]);
}

#[test]
fn every_call_may_meet_every_fault_and_the_failover_is_finished_exactly_once() {
    use FaultClass::{Conflict, Connection, Server, Throttled};
    let faults = [
        InjectedFault::Before(Server),
        InjectedFault::Before(Throttled),
        InjectedFault::Before(Conflict),
        InjectedFault::After(Connection),
        InjectedFault::After(Conflict),
        InjectedFault::Hang,
        InjectedFault::HangAfter,
        InjectedFault::CrashBefore,
        InjectedFault::CrashAfter,
    ];
    let calls = [
        "load",
        "history",
        "last",
        "fitness",
        "see clean",
        "see scale",
        "see lock",
        "acquire",
        "save",
        "set",
        "clean",
        "scale",
        "lock",
        "release",
    ];
    let mut runs = 0;
    for call in calls {
        for fault in faults {
            for skip in 0..3 {
                let world = World::new();
                world.fail_primary_for(600);
                world.fault_plan.nth(call, skip, fault);
                let mut last = world.alarm("a");
                for tick in 0..4 {
                    world.clock.advance(Duration::from_secs(60));
                    last = world.tick(&format!("t{tick}")).or(last);
                }
                let told = last.expect("a later call lives").outcome;
                assert_eq!(told, Outcome::AlreadyDone, "{call} {skip} {fault:?}");
                assert_eq!(world.effects(), ["clean", "scale", "lock"], "{call} {skip} {fault:?}");
                let execution = world.store.state().current.expect("a record");
                assert_eq!(execution.status, Status::Completed);
                assert!(world.store.state().past.is_empty(), "one failover: {call} {skip} {fault:?}");
                runs += 1;
            }
        }
    }
    assert_eq!(runs, calls.len() * faults.len() * 3);
}

#[test]
fn while_another_worker_holds_the_lease_nothing_is_touched() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("clean", InjectedFault::CrashBefore);
    assert_eq!(world.alarm("a"), None);
    let answer = world.tick("b").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }), "{answer:?}");
    assert!(has(&answer, "held_by_another"));
    assert!(world.effects().is_empty());
}

#[test]
fn an_alarm_waits_for_a_dead_workers_lease_and_finishes_its_work() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.next("scale", InjectedFault::CrashAfter);
    assert_eq!(world.alarm("a"), None);
    assert_eq!(outcome(world.alarm("b")), Outcome::Completed);
    assert_eq!(world.effects(), ["clean", "scale", "lock"]);
    let execution = world.store.state().current.expect("a record");
    assert_eq!((execution.takeovers, execution.holder.as_str()), (1, "b"));
}

#[test]
fn a_worker_that_lost_its_lease_has_no_further_effect() {
    let world = World::new();
    world.fail_primary_for(600);
    // The lease is short and its renewal finds that somebody else has it.
    let mut engine = world.engine("a");
    engine.limits.lease_ttl = Duration::ZERO;
    world.fault_plan.always("renew", InjectedFault::Before(FaultClass::Conflict));
    let request = world.request(Trigger::Tick, Action::FailOver);
    let answer = answer(&engine, &request);
    assert!(has(&answer, "lease_lost"), "{answer:?}");
    assert!(world.effects().is_empty());
}

#[test]
fn an_unlock_by_hand_starts_the_evidence_anew() {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    world.clock.advance(Duration::from_secs(3600));
    for step in &world.steps {
        step.put(false);
    }
    // The metrics still say "failing" from the time of the lock; the probe says that the primary is well.
    world.prober.set(ProbeResult::Healthy { said: "OK".to_owned() });
    assert_eq!(outcome(world.alarm("b")), Outcome::StoodDown);
    assert_eq!(world.effects().len(), 3, "nothing was done again");
    assert!(world.store.state().unlocked.is_some());
    world.prober.set(ProbeResult::Inconclusive { why: "no name".to_owned() });
    let answer = world.tick("c").expect("lives");
    assert!(matches!(answer.outcome, Outcome::Deferred { .. }), "what the metrics saw before was the lock: {answer:?}");
}

#[test]
fn a_plan_writes_nothing_and_says_what_would_be_done() {
    let world = World::new();
    world.fail_primary_for(600);
    let answer = world.run("op", &world.request(Trigger::Operator, Action::Plan)).expect("lives");
    assert_eq!(answer.outcome, Outcome::Planned { would: Verdict::FailOver });
    let written = ["save", "acquire", "set", "clean", "scale", "lock"];
    assert!(world.fault_plan.calls().iter().all(|call| !written.contains(call)), "{:?}", world.fault_plan.calls());
}

#[test]
fn an_operator_may_waive_gates_but_not_the_kill_switch() {
    let world = World::new();
    world.heal_primary();
    let mut request = world.request(Trigger::Operator, Action::FailOver);
    request.overrides = vec![Gate::PrimaryFailing, Gate::Holdoff];
    world.store.change(|state| {
        state.pause = Some(Pause { at: world.clock.now(), until: None, reason: "works".to_owned(), caller: None })
    });
    assert_eq!(outcome(world.run("op", &request)), Outcome::Refused);
    world.store.change(|state| state.pause = None);
    let answer = world.run("op", &request).expect("lives");
    assert_eq!(answer.outcome, Outcome::Completed);
    assert!(answer.reasons.contains(&Reason::Waived { gate: Gate::PrimaryFailing }));
}

#[test]
fn an_aborted_execution_is_not_resumed() {
    let world = World::new();
    world.fail_primary_for(600);
    world.fault_plan.always("scale", InjectedFault::Before(FaultClass::Denied));
    assert!(matches!(outcome(world.alarm("a")), Outcome::Failed { .. }));
    let mut request = world.request(Trigger::Operator, Action::Acknowledge { abort: true });
    request.reason = Some("by hand".to_owned());
    assert_eq!(outcome(world.run("op", &request)), Outcome::Reported);
    assert_eq!(world.store.state().current.map(|execution| execution.status), Some(Status::Aborted));
    world.heal_primary();
    assert_eq!(outcome(world.tick("b")), Outcome::StoodDown);
}

#[test]
fn after_an_abort_the_history_counts_only_once_the_lock_is_seen_gone() {
    let world = World::new();
    world.fail_primary_for(600);
    assert_eq!(outcome(world.alarm("a")), Outcome::Completed);
    world.store.change(|state| {
        let execution = state.current.as_mut().expect("a record");
        execution.status = Status::Aborted;
    });
    world.steps[1].put(false);
    world.clock.advance(Duration::from_secs(3600));
    // The metrics say "failing" because of the lock, which cannot be read; the probe cannot tell.
    world.prober.set(ProbeResult::Inconclusive { why: "no way out".to_owned() });
    world.fault_plan.always("see lock", InjectedFault::Before(FaultClass::Server));
    let mut request = world.request(Trigger::Alarm { name: "primary".to_owned(), changed_at: None }, Action::FailOver);
    request.deadline = world.clock.now() + Duration::from_secs(60);
    assert!(has(&world.run("b", &request).expect("lives"), "no_evidence"));
    // A person unlocks; what the metrics said until then is still about the lock.
    world.fault_plan.clear();
    world.steps[2].put(false);
    request.deadline = world.clock.now() + Duration::from_secs(60);
    assert!(matches!(outcome(world.run("c", &request)), Outcome::Deferred { .. }));
    assert_eq!(world.effects().len(), 3, "nothing was done again");
}
