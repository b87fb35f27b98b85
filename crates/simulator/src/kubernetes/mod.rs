//! A Kubernetes API server in memory, with the controllers of a LogScale standby.
//!
//! # Layout
//!
//! A request passes these files, in this order:
//! - `api`: one handler; logs in (`token`, `signature`), authorises (`rbac`), dispatches, writes the audit log
//! - `request`: what method and path ask for; `selector`: which objects; `pages`: how many at once; `kinds`: which resources there are
//! - `write`, `patch`, `scale`, `object`, `validate`: the rules of every write; `watch`, `logs`, `reviews`, `table`, `protobuf`, `discovery`: the rest
//! - `store`: objects, the revision counter, history and the list of changes
//! - `failure`: `metav1.Status` in the real server's words
//!
//! Beside them:
//! - `cluster`: the [`Cluster`] as its owner holds it
//! - `operator/`: Deployment controller, kubelet, humio-operator and cert-manager
//! - `fixture`, `certificates`: a standby to begin with, with real X.509 material
//! - `token_review`: the same token rules as a webhook for a real kube-apiserver
//!
//! # What is left out
//!
//! Server-side apply, `deletecollection`, finalizers, managed fields, pruning by schema, grace periods,
//! following a log, admission. ClusterRoles exist only as far as every cluster has them: discovery and self reviews.

mod api;
mod certificates;
mod clock;
mod cluster;
mod discovery;
mod failure;
mod fixture;
mod kinds;
mod logs;
mod object;
mod operator;
mod pages;
mod patch;
mod protobuf;
mod rbac;
mod request;
mod reviews;
mod scale;
mod selector;
mod signature;
mod store;
mod table;
mod token;
mod token_review;
mod validate;
mod watch;
mod write;

pub use cluster::{AuditEntry, Cluster, ClusterOptions};
pub use failure::Failure;
pub use fixture::{Reissue, StandbyFixture, TlsFixture, apply_fixture};
pub(crate) use fixture::{grant, manifests, put};
pub use store::Change;
pub use token::{Identity, TokenError, TokenPolicy, review};
pub use token_review::token_review_router;

#[cfg(test)]
mod tests;
