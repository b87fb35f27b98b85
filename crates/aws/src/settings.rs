//! AWS as a cloud of a site: its settings, and the parts that follow from them. The reference function's variables keep
//! their names and defaults; docs/CONFIGURATION.md describes each.

mod shape;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use holdfast_core::ports::Standby;
use holdfast_kubernetes::KnownCluster;
use holdfast_parts::{
    Cloud, CloudParts, CloudSettings, Context, ObjectStorage, Primary, PublicEndpoints, Roles, Shared, TOPIC, Traffic,
    known_cluster,
};
use holdfast_settings::{
    ConfigurationFaults, Reader, SettingFault,
    shape::{is_host_name, is_id},
};

use crate::{
    cooldown::{SsmCooldown, default_parameter},
    eks::{EksConnector, EksToken},
    history::CloudWatchHistory,
    live::CheckerStatus,
    lock::{HealthCheckLock, LockConfig},
    public,
    sdk::{Environment, METRIC_REGION, MissingCredentials, Options, Role, Sdk},
    secondary::WithHealthCheck,
    topic::SnsTopic,
};

/// What the lock puts in place of the primary's name: a top-level domain that never resolves (RFC 2606).
pub const LOCK_FQDN: &str = "failover-locked.invalid";

/// What is allowed where a health check, a topic or alarms are named.
const HEALTH_CHECK: &str = "the id of a Route 53 health check: letters, digits and -";
const TOPIC_ARN: &str = "the ARN of a topic, arn:aws:sns:REGION:ACCOUNT:NAME";
/// A topic that calls the function would tell the function.
const OTHER_TOPIC: &str = "the ARN of another topic than HOLDFAST_SNS_TOPIC_ARN, arn:aws:sns:REGION:ACCOUNT:NAME";
const ALARMS: &str = "names of alarms, or ARNs arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME, separated by commas";

/// What is allowed where a role is named.
const ROLE: &str = "the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME";
const EXTERNAL_ID: &str = "an external id: 2 to 1224 letters, digits and _ + = , . @ : / -";

/// AWS, as a site knows it.
#[derive(Clone, Copy, Debug)]
pub struct Aws;

impl Cloud for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn function_variable(&self) -> &'static str {
        "AWS_LAMBDA_FUNCTION_NAME"
    }

    fn cooldown_variable(&self) -> &'static str {
        "FAILOVER_COOLDOWN_SECONDS"
    }

    /// A person names aliases.
    fn doors(&self) -> &'static [&'static str] {
        &[]
    }

    fn storage(&self) -> ObjectStorage {
        ObjectStorage::S3
    }

    fn period(&self, read: &mut Reader<'_>) -> Duration {
        let period = read.whole("HOLDFAST_METRIC_PERIOD_SECONDS", 60, 1..=3600);
        if !matches!(period, 1 | 5 | 10 | 20 | 30) && !period.is_multiple_of(60) {
            read.fault(
                "HOLDFAST_METRIC_PERIOD_SECONDS",
                "1, 5, 10, 20, 30 or a multiple of 60, as CloudWatch wants it",
            );
        }
        Duration::from_secs(period)
    }

    fn read(&self, read: &mut Reader<'_>, context: &Context<'_>) -> Box<dyn CloudSettings> {
        Box::new(Settings::read(read, context))
    }
}

/// What was read, for the roles that AWS fills.
#[derive(Debug)]
struct Settings {
    environment: Result<Environment, MissingCredentials>,
    /// The region of the cluster and of the parameter.
    home_region: String,
    /// Where Route 53 keeps its metrics.
    metric_region: String,
    cluster: Option<Cluster>,
    health_check: Option<HealthCheck>,
    roles: Roles,
    /// SSM parameter of the last failover.
    note: Option<String>,
    /// The topic by which people are told.
    topic: Option<String>,
    cluster_role: Option<Role>,
    history_role: Option<Role>,
    traffic_role: Option<Role>,
    note_role: Option<Role>,
}

/// The standby cluster.
#[derive(Debug)]
struct Cluster {
    /// Its name in EKS.
    name: String,
    /// Its address, when that need not be asked for.
    known: Option<KnownCluster>,
}

/// The health checks of both sites.
#[derive(Debug)]
struct HealthCheck {
    /// The primary's.
    primary: String,
    /// The primary's own name.
    primary_fqdn: Option<String>,
    /// The name that locks.
    lock_fqdn: String,
    /// The standby's, when it is a gate.
    secondary: Option<String>,
}

