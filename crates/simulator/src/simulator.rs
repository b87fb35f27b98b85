//! Putting the pieces together, and the handle on all of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::aws::{self, AwsSide, Credentials};
use crate::azure::AzureSide;
use crate::calls::CallLog;
use crate::environment::{CLUSTER_NAME, NAMESPACE, STANDBY_REGION};
use crate::faults::Faults;
use crate::functions::FunctionsHost;
use crate::gate::Gate;
use crate::host::Host;
use crate::kubernetes::{Cluster, ClusterOptions, seed_standby};
use crate::lambda::LambdaHost;
use crate::net::{Authority, Listener};
use crate::options::{CloudName, ExternalCluster, Options, StartError};
use crate::outside::{self, Lost, WayOut, serve_controls};
use crate::standby;
use crate::time::Pace;
use crate::timeline::{Event, Timeline};
use crate::world::{Clockwork, Sites, World, serve_sites};

/// Kubernetes group of the function (facts aws 7.3).
pub(crate) const GROUP: &str = "dr-failover";

/// What every cloud's side is built on.
pub(crate) struct Ground<'a> {
    pub(crate) options: &'a Options,
    pub(crate) pace: Pace,
    pub(crate) timeline: &'a Timeline,
    pub(crate) authority: &'a Authority,
    pub(crate) cluster: &'a Arc<Cluster>,
}

/// The ports that both clouds have.
pub(crate) struct Ports {
    pub(crate) sites: Sites,
    pub(crate) kubernetes: Listener,
    pub(crate) controls: Vec<Listener>,
}

impl Ports {
    /// The addresses of the control targets, separated by commas.
    pub(crate) fn control_targets(&self) -> String {
        outside::addresses(self.controls.iter().map(Listener::port))
    }
}

impl Ground<'_> {
    /// The gate before a host.
    pub(crate) fn gate(&self, host: Host) -> Gate {
        let (calls, faults) = (CallLog::default(), Faults::default());
        let (timeline, delay) = (self.timeline.clone(), self.options.round_trip_delay);
        Gate { calls, faults, timeline, host, way_out: WayOut::default(), delay }
    }

    /// Opens the sites and the cluster's API.
    pub(crate) async fn ports(&self, world: &World, gate: &Gate) -> Result<Ports, StartError> {
        let handler = standby::handler(self.cluster, gate.clone());
        let kubernetes = Listener::tls(self.authority.asking_acceptor(), handler).await?;
        let controls = serve_controls(gate, &self.authority.acceptor()).await?;
        Ok(Ports { sites: serve_sites(world, gate, &self.authority.acceptor()).await?, kubernetes, controls })
    }

    /// Endpoint and CA of the API server that the function is to be told.
    pub(crate) fn api_server(&self, ports: &Ports) -> ExternalCluster {
        self.options.external_kubernetes.clone().unwrap_or_else(|| ExternalCluster {
            endpoint: format!("https://localhost:{}", ports.kubernetes.port()),
            ca_pem: self.authority.ca_pem().to_owned(),
        })
    }
}

/// The cloud around the standby.
#[allow(clippy::large_enum_variant, reason = "there is one of it in a process")]
pub(crate) enum Side {
    Aws(AwsSide),
    Azure(AzureSide),
}

/// The clouds and the cluster, running. Everything ends when it is stopped or dropped.
pub struct Simulator {
    world: World,
    gate: Gate,
    cluster: Arc<Cluster>,
    authority: Authority,
    ports: Ports,
    side: Side,
    _clockwork: Clockwork,
    _watch: Option<standby::Watch>,
    operator: JoinHandle<()>,
}

