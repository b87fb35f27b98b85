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
use holdfast_kubernetes::{Connector, StandbyCluster};
use holdfast_logscale::{LogScale, Options as SystemOptions};

use super::{aws::AwsConfig, secondary::WithHealthCheck};
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
        let cluster = StandbyCluster::new(connector(&config, &sdk, &clock), &config.namespace, &config.object_name);
        let system = LogScale::new(&cluster, system_options(&config));
        let lock = LockConfig {
            health_check_id: config.primary_check.clone(),
            primary_fqdn: config.primary_fqdn.clone(),
            lock_fqdn: config.lock_fqdn.clone(),
        };
        let history = CloudWatchHistory::new(Arc::clone(&sdk), &config.primary_check, config.policy.period);
        let witnesses = config.outside.witnesses();
        let ports = Ports {
            clock,
            lease: cluster.lease(),
            store: cluster.store(),
            cooldown: Some(Arc::new(SsmCooldown::new(Arc::clone(&sdk), &config.cooldown_parameter))),
            history: Some(Arc::new(history.of_primary(lock.clone()))),
            prober: witnesses.prober,
            controls: witnesses.controls,
            traffic: witnesses.traffic,
            live: Some(Arc::new(CheckerStatus::new(Arc::clone(&sdk), &config.primary_check))),
            standby: standby(&config, &sdk, system.standby()),
        };
        let lock = Arc::new(HealthCheckLock::new(sdk, lock));
        Ok(Self { ports, runbook: system.runbook(lock), config })
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

fn connector(config: &AwsConfig, sdk: &Arc<Sdk>, clock: &Arc<dyn Clock>) -> Arc<dyn Connector> {
    let token = EksToken::new(sdk.credentials.clone(), &config.cluster_region, &config.cluster_name, Arc::clone(clock));
    let known = config.known_cluster.clone().map(|known| Known { endpoint: known.endpoint, ca_base64: known.ca_data });
    let connector = EksConnector::new(Arc::clone(sdk), &config.cluster_name, known, Arc::new(token));
    Arc::new(connector)
}

fn standby(config: &AwsConfig, sdk: &Arc<Sdk>, inner: Arc<dyn Standby>) -> Arc<dyn Standby> {
    let Some(id) = &config.secondary_check else { return inner };
    let check = Arc::new(CheckerStatus::new(Arc::clone(sdk), id));
    Arc::new(WithHealthCheck { inner, check })
}

fn system_options(config: &AwsConfig) -> SystemOptions {
    SystemOptions {
        operator_deployment: config.operator_deployment.clone(),
        target_replicas: config.target_replicas,
        humio_cluster: config.humio_cluster.clone(),
        tls_cleanup: config.tls_cleanup,
        recover_prefix: config.recover_prefix,
    }
}
