//! What the steps and checks look at, each thing read once for all who look at the same moment.

use std::sync::Arc;

use holdfast_core::{Call, Fault};

use crate::{
    api::{self, Api},
    deployment::Deployment,
    humio::{HumioCluster, Pod, pods_of},
    secret::{Secret, WITHOUT_RELEASES},
    single_flight::SingleFlight,
};

/// The standby cluster as the steps see it.
pub(crate) struct Look {
    pub(crate) api: Api,
    operator: String,
    cluster: Option<String>,
    deployment: SingleFlight<Option<Deployment>>,
    humio: SingleFlight<Option<HumioCluster>>,
    secrets: SingleFlight<Vec<Secret>>,
    pods: SingleFlight<Vec<Pod>>,
}

/// The HumioCluster and what belongs to it, read side by side.
pub(crate) struct Humio {
    pub(crate) cluster: Arc<Option<HumioCluster>>,
    pub(crate) secrets: Arc<Vec<Secret>>,
    pub(crate) pods: Arc<Vec<Pod>>,
}

impl Look {
    pub(crate) fn new(api: Api, operator: String, cluster: Option<String>) -> Self {
        Self {
            api,
            operator,
            cluster,
            deployment: SingleFlight::new(),
            humio: SingleFlight::new(),
            secrets: SingleFlight::new(),
            pods: SingleFlight::new(),
        }
    }

    /// The name of the operator's Deployment.
    pub(crate) fn operator(&self) -> &str {
        &self.operator
    }

    /// The name of the HumioCluster, where one is configured.
    pub(crate) fn cluster(&self) -> Option<&str> {
        self.cluster.as_deref()
    }

    /// A thing and where it should be, for a sentence.
    pub(crate) fn place(&self, kind: &str, name: &str) -> String {
        format!("{kind} {name} in namespace {}", self.api.namespace())
    }

    /// The operator's Deployment; `None` when there is none.
    pub(crate) async fn deployment(&self, call: &Call) -> Result<Arc<Option<Deployment>>, Fault> {
        let (api, call, name) = (self.api.clone(), call.clone(), self.operator.clone());
        self.deployment.get(|| async move { api.get(&call, &api::GET_DEPLOYMENT, &name).await }).await
    }

    /// The HumioCluster `name` with its secrets and pods.
    pub(crate) async fn humio(&self, call: &Call, name: &str) -> Result<Humio, Fault> {
        let (cluster, secrets, pods) =
            futures_util::join!(self.declared(call, name), self.secrets(call), self.pods(call, name));
        Ok(Humio { cluster: cluster?, secrets: secrets?, pods: pods? })
    }

    async fn declared(&self, call: &Call, name: &str) -> Result<Arc<Option<HumioCluster>>, Fault> {
        let (api, call, name) = (self.api.clone(), call.clone(), name.to_owned());
        self.humio.get(|| async move { api.get(&call, &api::GET_HUMIO_CLUSTER, &name).await }).await
    }

    async fn secrets(&self, call: &Call) -> Result<Arc<Vec<Secret>>, Fault> {
        let (api, call) = (self.api.clone(), call.clone());
        self.secrets.get(|| async move { api.list(&call, &api::LIST_SECRETS, WITHOUT_RELEASES).await }).await
    }

    async fn pods(&self, call: &Call, name: &str) -> Result<Arc<Vec<Pod>>, Fault> {
        let (api, call, query) = (self.api.clone(), call.clone(), pods_of(name));
        self.pods.get(|| async move { api.list(&call, &api::LIST_PODS, &query).await }).await
    }
}
