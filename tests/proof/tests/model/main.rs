//! The protocol of claim, resume and complete, explored exhaustively.
//!
//! # Layout
//!
//! - [`document`]: the record; every change of it is made by `holdfast_core::transition::next`, as in the engine
//! - [`system`]: what is true: record, lease, the world that the steps change, the workers
//! - [`worker`]: what a worker may do next, and what the world may do to it
//! - [`moves`]: what it does to itself and to the stores
//! - [`properties`]: what must hold in every state
//!
//! Two workers, each of which may crash once at any point and starts again under a new name. The lease may expire at
//! any time, under a worker that lives too (clocks differ, processes freeze). An answer may be lost, a request may take
//! effect after its sender has given up, somebody else may take an effect back (a person who fails back, or a manager),
//! the work may stand still for long, and the primary may recover once the first intent is written or before. A
//! worker never asks whether it still has the lease before an effect: the engine does, and must not depend on it.

#![allow(clippy::print_stdout, reason = "a test tells its figures")]

mod document;
mod moves;
mod properties;
mod system;
mod worker;

use stateright::{Checker, HasDiscoveries, Model};
use system::Protocol;

/// States that must have been seen; a model that lost most of its behaviour would pass everything.
const FEWEST: usize = 1_000_000;

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[test]
fn in_every_reachable_state_every_promise_holds() {
    let checker = Protocol::as_shipped().checker().threads(threads()).spawn_bfs().join();
    println!("{} unique states, depth {}", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    assert!(checker.unique_state_count() > FEWEST, "only {} states", checker.unique_state_count());
}

#[test]
fn without_the_fence_of_the_effects_one_of_them_happens_twice() {
    let protocol = Protocol { fenced: false, ..Protocol::as_shipped() };
    let sought = HasDiscoveries::AllOf([properties::ONCE].into());
    let checker = protocol.checker().finish_when(sought).spawn_bfs().join();
    let path = checker.discovery(properties::ONCE).expect("the explorer must find an effect that happened twice");
    println!("found after {} steps: {:?}", path.clone().into_actions().len(), path.into_actions());
}

#[test]
fn without_the_intent_a_crash_leaves_a_failover_half_done() {
    let protocol = Protocol { intent_first: false, ..Protocol::as_shipped() };
    let sought = HasDiscoveries::AllOf([properties::INTENT, properties::FINISHED].into());
    let checker = protocol.checker().finish_when(sought).spawn_bfs().join();
    for property in [properties::INTENT, properties::FINISHED] {
        let path = checker.discovery(property).unwrap_or_else(|| panic!("the explorer must break: {property}"));
        println!("{property}: broken after {} steps: {:?}", path.clone().into_actions().len(), path.into_actions());
    }
}

#[test]
fn without_a_second_look_what_was_taken_back_is_completed() {
    let protocol = Protocol { looks_again: false, ..Protocol::as_shipped() };
    let sought = HasDiscoveries::AllOf([properties::HOLDS].into());
    let checker = protocol.checker().finish_when(sought).spawn_bfs().join();
    let path = checker.discovery(properties::HOLDS).expect("the explorer must find an effect that is gone");
    println!("found after {} steps: {:?}", path.clone().into_actions().len(), path.into_actions());
}
