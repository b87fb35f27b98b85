//! The way into the standby cluster: its address, its certificate authority, and who we are there.
//!
//! # Layout
//!
//! * [`kubeconfig`]: what AKS hands out, read with care; both kinds, with a client certificate and with Entra.
//! * `connector`: the client for it, kept and renewed.

mod connector;
pub mod kubeconfig;

pub use connector::{AksConnector, Place, SERVER_APPLICATION};
