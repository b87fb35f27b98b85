//! The Azure Function: a custom handler between the Functions host and the engine.
//!
//! # Layout
//!
//! * [`ending`]: what becomes of an invocation after an answer, by what triggered it.
//! * [`event`]: what the host hands us, in every shape that it comes in.
//! * [`function`]: wiring, and one invocation from event to outcome.
//! * [`later`]: what is put back into the queue, and for how long.
//! * [`reply`]: outcomes in the words of the host, in both of its modes.
//! * [`server`]: the HTTP server that the host talks to.
//!
//! The log goes to standard output only: the host takes a line on standard error for a crash in the making.
//!
//! A library, so that tests and fuzz targets reach what reads events; `main.rs` starts it.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod ending;
pub mod event;
pub mod function;
pub mod later;
pub mod reply;
pub mod server;
