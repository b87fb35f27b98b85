//! Traffic Manager, Azure Monitor, AKS and storage behind the ports of `holdfast-core`.
//!
//! # Layout
//!
//! * [`arm`]: calls to Azure Resource Manager and to storage, through the official pipeline, signed by the managed
//!   identity; [`resource`]: names of resources.
//! * [`fault`]: from an answer or its absence to a [`Fault`](holdfast_core::Fault).
//! * [`endpoint`]: an endpoint of Traffic Manager as it is found.
//! * [`lock`]: the step that keeps traffic on the standby, and the way back.
//! * [`history`]: what Azure Monitor recorded of the primary's health.
//! * [`live`]: what Traffic Manager's probes see at this moment.
//! * [`routing`]: whether traffic can be moved at all, as a part of the standby's fitness.
//! * [`aks`]: the way into the standby cluster.
//! * [`cooldown`]: when a failover last began, kept in a blob.
//! * [`queue`]: puts a message back for later.
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

pub mod aks;
pub mod arm;
pub mod cooldown;
pub mod endpoint;
pub mod fault;
pub mod history;
pub mod live;
pub mod lock;
pub mod public;
pub mod queue;
pub mod resource;
pub mod routing;
pub mod settings;

#[cfg(test)]
mod testing;

pub use arm::{Azure, Options};
