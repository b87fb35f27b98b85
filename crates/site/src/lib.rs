//! A site: the parts of clouds and the steps of a system, put together by role from settings; and what every function
//! around it needs.
//!
//! # Layout
//!
//! * [`settings`]: everything that a site is told; `numbers`, `roles`, `trust`, [`outside`]: the parts of that.
//! * [`site`]: the one place where a site is put together.
//! * `table`: the clouds and the systems; a new one is a crate and an entry there.
//! * [`clock`]: the wall clock.
//! * [`json`]: JSON from outside, bounded, with an eye for keys that stand twice.
//! * [`manual`]: an operator's call, the same on every cloud.
//! * [`doors`]: which way in admits what.
//! * [`ignored`]: why an event, or a record of one, is not acted upon; [`log`]: the lines of one invocation.
//! * [`report`]: an answer in one line of the log, and as the document that the caller gets.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod clock;
pub mod doors;
pub mod ignored;
pub mod json;
pub mod log;
pub mod manual;
mod numbers;
pub mod outside;
pub mod report;
mod roles;
pub mod settings;
pub mod site;
mod table;
mod trust;

pub use settings::Settings;
pub use site::Site;
