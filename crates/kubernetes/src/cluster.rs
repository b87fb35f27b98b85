//! The standby cluster as one thing: what every system needs of it.

use std::sync::Arc;

use crate::{api::Api, connect::Connector, lease::KubernetesLease, store::ConfigMapStore};

/// The resources of one namespace, who may act there, and the record.
pub struct StandbyCluster {
    api: Api,
    lease: Arc<KubernetesLease>,
    store: Arc<ConfigMapStore>,
}

impl StandbyCluster {
    /// The cluster that `connector` leads to. In `namespace` are the system, the Lease and the ConfigMap; both have the
    /// name `object_name`. Nothing is sent.
    pub fn new(connector: Arc<dyn Connector>, namespace: impl Into<String>, object_name: &str) -> Self {
        let api = Api::new(connector, namespace);
        let lease = Arc::new(KubernetesLease::new(api.clone(), object_name.to_owned()));
        let store = Arc::new(ConfigMapStore::new(api.clone(), object_name.to_owned()));
        Self { api, lease, store }
    }

    /// Requests to it.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Elects one worker.
    pub fn lease(&self) -> Arc<KubernetesLease> {
        Arc::clone(&self.lease)
    }

    /// Keeps the record.
    pub fn store(&self) -> Arc<ConfigMapStore> {
        Arc::clone(&self.store)
    }
}
