//! Azure as a cloud of a site: its settings, and the parts that follow from them. The reference's application settings keep
//! their names and defaults; docs/CONFIGURATION.md describes each.

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use holdfast_core::ports::Standby;
use holdfast_http::Proxies;
use holdfast_parts::{
    Cloud, CloudParts, CloudSettings, Context, ObjectStorage, Primary, PublicEndpoints, Roles, Shared, TOPIC, Traffic,
    known_cluster,
};
use holdfast_settings::{ConfigurationFaults, Reader, SettingFault, shape::is_id};

use crate::{
    aks::{AksConnector, Place},
    arm::{Azure, Credential, Options, PUBLIC, Proof},
    cooldown::BlobCooldown,
    endpoint::{EndpointKind, EndpointName, PROFILE},
    history::MonitorHistory,
    live::MonitorStatus,
    lock::TrafficManagerLock,
    public,
    queue::Queue,
    resource::{ResourceId, is_name},
    routing::WithRouting,
};

/// The kind of resource that the standby cluster is.
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";

/// The functions of the app: its doors.
const DOORS: [&str; 5] = ["Alarm", "Work", "Tick", "Preflight", "Operator"];

/// What is allowed where an application or alert rules are named.
const ID: &str = "the id of an application: letters, digits and -";
const ALARMS: &str =
    "names of alert rules, or ids /subscriptions/.../providers/microsoft.insights/..., separated by commas";

/// Azure, as a site knows it.
#[derive(Clone, Copy, Debug)]
pub struct AzureCloud;

impl Cloud for AzureCloud {
    fn name(&self) -> &'static str {
        "azure"
    }

    fn function_variable(&self) -> &'static str {
        "WEBSITE_SITE_NAME"
    }

    fn cooldown_variable(&self) -> &'static str {
        "COOLDOWN_SECONDS"
    }

    fn doors(&self) -> &'static [&'static str] {
        &DOORS
    }

    fn storage(&self) -> ObjectStorage {
        ObjectStorage::AzureBlob
    }

    /// Traffic Manager publishes minutes and hours; shorter ones are for drills.
    fn period(&self, read: &mut Reader<'_>) -> Duration {
        Duration::from_secs(read.whole("HOLDFAST_METRIC_PERIOD_SECONDS", 60, 1..=3600))
    }

    fn read(&self, read: &mut Reader<'_>, context: &Context<'_>) -> Box<dyn CloudSettings> {
        Box::new(Settings::read(read, context.roles))
    }
}

/// Who we are on Azure, and where Resource Manager is.
#[derive(Clone, Debug, PartialEq)]
struct Account {
    endpoint: String,
    audience: String,
    credential: Credential,
}

impl Account {
    fn read(read: &mut Reader<'_>) -> Self {
        Self {
            endpoint: read.https("HOLDFAST_ARM_ENDPOINT").unwrap_or_else(|| PUBLIC.to_owned()),
            audience: read.https("HOLDFAST_ARM_AUDIENCE").unwrap_or_else(|| PUBLIC.to_owned()),
            credential: credential(read),
        }
    }

    fn open(&self, proxies: &Proxies) -> Result<Arc<Azure>, ConfigurationFaults> {
        let options = Options {
            endpoint: self.endpoint.clone(),
            audience: self.audience.clone(),
            credential: self.credential.clone(),
            proxies: proxies.clone(),
        };
        Azure::new(&options).map(Arc::new).map_err(|fault| {
            let (name, allowed) = match &self.credential {
                Credential::Managed { .. } => {
                    ("IDENTITY_ENDPOINT", "an identity of App Service or of a virtual machine")
                }
                Credential::Application { proof: Proof::Secret(_), .. } => ("AZURE_TENANT_ID", "a tenant of Entra"),
                Credential::Application { proof: Proof::TokenFile(_), .. } => {
                    ("AZURE_FEDERATED_TOKEN_FILE", "a readable file with a token")
                }
            };
            let allowed = format!("{allowed} ({})", fault.message);
            ConfigurationFaults(vec![SettingFault::of_variable(name, None, allowed)])
        })
    }
}

