//! The AWS Lambda function.
//!
//! # Layout
//!
//! * [`event`]: what Lambda hands us, in every shape that it comes in.
//! * [`function`]: wiring, and one invocation from event to answer.
//! * [`reply`]: which answers are values and which are errors that Lambda is to repeat.
//! * [`telemetry`]: logs and metrics.
//!
//! A library, so that tests and fuzz targets reach what reads events; `main.rs` starts it.

pub mod event;
pub mod function;
pub mod reply;
pub mod telemetry;
