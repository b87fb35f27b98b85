//! The steering policy that leads users, and what is known of the standby's side of it.

use std::sync::Arc;

use holdfast_core::ports::Standby;
use holdfast_kubernetes::Connector;
use holdfast_parts::Traffic;
use holdfast_settings::Reader;

use super::{
    account::{Account, REGION},
    history::monitor,
    host,
    names::{self, is_place},
};
use crate::{
    client::Oci,
    live::{Monitor, ProbeResults},
    lock::{Pools, StandbyAddress, SteeringLock},
    oke::IngressService,
    readiness::{Looked, WithSteering},
    region,
    secondary::WithHealthCheck,
    steering::PolicyPlace,
    tick::TickAlarms,
};

const REGIONS: &str = "HOLDFAST_OCI_DNS_REGIONS";
const SECONDARY_POOL: &str = "SECONDARY_POOL_NAME";

/// The policy, and the standby's side of it.
#[derive(Debug)]
pub(super) struct Steering {
    place: PolicyPlace,
    pools: Pools,
    /// The standby's address, where it is known beforehand.
    address: Option<String>,
    /// Where it is read on the standby cluster: namespace and name of a Service.
    ingress: (String, String),
    /// The standby's own health check, when it is looked at.
    secondary: Option<Monitor>,
    /// The primary's, whose failure must show.
    primary: Option<Monitor>,
    /// The timer, where the function runs on OCI.
    ticks: Option<TickAlarms>,
}

impl Steering {
    /// Reads it; `None` when it cannot be used, which is a fault then.
    pub(super) fn read(read: &mut Reader<'_>, account: &Account) -> Option<Self> {
        let policy = names::required(read, "STEERING_POLICY_ID", "dnspolicy");
        let mut regions = regions(read, account);
        let pools = pools(read);
        let address = read.shaped("HOLDFAST_SECONDARY_ADDRESS", "an IP address or a host name", is_place);
        let mut name = |name: &str, default: &str| read.object_name(name).unwrap_or_else(|| default.to_owned());
        let ingress =
            (name("INGRESS_NAMESPACE", "logging-ingress"), name("INGRESS_SERVICE_NAME", "nginx-ingress-controller"));
        let skip = read.flag("SKIP_SECONDARY_HEALTH_CHECK", false);
        let secondary = monitor(read, account, "SECONDARY_HEALTH_CHECK_ID", "HOLDFAST_SECONDARY_TARGET");
        let primary = primary(read, account);
        let ticks = ticks(read, account);
        let first = if regions.is_empty() { String::new() } else { regions.remove(0) };
        let place = PolicyPlace::new(policy?, first, regions);
        Some(Self { place, pools, address, ingress, secondary: secondary.filter(|_| !skip), primary, ticks })
    }

    /// The parts. `cluster` is the way to the standby cluster, where that is on OCI too.
    pub(super) fn open(&self, oci: &Arc<Oci>, cluster: Option<&Arc<dyn Connector>>) -> Traffic {
        let (namespace, name) = &self.ingress;
        let known = self.address.clone().map(|address| Arc::new(address) as Arc<dyn StandbyAddress>);
        let found = cluster.map(|cluster| {
            Arc::new(IngressService::new(Arc::clone(cluster), namespace, name)) as Arc<dyn StandbyAddress>
        });
        let lock = SteeringLock::new(Arc::clone(oci), self.place.clone(), self.pools.clone(), known.or(found));
        let check = self.secondary.clone().map(|monitor| Arc::new(ProbeResults::new(Arc::clone(oci), monitor)) as _);
        let looked = Looked {
            place: self.place.clone(),
            pools: self.pools.clone(),
            monitor: self.primary.clone(),
            ticks: self.ticks.clone(),
        };
        let oci = Arc::clone(oci);
        let checks = move |inner: Arc<dyn Standby>| {
            let inner = Arc::new(WithSteering::new(inner, oci, looked)) as Arc<dyn Standby>;
            match check {
                Some(check) => Arc::new(WithHealthCheck { inner, check }) as _,
                None => inner,
            }
        };
        Traffic { lock: Arc::new(lock), checks: Box::new(checks) }
    }
}

/// The primary's health check, where alarms come from it.
fn primary(read: &mut Reader<'_>, account: &Account) -> Option<Monitor> {
    let name = "PRIMARY_HEALTH_CHECK_ID";
    let is_ours = read.text(name).is_some_and(|id| id.starts_with("ocid1."));
    let by_balancer = read.flag("USE_LB_HEALTH_METRICS", false);
    if is_ours && !by_balancer { monitor(read, account, name, "HOLDFAST_PRIMARY_TARGET") } else { None }
}

/// The alarms that are the tick. The platform tells a function its name, and nobody else.
fn ticks(read: &mut Reader<'_>, account: &Account) -> Option<TickAlarms> {
    read.text("FN_FN_NAME")?;
    let compartment = names::compartment(read, "COMPARTMENT_ID");
    Some(TickAlarms::new(account.region.clone()?, compartment, host::ticks(read)))
}

/// The regions whose DNS endpoint is asked, in turn: steering is global, and any of them may be the one that is down.
fn regions(read: &mut Reader<'_>, account: &Account) -> Vec<String> {
    let allowed = format!("{REGION}; several separated by commas");
    let named = read.list_of(REGIONS, &allowed, |text| region::named(text).is_some());
    let named: Vec<String> = named.iter().filter_map(|text| region::named(text)).collect();
    match (named.is_empty(), &account.region) {
        (false, _) => named,
        (true, Some(own)) => vec![own.clone()],
        (true, None) => vec![read.required(REGIONS, &allowed)],
    }
}

fn pools(read: &mut Reader<'_>) -> Pools {
    let Pools { primary, secondary } = Pools::default();
    let mut name = |name: &str, default| read.shaped(name, "the name of a pool", is_pool).unwrap_or(default);
    let pools = Pools { primary: name("HOLDFAST_PRIMARY_POOL", primary), secondary: name(SECONDARY_POOL, secondary) };
    if pools.primary == pools.secondary {
        read.fault(SECONDARY_POOL, "another pool than HOLDFAST_PRIMARY_POOL: one of them is locked out");
    }
    pools
}

fn is_pool(text: &str) -> bool {
    text.len() <= 255 && !text.chars().any(char::is_control)
}
