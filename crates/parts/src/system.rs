//! A system, as far as a site knows it.

use std::{fmt::Debug, sync::Arc};

use holdfast_core::{
    evidence::ProbeResult,
    ports::{CooldownStore, Prober, Standby, TrafficWitness},
    runbook::Runbook,
    step::Step,
};
use holdfast_http::Proxies;
use holdfast_kubernetes::StandbyCluster;
use holdfast_settings::Reader;
use http::StatusCode;

use crate::cloud::ObjectStorage;

/// One entry of the site's table of systems.
pub trait System: Send + Sync {
    /// Its word in `HOLDFAST_SYSTEM`.
    fn name(&self) -> &'static str;

    /// Whether people are asked before a failover begins, where nothing is configured about it.
    fn asks_first(&self) -> bool {
        false
    }

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

    /// Builds its parts on `cluster`, with what the site has around it. Nothing is sent.
    fn open(&self, cluster: &StandbyCluster, around: Surroundings<'_>) -> SystemParts;
}

/// What a site has around a system.
pub struct Surroundings<'a> {
    /// The cloud's step that locks traffic; it has its place among the steps.
    pub lock_traffic: Arc<dyn Step>,
    /// Tells where users are led, where their name is configured.
    pub witness: Option<&'a Arc<dyn TrafficWitness>>,
    /// The probe of the primary's endpoint, where one is configured.
    pub prober: Option<Arc<dyn Prober>>,
    /// Which calls go through a proxy, for a system that has another cluster to reach.
    pub proxies: &'a Proxies,
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
    /// A note of the last failover on the cluster, read where the cloud keeps none; none where the record alone tells.
    pub note: Option<Arc<dyn CooldownStore>>,
    /// The probe of the primary: that of its endpoint, or one that knows more of the system.
    pub prober: Option<Arc<dyn Prober>>,
    /// The steps of each kind, in order.
    pub runbook: Runbook,
}
