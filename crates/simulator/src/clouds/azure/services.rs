//! Azure around the standby: its services and the Functions host, started together; or Resource Manager alone, for the traffic of a
//! function that runs elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::entra::{AppRegistration, CLIENT_SECRET};
use super::environment::{self, Facts};
use super::functions::{App, FunctionsHost, Listeners, Settings};
use super::standby;
use super::{
    AKS_AUDIENCE, AksLogin, Blobs, CLIENT_ID, Cloud, Identity, Issuer, OPERATOR_ID, PRINCIPAL_ID, Queues, RoleJudge,
    Service, Standby, Storage, cluster_id, container_id, group_id, profile_id, queue_id,
};
use crate::backend::Started;
use crate::ids::Ids;
use crate::kubernetes::{Cluster, Identity as Who};
use crate::net::Listener;
use crate::test_bed::{StartError, TestBed};
use crate::time;

/// What the function's identity may do; infra/azure/README.md explains its placeholders.
const SHIPPED_ROLES: &str = include_str!("../../../../../infra/azure/roles.json");
/// Who it is on the cluster; the Role that it is bound to is the same on every cloud.
const SHIPPED_BINDING: &str = include_str!("../../../../../infra/azure/binding.yaml");
/// The user in the certificate of a kubeconfig of a cluster without Entra, and its group: in effect an administrator
/// (docs/reference/azure.md#aks-credentials).
pub(crate) const CERTIFICATE_USER: &str = "masterclient";
const CERTIFICATE_GROUP: &str = "system:masters";
/// The container for the function's own blobs.
pub const STATE_CONTAINER: &str = "holdfast";

/// The running services.
pub struct AzureServices {
    cluster: Arc<Cluster>,
    judge: RoleJudge,
    issuer: Issuer,
    arm: Listener,
    /// `None` where the function runs on another cloud.
    platform: Option<Platform>,
    /// The endpoint that gives tokens for a client's secret; `None` where the function has a managed identity.
    entra: Option<Listener>,
}

/// What there is only where the function runs.
struct Platform {
    identity: Identity,
    functions: FunctionsHost,
    blobs: Blobs,
    key: String,
    msi: Listener,
    queue: Listener,
    blob: Listener,
    front: Listener,
    _messages: Listeners,
}

impl AzureServices {
    /// Starts everything, and the Functions host with the function.
    pub(crate) async fn start(bed: &TestBed<'_>) -> Result<Started, StartError> {
        let issuer = Issuer::new(bed.seed.wrapping_add(3));
        let (identity, queues) = (Identity::new(issuer.clone()), Queues::new(bed.seed.wrapping_add(4)));
        let key = format!("simulated-key-{}", Ids::new(bed.seed.wrapping_add(5)).uuid());
        let (seed, timeline) = (bed.seed.wrapping_add(1), bed.timeline.clone());
        let functions = FunctionsHost::new(settings(bed, &key)?, seed, timeline, queues.clone(), identity.clone());
        let judge = role(&functions.work_queue())?;
        standby::move_to_azure(bed.cluster, bed.standby, &SHIPPED_BINDING.replace("${principal_id}", PRINCIPAL_ID));
        trust(bed, &issuer);
        let blobs = Blobs::default();
        blobs.create_container(STATE_CONTAINER);
        // The host makes the queue that it listens to.
        queues.create(&functions.work_queue());
        let storage = Storage {
            gate: bed.gate.clone(),
            issuer: issuer.clone(),
            judge: judge.clone(),
            queues,
            blobs: blobs.clone(),
        };
        let storage = Arc::new(storage);
        let acceptor = || bed.authority.acceptor();
        let server = bed.api_server.clone();
        let standby = Standby { endpoint: server.endpoint, ca_pem: server.ca_pem, login: login(bed)? };
        let platform = Platform {
            msi: Listener::plain(identity.handler(bed.gate.clone())).await?,
            identity,
            blobs,
            key,
            queue: Listener::tls(acceptor(), storage.handler(Service::Queue)).await?,
            blob: Listener::tls(acceptor(), storage.handler(Service::Blob)).await?,
            front: Listener::tls(acceptor(), functions.front_door()).await?,
            _messages: functions.listen(),
            functions: functions.clone(),
        };
        let arm = resource_manager(bed, &issuer, &judge, Some(standby)).await?;
        let cluster = bed.cluster.clone();
        let services = Self { cluster, judge, issuer, arm, platform: Some(platform), entra: None };
        let variables = services.variables(bed);
        Ok(Started { host: Some(Arc::new(functions)), variables, services: Box::new(services) })
    }

    /// Starts Resource Manager and the token endpoint, for a function on another cloud that has a client's secret.
    pub(crate) async fn start_traffic(bed: &TestBed<'_>) -> Result<Started, StartError> {
        let issuer = Issuer::new(bed.seed.wrapping_add(3));
        let judge = role("none")?;
        let arm = resource_manager(bed, &issuer, &judge, None).await?;
        let registration = AppRegistration::new(issuer.clone());
        let entra = Listener::tls(bed.authority.acceptor(), registration.handler(bed.gate.clone())).await?;
        let authority_host = format!("https://localhost:{}", entra.port());
        let cluster = bed.cluster.clone();
        let services = Self { cluster, judge, issuer, arm, platform: None, entra: Some(entra) };
        let endpoint = services.arm_endpoint();
        let variables = environment::traffic(&endpoint, &authority_host, services.issuer.tenant());
        Ok(Started { host: None, variables, services: Box::new(services) })
    }

