//! Any system's standby Kubernetes cluster: the way to it, who may act, the record, and what systems do there. It knows
//! no system.
//!
//! # Layout
//!
//! Read in this order:
//!
//! * [`cluster`]: the cluster as one thing; what callers build.
//! * [`mod@connect`]: a client that trusts one CA and asks for a token on each request; [`fault`]: what went wrong, in
//!   core's words.
//! * [`api`]: the few requests, each named as the Role in `infra/kubernetes/role.yaml` lists it, and those of custom
//!   resources that a system names.
//! * [`lease`] and [`store`]: who may act, and the record, both by compare-and-set.
//! * [`deployment`], [`pod`], [`secret`]: the parts of objects that are read; [`meta`], [`environment`]: the parts of those.
//!   Private keys are dropped while a secret is read.
//! * [`scale`]: the step that starts a program; [`cooldown`]: when a failover last began, by an annotation; [`check`]:
//!   checks that any system can make.
//! * [`single_flight`]: each thing is read once for all who look at the same moment; `json`: fields of any document.
//! * `testing` (feature of the same name): an API server in memory, for tests of this crate and of systems.

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

pub mod api;
pub mod check;
pub mod cluster;
pub mod connect;
pub mod cooldown;
pub mod deployment;
pub mod environment;
pub mod fault;
mod json;
pub mod lease;
pub mod meta;
pub mod pod;
pub mod scale;
pub mod secret;
pub mod single_flight;
pub mod store;
#[cfg(any(test, feature = "testing"))]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a tool of tests"
)]
pub mod testing;

pub use cluster::StandbyCluster;
pub use connect::{
    Access, ClientCertificate, Connector, Direct, Doubt, KnownCluster, TokenSource, Watched, connect, connect_watched,
    connect_with_certificate,
};
pub use cooldown::AnnotationCooldown;
pub use scale::ScaleDeployment;
