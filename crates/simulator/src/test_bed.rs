//! What a cloud builds its services on: the world, the gate, the cluster, the ports that every cloud has.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::gate::Gate;
use crate::kubernetes::{Cluster, StandbyFixture};
use crate::net::{Authority, Listener, TlsError};
use crate::outside;
use crate::people::People;
use crate::time::Pace;
use crate::timeline::Timeline;
use crate::world::{Sites, World};

/// The API server of a standby cluster.
#[derive(Debug, Clone)]
pub struct ExternalCluster {
    /// `https://host:port`.
    pub endpoint: String,
    /// PEM of the authority to trust.
    pub ca_pem: String,
}

/// Why a simulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No certificates.
    #[error("the simulator's certificates could not be made")]
    Tls(#[from] TlsError),
    /// A port could not be opened.
    #[error("a port on loopback could not be opened")]
    Port(#[from] std::io::Error),
    /// A file that ships with the function is not usable.
    #[error("{file} cannot be used: {why}")]
    Shipped {
        /// The file or folder, from the root of the project.
        file: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// This cloud runs no function.
    #[error("{0} runs no function")]
    NoHost(&'static str),
    /// This cloud cannot switch the traffic of a function that runs on another one.
    #[error("{0} cannot switch traffic for a function on another cloud")]
    NoForeignTraffic(&'static str),
}

/// The function, as it is deployed.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// Its executable; without one alarms and ticks reach nobody.
    pub(crate) executable: Option<PathBuf>,
    /// Its time limit, real. A cloud whose deployed files name one takes that instead.
    pub(crate) timeout: Duration,
    /// What is deployed beside the executable; `None` is the folder that ships.
    pub(crate) folder: Option<PathBuf>,
}

/// The ports that every cloud has.
pub struct Ports {
    pub(crate) sites: Sites,
    pub(crate) kubernetes: Listener,
    pub(crate) controls: Vec<Listener>,
    pub(crate) people: Listener,
}

impl Ports {
    /// The addresses of the control targets, separated by commas.
    pub(crate) fn control_targets(&self) -> String {
        outside::addresses(self.controls.iter().map(Listener::port))
    }
}

/// What a cloud builds its services on.
pub struct TestBed<'a> {
    pub(crate) seed: u64,
    pub(crate) pace: Pace,
    pub(crate) timeline: &'a Timeline,
    pub(crate) authority: &'a Authority,
    pub(crate) cluster: &'a Arc<Cluster>,
    /// What the cluster holds at first.
    pub(crate) standby: &'a StandbyFixture,
    pub(crate) world: &'a World,
    pub(crate) gate: &'a Gate,
    pub(crate) ports: &'a Ports,
    pub(crate) people: &'a People,
    /// Endpoint and CA of the API server that the function is to find.
    pub(crate) api_server: ExternalCluster,
    /// Whether the function is told them instead of having to ask the cloud.
    pub(crate) known_cluster: bool,
    /// Whether users of the cluster log in with a certificate, where the cloud knows both ways.
    pub(crate) client_certificate: bool,
    pub(crate) function: Deployment,
}
