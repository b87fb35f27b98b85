//! Azure around the standby: its world, its services and the Functions host, started together.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::environment::{self, Facts};
use super::{
    AKS_AUDIENCE, AksLogin, Blobs, CLIENT_ID, Cloud, Identity, Issuer, OPERATOR_ID, PRINCIPAL_ID, Queues, RoleJudge,
    Service, Standby, Storage, cluster_id, container_id, group_id, profile_id, queue_id,
};
use crate::functions::{App, FunctionsHost, Listeners, Settings};
use crate::gate::Gate;
use crate::host::Host;
use crate::ids::Ids;
use crate::kubernetes::{Identity as Who, under_azure};
use crate::net::Listener;
use crate::options::StartError;
use crate::simulator::{Ground, Ports};
use crate::time;
use crate::world::{Channel, State, World};

/// What the function's identity may do; infra/azure/README.md explains its placeholders.
const SHIPPED_ROLES: &str = include_str!("../../../../infra/azure/roles.json");
/// Who it is on the cluster; the Role that it is bound to is the same on every cloud.
const SHIPPED_BINDING: &str = include_str!("../../../../infra/azure/binding.yaml");
/// The user and group in the certificate of a kubeconfig of a cluster without Entra: in effect an administrator (facts azure 6.1).
const CERTIFICATE_IDENTITY: (&str, &str) = ("masterclient", "system:masters");
/// The container for the function's own blobs.
pub const STATE_CONTAINER: &str = "holdfast";

/// The running side.
pub struct AzureSide {
    judge: RoleJudge,
    identity: Identity,
    functions: FunctionsHost,
    blobs: Blobs,
    key: String,
    arm: Listener,
    msi: Listener,
    queue: Listener,
    blob: Listener,
    front: Listener,
    _messages: Listeners,
}

impl AzureSide {
    /// Starts the services.
    pub(crate) async fn start(ground: &Ground<'_>) -> Result<(World, Gate, Ports, Self), StartError> {
        let Ground { options, pace, timeline, authority, cluster } = *ground;
        let identity = Identity::new(Issuer::new(options.seed.wrapping_add(3)));
        let queues = Queues::new(options.seed.wrapping_add(4));
        let key = format!("simulated-key-{}", Ids::new(options.seed.wrapping_add(5)).uuid());
        let settings = settings(ground, &key)?;
        let functions = FunctionsHost::new(
            settings,
            options.seed.wrapping_add(1),
            timeline.clone(),
            queues.clone(),
            identity.clone(),
        );
        let gate = ground.gate(Host::Functions(functions.clone()));
        let channel = Channel { alarm: super::ALERT_RULE.to_owned(), topic: "action-group".to_owned() };
        let world = World::new(State::azure(time::now(), pace, options.seed, channel), timeline.clone(), pace);
        under_azure(cluster, &options.standby, &SHIPPED_BINDING.replace("${principal_id}", PRINCIPAL_ID));
        trust(ground, identity.issuer());
        let ports = ground.ports(&world, &gate).await?;
        let server = ground.api_server(&ports);
        let judge = role(&functions.work_queue())?;
        let standby = Standby { endpoint: server.endpoint, ca_pem: server.ca_pem, login: login(ground)? };
        let (issuer, blobs) = (identity.issuer().clone(), Blobs::default());
        blobs.create_container(STATE_CONTAINER);
        // The host makes the queue that it listens to.
        queues.create(&functions.work_queue());
        let cloud =
            Cloud { gate: gate.clone(), world: world.clone(), issuer: issuer.clone(), judge: judge.clone(), standby };
        let known = (cloud.standby.endpoint.clone(), STANDARD.encode(&cloud.standby.ca_pem));
        let storage = Storage { gate: gate.clone(), issuer, judge: judge.clone(), queues, blobs: blobs.clone() };
        let storage = Arc::new(storage);
        let acceptor = || authority.acceptor();
        let side = Self {
            judge,
            msi: Listener::plain(identity.handler(gate.clone())).await?,
            identity,
            blobs,
            key,
            arm: Listener::tls(acceptor(), Arc::new(cloud).handler()).await?,
            queue: Listener::tls(acceptor(), storage.handler(Service::Queue)).await?,
            blob: Listener::tls(acceptor(), storage.handler(Service::Blob)).await?,
            front: Listener::tls(acceptor(), functions.front_door()).await?,
            _messages: functions.listen(),
            functions,
        };
        gate.host.set_variables(side.variables(ground, &ports, &known));
        Ok((world, gate, ports, side))
    }

