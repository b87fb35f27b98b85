//! How a simulator is set up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::backend::CloudBackend;
use crate::kubernetes::StandbyFixture;
use crate::test_bed::ExternalCluster;

/// How a simulator is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cloud that the function runs on, beside the standby; see [`clouds`](crate::clouds).
    pub cloud: &'static dyn CloudBackend,
    /// The cloud that switches traffic, where it is another one: a mixed site.
    pub traffic: Option<&'static dyn CloudBackend>,
    /// Simulated durations are divided by this; 60 lets a minute take a second. Less than 1 counts as 1. The metric period is
    /// rounded up to one that CloudWatch knows: 1, 5, 10, 20, 30 or 60 s.
    pub pace: f64,
    /// The same seed gives the same ids and the same rhythm of the checkers.
    pub seed: u64,
    /// The function's executable; without one alarms and ticks reach nobody.
    pub bootstrap: Option<PathBuf>,
    /// Time limit of the function, real (already paced). A limit in what is deployed (`functionTimeout` of `host.json`) counts instead.
    pub function_timeout: Duration,
    /// What is deployed beside the function's executable: the folder with `host.json`, say; `None` is the one that ships.
    pub function_folder: Option<PathBuf>,
    /// Whether the cluster's users log in with a certificate, as on the reference's AKS clusters, instead of a token.
    pub client_certificate: bool,
    /// Added to the function's environment last, so it overrides.
    pub function_env: BTreeMap<String, String>,
    /// What the standby cluster holds at first.
    pub standby: StandbyFixture,
    /// A real API server as the standby; the cloud then tells its endpoint.
    pub external_kubernetes: Option<ExternalCluster>,
    /// Whether the function gets the cluster's endpoint and CA as variables instead of having to ask the cloud.
    pub known_cluster: bool,
    /// Whether the function tells the simulated [`people`](crate::people).
    pub people: bool,
    /// Added to every call, real.
    pub round_trip_delay: Duration,
}

impl Options {
    /// A cloud with pace 60, seed 1, no function, the longest time limit of Lambda (900 s, paced), a fit standby, no delay.
    pub fn on(cloud: &'static dyn CloudBackend) -> Self {
        Self {
            cloud,
            traffic: None,
            pace: 60.0,
            seed: 1,
            bootstrap: None,
            function_timeout: Duration::from_secs(15),
            function_folder: None,
            client_certificate: false,
            function_env: BTreeMap::new(),
            standby: StandbyFixture::default(),
            external_kubernetes: None,
            known_cluster: false,
            people: false,
            round_trip_delay: Duration::ZERO,
        }
    }

    /// The cloud that switches traffic, when it is not the function's own.
    pub(crate) fn foreign_traffic(&self) -> Option<&'static dyn CloudBackend> {
        self.traffic.filter(|traffic| traffic.name() != self.cloud.name())
    }
}
