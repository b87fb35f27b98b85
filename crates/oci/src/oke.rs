//! The way into the standby cluster: its address, its certificate authority, and who we are there.
//!
//! # Layout
//!
//! * [`cluster`]: a cluster as OKE describes it, and which of its endpoints is used.
//! * [`kubeconfig`]: the certificate authority in what OKE hands out.
//! * [`token`]: the token that the cluster accepts, made on this machine.
//! * `connector`: the client for it, kept and renewed.

pub mod cluster;
mod connector;
pub mod kubeconfig;
pub mod token;

pub use cluster::EndpointKind;
pub use connector::{OkeConnector, Place};
pub use token::OkeToken;
