//! LogScale on Kubernetes: remove stale TLS secrets, scale `humio-operator` up, lock traffic, verify.
//!
//! # Layout
//!
//! * [`aws`]: the configuration of the AWS form; [`aws_site`]: the engine that follows from it.
//! * [`azure`], [`azure_site`]: the same for Azure.
//! * `shared`: what configurations have in common; [`outside`]: the way out, the probe and the witnesses beside it.
//! * [`secondary`]: the reference's optional gate on the standby's own health check.

pub mod aws;
pub mod aws_site;
pub mod azure;
pub mod azure_site;
pub mod outside;
pub mod secondary;
mod shared;

pub use shared::KnownCluster;