/// Who the function is on Azure: an application where it has a secret or a token file, as outside of Azure, else the
/// managed identity.
fn credential(read: &mut Reader<'_>) -> Credential {
    let client_id = read.shaped("AZURE_CLIENT_ID", ID, is_id);
    let secret = read.text("AZURE_CLIENT_SECRET").map(|secret| Proof::Secret(secret.into()));
    let file = read.text("AZURE_FEDERATED_TOKEN_FILE").map(|path| Proof::TokenFile(path.into()));
    let Some(proof) = secret.or(file) else { return Credential::Managed { client_id } };
    let client_id = client_id.unwrap_or_else(|| read.required("AZURE_CLIENT_ID", ID));
    let tenant = "the id or the domain of a tenant of Entra: letters, digits, - and .";
    let is_tenant = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let tenant_id = read.required_shaped("AZURE_TENANT_ID", tenant, is_tenant);
    Credential::Application { tenant_id, client_id, proof, authority: read.https("AZURE_AUTHORITY_HOST") }
}

/// What was read, for the roles that Azure fills.
#[derive(Debug)]
struct Settings {
    account: Account,
    /// Regions that both sites are in, as far as they are known.
    regions: [String; 2],
    roles: Roles,
    cluster: Option<Cluster>,
    /// The primary's endpoint in Traffic Manager.
    primary: Option<EndpointName>,
    /// The primary's region, when the place of the profile is to be judged by it.
    primary_region: Option<String>,
    /// The blob of the last failover; without it the system's own note is read.
    note: Option<String>,
}

/// The standby cluster.
#[derive(Debug)]
struct Cluster {
    place: Place,
    /// The application that tokens for the cluster are made out to, where it is not the public cloud's.
    server: Option<String>,
}

impl Settings {
    fn read(read: &mut Reader<'_>, roles: Roles) -> Self {
        if roles.topic {
            let none = "nothing: Azure lets nobody write to an action group; its rules tell the group of the log, see the module";
            read.fault(TOPIC, none);
        }
        Self {
            account: Account::read(read),
            // App Service says in `REGION_NAME` where the function runs, which is beside the standby.
            regions: ["HOLDFAST_PRIMARY_REGION", "REGION_NAME"].map(|name| read.text(name).unwrap_or_default()),
            roles,
            cluster: roles.cluster.then(|| Cluster::read(read)),
            primary: (roles.history || roles.traffic).then(|| primary(read)),
            primary_region: read.shaped("HOLDFAST_PRIMARY_REGION", "an Azure region, such as westeurope", is_region),
            note: roles.note.then(|| read.https("HOLDFAST_COOLDOWN_BLOB_URL")).flatten(),
        }
    }

    fn history(&self, azure: &Arc<Azure>, primary: &EndpointName, period: Duration) -> Primary {
        Primary {
            history: Arc::new(MonitorHistory::new(Arc::clone(azure), primary.clone(), period)),
            live: Arc::new(MonitorStatus::new(Arc::clone(azure), primary.clone())),
        }
    }

    fn traffic(&self, azure: &Arc<Azure>, primary: &EndpointName) -> Traffic {
        let lock = Arc::new(TrafficManagerLock::new(Arc::clone(azure), primary.clone()));
        let (azure, primary, primary_region) = (Arc::clone(azure), primary.clone(), self.primary_region.clone());
        let checks = |inner: Arc<dyn Standby>| {
            Arc::new(WithRouting { inner, azure, primary, primary_region }) as Arc<dyn Standby>
        };
        Traffic { lock, checks: Box::new(checks) }
    }
}

impl Cluster {
    fn read(read: &mut Reader<'_>) -> Self {
        let (known, name) = (known_cluster(read), "HOLDFAST_AKS_CLUSTER_ID");
        // What is named is checked, even where nobody needs to ask it.
        let named = (known.is_none() || read.text(name).is_some()).then(|| id(read, name, CLUSTER));
        let place = match known {
            Some(known) => Place::Known(known),
            None => Place::LookedUp(named.unwrap_or_default()),
        };
        Self { place, server: read.shaped("HOLDFAST_AKS_SERVER_ID", ID, is_id) }
    }
}

impl CloudSettings for Settings {
    fn public_endpoints(&self) -> PublicEndpoints {
        let targets = public::control_targets(&self.account.endpoint, &self.regions.each_ref().map(String::as_str));
        PublicEndpoints { targets, marks: &public::MARKS }
    }

    fn primary_name(&self) -> Option<&str> {
        None
    }

