//! A cloud, as far as a site knows it.

use std::{fmt::Debug, sync::Arc, time::Duration};

use holdfast_core::{
    Clock,
    ports::{CooldownStore, HistorySource, LiveSource, Standby},
    step::Step,
};
use holdfast_http::Proxies;
use holdfast_kubernetes::Connector;
use holdfast_notify::Topic;
use holdfast_settings::{ConfigurationFaults, Reader};

/// Names the topic by which people are told; which words it takes is for the cloud to say.
pub const TOPIC: &str = "HOLDFAST_NOTIFY_TOPIC";

/// One entry of the site's table of clouds.
pub trait Cloud: Send + Sync {
    /// Its word in settings.
    fn name(&self) -> &'static str;

    /// The variable by which the platform tells a function its name.
    fn function_variable(&self) -> &'static str;

    /// The variable of the cooldown, in seconds: the reference's functions name it differently on each cloud.
    fn cooldown_variable(&self) -> &'static str;

    /// The doors of a function there, where they are known beforehand; empty where a person names them.
    fn doors(&self) -> &'static [&'static str];

    /// Where systems on its clusters keep their objects.
    fn storage(&self) -> ObjectStorage;

    /// How long one point of its metrics stands for.
    fn period(&self, read: &mut Reader<'_>) -> Duration;

    /// How old the newest point of its metrics may be and still prove something, unless a setting says otherwise.
    fn stale_after(&self) -> Duration {
        Duration::from_secs(180)
    }

    /// The longest time between two ticks of a function there while none is lost, unless a setting says otherwise.
    fn tick(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Reads the settings of the roles that it is to fill. Faults are noted in `read`; what is returned is used only when
    /// there are none.
    fn read(&self, read: &mut Reader<'_>, context: &Context<'_>) -> Box<dyn CloudSettings>;
}

/// Where a system keeps its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectStorage {
    /// Amazon S3, or one that speaks like it.
    S3,
    /// Azure Blob Storage.
    AzureBlob,
}

/// The roles that one cloud fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The standby cluster runs there.
    pub cluster: bool,
    /// It records the health of the primary, and tells its live status.
    pub history: bool,
    /// It routes the traffic.
    pub traffic: bool,
    /// It keeps the note of the last failover.
    pub note: bool,
    /// It has the topic by which people are told.
    pub topic: bool,
}

/// What a cloud is told before it reads its settings.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The roles that it is to fill.
    pub roles: Roles,
    /// The name of the function.
    pub function: &'a str,
}

/// Public endpoints of a cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicEndpoints {
    /// Their addresses, `https://`.
    pub targets: Vec<&'static str>,
    /// How the names of headers begin of which at least one is on each of their answers. An answer without one is not
    /// the cloud's.
    pub marks: &'static [&'static str],
}

/// Settings of a cloud that were read.
pub trait CloudSettings: Debug + Send + Sync {
    /// Public endpoints that have nothing to do with the standby, as control targets of the probe.
    fn public_endpoints(&self) -> PublicEndpoints;

    /// The primary's own host name, where these settings hold it.
    fn primary_name(&self) -> Option<&str>;

    /// Builds the parts. Nothing is sent.
    ///
    /// # Errors
    /// What only shows while the clients are built, such as credentials that are not there.
    fn open(&self, shared: &Shared) -> Result<CloudParts, ConfigurationFaults>;
}

/// What all clouds and systems of a site share.
#[derive(Clone)]
pub struct Shared {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Which calls go through a proxy.
    pub proxies: Proxies,
    /// How long one attempt may take.
    pub attempt_timeout: Duration,
    /// How long one point of the history stands for.
    pub period: Duration,
}

/// The parts of a cloud, one for each role; none for a role that it does not fill.
#[derive(Default)]
pub struct CloudParts {
    /// The way to the standby cluster.
    pub cluster: Option<Arc<dyn Connector>>,
    /// What is known of the primary.
    pub history: Option<Primary>,
    /// The way that traffic takes.
    pub traffic: Option<Traffic>,
    /// The note of the last failover. A cloud without one leaves it to the system.
    pub note: Option<Arc<dyn CooldownStore>>,
    /// The topic by which people are told.
    pub topic: Option<Arc<dyn Topic>>,
}

/// What a cloud knows of the primary.
pub struct Primary {
    /// What it recorded.
    pub history: Arc<dyn HistorySource>,
    /// What it sees at this moment.
    pub live: Arc<dyn LiveSource>,
}

/// What a cloud does about traffic.
pub struct Traffic {
    /// The step that locks it to the standby.
    pub lock: Arc<dyn Step>,
    /// Adds what only this cloud can tell to the standby's fitness.
    pub checks: Checks,
}

/// Puts checks around those of the system.
pub type Checks = Box<dyn FnOnce(Arc<dyn Standby>) -> Arc<dyn Standby> + Send>;
