//! Runbooks, built from typed configuration.
//!
//! # Layout
//!
//! * [`variables`]: reads environment variables; every fault names the variable, its value and what is allowed,
//!   and all faults come at once.
//! * [`clock`]: the wall clock.
//! * [`logscale`]: LogScale on Kubernetes; [`logscale::aws`] is its AWS form.

pub mod clock;
pub mod logscale;
pub mod variables;
