//! The OCI Function: Fn's contract over a Unix socket, alarm messages, and what the platform is answered.
//!
//! # Layout
//!
//! * [`entry`]: from the start of the process to the first call; [`wiring`]: from variables to what a container keeps.
//! * [`socket`]: where the agent wants to find us, and how.
//! * [`server`]: HTTP over that socket, and the runtime that it runs on.
//! * [`arrival`]: one call as it came: content, deadline, who sent it.
//! * [`frame`]: the mark in the log at which a call begins.
//! * [`event`]: what the content says, in every shape that it comes in.
//! * [`function`]: one call from content to ending.
//! * [`ending`]: what becomes of a call after an answer, by what triggered it.
//! * [`reply`]: endings in the words of the contract, which are 200, 502 and 504.
//!
//! Nothing works between calls: the platform freezes the container as soon as one is answered.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]
// Nothing that others write may stop the process.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::todo
    )
)]

pub mod arrival;
pub mod ending;
pub mod entry;
pub mod event;
pub mod frame;
pub mod function;
pub mod reply;
pub mod server;
pub mod socket;
pub mod wiring;
