//! Seeded simulation: one number draws a whole story, and the engine has to live through it.
//!
//! # Layout
//!
//! - [`story`]: what is drawn from the seed: outages, fault_rates, clocks, operators, deadlines
//! - [`world`]: virtual time, the queue of what happens next, and everything that is true
//! - `primary`: the primary, its checkers and their metrics; `standby`: secrets, operator, health check
//! - `pass`: one call on its way through the fault_rates; `ports`, `steps`: what the engine is given
//! - `run`: the executor: starts workers, polls them, kills and freezes them
//! - `trouble`: others who write what a failover writes: managers, backups, planted records
//! - `safety`: looked at on every write; `effects`: on every effect; `seen`: what a worker saw; `liveness`: looked at in the calm after the storm
//! - `modes`: what lets a failover begin where that is not left to itself
//! - `sabotage`: the world broken on purpose, to see that the checks notice
//! - [`report`]: what one run, and many, came to
//!
//! The engine, the decision and the transition are those that ship. Nothing sleeps: when nobody can run, time jumps to
//! the next thing that happens.

mod effects;
mod liveness;
mod modes;
mod operator_actions;
mod pass;
mod ports;
mod primary;
pub mod report;
mod run;
mod sabotage;
mod safety;
mod seen;
mod standby;
mod steps;
pub mod story;
mod trouble;
pub mod world;

pub use report::{Report, Tally};
pub use run::{run, run_broken};
pub use sabotage::Sabotage;

/// Microseconds of simulated time since the beginning of a story.
pub type Micros = u64;

/// One second.
pub const SECOND: Micros = 1_000_000;

/// Seconds as simulated time.
pub const fn seconds(count: u64) -> Micros {
    count * SECOND
}
