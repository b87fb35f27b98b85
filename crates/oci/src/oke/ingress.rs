//! Where the standby's load balancer is, as the Service of its ingress says.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{Call, Fault};
use holdfast_kubernetes::{
    Connector,
    api::{Api, Operation},
};
use http::Method;
use serde::Deserialize;

use crate::lock::StandbyAddress;

const GET: Operation = Operation::custom("kubernetes:get services", Method::GET, "api/v1", "services");

/// One Service of the standby cluster. Its address is asked for in one attempt: what only corrects an answer of the policy
/// must not hold the lock up.
pub struct IngressService {
    api: Api,
    name: String,
}

impl IngressService {
    /// The Service `name` in `namespace` on the cluster that `connector` leads to.
    pub fn new(connector: Arc<dyn Connector>, namespace: &str, name: &str) -> Self {
        Self { api: Api::new(connector, namespace), name: name.to_owned() }
    }
}

/// A Service as far as it is looked at.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Service {
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    load_balancer: LoadBalancer,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    ingress: Vec<Ingress>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ingress {
    ip: Option<String>,
    hostname: Option<String>,
}

impl Service {
    /// The first address that is none of a private network: a load balancer may list one beside its public one.
    fn address(self) -> Option<String> {
        let listed = self.status.load_balancer.ingress.into_iter();
        let mut addresses = listed.filter_map(|one| one.ip.or(one.hostname).filter(|text| !text.trim().is_empty()));
        addresses.find(|address| !is_private(address))
    }
}

fn is_private(address: &str) -> bool {
    address.trim().parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_private() || ip.is_loopback())
}

#[async_trait]
impl StandbyAddress for IngressService {
    async fn address(&self, call: &Call) -> Result<Option<String>, Fault> {
        let brief = call.within(call.retry.attempt_timeout);
        let service: Option<Service> = self.api.get(&brief, &GET, &self.name).await?;
        Ok(service.and_then(Service::address))
    }
}
