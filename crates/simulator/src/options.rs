//! How a simulator is set up, and why it may not start.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::kubernetes::StandbySeed;
use crate::net::TlsError;

/// A real API server that takes the simulated standby's place.
#[derive(Debug, Clone)]
pub struct ExternalCluster {
    /// `https://host:port`.
    pub endpoint: String,
    /// PEM of the authority to trust.
    pub ca_pem: String,
}

/// The cloud that is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CloudName {
    /// Route 53, CloudWatch, SSM, EKS, Lambda.
    #[default]
    Aws,
    /// Traffic Manager, Azure Monitor, AKS, storage, Functions.
    Azure,
}

/// How a simulator is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cloud around the standby.
    pub cloud: CloudName,
    /// Simulated durations are divided by this; 60 lets a minute take a second. Less than 1 counts as 1. The metric period is
    /// rounded up to one that CloudWatch knows: 1, 5, 10, 20, 30 or 60 s.
    pub pace: f64,
    /// The same seed gives the same ids and the same rhythm of the checkers.
    pub seed: u64,
    /// The function's executable; without one alarms and ticks reach nobody.
    pub bootstrap: Option<PathBuf>,
    /// Time limit of the function, real (already paced). On Azure `functionTimeout` of `host.json` counts instead.
    pub function_timeout: Duration,
    /// What is deployed with an Azure function: the folder with `host.json`; `None` is the one that ships.
    pub function_folder: Option<PathBuf>,
    /// Whether AKS users log in with a certificate, as on the reference's clusters, instead of a token of the tenant.
    pub aks_certificate: bool,
    /// Added to the function's environment last, so it overrides.
    pub function_env: BTreeMap<String, String>,
    /// What the standby cluster holds at first.
    pub standby: StandbySeed,
    /// A real API server as the standby; DescribeCluster then tells its endpoint.
    pub external_kubernetes: Option<ExternalCluster>,
    /// Whether the function gets the cluster's endpoint and CA as variables instead of having to ask EKS.
    pub known_cluster: bool,
    /// Added to every call, real.
    pub round_trip_delay: Duration,
}

impl Default for Options {
    /// AWS, pace 60, seed 1, no function, the longest time limit of Lambda (900 s, paced), a fit standby, no delay.
    fn default() -> Self {
        Self {
            cloud: CloudName::Aws,
            pace: 60.0,
            seed: 1,
            bootstrap: None,
            function_timeout: Duration::from_secs(15),
            function_folder: None,
            aks_certificate: false,
            function_env: BTreeMap::new(),
            standby: StandbySeed::default(),
            external_kubernetes: None,
            known_cluster: false,
            round_trip_delay: Duration::ZERO,
        }
    }
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
    /// The shipped IAM policy is not usable.
    #[error("infra/aws/policy.json cannot be used: {0}")]
    Policy(String),
    /// The shipped role of Azure is not usable.
    #[error("the role in infra/azure cannot be used: {0}")]
    Role(String),
    /// What is deployed with the Azure function is not usable.
    #[error("infra/azure/function cannot be used: {0}")]
    App(String),
}
