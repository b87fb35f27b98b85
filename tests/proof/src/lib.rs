//! Proof that the promises hold: every step in every way, seeded simulation, exhaustive model.
//!
//! # Layout
//!
//! - [`failure_modes`]: every step in every way, over any stand
//! - [`sim`]: stories drawn from a seed, played against the engine that ships
//! - `tests/wire`: the shipped function on the simulator as a stand of [`failure_modes`]
//! - `tests/model`: claim, resume and complete explored exhaustively
//!
//! docs/PROOF.md holds the figures and the commands that reproduce them.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod failure_modes;
pub mod sim;
