//! What is looked at of the primary.

use std::{sync::Arc, time::Duration};

use holdfast_parts::Primary;
use holdfast_settings::Reader;

use super::{
    account::{Account, region_of},
    names::{self, is_place},
};
use crate::{
    client::Oci,
    history::{Metric, MonitoringHistory, Watched, is_backend_set},
    live::{Monitor, ProbeResults, Unprobed},
    ocid::Ocid,
    region,
};

const REGION: &str = "HOLDFAST_OCI_HISTORY_REGION";
const QUERY: &str = "HOLDFAST_OCI_HISTORY_QUERY";
const BACKEND_SET: &str = "LB_BACKEND_SET_NAME";
const NAMESPACE: &str = "HOLDFAST_OCI_HISTORY_NAMESPACE";

/// The kinds of resources that are watched, as their ids name them.
pub(super) const HEALTH_CHECK: &str = "httpmonitor";
pub(super) const LOAD_BALANCER: &str = "loadbalancer";

/// What is recorded of the primary, and what probes see of it now.
#[derive(Debug)]
pub(super) struct History {
    watched: Watched,
    monitor: Option<Monitor>,
}

impl History {
    /// Reads it; `None` when it cannot be used, which is a fault then.
    pub(super) fn read(read: &mut Reader<'_>, account: &Account) -> Option<Self> {
        let by_balancer = read.flag("USE_LB_HEALTH_METRICS", false);
        let custom = custom(read);
        let is_asked = custom.is_none();
        let health_check = match is_asked && !by_balancer {
            true => names::required(read, "PRIMARY_HEALTH_CHECK_ID", HEALTH_CHECK),
            false => names::ocid(read, "PRIMARY_HEALTH_CHECK_ID", HEALTH_CHECK),
        };
        let balancer = match is_asked && by_balancer {
            true => names::required(read, "PRIMARY_LB_OCID", LOAD_BALANCER),
            false => names::ocid(read, "PRIMARY_LB_OCID", LOAD_BALANCER),
        };
        let of_balancer = balancer.as_ref().filter(|_| is_asked && by_balancer);
        let monitor = monitor(read, account, "PRIMARY_HEALTH_CHECK_ID", "HOLDFAST_PRIMARY_TARGET");
        // The points of a load balancer are in its own region and nowhere else, those of a health check where it was made.
        let own = match of_balancer {
            Some(balancer) => balancer.region().and_then(region::named),
            None => monitor.as_ref().map(|monitor| monitor.region.clone()),
        };
        let region = region_of(read, REGION).or(own).unwrap_or_else(|| account.region_or_own(read, REGION));
        let allowed = "the name of a backend set: letters, digits and - _ .";
        let backend_set = read.shaped(BACKEND_SET, allowed, is_backend_set).unwrap_or_else(|| "TCP-443".to_owned());
        let metric = match (custom, of_balancer) {
            (Some(custom), _) => Some(custom),
            (None, Some(balancer)) => backends(read, balancer, &backend_set),
            (None, None) => health_check.as_ref().map(Metric::health_check),
        };
        let compartment = compartment(read);
        Some(Self { watched: Watched { region, compartment: compartment?, metric: metric? }, monitor })
    }

    pub(super) fn open(&self, oci: &Arc<Oci>, period: Duration) -> Primary {
        let live = match &self.monitor {
            Some(monitor) => Arc::new(ProbeResults::new(Arc::clone(oci), monitor.clone())) as _,
            None => Arc::new(Unprobed) as _,
        };
        Primary { history: Arc::new(MonitoringHistory::new(Arc::clone(oci), self.watched.clone(), period)), live }
    }
}

/// A health check that `name` names, whose results are where it was made: beside the function, unless it is said where.
pub(super) fn monitor(read: &mut Reader<'_>, account: &Account, name: &str, target: &str) -> Option<Monitor> {
    let target = read.shaped(target, "the address of a target of the health check, or its name", is_place);
    let id = names::ocid(read, name, HEALTH_CHECK)?;
    let region = account.region_or_own(read, "HOLDFAST_OCI_HEALTH_CHECK_REGION");
    Some(Monitor { id, region, target })
}

fn compartment(read: &mut Reader<'_>) -> Option<Ocid> {
    let own = names::compartment(read, "HOLDFAST_OCI_HISTORY_COMPARTMENT_ID");
    own.or_else(|| names::required_compartment(read, "COMPARTMENT_ID"))
}

fn backends(read: &mut Reader<'_>, balancer: &Ocid, backend_set: &str) -> Option<Metric> {
    let metric = Metric::load_balancer(balancer, backend_set);
    metric.map_err(|bad| read.fault(BACKEND_SET, &bad.to_string())).ok()
}

fn custom(read: &mut Reader<'_>) -> Option<Metric> {
    let namespace = read.shaped(NAMESPACE, "a namespace of Monitoring: letters, digits and _", is_namespace);
    match (namespace, read.text(QUERY)) {
        (None, None) => None,
        (Some(namespace), Some(query)) => {
            Metric::custom(&namespace, &query).map_err(|bad| read.fault(QUERY, &bad.to_string())).ok()
        }
        (Some(_), None) => {
            read.fault(QUERY, &format!("set together with {NAMESPACE}"));
            None
        }
        (None, Some(_)) => {
            read.fault(NAMESPACE, &format!("set together with {QUERY}"));
            None
        }
    }
}

fn is_namespace(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
