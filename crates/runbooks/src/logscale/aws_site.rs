//! The engine of the AWS form: ports, steps and numbers put together. No network until the first request.

use std::sync::Arc;

use holdfast_aws::{
    cooldown::SsmCooldown,
    eks::{EksConnector, EksToken, Known},
    history::CloudWatchHistory,
    live::CheckerStatus,
    lock::{HealthCheckLock, LockConfig},
    sdk::{Environment, Options, Sdk},
};
use holdfast_core::{
    Clock,
    engine::Engine,
    ports::{Ports, Standby},
    runbook::Runbook,
};
use holdfast_kubernetes::{KubernetesSite, SiteOptions};

use super::{aws::AwsConfig, secondary::WithHealthCheck, shared};
use crate::variables::ConfigurationFaults;

/// Everything that outlives one invocation: clients, the cluster's address, the token.
pub struct AwsSite {
    ports: Ports,
    runbook: Runbook,
    config: AwsConfig,
}

impl AwsSite {
    /// The site that `config` describes, with the credentials and endpoints of `environment`.
    ///
    /// # Errors
    /// An address that cannot be probed.
    pub fn new(
        config: AwsConfig,
        environment: &Environment,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigurationFaults> {
        let sdk = Arc::new(Sdk::new(environment, &sdk_options(&config)));
        let cluster = KubernetesSite::new(site_options(&config, &sdk, &clock));
        let lock = LockConfig {
            health_check_id: config.primary_check.clone(),
            primary_fqdn: config.primary_fqdn.clone(),
            lock_fqdn: config.lock_fqdn.clone(),
        };
        let witnesses = config.outside.witnesses();
        let ports = Ports {
            clock,
            lease: cluster.lease(),
            store: cluster.store(),
            cooldown: Some(Arc::new(SsmCooldown::new(Arc::clone(&sdk), &config.cooldown_parameter))),
            history: Some(Arc::new(CloudWatchHistory::new(
                Arc::clone(&sdk),
                &config.primary_check,
                config.policy.period,
            ))),
            prober: witnesses.prober,
            controls: witnesses.controls,
            traffic: witnesses.traffic,
            live: Some(Arc::new(CheckerStatus::new(Arc::clone(&sdk), &config.primary_check))),
            standby: standby(&config, &sdk, cluster.standby()),
        };
        let lock = Arc::new(HealthCheckLock::new(sdk, lock));
        let runbook = shared::runbook(&cluster, lock, ports.traffic.as_ref());
        Ok(Self { ports, runbook, config })
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

    /// What the site was built from.
    pub fn config(&self) -> &AwsConfig {
        &self.config
    }
}

fn sdk_options(config: &AwsConfig) -> Options {
    Options {
        cluster_region: config.cluster_region.clone(),
        metric_region: config.metric_region.clone(),
        attempt_timeout: config.limits.retry.attempt_timeout,
        proxies: config.outside.proxies.clone(),
    }
}

fn site_options(config: &AwsConfig, sdk: &Arc<Sdk>, clock: &Arc<dyn Clock>) -> SiteOptions {
    let token = EksToken::new(sdk.credentials.clone(), &config.cluster_region, &config.cluster_name, Arc::clone(clock));
    let known = config.known_cluster.clone().map(|known| Known { endpoint: known.endpoint, ca_base64: known.ca_data });
    let connector = EksConnector::new(Arc::clone(sdk), &config.cluster_name, known, Arc::new(token));
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

fn standby(config: &AwsConfig, sdk: &Arc<Sdk>, inner: Arc<dyn Standby>) -> Arc<dyn Standby> {
    let Some(id) = &config.secondary_check else { return inner };
    let check = Arc::new(CheckerStatus::new(Arc::clone(sdk), id));
    Arc::new(WithHealthCheck { inner, check })
}
