//! Runbooks, built from typed configuration.
//!
//! # Layout
//!
//! * [`variables`]: reads environment variables; every fault names the variable, its value and what is allowed,
//!   and all faults come at once.
//! * [`clock`]: the wall clock.
//! * [`manual`]: an operator's call, the same on every cloud.
//! * [`report`]: an answer in one line of the log.
//! * [`logscale`]: LogScale on Kubernetes; [`logscale::aws`] and [`logscale::azure`] are its forms.

pub mod clock;
pub mod logscale;
pub mod manual;
pub mod report;
pub mod variables;
