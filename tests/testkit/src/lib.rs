//! What the tests of several crates share. No production crate depends on it, but as a dev-dependency.
//!
//! # Layout
//!
//! - [`clock`]: a clock that shows what it is set to
//! - [`server`]: an HTTP server on loopback that follows a script

pub mod clock;
pub mod server;
