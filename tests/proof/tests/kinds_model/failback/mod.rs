//! A failback and an outage in the middle of it, explored exhaustively.
//!
//! A failover stands and the primary is well. A person asks for a failback, and later for its last step. The primary may fail at
//! any moment, for good. Two workers look, claim, drive and store; each may crash once, and none asks whether another has
//! taken over before an effect: the effect's own fence has to do. Every change of the record is made by
//! `holdfast_core::transition::next`, as in the engine.

mod protocol;

use holdfast_core::{kind::Kind, record::Status};
use stateright::{Checker, HasDiscoveries, Model, Property};

use self::protocol::{Cell, Phase, Protocol, System, Worker, another_drives};
use super::record::Record;

const CRASHES: u8 = 1;
/// How often the lease runs out under a worker that lives.
const TAKEOVERS: u8 = 1;
/// Fewer states would mean that the model has lost most of its behaviour.
const FEWEST: usize = 10_000;

const ASKED: &str = "no effect of a failback follows on a primary that was seen to fail";
const PROTECTED: &str = "in the end a primary that failed is failed over, and traffic is locked";

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The worker goes on.
    Work(usize),
    /// The worker dies.
    Crash(usize),
    /// A person asks for the next part of the failback.
    Ask,
    /// The primary fails.
    Fail,
}

impl Model for Protocol {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        let worker = Worker { phase: Phase::Looks(None), crashes: CRASHES, last_well: true };
        let cell = Cell { on: true, version: 0 };
        vec![System {
            record: Record::failed_over(),
            version: 0,
            well: true,
            scale: cell,
            lock: cell,
            workers: [worker.clone(), worker],
            asked_for: 0,
            budget: TAKEOVERS,
            unasked: false,
            in_between: false,
        }]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        for (number, worker) in system.workers.iter().enumerate() {
            // A look that finds nothing to do changes nothing.
            let idle = matches!(worker.phase, Phase::Looks(None)) && self.wish(system, &system.record).is_none();
            let claims = matches!(worker.phase, Phase::Claims(..));
            let held = claims && system.budget == 0 && another_drives(system, number);
            if !idle && !held {
                actions.push(Action::Work(number));
            }
            if worker.crashes > 0 && matches!(worker.phase, Phase::Drives { .. }) {
                actions.push(Action::Crash(number));
            }
        }
        if system.asked_for < 2 && system.well {
            actions.push(Action::Ask);
        }
        if system.well {
            actions.push(Action::Fail);
        }
    }

    fn next_state(&self, last: &System, action: Action) -> Option<System> {
        let mut system = last.clone();
        match action {
            Action::Work(worker) => self.work(&mut system, worker),
            Action::Crash(worker) => {
                let crashed = &mut system.workers[worker];
                (crashed.phase, crashed.crashes) = (Phase::Looks(None), crashed.crashes - 1);
            }
            Action::Ask => system.asked_for += 1,
            Action::Fail => system.well = false,
        }
        Some(system)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ASKED, |_, system: &System| !system.unasked),
            Property::always(PROTECTED, |protocol: &Self, system: &System| {
                let mut actions = Vec::new();
                protocol.actions(system, &mut actions);
                let protected = system.lock.on && system.scale.on && system.record.0.failed_over();
                !actions.is_empty() || system.well || system.in_between || protected
            }),
            Property::sometimes("a failback is completed", |_, system: &System| {
                let run = system.record.0.current.as_ref();
                run.is_some_and(|run| (run.kind, run.status) == (Kind::Failback, Status::Completed))
            }),
            Property::sometimes("a primary that failed after the unlock is failed over again", |_, system: &System| {
                !system.well && system.record.0.failed_over() && system.lock.version > 1
            }),
            Property::sometimes(
                "a failback is over before it unlocked, and the failover stands",
                |_, system: &System| {
                    !system.well && system.asked_for > 0 && system.record.0.failed_over() && system.lock.version == 0
                },
            ),
        ]
    }
}

#[test]
fn an_outage_at_any_moment_of_a_failback_ends_in_a_failover() {
    let checker = Protocol { asks: true, closes: true }.checker().spawn_bfs().join();
    println!("{} unique states, depth {}", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    assert!(checker.unique_state_count() > FEWEST, "only {} states", checker.unique_state_count());
}

#[test]
fn without_a_guard_of_the_failback_the_explorer_breaks_its_promise() {
    for (protocol, property) in
        [(Protocol { asks: false, closes: true }, ASKED), (Protocol { asks: true, closes: false }, PROTECTED)]
    {
        let sought = HasDiscoveries::AllOf([property].into());
        let checker = protocol.checker().finish_when(sought).spawn_bfs().join();
        let path = checker.discovery(property).unwrap_or_else(|| panic!("the explorer must break: {property}"));
        println!("{property}: broken after {:?}", path.into_actions());
    }
}
