//! The clouds and clusters that Holdfast meets, on loopback, speaking their real wire protocols.
//!
//! # Layout
//!
//! - [`Simulator`]: everything started together; [`Options`] says how and on which cloud
//! - [`world`]: what is simulated: two sites, health checkers, the metric, the alarm, the scheduler, DNS. Pure steps over time
//! - [`aws`]: Route 53, CloudWatch, SSM, EKS and STS as their SDKs speak to them, under the IAM policy that ships
//! - [`azure`]: Resource Manager, the managed identity and storage, under the role that ships
//! - [`lambda`]: the Lambda service, which runs the shipped `bootstrap`; [`functions`]: the Azure Functions host, which runs the shipped
//!   `handler`; [`host`]: what both have in common
//! - [`kubernetes`]: the API of the standby cluster and its controllers; `standby` puts it behind the gate
//! - [`faults`] and [`calls`]: what goes wrong with a call, and the log of all calls; `gate` is where every call passes both
//! - [`outside`]: control targets beyond both sites, and the function's way out to them
//! - [`timeline`]: what happens where, as it happens
//! - `environment`: what the function's process is started with; `net`: certificates and listeners
//! - [`time`]: the only clock, and the pace: simulated durations are divided by it, instants are real
//!
//! The simulator depends on no production crate, so that it cannot share a mistake with one.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod aws;
pub mod azure;
pub mod calls;
pub mod faults;
pub mod functions;
pub mod host;
pub mod kubernetes;
pub mod lambda;
pub mod outside;
pub mod time;
pub mod timeline;
pub mod world;

mod environment;
mod gate;
mod ids;
mod net;
mod options;
mod simulator;
mod standby;

pub use options::{CloudName, ExternalCluster, Options, StartError};
pub use simulator::Simulator;
