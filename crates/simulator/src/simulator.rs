//! Putting the pieces together, and the handle on all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::aws::{self, Cloud, ClusterView, Credentials};
use crate::calls::CallLog;
use crate::environment::{self, CLUSTER_NAME, FUNCTION_NAME, Facts, NAMESPACE, STANDBY_REGION};
use crate::faults::Faults;
use crate::gate::Gate;
use crate::ids::Ids;
use crate::kubernetes::{Cluster, ClusterOptions, StandbySeed, seed_standby};
use crate::lambda::{self, LambdaHost};
use crate::net::{Authority, Listener, TlsError};
use crate::standby;
use crate::time::{self, Pace};
use crate::timeline::{Event, Timeline};
use crate::world::{ACCOUNT, Channel, Clockwork, Sites, State, World, serve_sites};

/// Keys of the function's role. They open nothing but the simulator.
const FUNCTION_KEYS: (&str, &str) = ("AKIDHOLDFASTFUNCTION", "simulated/function+secret");
/// Keys of an operator who may do everything.
const ADMIN_KEYS: (&str, &str) = ("AKIDHOLDFASTOPERATOR", "simulated/operator+secret");
/// Kubernetes group of the function's access entry (facts 7.3).
const GROUP: &str = "dr-failover";
/// Reserved concurrency of the function.
const CONCURRENCY: usize = 5;

/// A real API server that takes the simulated standby's place.
#[derive(Debug, Clone)]
pub struct ExternalCluster {
    /// `https://host:port`.
    pub endpoint: String,
    /// PEM of the authority to trust.
    pub ca_pem: String,
}

/// How a simulator is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Simulated durations are divided by this; 60 lets a minute take a second. Less than 1 counts as 1. The metric period is
    /// rounded up to one that CloudWatch knows: 1, 5, 10, 20, 30 or 60 s.
    pub pace: f64,
    /// The same seed gives the same ids and the same rhythm of the checkers.
    pub seed: u64,
    /// The function's executable; without one alarms and ticks reach nobody.
    pub bootstrap: Option<PathBuf>,
    /// Time limit of the function, real (already paced).
    pub function_timeout: Duration,
    /// Added to the function's environment last, so it overrides.
    pub function_env: BTreeMap<String, String>,
    /// What the standby cluster holds at first.
    pub standby: StandbySeed,
    /// A real API server as the standby; DescribeCluster then tells its endpoint.
    pub external_kubernetes: Option<ExternalCluster>,
    /// Whether the function gets the cluster's endpoint and CA as variables instead of having to ask EKS.
    pub known_cluster: bool,
    /// Added to every call, real.
    pub round_trip_delay: Duration,
}

impl Default for Options {
    /// Pace 60, seed 1, no function, the longest time limit of Lambda (900 s, paced), a fit standby, no delay.
    fn default() -> Self {
        Self {
            pace: 60.0,
            seed: 1,
            bootstrap: None,
            function_timeout: Duration::from_secs(15),
            function_env: BTreeMap::new(),
            standby: StandbySeed::default(),
            external_kubernetes: None,
            known_cluster: false,
            round_trip_delay: Duration::ZERO,
        }
    }
}

