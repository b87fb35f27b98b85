//! Servers that others wrote, started by a test and gone with it: a Kubernetes control plane, moto, Azurite, AWS's emulator of Lambda.
//!
//! # Layout
//!
//! - [`find`]: where the binaries are, and what a test does when they are not there
//! - [`control_plane`]: [`Testbed`], a real Kubernetes API with RBAC, an audit log and, when asked, pods that start
//! - [`audit`]: what the API server says was asked of it, and by whom
//! - [`apply`]: objects from YAML, as the administrator
//! - [`moto`]: a stand-in for AWS written by others
//! - [`azurite`]: a stand-in for Azure storage written by others
//! - [`lambda`]: AWS's own emulator of Lambda, which starts the shipped executable
//! - `process`: a child process that never outlives the test
//!
//! ```no_run
//! use holdfast_testbed::{Assets, Options, Testbed, required_or_skipped};
//!
//! # async fn a_test() {
//! let Some(assets) = required_or_skipped(Assets::find()) else { return };
//! let standby = Testbed::start(&assets, &Options::default()).await.unwrap();
//! # }
//! ```

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

// Chooses the version of the API that `kube` is built for.
use k8s_openapi as _;

pub mod apply;
pub mod audit;
pub mod azurite;
pub mod control_plane;
pub mod find;
pub mod lambda;
pub mod moto;
mod process;

pub use audit::AuditEntry;
pub use azurite::Azurite;
pub use control_plane::{Options, Testbed, User};
pub use find::{Assets, Missing, Venv, required_or_skipped};
pub use lambda::LambdaEmulator;
pub use moto::Moto;

/// What can go wrong while a real server is started or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the test could not be written or read, or a process not be started.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A server ended before it was ready. Its last lines of log are in the message.
    #[error("{server} ended before it was ready: {log}")]
    Ended {
        /// Name of the binary.
        server: String,
        /// The end of what it wrote.
        log: String,
    },
    /// A server did not become ready in time. Its last lines of log are in the message.
    #[error("{what} did not happen within {within_s} s: {log}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long, in seconds.
        within_s: u64,
        /// The end of what the server wrote.
        log: String,
    },
    /// The API server refused or could not be reached.
    #[error("the Kubernetes API")]
    Kubernetes(#[from] kube::Error),
    /// A document is no Kubernetes object, or no YAML.
    #[error("not a Kubernetes object: {0}")]
    NotAnObject(String),
}

impl Error {
    /// Wraps an operating-system error with what was tried.
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
