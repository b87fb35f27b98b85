//! The way into the standby cluster: its address, its certificate authority, and who we are there.
//!
//! # Layout
//!
//! * [`cluster`]: a cluster as OKE describes it, and which of its endpoints is used.
//! * [`kubeconfig`]: the certificate authority in what OKE hands out.
//! * [`token`]: the token that the cluster accepts, made on this machine.
//! * `connector`: the client for it, kept and renewed.
//! * `ingress`: where its load balancer is, as a Service there says.

pub mod cluster;
mod connector;
mod ingress;
pub mod kubeconfig;
pub mod token;

pub use cluster::EndpointKind;
pub use connector::{OkeConnector, Place};
pub use ingress::IngressService;
pub use token::OkeToken;
