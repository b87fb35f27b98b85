//! What a site is assembled from: the parts that a cloud gives, and those that a system gives. Clouds and systems are
//! below the site and know only this crate of it, so that three clouds and four systems are seven crates and not twelve.
//!
//! # Layout
//!
//! * [`cloud`]: a cloud reads its settings and gives one part for each role that it is to fill.
//! * [`system`]: a system reads its settings, shared by all clouds, and gives gates and steps.
//! * [`cluster`]: the settings of a cluster whose address is known beforehand.

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

pub mod cloud;
pub mod cluster;
pub mod system;

pub use cloud::{
    Cloud, CloudParts, CloudSettings, Context, ObjectStorage, Primary, PublicEndpoints, Roles, Shared, TOPIC, Traffic,
};
pub use cluster::known_cluster;
pub use system::{StatusEndpoint, Surroundings, System, SystemParts, SystemSettings};
