//! What must hold in every state.

use stateright::{Model, Property};

use super::{
    document::STEPS,
    system::{Protocol, System},
};

/// No effect is brought about twice.
pub const ONCE: &str = "no effect happens twice";
/// No effect without a stored intent.
pub const INTENT: &str = "every effect has a stored intent";
/// Nothing half done is left when nobody can do anything any more.
pub const FINISHED: &str = "where nothing more can happen, what was touched is finished";

fn touched(system: &System) -> bool {
    system.document.has_begun() || system.cells.iter().any(|cell| cell.holds)
}

/// Every behaviour is finite (all that goes wrong is bounded and every loop needs somebody else's progress), so every
/// path ends in a state like these.
fn is_stuck(protocol: &Protocol, system: &System) -> bool {
    let mut actions = Vec::new();
    protocol.actions(system, &mut actions);
    actions.is_empty()
}

/// All of them.
pub fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(ONCE, |_, system: &System| system.cells.iter().all(|cell| cell.effects <= 1)),
        Property::always(INTENT, |_, system: &System| {
            system.document.has_begun() || system.cells.iter().all(|cell| !cell.holds)
        }),
        Property::always("completed means that every effect holds", |_, system: &System| {
            !system.document.is_completed() || system.cells.iter().all(|cell| cell.holds)
        }),
        Property::always("no step overtakes one that it waits for", |_, system: &System| {
            (1..STEPS.len()).all(|step| !system.cells[step].holds || system.cells[step - 1].holds)
        }),
        Property::always("nobody writes after a worker with a greater fence", |_, system: &System| !system.stale_write),
        Property::always("there is one execution", |_, system: &System| system.document.past() == 0),
        Property::always(FINISHED, |protocol, system: &System| {
            !is_stuck(protocol, system) || !touched(system) || system.document.is_completed()
        }),
        Property::eventually("all comes to an end", |_, system: &System| {
            system.document.is_completed() || system.workers.iter().all(|worker| worker.has_ended())
        }),
        Property::sometimes("a failover is completed", |_, system: &System| system.document.is_completed()),
        Property::sometimes("it is completed by the last of three workers", |_, system: &System| {
            system.document.is_completed() && system.document.takeovers() >= 2
        }),
        Property::sometimes("a fence refuses somebody", |_, system: &System| system.refused),
        Property::sometimes("the primary recovers and nothing is touched", |protocol, system: &System| {
            is_stuck(protocol, system) && !touched(system)
        }),
    ]
}
