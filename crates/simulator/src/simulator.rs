//! Putting the pieces together, and the handle on all of them.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::backend::{CloudBackend, CloudServices, Role};
use crate::calls::CallLog;
use crate::conditions::Lost;
use crate::faults::Faults;
use crate::gate::Gate;
use crate::host::{Host, HostSlot};
use crate::kubernetes::Cluster;
use crate::net::{Authority, Listener};
use crate::options::Options;
use crate::outside::serve_controls;
use crate::people::{self, People};
use crate::standby;
use crate::test_bed::{Deployment, ExternalCluster, Ports, StartError, TestBed};
use crate::time::{self, Pace};
use crate::timeline::{Event, Timeline};
use crate::way_out::WayOut;
use crate::world::{Clockwork, State, World, serve_sites};

/// The clouds and the cluster, running. Everything ends when it is stopped or dropped.
pub struct Simulator {
    cloud: &'static dyn CloudBackend,
    traffic: &'static dyn CloudBackend,
    world: World,
    gate: Gate,
    host: Arc<dyn Host>,
    cluster: Arc<Cluster>,
    authority: Authority,
    ports: Ports,
    people: People,
    /// The cloud of the function, and the one that switches its traffic where that is another.
    services: Vec<Box<dyn CloudServices>>,
    _clockwork: Clockwork,
    _watch: Option<standby::Watch>,
    operator: JoinHandle<()>,
}

impl Simulator {
    /// Starts everything on free ports of loopback.
    ///
    /// # Errors
    /// When no certificates can be made, no port is free, what ships for the cloud is not usable, or the cloud that is to switch
    /// traffic cannot do so for another.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (pace, timeline, authority) = (Pace::new(options.pace), Timeline::new(), Authority::new()?);
        let (cloud, foreign) = (options.cloud, options.foreign_traffic());
        let cluster = standby::cluster(options.pace, options.seed, &options.standby);
        let world = World::new(state(&options, pace)?, timeline.clone(), pace);
        let gate = gate(&options, &timeline);
        let people = People::default();
        let ports = ports(cloud, &cluster, &world, &gate, &authority, &people).await?;
        let bed = TestBed {
            seed: options.seed,
            pace,
            timeline: &timeline,
            authority: &authority,
            cluster: &cluster,
            standby: &options.standby,
            world: &world,
            gate: &gate,
            api_server: api_server(&options, &ports, &authority),
            ports: &ports,
            people: &people,
            known_cluster: options.known_cluster,
            client_certificate: options.client_certificate,
            function: Deployment {
                executable: options.bootstrap.clone(),
                timeout: options.function_timeout,
                folder: options.function_folder.clone(),
            },
        };
        let mut started = cloud.start(&bed, Role::Function).await?;
        let host = started.host.take().ok_or(StartError::NoHost(cloud.name()))?;
        let (mut variables, mut services) = (started.variables, vec![started.services]);
        if let Some(foreign) = foreign {
            let started = foreign.start(&bed, Role::Traffic).await?;
            variables.extend(started.variables);
            services.push(started.services);
        }
        variables.extend(told(&options, ports.people.port()));
        variables.extend(options.function_env.clone());
        host.set_variables(variables);
        gate.host.fill(host.clone());
        let watch = options.external_kubernetes.is_none();
        let watch = watch.then(|| standby::Watch::start(cluster.clone(), world.clone(), cloud));
        let operator = cluster.spawn_operator();
        let clockwork = Clockwork::start(world.clone(), host.clone(), pace);
        Ok(Self {
            cloud,
            traffic: foreign.unwrap_or(cloud),
            world,
            gate,
            host,
            cluster,
            authority,
            ports,
            people,
            services,
            _clockwork: clockwork,
            _watch: watch,
            operator,
        })
    }

    /// The cloud that the function runs on.
    pub fn cloud(&self) -> &'static dyn CloudBackend {
        self.cloud
    }

    /// The cloud that switches traffic: the same, but on a mixed site.
    pub fn traffic_cloud(&self) -> &'static dyn CloudBackend {
        self.traffic
    }

    /// The running services of the cloud that the function runs on.
    pub fn services(&self) -> &dyn CloudServices {
        self.services[0].as_ref()
    }

    /// The running services of this type, whichever their role.
    pub(crate) fn services_of<T: CloudServices>(&self) -> Option<&T> {
        self.services.iter().find_map(|services| {
            let services: &dyn Any = services.as_ref();
            services.downcast_ref()
        })
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
    pub fn host(&self) -> &dyn Host {
        self.host.as_ref()
    }

    /// The simulated standby cluster. Beside an external one it is there, and the function does not know of it.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// The calls of the function that its rights did not allow, each as action and resource.
    pub fn refused(&self) -> Vec<String> {
        self.services.iter().flat_map(|services| services.refused()).collect()
    }

    /// Texts that no log of the function may hold.
    pub fn secrets(&self) -> Vec<String> {
        let every = ["PRIVATE KEY", people::SECRET, people::ROUTING_KEY].map(str::to_owned).into_iter();
        every.chain(self.services.iter().flat_map(|services| services.secrets())).collect()
    }

    /// A receiver of every event from now on.
    pub fn timeline(&self) -> broadcast::Receiver<Event> {
        self.gate.timeline.listen()
    }

    /// Every event so far.
    pub fn events(&self) -> Vec<Event> {
        self.gate.timeline.events()
    }

    /// Those who are told of failovers, where [`Options::people`] says so.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The environment that the function's processes get; credentials and addresses that differ per process are examples.
    pub fn function_env(&self) -> BTreeMap<String, String> {
        self.host.variables()
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
        self.host.shut_down();
        self.operator.abort();
    }
}

