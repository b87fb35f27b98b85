//! The AWS Lambda function.
//!
//! # Layout
//!
//! * [`entry`]: what stands between the runtime and the function: payloads as they came, and panics.
//! * [`event`]: what Lambda hands us, in every shape that it comes in.
//! * [`function`]: wiring, and one invocation from event to answer.
//! * [`caller`]: who called, and through which door, as far as Lambda tells it.
//! * [`reply`]: which answers are values and which are errors that Lambda is to repeat.
//! * [`telemetry`]: what CloudWatch is told of each answer.
//!
//! A library, so that tests and fuzz targets reach what reads events; `main.rs` starts it.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

// `main.rs` starts its runtime.
use tokio as _;

pub mod caller;
pub mod entry;
pub mod event;
pub mod function;
pub mod reply;
pub mod telemetry;
