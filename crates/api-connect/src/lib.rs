//! API Connect in two data centres (warm standby): the primary is set passive or is confirmed to be cut off, the standby made active.
//!
//! The resource of an `APIConnectCluster` is written by the facts and unproven: there is no definition of it to test with.
//!
//! # Layout
//!
//! Read in this order:
//!
//! * [`settings`]: what it is told, and the parts that it gives a site.
//! * [`site`]: everything below on both data centres; what callers build.
//! * [`words`] and [`state`]: what a custom resource says of its side, pure.
//! * [`isolation`]: the word that the primary is cut off; its judgement is pure.
//! * `side`: the resources of one data centre, read and written; `pair`: both, and what may be done to one because of the
//!   other; [`primary_cluster`]: the way to the primary's cluster.
//! * `steps`: a side is made passive, seen to let go, and the other one made active and seen so.
//! * `check`: whether the standby could take over now.
//! * [`status`]: what an answer of the primary's endpoint says; `prober`: that, and whether the primary is well as a standby.

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

mod check;
pub mod isolation;
mod pair;
pub mod primary_cluster;
mod prober;
pub mod settings;
mod side;
pub mod site;
pub mod state;
pub mod status;
mod steps;
#[cfg(test)]
mod testing;
pub mod words;

pub use settings::ApiConnectSystem;
pub use side::Annotation;
pub use site::{ApiConnect, Options, Service};