/// Why a simulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No certificates.
    #[error("the simulator's certificates could not be made")]
    Tls(#[from] TlsError),
    /// A port could not be opened.
    #[error("a port on loopback could not be opened")]
    Port(#[from] std::io::Error),
    /// The shipped IAM policy is not usable.
    #[error("infra/aws/policy.json cannot be used: {0}")]
    Policy(String),
}

/// The clouds and the cluster, running. Everything ends when it is stopped or dropped.
pub struct Simulator {
    world: World,
    gate: Gate,
    cluster: Arc<Cluster>,
    cloud: Arc<Cloud>,
    authority: Authority,
    sites: Sites,
    aws: Listener,
    kubernetes: Listener,
    _clockwork: Clockwork,
    _watch: Option<standby::Watch>,
    operator: JoinHandle<()>,
}

impl Simulator {
    /// Starts everything on free ports of loopback.
    ///
    /// # Errors
    /// When no certificates can be made, no port is free, or the shipped policy is not usable.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (pace, timeline, authority) = (Pace::new(options.pace), Timeline::new(), Authority::new()?);
        let health_check = Ids::new(options.seed).uuid();
        let lambda = LambdaHost::new(lambda_settings(&options, pace), options.seed.wrapping_add(1), timeline.clone());
        let (calls, faults) = (CallLog::default(), Faults::default());
        let gate = Gate { calls, faults, timeline: timeline.clone(), lambda, delay: options.round_trip_delay };
        let state = State::new(time::now(), pace, options.seed, &health_check, channel());
        let world = World::new(state, timeline, pace);
        let cluster = standby_cluster(&options);
        let kubernetes = Listener::tls(authority.acceptor(), standby::handler(&cluster, gate.clone())).await?;
        let sites = serve_sites(&world, &gate, &authority.acceptor()).await?;
        let view = cluster_view(&options, &authority, &kubernetes);
        let cloud = Arc::new(Cloud {
            gate: gate.clone(),
            world: world.clone(),
            authority: judge(&health_check)?,
            cluster: view,
            region: STANDBY_REGION.to_owned(),
        });
        let aws = Listener::tls(authority.acceptor(), cloud.clone().handler()).await?;
        let watch =
            options.external_kubernetes.is_none().then(|| standby::Watch::start(cluster.clone(), world.clone()));
        let operator = cluster.spawn_operator();
        let clockwork = Clockwork::start(world.clone(), gate.lambda.clone(), pace);
        let simulator = Self {
            world,
            gate,
            cluster,
            cloud,
            authority,
            sites,
            aws,
            kubernetes,
            _clockwork: clockwork,
            _watch: watch,
            operator,
        };
        simulator.gate.lambda.set_variables(simulator.variables(&options, &health_check, pace));
        Ok(simulator)
    }

    fn variables(&self, options: &Options, health_check: &str, pace: Pace) -> BTreeMap<String, String> {
        let view = &self.cloud.cluster;
        let mut variables = environment::build(
            &Facts {
                access_key: FUNCTION_KEYS.0,
                secret_key: FUNCTION_KEYS.1,
                session_token: lambda::session_token(0),
                aws_endpoint: &self.aws_endpoint(),
                ca_file: self.ca_file().display().to_string(),
                health_check,
                humio_cluster: &options.standby.cluster_name,
                topic_arn: channel().topic_arn(),
                primary_port: self.sites.primary.port(),
                known_cluster: options.known_cluster.then(|| (view.endpoint.clone(), STANDARD.encode(&view.ca_pem))),
            },
            pace,
        );
        variables.extend(options.function_env.clone());
        variables
    }

    /// The world behind the clouds.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The faults in force.
    pub fn faults(&self) -> &Faults {
        &self.gate.faults
    }

    /// The log of calls.
    pub fn calls(&self) -> &CallLog {
        &self.gate.calls
    }

    /// The Lambda service.
    pub fn lambda(&self) -> &LambdaHost {
        &self.gate.lambda
    }

    /// The simulated standby cluster. Beside an external one it is there and nobody is told of it.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// What IAM saw of the function: statements used, calls denied.
    pub fn iam(&self) -> &aws::Authority {
        &self.cloud.authority
    }

    /// A receiver of every event from now on.
    pub fn timeline(&self) -> broadcast::Receiver<Event> {
        self.gate.timeline.listen()
    }

    /// Every event so far.
    pub fn events(&self) -> Vec<Event> {
        self.gate.timeline.told()
    }

    /// The environment that the function's processes get; the session token and the Runtime API's address differ per process.
    pub fn function_env(&self) -> BTreeMap<String, String> {
        self.gate.lambda.variables()
    }

    /// Keys that may do everything, for clients that are not the function.
    pub fn admin_credentials(&self) -> Credentials {
        Credentials { access_key: ADMIN_KEYS.0.to_owned(), secret_key: ADMIN_KEYS.1.to_owned(), session_token: None }
    }

    /// The function's keys, as they are before a process gets its own session token.
    pub fn function_credentials(&self) -> Credentials {
        let (access_key, secret_key) = (FUNCTION_KEYS.0.to_owned(), FUNCTION_KEYS.1.to_owned());
        Credentials { access_key, secret_key, session_token: Some(lambda::session_token(0)) }
    }

    /// `https://localhost:port` of all AWS services.
    pub fn aws_endpoint(&self) -> String {
        format!("https://localhost:{}", self.aws.port())
    }

    /// `https://localhost:port` of the simulated cluster's API.
    pub fn kubernetes_endpoint(&self) -> String {
        format!("https://localhost:{}", self.kubernetes.port())
    }

    /// `https://localhost:port` of the primary site.
    pub fn primary_url(&self) -> String {
        format!("https://localhost:{}", self.sites.primary.port())
    }

    /// `https://localhost:port` of the standby site.
    pub fn standby_url(&self) -> String {
        format!("https://localhost:{}", self.sites.standby.port())
    }

    /// `https://localhost:port` of the global name: the site that DNS answers with.
    pub fn global_url(&self) -> String {
        format!("https://localhost:{}", self.sites.global.port())
    }

    /// The authority that signed every certificate here.
    pub fn ca_pem(&self) -> &str {
        self.authority.ca_pem()
    }

    /// The same as a file, which is gone when the simulator is.
    pub fn ca_file(&self) -> &Path {
        self.authority.ca_file()
    }

    /// Ends the function's processes, the controllers and every listener.
    pub async fn stop(self) {
        drop(self);
        // Lets the aborted tasks and the killed processes end.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.gate.lambda.shut_down();
        self.operator.abort();
    }
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

fn standby_cluster(options: &Options) -> Arc<Cluster> {
    let cluster = Cluster::new(ClusterOptions {
        name: CLUSTER_NAME.to_owned(),
        region: STANDBY_REGION.to_owned(),
        namespace: NAMESPACE.to_owned(),
        access_key: FUNCTION_KEYS.0.to_owned(),
        secret_key: FUNCTION_KEYS.1.to_owned(),
        group: GROUP.to_owned(),
        pace: options.pace,
        seed: options.seed,
    });
    seed_standby(&cluster, &options.standby);
    cluster
}

fn cluster_view(options: &Options, authority: &Authority, kubernetes: &Listener) -> ClusterView {
    let (endpoint, ca_pem) = match &options.external_kubernetes {
        Some(external) => (external.endpoint.clone(), external.ca_pem.clone()),
        None => (format!("https://localhost:{}", kubernetes.port()), authority.ca_pem().to_owned()),
    };
    ClusterView { name: CLUSTER_NAME.to_owned(), endpoint, ca_pem }
}

/// IAM with the shipped policy for this world.
fn judge(health_check: &str) -> Result<aws::Authority, StartError> {
    let values = BTreeMap::from([
        ("account_id", ACCOUNT.to_owned()),
        ("standby_region", STANDBY_REGION.to_owned()),
        ("primary_health_check_id", health_check.to_owned()),
        ("cooldown_parameter", format!("logscale-dr/{FUNCTION_NAME}/last-failover-timestamp")),
        ("cluster_name", CLUSTER_NAME.to_owned()),
    ]);
    aws::Authority::new(FUNCTION_KEYS.0, ADMIN_KEYS.0, &values).map_err(StartError::Policy)
}
