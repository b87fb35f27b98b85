//! Proof that the promises hold: every step in every way, seeded simulation, exhaustive model.
//!
//! # Layout
//!
//! - [`sim`]: stories drawn from a seed, played against the engine that ships
//!
//! docs/PROOF.md holds the figures and the commands that reproduce them.

pub mod sim;
