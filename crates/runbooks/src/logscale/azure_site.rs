//! The engine of the Azure form: ports, steps and numbers put together. No network until the first request.

use std::sync::Arc;

use holdfast_azure::{
    Azure, Options,
    aks::{AksConnector, Known, Place},
    cooldown::BlobCooldown,
    history::MonitorHistory,
    live::MonitorStatus,
    lock::TrafficManagerLock,
    queue::Queue,
    routing::WithRouting,
};
use holdfast_core::{
    Call, Clock, Timestamp,
    engine::Engine,
    ports::{CooldownStore, Ports},
    runbook::Runbook,
};
use holdfast_kubernetes::{KubernetesSite, SiteOptions};

use super::{azure::AzureConfig, shared};
use crate::variables::{ConfigurationFaults, VariableFault};

/// Everything that outlives one invocation: clients, the cluster's address, the tokens.
pub struct AzureSite {
    ports: Ports,
    runbook: Runbook,
    config: AzureConfig,
    queue: Option<Queue>,
}

impl AzureSite {
    /// The site that `config` describes, with the identity that the platform offers.
    ///
    /// # Errors
    /// An address that cannot be probed; a platform whose identity is not supported.
    pub fn new(config: AzureConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigurationFaults> {
        let azure = Arc::new(Azure::new(&options(&config)).map_err(|fault| of_identity(&fault.message))?);
        let cluster = KubernetesSite::new(site_options(&config, &azure));
        let primary = || config.primary.clone();
        let witnesses = config.outside.witnesses();
        let ports = Ports {
            clock,
            lease: cluster.lease(),
            store: cluster.store(),
            cooldown: Some(cooldown(&config, &azure, &cluster)),
            history: Some(Arc::new(MonitorHistory::new(Arc::clone(&azure), primary(), config.policy.period))),
            prober: witnesses.prober,
            controls: witnesses.controls,
            traffic: witnesses.traffic,
            live: Some(Arc::new(MonitorStatus::new(Arc::clone(&azure), primary()))),
            standby: Arc::new(WithRouting {
                inner: cluster.standby(),
                azure: Arc::clone(&azure),
                primary: primary(),
                primary_region: config.primary_region.clone(),
            }),
        };
        let lock = Arc::new(TrafficManagerLock::new(Arc::clone(&azure), primary()));
        let runbook = shared::runbook(&cluster, lock, ports.traffic.as_ref());
        let queue = config.queue_url.as_deref().map(|url| Queue::new(azure, url));
        Ok(Self { ports, runbook, config, queue })
    }

    /// An engine for one invocation by the worker `holder`.
    pub fn engine(&self, holder: String) -> Engine {
        Engine {
            ports: self.ports.clone(),
            runbook: self.runbook.clone(),
            policy: self.config.policy.clone(),
            limits: self.config.limits.clone(),
            holder,
        }
    }

    /// The queue that work can be put back into with a delay, where it is configured.
    pub fn queue(&self) -> Option<&Queue> {
        self.queue.as_ref()
    }

    /// The bounds of a call outside the engine.
    pub fn call(&self, deadline: Timestamp) -> Call {
        Call { clock: Arc::clone(&self.ports.clock), deadline, retry: self.config.limits.retry }
    }

    /// What the site was built from.
    pub fn config(&self) -> &AzureConfig {
        &self.config
    }
}

fn options(config: &AzureConfig) -> Options {
    Options {
        endpoint: config.arm_endpoint.clone(),
        audience: config.arm_audience.clone(),
        client_id: config.client_id.clone(),
        proxies: config.outside.proxies.clone(),
    }
}

fn of_identity(why: &str) -> ConfigurationFaults {
    let allowed = format!("an identity of App Service or of a virtual machine ({why})");
    ConfigurationFaults(vec![VariableFault { name: "IDENTITY_ENDPOINT".to_owned(), value: None, allowed }])
}

fn site_options(config: &AzureConfig, azure: &Arc<Azure>) -> SiteOptions {
    let known = config.known_cluster.clone();
    let place = match (known, &config.cluster) {
        (Some(known), _) => Place::Known(Known { endpoint: known.endpoint, ca_base64: known.ca_data }),
        (None, cluster) => Place::LookedUp(cluster.clone().unwrap_or_default()),
    };
    let connector = AksConnector::new(Arc::clone(azure), place, config.cluster_server.clone());
    SiteOptions {
        connector: Arc::new(connector),
        namespace: config.namespace.clone(),
        operator_deployment: config.operator_deployment.clone(),
        target_replicas: config.target_replicas,
        humio_cluster: config.humio_cluster.clone(),
        tls_cleanup: config.tls_cleanup,
        recover_prefix: config.recover_prefix,
        object_name: config.object_name.clone(),
    }
}

fn cooldown(config: &AzureConfig, azure: &Arc<Azure>, cluster: &KubernetesSite) -> Arc<dyn CooldownStore> {
    match &config.cooldown_blob {
        Some(url) => Arc::new(BlobCooldown::new(Arc::clone(azure), url)),
        None => cluster.cooldown(),
    }
}
