//! From a cluster's id to a client for it.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_core::{Call, Fault, FaultClass, Timestamp};
use holdfast_kubernetes::connect::{Access, Connector, TokenSource, Watched, connect_watched};
use kube::Client;
use serde_json::json;
use tokio::sync::Mutex;

use super::{
    cluster::{Cluster, EndpointKind, address},
    kubeconfig,
};
use crate::{
    client::{Oci, Sent},
    endpoint::Service,
    ocid::Ocid,
};

const GET: &str = "oke:GetCluster";
const KUBECONFIG: &str = "oke:CreateKubeconfig";

/// Where to ask about a cluster, and what configuration knows of it. With address and authority nothing is asked for: a
/// failover then needs nothing of OKE's API to get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The cluster.
    pub cluster: Ocid,
    /// Its region.
    pub region: String,
    /// Which of its endpoints is used: the first in this order that it has.
    pub order: Vec<EndpointKind>,
    /// The address of its API, with or without `https://`, where it is known.
    pub endpoint: Option<String>,
    /// Its certificate authority, PEM in base64, where it is known.
    pub ca_base64: Option<String>,
}

/// Connects to one cluster and keeps the connection.
///
/// What configuration does not know is asked for by the first caller while the others wait for it. A failure is not kept.
/// A place that is in [`Doubt`](holdfast_kubernetes::Doubt) is asked for again with the next request: the cluster's
/// endpoint may have been moved. While that cannot be had, the old place stays in use.
pub struct OkeConnector {
    oci: Arc<Oci>,
    place: Place,
    token: Arc<dyn TokenSource>,
    connected: Mutex<Option<Connected>>,
}

/// Where a cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    endpoint: String,
    ca_base64: String,
}

/// A connection that is kept.
struct Connected {
    watched: Watched,
    found: Found,
    /// When the place was last looked up because of a doubt.
    again: Option<Timestamp>,
}

impl OkeConnector {
    /// A connector to the cluster at `place`, with tokens from `token`.
    pub fn new(oci: Arc<Oci>, place: Place, token: Arc<dyn TokenSource>) -> Self {
        Self { oci, place, token, connected: Mutex::new(None) }
    }

    fn connect(&self, found: Found) -> Result<Connected, Fault> {
        let ca_pem = STANDARD
            .decode(found.ca_base64.trim())
            .map_err(|_| Fault::new(FaultClass::Invalid, GET, "the cluster's certificate authority is not base64"))?;
        let access = Access { endpoint: found.endpoint.clone(), ca_pem, token: Arc::clone(&self.token) };
        Ok(Connected { watched: connect_watched(access, self.oci.proxies())?, found, again: None })
    }

    /// Where the cluster is, asking for no more than what configuration does not know.
    async fn look_up(&self, call: &Call) -> Result<Found, Fault> {
        let Place { endpoint, ca_base64, .. } = &self.place;
        let (kind, endpoint) = match endpoint {
            Some(known) => (None, address(known.trim())),
            None => self.endpoint(call).await.map(|(kind, endpoint)| (Some(kind), endpoint))?,
        };
        let ca_base64 = match ca_base64 {
            Some(known) => known.clone(),
            None => self.authority(call, kind).await?,
        };
        Ok(Found { endpoint, ca_base64 })
    }

    async fn endpoint(&self, call: &Call) -> Result<(EndpointKind, String), Fault> {
        let sent = Sent::get(format!("/20180222/clusters/{}", self.place.cluster));
        let answer = self.oci.ask(call, GET, Service::ContainerEngine, &self.place.region, sent).await?;
        let cluster: Cluster = answer.json()?;
        cluster.endpoint(&self.place.order).map_err(|why| Fault::new(FaultClass::Invalid, GET, why))
    }

    /// The authority is the same for every endpoint; OKE refuses to write a kubeconfig for one that the cluster has not.
    async fn authority(&self, call: &Call, kind: Option<EndpointKind>) -> Result<String, Fault> {
        let kind = kind.or_else(|| self.place.order.first().copied()).unwrap_or(EndpointKind::Private);
        let path = format!("/20180222/clusters/{}/kubeconfig/content", self.place.cluster);
        let body = json!({"tokenVersion": "2.0.0", "endpoint": kind.word()});
        let sent = Sent::post(path, &body).accepting("application/x-yaml");
        let answer = self.oci.ask(call, KUBECONFIG, Service::ContainerEngine, &self.place.region, sent).await?;
        kubeconfig::authority(&answer.text())
            .map_err(|why| Fault::new(FaultClass::Server, KUBECONFIG, format!("the kubeconfig cannot be used: {why}")))
    }

    /// Where the cluster is by now; the old place when that cannot be had.
    async fn again(&self, call: &Call, old: &mut Connected) {
        old.again = Some(call.clock.now());
        let found = match self.look_up(call).await {
            Ok(found) if found == old.found => return,
            Ok(found) => self.connect(found),
            Err(fault) => Err(fault),
        };
        match found {
            Ok(new) => {
                tracing::warn!(endpoint = new.found.endpoint, "the cluster has another place by now");
                *old = Connected { again: old.again, ..new };
            }
            Err(fault) => {
                tracing::warn!(call = fault.call, "the cluster was not looked up again: {}", fault.message);
            }
        }
    }

    fn is_known(&self) -> bool {
        self.place.endpoint.is_some() && self.place.ca_base64.is_some()
    }
}

#[async_trait]
impl Connector for OkeConnector {
    async fn client(&self, call: &Call) -> Result<Client, Fault> {
        let mut connected = self.connected.lock().await;
        let kept = match connected.as_mut() {
            Some(kept) => {
                if !self.is_known() && kept.watched.doubt.is_due(kept.again, call.clock.now()) {
                    self.again(call, kept).await;
                }
                kept
            }
            None => {
                let found = self.look_up(call).await?;
                connected.insert(self.connect(found)?)
            }
        };
        Ok(kept.watched.client.clone())
    }
}

#[cfg(test)]
mod tests;
