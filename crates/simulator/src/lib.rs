//! The clouds and clusters that Holdfast meets, on loopback, speaking their real wire protocols.
//!
//! # Layout
//!
//! - [`Simulator`]: everything started together; [`Options`] says how and on which cloud
//! - [`world`]: what is simulated: two sites, health checkers, the metric, the scheduler, DNS, and a cloud's alarm rule and traffic control.
//!   Pure steps over time
//! - [`clouds`]: the list of clouds, a folder each: services as their SDKs speak to them, under the rights that ship, and the host that
//!   runs the shipped function
//! - [`backend`]: what is known of a cloud; [`host`]: what every host of the function can do; `test_bed`: what a cloud is built on
//! - [`kubernetes`]: the API of the standby cluster and its controllers; `standby` puts it behind the gate
//! - [`faults`] and [`calls`]: what goes wrong with a call, and the log of all calls; `gate` is where every call passes both
//! - [`people`]: those who are told; [`outside`]: control targets beyond both sites; `way_out`: the function's way to them
//! - [`timeline`]: what happens where, as it happens
//! - `environment`: what the function's process is started with; `net`: certificates and listeners; `shipped`: policies and roles
//! - [`time`]: the only clock, and the pace: simulated durations are divided by it, instants are real
//!
//! The simulator depends on no production crate, so that it cannot share a mistake with one.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod backend;
pub mod calls;
pub mod clouds;
pub mod faults;
pub mod host;
pub mod kubernetes;
pub mod outside;
pub mod people;
pub mod time;
pub mod timeline;
pub mod world;

mod conditions;
mod environment;
mod gate;
mod ids;
mod net;
mod options;
mod shipped;
mod simulator;
mod standby;
mod test_bed;
mod way_out;

pub use options::Options;
pub use simulator::Simulator;
pub use test_bed::{ExternalCluster, StartError};
