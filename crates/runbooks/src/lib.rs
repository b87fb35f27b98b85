//! Runbooks, built from typed configuration.
//!
//! # Layout
//!
//! * [`variables`]: reads environment variables; every fault names the variable, its value and what is allowed,
//!   and all faults come at once.
//! * [`clock`]: the wall clock.
//! * [`json`]: JSON from outside, bounded, with an eye for keys that stand twice.
//! * [`manual`]: an operator's call, the same on every cloud.
//! * [`doors`]: which way in admits what.
//! * [`report`]: an answer in one line of the log, and as the document that the caller gets.
//! * [`logscale`]: LogScale on Kubernetes; [`logscale::aws`] and [`logscale::azure`] are its forms.

pub mod clock;
pub mod doors;
pub mod json;
pub mod logscale;
pub mod manual;
pub mod report;
pub mod variables;