impl Simulator {
    /// Starts everything on free ports of loopback.
    ///
    /// # Errors
    /// When no certificates can be made, no port is free, or what ships for the cloud is not usable.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (pace, timeline, authority) = (Pace::new(options.pace), Timeline::new(), Authority::new()?);
        let cluster = standby_cluster(&options);
        let ground = Ground { options: &options, pace, timeline: &timeline, authority: &authority, cluster: &cluster };
        let (world, gate, ports, side) = match options.cloud {
            CloudName::Aws => {
                let (world, gate, ports, side) = AwsSide::start(&ground).await?;
                (world, gate, ports, Side::Aws(side))
            }
            CloudName::Azure => {
                let (world, gate, ports, side) = AzureSide::start(&ground).await?;
                (world, gate, ports, Side::Azure(side))
            }
        };
        let watch =
            options.external_kubernetes.is_none().then(|| standby::Watch::start(cluster.clone(), world.clone()));
        let operator = cluster.spawn_operator();
        let clockwork = Clockwork::start(world.clone(), gate.host.clone(), pace);
        Ok(Self { world, gate, cluster, authority, ports, side, _clockwork: clockwork, _watch: watch, operator })
    }

    /// The world behind the clouds.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The faults in force.
    pub fn faults(&self) -> &Faults {
        &self.gate.faults
    }

    /// Takes the function's way out of the standby's network: see [`outside`](crate::outside).
    pub fn cut_off(&self, how: Lost) {
        self.gate.way_out.set(Some(how), &self.gate.timeline);
    }

    /// Gives it back.
    pub fn give_way_out_back(&self) {
        self.gate.way_out.set(None, &self.gate.timeline);
    }

    /// `https://localhost:port/ping` of each control target.
    pub fn control_urls(&self) -> Vec<String> {
        self.ports.control_targets().split(',').map(str::to_owned).collect()
    }

    /// The log of calls.
    pub fn calls(&self) -> &CallLog {
        &self.gate.calls
    }

    /// The service that runs the function, whatever the cloud.
    pub fn host(&self) -> &Host {
        &self.gate.host
    }

    /// The Lambda service.
    ///
    /// # Panics
    /// On another cloud than AWS.
    pub fn lambda(&self) -> &LambdaHost {
        match &self.gate.host {
            Host::Lambda(lambda) => lambda,
            Host::Functions(_) => panic!("there is no Lambda on Azure"),
        }
    }

    /// The Azure Functions host; `None` on AWS.
    pub fn functions(&self) -> Option<&FunctionsHost> {
        match &self.gate.host {
            Host::Functions(functions) => Some(functions),
            Host::Lambda(_) => None,
        }
    }

    /// What only Azure has; `None` on AWS.
    pub fn azure(&self) -> Option<&AzureSide> {
        match &self.side {
            Side::Azure(side) => Some(side),
            Side::Aws(_) => None,
        }
    }

    fn aws(&self) -> &AwsSide {
        match &self.side {
            Side::Aws(side) => side,
            Side::Azure(_) => panic!("this simulator runs Azure"),
        }
    }

    /// The simulated standby cluster. Beside an external one it is there and nobody is told of it.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// What IAM saw of the function: statements used, calls denied.
    ///
    /// # Panics
    /// On another cloud than AWS.
    pub fn iam(&self) -> &aws::Authority {
        self.aws().iam()
    }

    /// The calls of the function that its rights did not allow, each as action and resource.
    pub fn refused(&self) -> Vec<String> {
        match &self.side {
            Side::Aws(side) => {
                side.iam().denied().iter().map(|denied| format!("{} on {}", denied.action, denied.resource)).collect()
            }
            Side::Azure(side) => {
                side.role().refused().iter().map(|refused| format!("{} on {}", refused.action, refused.scope)).collect()
            }
        }
    }

    /// A receiver of every event from now on.
    pub fn timeline(&self) -> broadcast::Receiver<Event> {
        self.gate.timeline.listen()
    }

    /// Every event so far.
    pub fn events(&self) -> Vec<Event> {
        self.gate.timeline.told()
    }

    /// The environment that the function's processes get; credentials and addresses that differ per process are examples.
    pub fn function_env(&self) -> BTreeMap<String, String> {
        self.gate.host.variables()
    }

    /// Keys that may do everything on AWS, for clients that are not the function.
    pub fn admin_credentials(&self) -> Credentials {
        aws::admin_credentials()
    }

    /// The function's keys on AWS, as they are before a process gets its own session token.
    pub fn function_credentials(&self) -> Credentials {
        aws::function_credentials()
    }

    /// `https://localhost:port` of all AWS services.
    ///
    /// # Panics
    /// On another cloud than AWS.
    pub fn aws_endpoint(&self) -> String {
        self.aws().endpoint()
    }

    /// `https://localhost:port` of the simulated cluster's API.
    pub fn kubernetes_endpoint(&self) -> String {
        format!("https://localhost:{}", self.ports.kubernetes.port())
    }

    /// `https://localhost:port` of the primary site.
    pub fn primary_url(&self) -> String {
        format!("https://localhost:{}", self.ports.sites.primary.port())
    }

    /// `https://localhost:port` of the standby site.
    pub fn standby_url(&self) -> String {
        format!("https://localhost:{}", self.ports.sites.standby.port())
    }

    /// `https://localhost:port` of the global name: the site that DNS answers with.
    pub fn global_url(&self) -> String {
        format!("https://localhost:{}", self.ports.sites.global.port())
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
        self.gate.host.shut_down();
        self.operator.abort();
    }
}

fn standby_cluster(options: &Options) -> Arc<Cluster> {
    let keys = aws::function_credentials();
    let cluster = Cluster::new(ClusterOptions {
        name: CLUSTER_NAME.to_owned(),
        region: STANDBY_REGION.to_owned(),
        namespace: NAMESPACE.to_owned(),
        access_key: keys.access_key,
        secret_key: keys.secret_key,
        group: GROUP.to_owned(),
        pace: options.pace,
        seed: options.seed,
    });
    seed_standby(&cluster, &options.standby);
    cluster
}
