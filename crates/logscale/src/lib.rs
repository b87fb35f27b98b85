//! LogScale on Kubernetes: remove stale TLS secrets, start `humio-operator`, lock traffic, verify.
//!
//! # Layout
//!
//! Read in this order:
//!
//! * [`settings`]: what it is told, and the parts that it gives a site.
//! * [`site`]: everything below on one standby cluster; what callers build.
//! * [`steps`]: remove stale TLS secrets, watch the standby come up.
//! * [`tls`]: which secrets are stale, a pure decision table.
//! * [`check`]: whether the standby could take over now.
//! * [`status`]: what an answer of LogScale's status endpoint says about a site.
//! * [`recovery_log`]: what the log of the standby's first pod says about its recovery, pure.
//! * [`humio`]: the parts of a `HumioCluster` that are read; `reader`: it and what belongs to it, read once for all who
//!   look at the same moment.

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

pub mod check;
pub mod humio;
mod reader;
pub mod recovery_log;
pub mod settings;
pub mod site;
pub mod status;
pub mod steps;
#[cfg(test)]
mod testing;
#[allow(clippy::indexing_slicing, reason = "its lists of certificates are never empty: an empty one is no list there")]
pub mod tls;

pub use check::RecoverPrefix;
pub use settings::LogScaleSystem;
pub use site::{LogScale, Options};
pub use status::judge;
pub use tls::TlsCleanup;
