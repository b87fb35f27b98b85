//! Typed reading of settings: what a site, a cloud and a system are told. Pure, and below all of them.
//!
//! # Layout
//!
//! * [`reader`]: reads variables; every fault names the variable, its value, what is allowed and where it was set, and all
//!   faults come at once.
//! * [`shape`]: what names and addresses look like, whoever reads them.
//! * [`certificate`]: what a certificate looks like.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]
// Nothing that others write may stop the process: what can fail is a value here, and sums of foreign numbers and times
// are checked or end at the end of their range (`holdfast_core::clock::later`).
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

pub mod certificate;
pub mod reader;
pub mod shape;

pub use reader::{ConfigurationFaults, Reader, SettingFault, Source};
