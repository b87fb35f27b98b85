//! DNS steering, Monitoring, Health Checks and OKE behind the ports of `holdfast-core`.
//!
//! # Layout
//!
//! * [`client`]: one signed call and its answer; `transport`: the way to the network.
//! * [`identity`]: who we are (resource principal, or a key of the configuration file); [`signer`]: the signature of one
//!   request; [`config_file`]: `~/.oci/config`.
//! * [`endpoint`]: where the services are, by realm and region; [`ocid`] and [`region`]: names of resources and regions.
//! * [`fault`]: from an answer or its absence to a [`Fault`](holdfast_core::Fault).
//! * [`steering`]: a DNS steering policy as it is found; [`lock`]: the step that keeps traffic on the standby, and the
//!   way back.
//! * [`history`]: what Monitoring recorded of the primary's health; [`live`]: what the probes of Health Checks see;
//!   [`secondary`]: what they see of the standby.
//! * [`readiness`]: whether traffic can be moved, as a part of the standby's fitness; [`tick`]: the alarm that is the timer.
//! * [`topic`]: a topic of Notifications by which people are told.
//! * [`oke`]: the way into the standby cluster.
//! * [`settings`]: its settings, and the parts that follow from them.
//! * [`public`]: endpoints that answer anybody, as control targets.
//!
//! When a failover last began is read from the annotation of the reference on the operator's Deployment, by
//! [`AnnotationCooldown`](holdfast_kubernetes::cooldown::AnnotationCooldown), as on every cloud.
//!
//! Every call to the network is one attempt, bounded by the [`Call`](holdfast_core::Call) that it is made for. Whether
//! and when to repeat it is the engine's business. One exception: a call that was refused with 401 is signed and sent
//! once more when the identity's files have changed meanwhile, because the platform replaces them while we run.

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

pub mod client;
pub mod config_file;
pub mod endpoint;
pub mod fault;
pub mod history;
pub mod identity;
pub mod live;
pub mod lock;
pub mod ocid;
pub mod oke;
pub mod public;
pub mod readiness;
pub mod region;
pub mod secondary;
pub mod settings;
pub mod signer;
pub mod steering;
pub mod tick;
pub mod topic;
mod transport;

#[cfg(test)]
mod testing;

pub use client::{Oci, Options};