/// The world under the clouds of the site.
fn state(options: &Options, pace: Pace) -> Result<State, StartError> {
    let now = time::now();
    let mut state = options.cloud.world(now, pace, options.seed);
    if let Some(foreign) = options.foreign_traffic() {
        foreign.take_over_traffic(&mut state, now)?;
    }
    Ok(state)
}

/// The gate before all services; who runs the function is filled in later.
fn gate(options: &Options, timeline: &Timeline) -> Gate {
    let clouds = [Some(options.cloud), options.foreign_traffic()].into_iter().flatten();
    let outside = clouds.flat_map(CloudBackend::services_outside).copied().collect();
    Gate {
        calls: CallLog::default(),
        faults: Faults::default(),
        timeline: timeline.clone(),
        host: HostSlot::default(),
        way_out: WayOut::to(outside),
        delay: options.round_trip_delay,
    }
}

/// What the function is told of the site's people.
fn told(options: &Options, port: u16) -> Vec<(String, String)> {
    if !options.people {
        return Vec::new();
    }
    let topic = options.cloud.topic().map(|topic| ("HOLDFAST_NOTIFY_TOPIC".to_owned(), topic));
    people::variables(port).into_iter().chain(topic).collect()
}

/// Opens the sites, the control targets and the cluster's API.
async fn ports(
    cloud: &'static dyn CloudBackend,
    cluster: &Arc<Cluster>,
    world: &World,
    gate: &Gate,
    authority: &Authority,
    people: &People,
) -> Result<Ports, StartError> {
    let handler = standby::handler(cluster, gate.clone(), cloud);
    let kubernetes = Listener::tls(authority.asking_acceptor(), handler).await?;
    let controls = serve_controls(gate, &authority.acceptor()).await?;
    let people = people.serve(gate, authority.acceptor()).await?;
    Ok(Ports { sites: serve_sites(world, gate, &authority.acceptor()).await?, kubernetes, controls, people })
}

/// Endpoint and CA of the API server that the function is to find.
fn api_server(options: &Options, ports: &Ports, authority: &Authority) -> ExternalCluster {
    options.external_kubernetes.clone().unwrap_or_else(|| ExternalCluster {
        endpoint: format!("https://localhost:{}", ports.kubernetes.port()),
        ca_pem: authority.ca_pem().to_owned(),
    })
}
