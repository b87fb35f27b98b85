//! What the steps and checks look at, each thing read once for all who look at the same moment.

use std::sync::Arc;

use futures_util::future::try_join_all;
use holdfast_core::{Call, Fault};
use holdfast_kubernetes::{
    api::{self, Api, Listed, Operation},
    deployment::{Deployment, DeploymentHandle},
    pod::{self, Pod},
    secret::{self, Secret},
    single_flight::SingleFlight,
};
use http::Method;

use crate::humio::{HumioCluster, labels_of};

const GET_HUMIO_CLUSTER: Operation =
    Operation::custom("kubernetes:get humioclusters", Method::GET, "apis/core.humio.com/v1alpha1", "humioclusters");

/// The standby cluster as the steps see it.
pub(crate) struct ClusterReader {
    pub(crate) api: Api,
    pub(crate) operator: Arc<DeploymentHandle>,
    cluster: Option<String>,
    humio: SingleFlight<Option<HumioCluster>>,
    secrets: SingleFlight<Gathered>,
    pods: SingleFlight<Vec<Pod>>,
}

/// The HumioCluster and what belongs to it, read side by side.
pub(crate) struct Humio {
    pub(crate) cluster: Arc<Option<HumioCluster>>,
    /// The cluster's own TLS secrets, its CA and its bootstrap token, as far as they exist; in a namespace of few secrets
    /// others too.
    pub(crate) secrets: Arc<Vec<Secret>>,
    pub(crate) pods: Arc<Vec<Pod>>,
}

/// Secrets of the namespace, as far as they are wanted.
struct Gathered {
    secrets: Arc<Vec<Secret>>,
    all_nodes: bool,
}

/// Secrets that are not of TLS and fit into one page are read in the same moment as the others: that saves a round trip.
/// Where there are more, the few that are wanted are asked for by name.
const FEW: usize = 50;

/// The most secrets of those that a HumioCluster refers to that are asked for by name.
pub(crate) const REFERRED: usize = 40;

impl ClusterReader {
    pub(crate) fn new(api: Api, operator: Arc<DeploymentHandle>, cluster: Option<String>) -> Self {
        Self {
            api,
            operator,
            cluster,
            humio: SingleFlight::new(),
            secrets: SingleFlight::new(),
            pods: SingleFlight::new(),
        }
    }

    /// The name of the HumioCluster, where one is configured.
    pub(crate) fn cluster(&self) -> Option<&str> {
        self.cluster.as_deref()
    }

    /// A thing and where it should be, for a sentence.
    pub(crate) fn place(&self, kind: &str, name: &str) -> String {
        self.api.place(kind, name)
    }

    /// The operator's Deployment; `None` when there is none.
    pub(crate) async fn deployment(&self, call: &Call) -> Result<Arc<Option<Deployment>>, Fault> {
        self.operator.read(call).await
    }

    /// The HumioCluster `name` with its secrets and pods.
    pub(crate) async fn humio(&self, call: &Call, name: &str) -> Result<Humio, Fault> {
        if !api::is_name(name) {
            // Says so, and sends nothing.
            self.declared(call, name).await?;
        }
        let (cluster, gathered, pods) =
            futures_util::join!(self.declared(call, name), self.secrets(call, name), self.pods(call, name));
        let (cluster, gathered) = (cluster?, gathered?);
        let named = cluster.as_ref().as_ref().and_then(HumioCluster::ca_secret_name).map(str::to_owned);
        let secrets = self.with(call, &gathered.secrets, named).await?;
        Ok(Humio { cluster, secrets, pods: pods? })
    }

    /// False when there are more TLS secrets of nodes than are read. Asked beside [`ClusterReader::humio`], it costs nothing.
    pub(crate) async fn has_read_all_nodes(&self, call: &Call, name: &str) -> Result<bool, Fault> {
        Ok(self.secrets(call, name).await?.all_nodes)
    }

    /// The secrets that were read, and beside them those of `names` that exist: what was not among the first is asked
    /// for by name before it is said that it is not there.
    pub(crate) async fn with(
        &self,
        call: &Call,
        secrets: &Arc<Vec<Secret>>,
        names: impl IntoIterator<Item = String>,
    ) -> Result<Arc<Vec<Secret>>, Fault> {
        let is_there = |name: &String| secrets.iter().any(|secret| secret.metadata.name == *name);
        let names: Vec<_> = names.into_iter().filter(|name| !is_there(name)).collect();
        if names.is_empty() {
            return Ok(Arc::clone(secrets));
        }
        let found = try_join_all(names.iter().map(|name| secret::named(&self.api, call, name))).await?;
        Ok(Arc::new(secrets.iter().cloned().chain(found.into_iter().flatten()).collect()))
    }

    async fn declared(&self, call: &Call, name: &str) -> Result<Arc<Option<HumioCluster>>, Fault> {
        let (api, call, name) = (self.api.clone(), call.clone(), name.to_owned());
        self.humio.get(|| async move { api.get(&call, &GET_HUMIO_CLUSTER, &name).await }).await
    }

    async fn secrets(&self, call: &Call, cluster: &str) -> Result<Arc<Gathered>, Fault> {
        let (api, call, cluster) = (self.api.clone(), call.clone(), cluster.to_owned());
        self.secrets.get(|| async move { gather(&api, &call, &cluster).await }).await
    }

    async fn pods(&self, call: &Call, name: &str) -> Result<Arc<Vec<Pod>>, Fault> {
        let (api, call, labels) = (self.api.clone(), call.clone(), labels_of(name));
        self.pods.get(|| async move { pod::list(&api, &call, &labels).await }).await
    }
}

/// The secrets that judgement and checks want of a cluster that may not have been read yet.
///
/// The namespace may hold anything: of TLS secrets only those of this cluster are kept, of the others only one page, and
/// what must not be missed is asked for by name where a list was not read to its end.
async fn gather(api: &Api, call: &Call, cluster: &str) -> Result<Gathered, Fault> {
    let ours = |secret: &Secret| secret.metadata.name.strip_prefix(cluster).is_some_and(is_end);
    let (tls, others) = futures_util::join!(secret::of_tls(api, call, ours), secret::few_others(api, call, FEW));
    let (Listed { items: mut secrets, complete: all_nodes }, others) = (tls?, others?);
    let all = all_nodes && others.is_some();
    secrets.extend(others.unwrap_or_default());
    if !all {
        let wanted = ["", "-ca-keypair", "-bootstrap-token"].map(|end| format!("{cluster}{end}"));
        let is_absent = |name: &&String| secrets.iter().all(|secret| secret.metadata.name != **name);
        let absent = wanted.iter().filter(is_absent).map(|name| secret::named(api, call, name));
        let found = try_join_all(absent).await?;
        secrets.extend(found.into_iter().flatten());
    }
    Ok(Gathered { secrets: Arc::new(secrets), all_nodes })
}

/// True for what may follow a cluster's name in the name of one of its secrets.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('-')
}

#[cfg(test)]
mod tests;