impl Settings {
    fn read(read: &mut Reader<'_>, context: &Context<'_>) -> Self {
        let roles = context.roles;
        let environment = Environment::read(&|name| read.text(name));
        if context.roles != Roles::default() {
            for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
                if read.text(name).is_none() {
                    read.hidden_fault(name, "a credential, not empty; Lambda sets both from the function's role");
                }
            }
        }
        let home_region = home_region(read, roles.cluster || roles.note);
        let metric_region = region(read, "HOLDFAST_METRIC_REGION").unwrap_or_else(|| METRIC_REGION.to_owned());
        Self {
            environment,
            home_region,
            metric_region,
            cluster: roles.cluster.then(|| Cluster::read(read)),
            health_check: (roles.history || roles.traffic).then(|| HealthCheck::read(read)),
            roles,
            note: roles.note.then(|| cooldown_parameter(read, context.function)),
            topic: roles.topic.then(|| topic(read)).flatten(),
            cluster_role: roles
                .cluster
                .then(|| role(read, "HOLDFAST_CLUSTER_ROLE_ARN", "HOLDFAST_CLUSTER_EXTERNAL_ID", context.function))
                .flatten(),
            history_role: roles
                .history
                .then(|| role(read, "HOLDFAST_HISTORY_ROLE_ARN", "HOLDFAST_HISTORY_EXTERNAL_ID", context.function))
                .flatten(),
            traffic_role: roles
                .traffic
                .then(|| role(read, "HOLDFAST_TRAFFIC_ROLE_ARN", "HOLDFAST_TRAFFIC_EXTERNAL_ID", context.function))
                .flatten(),
            note_role: roles
                .note
                .then(|| role(read, "HOLDFAST_NOTE_ROLE_ARN", "HOLDFAST_NOTE_EXTERNAL_ID", context.function))
                .flatten(),
        }
    }
}

impl Cluster {
    fn read(read: &mut Reader<'_>) -> Self {
        let allowed = "the EKS name of the standby cluster: letters, digits, - and _";
        let name = read.required_shaped("CLUSTER_NAME", allowed, shape::is_cluster_name);
        Self { name, known: known_cluster(read) }
    }
}

impl HealthCheck {
    fn read(read: &mut Reader<'_>) -> Self {
        let skip_secondary = read.flag("SKIP_SECONDARY_HEALTH_CHECK", false);
        let secondary = read.shaped("SECONDARY_HEALTH_CHECK_ID", HEALTH_CHECK, is_id);
        Self {
            primary: read.required_shaped("PRIMARY_HEALTH_CHECK_ID", HEALTH_CHECK, is_id),
            primary_fqdn: read.site_name("PRIMARY_HEALTH_CHECK_FQDN"),
            lock_fqdn: lock_fqdn(read),
            secondary: secondary.filter(|_| !skip_secondary),
        }
    }

    fn history(&self, sdk: &Arc<Sdk>, period: Duration) -> Primary {
        let history = CloudWatchHistory::new(Arc::clone(sdk), &self.primary, period).of_primary(self.lock());
        Primary { history: Arc::new(history), live: Arc::new(CheckerStatus::new(Arc::clone(sdk), &self.primary)) }
    }

    fn lock(&self) -> LockConfig {
        LockConfig {
            health_check_id: self.primary.clone(),
            primary_fqdn: self.primary_fqdn.clone(),
            lock_fqdn: self.lock_fqdn.clone(),
        }
    }

    fn traffic(&self, sdk: &Arc<Sdk>) -> Traffic {
        let secondary = self.secondary.as_ref().map(|id| Arc::new(CheckerStatus::new(Arc::clone(sdk), id)));
        let checks = move |inner: Arc<dyn Standby>| match secondary {
            Some(check) => Arc::new(WithHealthCheck { inner, check }) as _,
            None => inner,
        };
        Traffic { lock: Arc::new(HealthCheckLock::new(Arc::clone(sdk), self.lock())), checks: Box::new(checks) }
    }
}

impl CloudSettings for Settings {
    fn public_endpoints(&self) -> PublicEndpoints {
        PublicEndpoints { targets: public::control_targets(&self.home_region), marks: &public::MARKS }
    }

    fn primary_name(&self) -> Option<&str> {
        self.health_check.as_ref()?.primary_fqdn.as_deref()
    }