    fn variables(&self, ground: &Ground<'_>, ports: &Ports, known: &(String, String)) -> BTreeMap<String, String> {
        let options = ground.options;
        let mut variables = environment::build(
            &Facts {
                arm_endpoint: &self.arm_endpoint(),
                identity_endpoint: &self.identity_endpoint(),
                queue_endpoint: &self.queue_endpoint(),
                blob_endpoint: &self.blob_endpoint(),
                ca_file: ground.authority.ca_file().display().to_string(),
                humio_cluster: &options.standby.cluster_name,
                primary_port: ports.sites.primary.port(),
                control_targets: ports.control_targets(),
                known_cluster: options.known_cluster.then_some(known),
                function_timeout: self.functions.timeout(),
                work_queue: self.functions.work_queue(),
            },
            ground.pace,
        );
        variables.extend(options.function_env.clone());
        variables
    }

    /// The judge of the function's calls.
    pub fn role(&self) -> &RoleJudge {
        &self.judge
    }

    /// The managed identity.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The storage account's blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The storage account's queues.
    pub fn queues(&self) -> &Queues {
        self.functions.queues()
    }

    /// The function key, for the header `x-functions-key`.
    pub fn function_key(&self) -> &str {
        &self.key
    }

    /// A token for an operator who may do everything in Resource Manager and storage.
    pub fn operator_token(&self, audience: &str) -> String {
        self.identity.issuer().issue(OPERATOR_ID, OPERATOR_ID, audience, "operator", time::now()).0
    }

    /// A token as the function's identity gets one, but in no session.
    pub fn function_token(&self, audience: &str) -> String {
        self.identity.issuer().issue(PRINCIPAL_ID, CLIENT_ID, audience, "test", time::now()).0
    }

    /// `https://localhost:port` of Resource Manager.
    pub fn arm_endpoint(&self) -> String {
        format!("https://localhost:{}", self.arm.port())
    }

    /// `http://localhost:port/msi/token`.
    pub fn identity_endpoint(&self) -> String {
        format!("http://localhost:{}/msi/token", self.msi.port())
    }

    /// `https://localhost:port` of the queues.
    pub fn queue_endpoint(&self) -> String {
        format!("https://localhost:{}", self.queue.port())
    }

    /// `https://localhost:port` of the blobs.
    pub fn blob_endpoint(&self) -> String {
        format!("https://localhost:{}", self.blob.port())
    }

    /// `https://localhost:port` of the function app.
    pub fn function_url(&self) -> String {
        format!("https://localhost:{}", self.front.port())
    }
}

fn settings(ground: &Ground<'_>, key: &str) -> Result<Settings, StartError> {
    let options = ground.options;
    let app = match &options.function_folder {
        Some(folder) => App::read(folder),
        None => App::shipped(),
    };
    let app = app.map_err(StartError::App)?;
    let timeout = ground.pace.scale(app.timeout);
    Ok(Settings { handler: options.bootstrap.clone(), app, timeout, pace: ground.pace, key: key.to_owned() })
}

/// Lets the cluster take tokens of the tenant that were made for AKS: the user is the principal's object id (facts azure 6.2).
fn trust(ground: &Ground<'_>, issuer: &Issuer) {
    if ground.options.aks_certificate {
        return;
    }
    let issuer = issuer.clone();
    ground.cluster.review_with(Box::new(move |token, now| {
        let bearer = issuer.review(token, &[AKS_AUDIENCE], now).ok()?;
        let mut groups = vec!["system:authenticated".to_owned()];
        groups.extend((bearer.principal == OPERATOR_ID).then(|| "system:masters".to_owned()));
        Some(Who { user: bearer.principal, groups })
    }));
}

fn login(ground: &Ground<'_>) -> Result<AksLogin, StartError> {
    if !ground.options.aks_certificate {
        return Ok(AksLogin::Entra);
    }
    let (certificate, key) = ground.authority.client(CERTIFICATE_IDENTITY.0, CERTIFICATE_IDENTITY.1)?;
    Ok(AksLogin::Certificate { certificate, key })
}

/// The roles that ship, for this world.
fn role(queue: &str) -> Result<RoleJudge, StartError> {
    let values = BTreeMap::from([
        ("endpoint_type", "externalEndpoints".to_owned()),
        ("profile_id", profile_id()),
        ("cluster_id", cluster_id()),
        ("resource_group_id", group_id()),
        ("queue_id", queue_id(queue)),
        ("container_id", container_id(STATE_CONTAINER)),
    ]);
    RoleJudge::new(SHIPPED_ROLES, &values).map_err(StartError::Role)
}