    fn variables(&self, bed: &TestBed<'_>) -> BTreeMap<String, String> {
        let functions = self.functions();
        let known = (bed.api_server.endpoint.clone(), STANDARD.encode(&bed.api_server.ca_pem));
        environment::build(
            &Facts {
                arm_endpoint: &self.arm_endpoint(),
                identity_endpoint: &self.identity_endpoint(),
                queue_endpoint: &self.queue_endpoint(),
                blob_endpoint: &self.blob_endpoint(),
                ca_file: bed.authority.ca_file().display().to_string(),
                humio_cluster: &bed.standby.cluster_name,
                primary_port: bed.ports.sites.primary.port(),
                control_targets: bed.ports.control_targets(),
                known_cluster: bed.known_cluster.then_some(&known),
                function_timeout: functions.timeout(),
                work_queue: functions.work_queue(),
            },
            bed.pace,
        )
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// # Panics
    /// Where the function runs on another cloud.
    fn platform(&self) -> &Platform {
        self.platform.as_ref().expect("the function does not run on Azure")
    }

    /// The Functions host, where the function runs on Azure.
    pub(crate) fn host(&self) -> Option<&FunctionsHost> {
        self.platform.as_ref().map(|platform| &platform.functions)
    }

    fn functions(&self) -> &FunctionsHost {
        &self.platform().functions
    }

    /// What must not be in a log: the function's key, or its secret.
    pub(super) fn credentials(&self) -> Vec<String> {
        let key = self.platform.as_ref().map(|platform| platform.key.clone());
        key.into_iter().chain(self.entra.as_ref().map(|_| CLIENT_SECRET.to_owned())).collect()
    }

    /// The judge of the function's calls.
    pub fn role(&self) -> &RoleJudge {
        &self.judge
    }

    /// The managed identity.
    ///
    /// # Panics
    /// Where the function runs on another cloud; so for all that follows but Resource Manager and its tokens.
    pub fn identity(&self) -> &Identity {
        &self.platform().identity
    }

    /// The storage account's blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.platform().blobs
    }

    /// The storage account's queues.
    pub fn queues(&self) -> &Queues {
        self.functions().queues()
    }

    /// The function key, for the header `x-functions-key`.
    pub fn function_key(&self) -> &str {
        &self.platform().key
    }

    /// A token for an operator who may do everything in Resource Manager and storage.
    pub fn operator_token(&self, audience: &str) -> String {
        self.issuer.issue(OPERATOR_ID, OPERATOR_ID, audience, "operator", time::now()).0
    }

    /// A token as the function's identity gets one, but in no session.
    pub fn function_token(&self, audience: &str) -> String {
        self.issuer.issue(PRINCIPAL_ID, CLIENT_ID, audience, "test", time::now()).0
    }

    /// `https://localhost:port` of Resource Manager.
    pub fn arm_endpoint(&self) -> String {
        format!("https://localhost:{}", self.arm.port())
    }

    /// `http://localhost:port/msi/token`.
    pub fn identity_endpoint(&self) -> String {
        format!("http://localhost:{}/msi/token", self.platform().msi.port())
    }

    /// `https://localhost:port` of the queues.
    pub fn queue_endpoint(&self) -> String {
        format!("https://localhost:{}", self.platform().queue.port())
    }

    /// `https://localhost:port` of the blobs.
    pub fn blob_endpoint(&self) -> String {
        format!("https://localhost:{}", self.platform().blob.port())
    }

    /// `https://localhost:port` of the function app.
    pub fn function_url(&self) -> String {
        format!("https://localhost:{}", self.platform().front.port())
    }
}

fn settings(bed: &TestBed<'_>, key: &str) -> Result<Settings, StartError> {
    let app = match &bed.function.folder {
        Some(folder) => App::read(folder),
        None => App::shipped(),
    };
    let app = app.map_err(|why| StartError::Shipped { file: "infra/azure/function", why })?;
    let timeout = bed.pace.scale(app.timeout);
    Ok(Settings { handler: bed.function.executable.clone(), app, timeout, pace: bed.pace, key: key.to_owned() })
}

/// Lets the cluster take tokens of the tenant that were made for AKS: the user is the principal's object id (docs/reference/azure.md#aks-tokens).
fn trust(bed: &TestBed<'_>, issuer: &Issuer) {
    if bed.client_certificate {
        return;
    }
    let issuer = issuer.clone();
    bed.cluster.review_with(Box::new(move |token, now| {
        let bearer = issuer.review(token, &[AKS_AUDIENCE], now).ok()?;
        let mut groups = vec!["system:authenticated".to_owned()];
        groups.extend((bearer.principal == OPERATOR_ID).then(|| "system:masters".to_owned()));
        Some(Who { user: bearer.principal, groups })
    }));
}

async fn resource_manager(
    bed: &TestBed<'_>,
    issuer: &Issuer,
    judge: &RoleJudge,
    standby: Option<Standby>,
) -> Result<Listener, StartError> {
    let (gate, world) = (bed.gate.clone(), bed.world.clone());
    let cloud = Cloud { gate, world, issuer: issuer.clone(), judge: judge.clone(), standby };
    Ok(Listener::tls(bed.authority.acceptor(), Arc::new(cloud).handler()).await?)
}

fn login(bed: &TestBed<'_>) -> Result<AksLogin, StartError> {
    if !bed.client_certificate {
        return Ok(AksLogin::Entra);
    }
    let (certificate, key) = bed.authority.client(CERTIFICATE_USER, CERTIFICATE_GROUP)?;
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
    RoleJudge::new(SHIPPED_ROLES, &values).map_err(|why| StartError::Shipped { file: "infra/azure/roles.json", why })
}
