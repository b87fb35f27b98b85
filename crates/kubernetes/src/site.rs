//! The standby cluster as one thing: every port and step over one connection, sharing what they read.

use std::sync::Arc;

use crate::{
    api::Api,
    check::{RecoverPrefix, StandbyCheck},
    connect::Connector,
    cooldown::AnnotationCooldown,
    lease::KubernetesLease,
    look::Look,
    steps::{RemoveStaleTls, ScaleOperator, VerifyStandby},
    store::ConfigMapStore,
    tls::TlsCleanup,
};

/// What is known of the standby cluster beforehand.
pub struct SiteOptions {
    /// The way to its API server.
    pub connector: Arc<dyn Connector>,
    /// The namespace of LogScale.
    pub namespace: String,
    /// The operator's Deployment: the name of the Helm release.
    pub operator_deployment: String,
    /// How many operators an active site runs, 1 or more.
    pub target_replicas: i32,
    /// The HumioCluster. Without it only the operator is looked at, and no TLS secret is touched.
    pub humio_cluster: Option<String>,
    /// What is done about TLS secrets.
    pub tls_cleanup: TlsCleanup,
    /// Which recovery variables are expected.
    pub recover_prefix: RecoverPrefix,
    /// The name of the Lease and of the ConfigMap.
    pub object_name: String,
}

impl SiteOptions {
    /// The names that the shipped manifests and every CrowdStrike module use; no HumioCluster.
    pub fn new(connector: Arc<dyn Connector>) -> Self {
        Self {
            connector,
            namespace: "logging".to_owned(),
            operator_deployment: "humio-operator".to_owned(),
            target_replicas: 1,
            humio_cluster: None,
            tls_cleanup: TlsCleanup::default(),
            recover_prefix: RecoverPrefix::default(),
            object_name: "holdfast".to_owned(),
        }
    }
}

/// Ports and steps of one standby cluster. Those that look at the same moment share their reads.
pub struct KubernetesSite {
    lease: Arc<KubernetesLease>,
    store: Arc<ConfigMapStore>,
    cooldown: Arc<AnnotationCooldown>,
    standby: Arc<StandbyCheck>,
    remove_stale_tls: Arc<RemoveStaleTls>,
    scale_operator: Arc<ScaleOperator>,
    verify_standby: Arc<VerifyStandby>,
}

impl KubernetesSite {
    /// Builds them. Nothing is sent.
    pub fn new(options: SiteOptions) -> Self {
        let api = Api::new(options.connector, options.namespace);
        let look = Arc::new(Look::new(api.clone(), options.operator_deployment, options.humio_cluster));
        let (cleanup, target) = (options.tls_cleanup, options.target_replicas);
        let lease = Arc::new(KubernetesLease::new(api.clone(), options.object_name.clone()));
        Self {
            lease: Arc::clone(&lease),
            store: Arc::new(ConfigMapStore::new(api, options.object_name)),
            cooldown: Arc::new(AnnotationCooldown::new(Arc::clone(&look))),
            standby: Arc::new(StandbyCheck::new(Arc::clone(&look), lease, cleanup, options.recover_prefix)),
            remove_stale_tls: Arc::new(RemoveStaleTls::new(Arc::clone(&look), cleanup)),
            scale_operator: Arc::new(ScaleOperator::new(Arc::clone(&look), target)),
            verify_standby: Arc::new(VerifyStandby::new(look, target)),
        }
    }

    /// Elects one worker.
    pub fn lease(&self) -> Arc<KubernetesLease> {
        Arc::clone(&self.lease)
    }

    /// Keeps the record.
    pub fn store(&self) -> Arc<ConfigMapStore> {
        Arc::clone(&self.store)
    }

    /// Reads when the reference's function last failed over, from the operator's Deployment. On clouds that keep the
    /// note elsewhere it is not used.
    pub fn cooldown(&self) -> Arc<AnnotationCooldown> {
        Arc::clone(&self.cooldown)
    }

    /// Tells whether the standby can take over.
    pub fn standby(&self) -> Arc<StandbyCheck> {
        Arc::clone(&self.standby)
    }

    /// First step.
    pub fn remove_stale_tls(&self) -> Arc<RemoveStaleTls> {
        Arc::clone(&self.remove_stale_tls)
    }

    /// Second step.
    pub fn scale_operator(&self) -> Arc<ScaleOperator> {
        Arc::clone(&self.scale_operator)
    }

    /// Last step.
    pub fn verify_standby(&self) -> Arc<VerifyStandby> {
        Arc::clone(&self.verify_standby)
    }
}
