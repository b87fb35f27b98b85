//! AWS around the standby: its world, its services and the Lambda host, started together.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Authority, Cloud, ClusterView, Credentials};
use crate::environment::{self, CLUSTER_NAME, FUNCTION_NAME, Facts, STANDBY_REGION};
use crate::gate::Gate;
use crate::host::Host;
use crate::ids::Ids;
use crate::lambda::{self, LambdaHost};
use crate::net::Listener;
use crate::options::{Options, StartError};
use crate::simulator::{Ground, Ports};
use crate::time::{self, Pace};
use crate::world::{ACCOUNT, Channel, State, World};

/// Keys of the function's role. They open nothing but the simulator.
const FUNCTION_KEYS: (&str, &str) = ("AKIDHOLDFASTFUNCTION", "simulated/function+secret");
/// Keys of an operator who may do everything.
const ADMIN_KEYS: (&str, &str) = ("AKIDHOLDFASTOPERATOR", "simulated/operator+secret");
/// Reserved concurrency of the function.
const CONCURRENCY: usize = 5;

/// The running side.
pub(crate) struct AwsSide {
    cloud: Arc<Cloud>,
    listener: Listener,
}

impl AwsSide {
    /// Starts the services.
    pub(crate) async fn start(ground: &Ground<'_>) -> Result<(World, Gate, Ports, Self), StartError> {
        let Ground { options, pace, timeline, authority, .. } = *ground;
        let health_check = Ids::new(options.seed).uuid();
        let lambda = LambdaHost::new(lambda_settings(options, pace), options.seed.wrapping_add(1), timeline.clone());
        let gate = ground.gate(Host::Lambda(lambda.clone()));
        let state = State::new(time::now(), pace, options.seed, &health_check, channel());
        let world = World::new(state, timeline.clone(), pace);
        let ports = ground.ports(&world, &gate).await?;
        let server = ground.api_server(&ports);
        let cluster = ClusterView { name: CLUSTER_NAME.to_owned(), endpoint: server.endpoint, ca_pem: server.ca_pem };
        let cloud = Arc::new(Cloud {
            gate: gate.clone(),
            lambda,
            world: world.clone(),
            authority: judge(&health_check)?,
            cluster,
            region: STANDBY_REGION.to_owned(),
        });
        let listener = Listener::tls(authority.acceptor(), cloud.clone().handler()).await?;
        let side = Self { cloud, listener };
        gate.host.set_variables(side.variables(ground, &health_check, &ports));
        Ok((world, gate, ports, side))
    }

    fn variables(&self, ground: &Ground<'_>, health_check: &str, ports: &Ports) -> BTreeMap<String, String> {
        let (view, options) = (&self.cloud.cluster, ground.options);
        let mut variables = environment::build(
            &Facts {
                access_key: FUNCTION_KEYS.0,
                secret_key: FUNCTION_KEYS.1,
                session_token: lambda::session_token(0),
                aws_endpoint: &self.endpoint(),
                ca_file: ground.authority.ca_file().display().to_string(),
                health_check,
                humio_cluster: &options.standby.cluster_name,
                topic_arn: channel().topic_arn(),
                primary_port: ports.sites.primary.port(),
                control_targets: ports.control_targets(),
                known_cluster: options.known_cluster.then(|| (view.endpoint.clone(), STANDARD.encode(&view.ca_pem))),
            },
            ground.pace,
        );
        variables.extend(options.function_env.clone());
        variables
    }

    /// The judge of the function's calls.
    pub(crate) fn iam(&self) -> &Authority {
        &self.cloud.authority
    }

    /// `https://localhost:port` of all services.
    pub(crate) fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.listener.port())
    }
}

/// Keys that may do everything.
pub(crate) fn admin_credentials() -> Credentials {
    Credentials { access_key: ADMIN_KEYS.0.to_owned(), secret_key: ADMIN_KEYS.1.to_owned(), session_token: None }
}

/// The function's keys, as they are before a process gets its own session token.
pub(crate) fn function_credentials() -> Credentials {
    let (access_key, secret_key) = (FUNCTION_KEYS.0.to_owned(), FUNCTION_KEYS.1.to_owned());
    Credentials { access_key, secret_key, session_token: Some(lambda::session_token(0)) }
}

fn channel() -> Channel {
    Channel {
        alarm: format!("{CLUSTER_NAME}-dr-failover-primary-unhealthy"),
        topic: format!("{CLUSTER_NAME}-dr-failover-sns"),
    }
}

fn lambda_settings(options: &Options, pace: Pace) -> lambda::Settings {
    lambda::Settings {
        bootstrap: options.bootstrap.clone(),
        function_arn: format!("arn:aws:lambda:{STANDBY_REGION}:{ACCOUNT}:function:{FUNCTION_NAME}"),
        timeout: options.function_timeout,
        concurrency: CONCURRENCY,
        pace,
    }
}

/// IAM with the shipped policy for this world.
fn judge(health_check: &str) -> Result<Authority, StartError> {
    let values = BTreeMap::from([
        ("account_id", ACCOUNT.to_owned()),
        ("standby_region", STANDBY_REGION.to_owned()),
        ("primary_health_check_id", health_check.to_owned()),
        ("cooldown_parameter", format!("logscale-dr/{FUNCTION_NAME}/last-failover-timestamp")),
        ("cluster_name", CLUSTER_NAME.to_owned()),
    ]);
    Authority::new(FUNCTION_KEYS.0, ADMIN_KEYS.0, &values).map_err(StartError::Policy)
}
