//! A switchover, and a rehearsal, with an outage in the middle, explored exhaustively.
//!
//! Nothing stands and the primary is well. A person asks once. The primary may fail at any moment, and may recover. Two workers
//! look, claim, drive and store; each may crash once, and the lease may run out once under a worker that lives. A
//! worker asks whether it still has the lease, and then how the primary is, between what it observes and the effect: what happens
//! after that is held by the effect's own precondition.

mod properties;
mod protocol;
mod system;

use holdfast_core::kind::Kind;
use stateright::{Checker, HasDiscoveries, Model, Property};

use self::{
    properties::{BOTH, DROPPED, ONE, OWED, REST, TRAFFIC},
    protocol::{Protocol, Rule},
    system::{Phase, Primary, System},
};

/// Fewer states would mean that a model has lost most of its behaviour.
const FEWEST: usize = 10_000;

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The worker goes on.
    Work(usize),
    /// The worker dies.
    Crash(usize),
    /// A person asks for the execution.
    Ask,
    /// The primary fails.
    Fail,
    /// It is well again.
    Recover,
}

impl Model for Protocol {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        vec![System::beginning()]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        for (number, worker) in system.workers.iter().enumerate() {
            if self.may_work(system, number) {
                actions.push(Action::Work(number));
            }
            if worker.crashes > 0 && matches!(worker.phase, Phase::Drives(_)) {
                actions.push(Action::Crash(number));
            }
        }
        if !system.asked && system.is_well() {
            actions.push(Action::Ask);
        }
        match system.primary {
            Primary::Well => actions.push(Action::Fail),
            Primary::Failing => actions.push(Action::Recover),
            Primary::Recovered => {}
        }
    }

    fn next_state(&self, last: &System, action: Action) -> Option<System> {
        let mut system = last.clone();
        match action {
            Action::Work(worker) => self.work(&mut system, worker),
            Action::Crash(worker) => {
                let crashed = &mut system.workers[worker];
                (crashed.phase, crashed.crashes) = (Phase::Looks, crashed.crashes - 1);
            }
            Action::Ask => (system.asked, system.wanted) = (true, true),
            Action::Fail => system.primary = Primary::Failing,
            Action::Recover => system.primary = Primary::Recovered,
        }
        Some(system.in_order())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self.kind)
    }
}

fn every_promise_holds(kind: Kind) {
    let checker = Protocol { kind, without: None }.checker().spawn_bfs().join();
    println!("{kind}: {} unique states, depth {}", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    assert!(checker.unique_state_count() > FEWEST, "only {} states", checker.unique_state_count());
}

fn is_needed(kind: Kind, rule: Rule, property: &'static str) {
    let protocol = Protocol { kind, without: Some(rule) };
    let sought = HasDiscoveries::AllOf([property].into());
    let checker = protocol.checker().finish_when(sought).spawn_bfs().join();
    let path = checker.discovery(property).unwrap_or_else(|| panic!("{kind} without {rule:?} must break: {property}"));
    println!("{kind} without {rule:?}, {property}: broken after {:?}", path.into_actions());
}

#[test]
fn a_rehearsal_touches_no_traffic_and_ends_at_rest_or_in_a_failover() {
    every_promise_holds(Kind::Rehearsal);
}

#[test]
fn a_switchover_never_has_two_active_sites_and_is_finished_once_it_has_acted() {
    every_promise_holds(Kind::Switchover);
}

#[test]
fn without_a_rule_of_the_rehearsal_the_explorer_breaks_its_promise() {
    for (rule, property) in [
        (Rule::OwnSteps, TRAFFIC),
        (Rule::InOrder, REST),
        (Rule::RestsFirst, REST),
        (Rule::Closes, OWED),
        (Rule::Keeps, OWED),
        (Rule::Fenced, OWED),
        (Rule::Compares, ONE),
    ] {
        is_needed(Kind::Rehearsal, rule, property);
    }
}

#[test]
fn without_a_rule_of_the_switchover_the_explorer_breaks_its_promise() {
    for (rule, property) in
        [(Rule::InOrder, BOTH), (Rule::Finishes, DROPPED), (Rule::Closes, OWED), (Rule::Compares, ONE)]
    {
        is_needed(Kind::Switchover, rule, property);
    }
}
