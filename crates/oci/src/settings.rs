//! OCI as a cloud of a site: its settings, and the parts that follow from them. The reference's configuration keeps its
//! names and defaults; docs/CONFIGURATION.md describes each.

mod account;
mod history;
mod host;
mod names;
#[cfg(test)]
mod tests;
mod traffic;

use std::{sync::Arc, time::Duration};

use holdfast_kubernetes::Connector;
use holdfast_parts::{
    Cloud, CloudParts, CloudSettings, Context, ObjectStorage, PublicEndpoints, Roles, Shared, TOPIC, known_cluster,
};
use holdfast_settings::{ConfigurationFaults, Reader};

use crate::{
    client::Oci,
    ocid::Ocid,
    oke::{EndpointKind, OkeConnector, OkeToken, Place},
    public,
    topic::OnsTopic,
};
use account::{Account, region_of};
use history::History;
pub use host::{AlarmFilter, HostSettings};
use traffic::Steering;

/// OCI, as a site knows it.
#[derive(Clone, Copy, Debug)]
pub struct OciCloud;

impl Cloud for OciCloud {
    fn name(&self) -> &'static str {
        "oci"
    }

    fn function_variable(&self) -> &'static str {
        "FN_FN_NAME"
    }

    fn cooldown_variable(&self) -> &'static str {
        "FAILOVER_COOLDOWN_SECONDS"
    }

    /// A person names kinds of callers; what the platform calls them is not documented for all.
    fn doors(&self) -> &'static [&'static str] {
        &[]
    }

    /// Object Storage speaks like Amazon S3.
    fn storage(&self) -> ObjectStorage {
        ObjectStorage::S3
    }

    /// Monitoring has minutes and hours; shorter periods are for drills.
    fn period(&self, read: &mut Reader<'_>) -> Duration {
        Duration::from_secs(read.whole("HOLDFAST_METRIC_PERIOD_SECONDS", 60, 1..=3600))
    }

    /// Points come about three minutes late (docs/reference/oci.md#metrics).
    fn stale_after(&self) -> Duration {
        Duration::from_secs(360)
    }

    /// The tick is an alarm that repeats; up to three minutes lie between two (docs/reference/oci.md#alarms).
    fn tick(&self) -> Duration {
        Duration::from_secs(180)
    }

    fn read(&self, read: &mut Reader<'_>, context: &Context<'_>) -> Box<dyn CloudSettings> {
        Box::new(Settings::read(read, context.roles))
    }
}

/// What was read, for the roles that OCI fills.
#[derive(Debug)]
struct Settings {
    account: Account,
    /// Regions that both sites are in, as far as they are known.
    regions: Vec<String>,
    cluster: Option<Place>,
    history: Option<History>,
    traffic: Option<Steering>,
    /// The topic by which people are told, and its region.
    topic: Option<(Ocid, String)>,
}

impl Settings {
    fn read(read: &mut Reader<'_>, roles: Roles) -> Self {
        // The note of the last failover is the system's own here: the reference keeps it on the standby cluster.
        let account = Account::read(read, roles.cluster || roles.history || roles.traffic || roles.topic);
        let balancer = read.text("PRIMARY_LB_OCID").and_then(|text| Ocid::parse(&text));
        let primary = balancer.as_ref().and_then(Ocid::region).and_then(crate::region::named);
        let cluster = roles.cluster.then(|| cluster(read, &account)).flatten();
        Self {
            regions: [account.region.clone(), primary].into_iter().flatten().collect(),
            cluster,
            history: roles.history.then(|| History::read(read, &account)).flatten(),
            traffic: roles.traffic.then(|| Steering::read(read, &account)).flatten(),
            topic: roles.topic.then(|| topic(read, &account)).flatten(),
            account,
        }
    }

    fn connector(&self, oci: &Arc<Oci>, place: &Place, shared: &Shared) -> Arc<dyn Connector> {
        let Place { cluster, region, .. } = place;
        let token = OkeToken::new(Arc::clone(oci), cluster.clone(), region, Arc::clone(&shared.clock));
        Arc::new(OkeConnector::new(Arc::clone(oci), place.clone(), Arc::new(token)))
    }
}

impl CloudSettings for Settings {
    fn public_endpoints(&self) -> PublicEndpoints {
        let regions: Vec<&str> = self.regions.iter().map(String::as_str).collect();
        PublicEndpoints { targets: public::control_targets(&self.account.realm, &regions), marks: &public::MARKS }
    }

    fn primary_name(&self) -> Option<&str> {
        None
    }

    fn open(&self, shared: &Shared) -> Result<CloudParts, ConfigurationFaults> {
        let Some(oci) = self.account.open(&shared.proxies) else { return Ok(CloudParts::default()) };
        let cluster = self.cluster.as_ref().map(|place| self.connector(&oci, place, shared));
        Ok(CloudParts {
            history: self.history.as_ref().map(|history| history.open(&oci, shared.period)),
            traffic: self.traffic.as_ref().map(|traffic| traffic.open(&oci, cluster.as_ref())),
            note: None,
            topic: self.topic.clone().map(|(topic, region)| {
                let clock = Arc::clone(&shared.clock);
                Arc::new(OnsTopic::new(Arc::clone(&oci), topic, region, clock, shared.attempt_timeout)) as _
            }),
            cluster,
        })
    }
}

/// The topic by which people are told. Where its id names no region, it is in the function's.
fn topic(read: &mut Reader<'_>, account: &Account) -> Option<(Ocid, String)> {
    let topic = names::ocid(read, TOPIC, "onstopic")?;
    let region = topic.region().and_then(crate::region::named).or_else(|| account.region.clone());
    Some((topic, region?))
}

/// The standby cluster. Its id is needed even where its address is known: tokens are made out to it.
fn cluster(read: &mut Reader<'_>, account: &Account) -> Option<Place> {
    let cluster = names::required(read, "CLUSTER_ID", "cluster");
    let in_id = cluster.as_ref().and_then(Ocid::region).and_then(crate::region::named);
    let region = region_of(read, "CLUSTER_REGION").or(in_id);
    let region = region.unwrap_or_else(|| account.region_or_own(read, "CLUSTER_REGION"));
    let order = endpoints(read);
    let known = known_cluster(read);
    Some(Place {
        cluster: cluster?,
        region,
        order,
        endpoint: known.as_ref().map(|known| known.endpoint.clone()),
        ca_base64: known.map(|known| known.ca_data),
    })
}

/// Which of the cluster's endpoints is used: the first in this order that it has.
fn endpoints(read: &mut Reader<'_>) -> Vec<EndpointKind> {
    let words: Vec<_> = EndpointKind::ORDER.into_iter().map(EndpointKind::word).collect();
    let allowed = format!("kinds of endpoints in the order of their use: {}", words.join(", "));
    let named = read.list_of("HOLDFAST_OKE_ENDPOINTS", &allowed, |word| EndpointKind::named(word).is_some());
    if named.is_empty() {
        EndpointKind::ORDER.to_vec()
    } else {
        named.iter().filter_map(|it| EndpointKind::named(it)).collect()
    }
}
