//! Every step of the in-memory runbook in every way.

#![allow(clippy::print_stdout, reason = "a test tells its figures")]

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use holdfast_core::kind::Kind;
use holdfast_proof::failure_modes::{
    Account, FailureMode, Plan, TestBed, Undisturbed, every_step_every_way, memory::Memory, undisturbed,
};

/// Nothing in memory waits for anything but itself.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for ever"),
    }
}

#[test]
fn every_step_may_meet_every_way_and_the_failover_is_finished_once_and_in_order() {
    let steps = now(undisturbed(&Memory::fresh())).expect("undisturbed it succeeds").steps;
    let plan = Plan { effects: &FailureMode::ALL, watches: &FailureMode::ALL, at_once: 1 };
    let cases = now(every_step_every_way(async |_| Memory::fresh(), plan));
    let cases = cases.unwrap_or_else(|broken| panic!("{broken:#?}"));
    assert_eq!(cases, steps.len() * FailureMode::ALL.len());
    println!("{} steps x {} failure_modes = {cases} cases, all kept", steps.len(), FailureMode::ALL.len());
}

#[test]
fn every_step_of_every_kind_may_meet_every_way_and_is_finished_once_and_in_order() {
    for kind in [Kind::Failback, Kind::Rehearsal, Kind::Switchover] {
        let once = now(undisturbed(&now(Memory::of(kind)))).expect("undisturbed it succeeds");
        let plan = Plan { effects: &FailureMode::ALL, watches: &FailureMode::ALL, at_once: 1 };
        let cases = now(every_step_every_way(async |_| Memory::of(kind).await, plan));
        let cases = cases.unwrap_or_else(|broken| panic!("{kind}: {broken:#?}"));
        assert_eq!(cases, once.steps.len() * FailureMode::ALL.len());
        println!("{kind}: {:?} x {} failure_modes = {cases} cases, all kept", once.steps, FailureMode::ALL.len());
    }
}

#[test]
fn a_step_that_was_done_and_put_back_may_meet_every_way_and_is_brought_about_again_once() {
    let once = now(undisturbed(&Memory::fresh())).expect("undisturbed it succeeds");
    let mut cases = 0;
    for step in &once.effects {
        let effects = once.effects.iter().chain([step]).cloned().collect();
        let expected = Undisturbed { effects, ..once.clone() };
        for way in FailureMode::ALL {
            let bed = now(Memory::lapsed(step));
            let proven = now(holdfast_proof::failure_modes::prove(&bed, step, way, &expected));
            assert_eq!(proven, Ok(()), "{step}, put back, {way:?}");
            cases += 1;
        }
    }
    println!("{cases} cases of a step that was put back, all kept");
    assert_eq!(cases, once.effects.len() * FailureMode::ALL.len());
}

/// A test bed that lies about what the world saw, to see that the helper notices.
struct Liar(Memory, fn(&mut Account));

impl TestBed for Liar {
    fn arm(&self, step: &str, way: FailureMode) {
        self.0.arm(step, way);
    }

    async fn invoke(&self) {
        self.0.invoke().await;
    }

    fn repair(&self) {
        self.0.repair();
    }

    async fn account(&self) -> Account {
        let mut account = self.0.account().await;
        (self.1)(&mut account);
        account
    }
}

fn verdict(lie: fn(&mut Account)) -> Result<Undisturbed, String> {
    now(undisturbed(&Liar(Memory::fresh(), lie)))
}

#[test]
fn a_second_effect_a_skipped_step_and_an_untrue_record_are_noticed() {
    let expected = verdict(|_| {}).expect("without a lie it succeeds");
    let lies: [fn(&mut Account); 5] = [
        |account| account.effects.push("scale".to_owned()),
        |account| drop(account.effects.pop()),
        |account| account.effects.reverse(),
        |account| account.state = None,
        |account| account.complaints.push("the world complains".to_owned()),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let bed = Liar(Memory::fresh(), lie);
        let proven = now(holdfast_proof::failure_modes::prove(&bed, "scale", FailureMode::KilledAfter, &expected));
        assert!(proven.is_err(), "lie {number} was not noticed");
    }
}

#[test]
fn a_step_that_is_never_met_proves_nothing() {
    let expected = verdict(|_| {}).expect("it succeeds");
    let proven =
        now(holdfast_proof::failure_modes::prove(&Memory::fresh(), "no-such-step", FailureMode::Hangs, &expected));
    assert!(proven.is_err_and(|why| why.contains("never met")));
}