    fn open(&self, shared: &Shared) -> Result<CloudParts, ConfigurationFaults> {
        if self.roles == Roles::default() {
            return Ok(CloudParts::default());
        }
        let azure = self.account.open(&shared.proxies)?;
        let cluster = self.cluster.as_ref().map(|Cluster { place, server }| {
            Arc::new(AksConnector::new(Arc::clone(&azure), place.clone(), server.clone())) as _
        });
        let primary = self.primary.as_ref();
        Ok(CloudParts {
            cluster,
            history: primary.filter(|_| self.roles.history).map(|it| self.history(&azure, it, shared.period)),
            traffic: primary.filter(|_| self.roles.traffic).map(|it| self.traffic(&azure, it)),
            note: self.note.as_ref().map(|url| Arc::new(BlobCooldown::new(Arc::clone(&azure), url)) as _),
            topic: None,
        })
    }
}

/// What a function on Azure is told, whatever it fails over.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSettings {
    /// Which alerts are the site's.
    pub alarms: AlarmFilter,
    /// How long the host lets one invocation run: `functionTimeout` of host.json.
    pub function_timeout: Duration,
    /// The queue that work is put back into, when it is reached directly.
    queue_url: Option<String>,
    account: Account,
}

impl HostSettings {
    /// Reads them. `margin` is what an invocation leaves of its time.
    pub fn read(read: &mut Reader<'_>, margin: Duration) -> Self {
        let settings = Self {
            alarms: AlarmFilter::read(read),
            function_timeout: read.seconds("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", 600.0, 1.0..=3600.0),
            queue_url: read.https("HOLDFAST_QUEUE_URL"),
            account: Account::read(read),
        };
        if margin >= settings.function_timeout {
            let allowed = "less than HOLDFAST_FUNCTION_TIMEOUT_SECONDS, or nothing is ever waited for";
            read.fault("HOLDFAST_MARGIN_SECONDS", allowed);
        }
        settings
    }

    /// The queue, where it is configured. Nothing is sent.
    ///
    /// # Errors
    /// A platform whose identity is not supported.
    pub fn queue(&self, proxies: &Proxies) -> Result<Option<Queue>, ConfigurationFaults> {
        let Some(url) = &self.queue_url else { return Ok(None) };
        Ok(Some(Queue::new(self.account.open(proxies)?, url)))
    }
}

/// Which alerts of Azure Monitor are a site's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// The primary's endpoint, where Traffic Manager looks at it.
    pub primary: Option<EndpointName>,
    /// Alert rules that are ours though they name no endpoint of ours.
    pub alarm_names: Vec<String>,
}

impl AlarmFilter {
    fn read(read: &mut Reader<'_>) -> Self {
        let is_named = read.text("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID").is_some();
        Self {
            primary: is_named.then(|| primary(read)),
            alarm_names: read.list_of("HOLDFAST_ALARM_NAMES", ALARMS, is_rule),
        }
    }
}

/// A region of Azure: `eastus`, or as a person writes it, `East US`.
fn is_region(text: &str) -> bool {
    (2..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
}

fn primary(read: &mut Reader<'_>) -> EndpointName {
    let profile = id(read, "HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE);
    let kinds = [EndpointKind::External, EndpointKind::Azure, EndpointKind::Nested].map(|kind| (kind.word(), kind));
    let kind = read.choice("HOLDFAST_PRIMARY_ENDPOINT_TYPE", &kinds);
    let allowed = "the name of the primary's endpoint in the profile: letters, digits and - _ . ( )";
    let name = read.required("HOLDFAST_PRIMARY_ENDPOINT", allowed);
    if !name.is_empty() && !is_name(&name) {
        read.fault("HOLDFAST_PRIMARY_ENDPOINT", allowed);
    }
    EndpointName { profile, kind, name }
}

/// The id of a resource. Where it makes no sense the fault ends the reading, so what is returned is never used.
fn id(read: &mut Reader<'_>, name: &str, kind: &str) -> ResourceId {
    let text = read.text(name).unwrap_or_default();
    ResourceId::parse(&text, kind).unwrap_or_else(|| {
        let allowed = format!("/subscriptions/.../resourceGroups/.../providers/{kind}/...");
        read.fault(name, &allowed);
        ResourceId::default()
    })
}

/// An alert rule: its name, or the id of a resource of Azure. A rule's name may hold blanks.
fn is_rule(text: &str) -> bool {
    let Some(id) = text.strip_prefix('/') else { return !text.starts_with("arn:") };
    let parts: Vec<&str> = id.trim_end_matches('/').split('/').collect();
    parts.len() == 8 && parts.iter().all(|part| !part.is_empty())
}
