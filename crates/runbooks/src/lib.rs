//! Runbooks, built from typed configuration.
//!
//! # Layout
//!
//! * [`variables`]: reads environment variables; every fault names the variable, its value and what is allowed,
//!   and all faults come at once.
//! * [`clock`]: the wall clock.
//! * [`json`]: JSON from outside, bounded, with an eye for keys that stand twice.
//! * [`log`]: the lines of a function's log, and the invocation that each belongs to.
//! * [`manual`]: an operator's call, the same on every cloud.
//! * [`doors`]: which way in admits what.
//! * [`ignored`]: why an event is not acted upon.
//! * [`report`]: an answer in one line of the log, and as the document that the caller gets.
//! * [`logscale`]: LogScale on Kubernetes; [`logscale::aws`] and [`logscale::azure`] are its forms.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod clock;
pub mod doors;
pub mod ignored;
pub mod json;
pub mod log;
pub mod logscale;
pub mod manual;
pub mod report;
pub mod variables;
