//! A system, as far as a site knows it.

use std::{fmt::Debug, sync::Arc};

use holdfast_core::{
    evidence::ProbeResult,
    ports::{CooldownStore, Standby, TrafficWitness},
    runbook::Runbook,
    step::Step,
};
use holdfast_kubernetes::StandbyCluster;
use holdfast_settings::Reader;
use http::StatusCode;

use crate::cloud::ObjectStorage;

/// One entry of the site's table of systems.
pub trait System: Send + Sync {
    /// Its word in `HOLDFAST_SYSTEM`.
    fn name(&self) -> &'static str;

    /// Reads its settings. Faults are noted in `read`; what is returned is used only when there are none.
    /// `storage` is what the cloud of the standby cluster offers.
    fn read(&self, read: &mut Reader<'_>, storage: ObjectStorage) -> Box<dyn SystemSettings>;
}

/// Settings of a system that were read.
pub trait SystemSettings: Debug + Send + Sync {
    /// Its namespace on the standby cluster, in which the lease and the record are too.
    fn namespace(&self) -> &str;

    /// The name of the Lease and of the ConfigMap.
    fn object_name(&self) -> &str;

    /// Where a site says how it is.
    fn status(&self) -> StatusEndpoint;

    /// Builds its parts on `cluster`, with the cloud's step that locks traffic in its place, and with the witness that
    /// tells where users are led, where their name is configured. Nothing is sent.
    fn open(
        &self,
        cluster: &StandbyCluster,
        lock_traffic: Arc<dyn Step>,
        witness: Option<&Arc<dyn TrafficWitness>>,
    ) -> SystemParts;
}

/// Where a site of the system says how it is, and what that means.
#[derive(Clone, Copy, Debug)]
pub struct StatusEndpoint {
    /// The path, from `/` on.
    pub path: &'static str,
    /// What an answer that came whole says about the site.
    pub judge: fn(StatusCode, &[u8]) -> ProbeResult,
}

/// The parts of a system.
pub struct SystemParts {
    /// Whether the standby can take over.
    pub standby: Arc<dyn Standby>,
    /// A note of the last failover on the cluster, read where the cloud keeps none.
    pub note: Arc<dyn CooldownStore>,
    /// The steps of each kind, in order.
    pub runbook: Runbook,
}
