//! What the tests across crates share.
//!
//! # Layout
//!
//! - [`test_cluster`]: a standby cluster to test against, the simulator's or a real control plane, and the function's login
//! - [`mod@conformance`]: the scenarios that both must pass, so that a difference between them is a failing test
//! - [`requests`]: questions to a Kubernetes API
//! - `fixture`: the simulator's standby, put on a real control plane
//! - [`operator`]: plays humio-operator where none runs
//! - [`pki`]: certificate authorities and leaves
//! - [`clock`]: the machine's clock, moved on by hand
//! - [`admission`]: the admission policies that we ship, in force
//! - [`role`]: the Role that we ship, and what an audit log says of its use
//! - [`clients`]: the aws CLI, boto3, the Azure SDK and kubectl as clients; `bin/azure-storage`: our own blob and queue code as one
//! - [`function`](mod@function): the shipped executables
//!
//! The tests themselves: `real_*` need what `make test-real` installs, the others nothing but cargo.

pub mod admission;
pub mod clients;
pub mod clock;
pub mod conformance;
mod fixture;
pub mod function;
pub mod operator;
pub mod pki;
pub mod requests;
pub mod role;
pub mod test_cluster;
