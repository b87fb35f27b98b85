//! Steps, checks and stores on the standby Kubernetes cluster.
//!
//! # Layout
//!
//! Read in this order:
//!
//! * [`site`]: everything below over one connection; what callers build.
//! * [`mod@connect`]: a client that trusts one CA and asks for a token on each request; [`fault`]: what went wrong, in
//!   core's words.
//! * [`steps`]: remove stale TLS secrets, start the operator, watch the standby come up.
//! * [`tls`]: which secrets are stale, a pure decision table.
//! * [`check`]: whether the standby could take over now.
//! * [`ladder`]: what the log of the standby's first pod says about its recovery, pure.
//! * [`lease`] and [`store`]: who may act, and the record, both by compare-and-set.
//! * [`cooldown`]: when a failover last began, as operators find it on the operator's Deployment.
//! * [`humio`], [`secret`]: the parts of objects that are read. Private keys are dropped while a secret is read.
//! * `api`: the few requests, each named as the Role in `infra/kubernetes/role.yaml` lists it; `look` and
//!   `single_flight`: each thing is read once for all who look at the same moment; `json`: fields of any document.

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

// Chooses the version of the API that `kube` is built for.
use k8s_openapi as _;

mod api;
pub mod check;
pub mod connect;
pub mod cooldown;
mod deployment;
pub mod fault;
pub mod humio;
mod json;
pub mod ladder;
pub mod lease;
mod look;
pub mod secret;
mod single_flight;
pub mod site;
pub mod steps;
pub mod store;
#[cfg(test)]
mod testing;
#[allow(clippy::indexing_slicing, reason = "its lists of certificates are never empty: an empty one is no list there")]
pub mod tls;

pub use check::RecoverPrefix;
pub use connect::{
    Access, ClientCertificate, Connector, Direct, Doubt, TokenSource, Watched, connect, connect_watched,
    connect_with_certificate,
};
pub use site::{KubernetesSite, SiteOptions};
pub use tls::TlsCleanup;
