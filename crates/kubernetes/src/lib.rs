//! Steps, checks and stores on the standby Kubernetes cluster.
//!
//! # Layout
//!
//! Read in this order:
//!
//! * [`connect`]: a client that trusts one CA and asks for a token on each request.
//! * [`fault`]: what went wrong, in core's words.
//! * [`tls`]: which secrets are stale, a pure decision table.

pub mod connect;
mod api;
mod deployment;
pub mod fault;
pub mod humio;
mod look;
pub mod secret;
mod single_flight;
pub mod steps;
pub mod tls;