    fn open(&self, shared: &Shared) -> Result<CloudParts, ConfigurationFaults> {
        if self.roles == Roles::default() {
            return Ok(CloudParts::default());
        }
        let environment = self.environment.as_ref().map_err(|missing| {
            ConfigurationFaults(vec![SettingFault::of_variable("AWS_ACCESS_KEY_ID", None, missing.to_string())])
        })?;
        let options = Options {
            cluster_region: self.home_region.clone(),
            metric_region: self.metric_region.clone(),
            attempt_timeout: shared.attempt_timeout,
            proxies: shared.proxies.clone(),
        };
        let sdk = Arc::new(Sdk::new(environment, &options));
        let under = |role: &Option<Role>| match role {
            Some(role) => Arc::new(Sdk::under(environment, &options, role.clone())),
            None => Arc::clone(&sdk),
        };
        let cluster = self.cluster.as_ref().map(|Cluster { name, known }| {
            let sdk = under(&self.cluster_role);
            let token = EksToken::new(sdk.credentials.clone(), &self.home_region, name, Arc::clone(&shared.clock));
            let token = Arc::new(match &sdk.role {
                Some(role) => token.under(role.clone()),
                None => token,
            });
            Arc::new(EksConnector::new(sdk, name, known.clone(), token)) as _
        });
        let checks = self.health_check.as_ref();
        Ok(CloudParts {
            cluster,
            history: checks
                .filter(|_| self.roles.history)
                .map(|check| check.history(&under(&self.history_role), shared.period)),
            traffic: checks.filter(|_| self.roles.traffic).map(|check| check.traffic(&under(&self.traffic_role))),
            note: self.note.as_ref().map(|name| Arc::new(SsmCooldown::new(under(&self.note_role), name)) as _),
            topic: self.topic.as_ref().map(|arn| Arc::new(SnsTopic::new(environment, &options, arn)) as _),
        })
    }
}

/// Which alarms of CloudWatch are a site's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// The health check of the primary, where Route 53 looks at it.
    pub health_check_id: Option<String>,
    /// The topic that may send us alarms; any where it is not set.
    pub topic_arn: Option<String>,
    /// Alarms that are ours though they name no health check.
    pub alarm_names: Vec<String>,
}

impl AlarmFilter {
    /// Reads it.
    pub fn read(read: &mut Reader<'_>) -> Self {
        Self {
            health_check_id: read.shaped("PRIMARY_HEALTH_CHECK_ID", HEALTH_CHECK, is_id),
            topic_arn: read.shaped("HOLDFAST_SNS_TOPIC_ARN", TOPIC_ARN, shape::is_topic_arn),
            alarm_names: read
                .list_of("HOLDFAST_ALARM_NAMES", ALARMS, |name| !name.starts_with("arn:") || shape::is_alarm_arn(name)),
        }
    }
}

/// The role of another account under which a role of the site is filled.
fn role(read: &mut Reader<'_>, arn: &str, external_id: &str, function: &str) -> Option<Role> {
    let external_id = read.shaped(external_id, EXTERNAL_ID, shape::is_external_id);
    let arn = read.shaped(arn, ROLE, shape::is_role_arn)?;
    Some(Role { arn, external_id, session: shape::session_name(function) })
}

/// The topic by which people are told.
fn topic(read: &mut Reader<'_>) -> Option<String> {
    let calls_us = read.text("HOLDFAST_SNS_TOPIC_ARN");
    let other = |arn: &str| shape::is_topic_arn(arn) && Some(arn) != calls_us.as_deref();
    read.shaped(TOPIC, OTHER_TOPIC, other)
}

fn region(read: &mut Reader<'_>, name: &str) -> Option<String> {
    read.shaped(name, "an AWS region, such as us-east-1", shape::is_region)
}

/// The region of the standby cluster and of the note; where neither is on AWS, it need not be told.
fn home_region(read: &mut Reader<'_>, is_needed: bool) -> String {
    match region(read, "CLUSTER_REGION").or_else(|| region(read, "AWS_REGION")) {
        Some(region) => region,
        None if is_needed => read.required("CLUSTER_REGION", "the AWS region of the standby cluster"),
        None => METRIC_REGION.to_owned(),
    }
}

fn lock_fqdn(read: &mut Reader<'_>) -> String {
    let allowed = "a host name that ends in .invalid, which can never resolve (RFC 2606)";
    let locks = |name: &str| name.ends_with(".invalid") && is_host_name(name);
    read.shaped("HOLDFAST_LOCK_FQDN", allowed, locks).unwrap_or_else(|| LOCK_FQDN.to_owned())
}

fn cooldown_parameter(read: &mut Reader<'_>, function: &str) -> String {
    let name = read.text("COOLDOWN_SSM_PARAMETER");
    let name = name.unwrap_or_else(|| default_parameter(function));
    // Parameter names (docs/reference/aws.md#parameter-store): up to 1011 characters together with the ARN; 15 levels.
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if !name.chars().all(allowed) || name.len() > 900 || name.matches('/').count() > 15 {
        read.fault("COOLDOWN_SSM_PARAMETER", "letters, digits, and _ . - / only, at most 15 levels");
    }
    name
}
