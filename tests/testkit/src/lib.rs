//! What the tests of several crates share. No production crate depends on it, but as a dev-dependency.
//!
//! # Layout
//!
//! - [`clock`]: a clock that shows what it is set to
//! - [`server`]: an HTTP server on loopback that follows a script

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod clock;
pub mod server;
