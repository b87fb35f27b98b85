//! What must hold in every state.

use stateright::{Model, Property};

use super::{
    document::STEPS,
    system::{Cell, Protocol, System},
};

/// No effect is brought about twice.
pub const ONCE: &str = "no effect happens twice";
/// No effect without a stored intent.
pub const INTENT: &str = "every effect has a stored intent";
/// What is completed holds.
pub const HOLDS: &str = "what a worker saw to be taken back is not completed without being brought about again";
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
        Property::always(ONCE, |_, system: &System| system.cells.iter().all(|cell| cell.effects <= 1 + cell.taken)),
        Property::always(INTENT, |_, system: &System| {
            system.document.has_begun() || system.cells.iter().all(|cell| !cell.holds)
        }),
        Property::always(HOLDS, |_, system: &System| {
            let excused = |cell: &Cell| cell.taken > 0 && !cell.missed;
            !system.document.is_completed() || system.cells.iter().all(|cell| cell.holds || excused(cell))
        }),
        Property::always("no step overtakes one that it waits for", |_, system: &System| {
            let waited = |step: usize| system.cells[step - 1].holds || system.cells[step - 1].taken > 0;
            (1..STEPS.len()).all(|step| !system.cells[step].holds || waited(step))
        }),
        Property::always("nobody writes after a worker with a greater fence", |_, system: &System| !system.stale_write),
        Property::always("there is one execution", |_, system: &System| system.document.past() == 0),
        Property::always(FINISHED, |protocol, system: &System| {
            let ended = system.document.is_completed() || system.document.is_failed_back();
            let left_to_a_person = system.stands_still && !system.failing;
            !is_stuck(protocol, system) || !touched(system) || ended || left_to_a_person
        }),
        Property::always(
            "a failback is noted only where the lock is gone and the primary was well",
            |_, system: &System| !system.noted_wrongly,
        ),
        Property::sometimes("what was taken back is brought about again, and completed", |_, system: &System| {
            system.document.is_completed() && system.cells.iter().any(|cell| cell.holds && cell.taken > 0)
        }),
        Property::sometimes("a failback is noted", |_, system: &System| system.document.is_failed_back()),
        Property::sometimes("work that stood still is left to a person", |protocol, system: &System| {
            is_stuck(protocol, system) && system.document.is_open() && system.stands_still
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
