//! Route 53, CloudWatch, Systems Manager and EKS behind the ports of `holdfast-core`.
//!
//! # Layout
//!
//! * [`sdk`]: the clients, built once, without network and without repetition of their own.
//! * [`fault`]: from an SDK's error to a [`Fault`](holdfast_core::Fault).
//! * [`history`]: what CloudWatch recorded of the primary's health.
//! * [`live`]: what Route 53's checkers see at this moment.
//! * [`lock`]: the step that keeps traffic on the standby, and the way back.
//! * [`cooldown`]: when a failover last began, as operators find it in Parameter Store.
//! * [`eks`]: the way into the standby cluster.
//! * [`secondary`]: the reference's optional gate on the standby's own health check.
//! * [`topic`]: a topic of SNS by which people are told.
//! * [`settings`]: its settings, and the parts that follow from them.
//! * [`public`]: endpoints that answer anybody, as control targets.
//!
//! Every call to the network is one attempt, bounded by the [`Call`](holdfast_core::Call) that it is made for. Whether
//! and when to repeat it is the engine's business.

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

pub mod cooldown;
pub mod eks;
pub mod fault;
pub mod history;
pub mod live;
pub mod lock;
pub mod public;
pub mod sdk;
pub mod secondary;
pub mod settings;
pub mod topic;

#[cfg(test)]
mod testing;

pub use sdk::{Environment, Sdk};
