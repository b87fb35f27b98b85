//! The keys of the file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    fault::FileFault,
    parts::{Cluster, CooldownStore, Function, History, Switch},
    seconds::Seconds,
};

/// The version of the schema that is read.
pub const SCHEMA: u32 = 1;

/// One site pair: two sites of one system, of which one is home to the service, and the other its standby.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteFile {
    /// The version of the schema: 1.
    pub schema: u32,
    /// The name of the pair, as a person types it to confirm.
    pub name: String,
    /// What is failed over.
    pub system: System,
    /// The two sites, by names of your own. They stay right after a failover, when "primary" would be wrong.
    pub sites: BTreeMap<String, Site>,
    /// The site where the service lives when all is well: the primary of the function.
    pub home: String,
    /// How users are led to a site.
    pub traffic: Traffic,
    /// Where the time of the last failover is noted. By default where the function's cloud keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_store: Option<CooldownStore>,
    /// The numbers of the decision.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: Policy,
    /// The numbers of the machinery.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// Addresses outside of both sites that tell an outage from a lost way out. They stand beside the built-in ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub control_targets: Vec<String>,
    /// `false` leaves the built-in control targets out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_defaults: Option<bool>,
    /// Azure, where a part of the site is there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub azure: Azure,
    /// The function that watches this pair.
    pub function: Function,
    /// Variables of the function that have no key here, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// The system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// LogScale.
    pub logscale: LogScale,
}

/// LogScale on Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogScale {
    /// Its namespace on the standby cluster; `logging` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name of the HumioCluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The Deployment of the operator; `humio-operator` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// How many replicas the operator is scaled up to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_replicas: Option<u64>,
    /// The name of the lease and of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_name: Option<String>,
    /// Which TLS secrets are removed: stale, always, off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_cleanup: Option<String>,
    /// How the recovery variables of the standby begin: S3_, AZURE_, GCP_.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recover_prefix: Option<String>,
}

/// One site. What the function does not use of it is refused: a site that is home has a probe and a history, the other one a
/// cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Its own host name, which no traffic routing touches (home).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its region on Azure (home).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where we ask it ourselves (home).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// What records its health (home).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Its Kubernetes cluster (standby).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// The id of its Route 53 health check, as a gate (standby).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<String>,
}

/// Our own request to a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The address, https; `off` for none.
    pub url: String,
}

/// How users are led to a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// The name that users type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is locked.
    pub switch: Switch,
}

/// The numbers of the decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How long the primary must have been failing without a break; 180s by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdoff: Option<Seconds>,
    /// How long after a failover another one is refused; 300s by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Seconds>,
    /// How long the primary must have been well before a failback; 600s by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub well_for: Option<Seconds>,
    /// After how long an execution that stands still is judged again; 300s by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_still: Option<Seconds>,
    /// The longest time between two ticks while none is lost; 60s by default, 180s on OCI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tick: Option<Seconds>,
    /// What becomes of a failover that is due: automatic, ask, observe; automatic by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// How long a question is open in mode ask; 3600s by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_for: Option<Seconds>,
    /// What becomes of a question that nobody has answered by then: lapse, begin; lapse by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_then: Option<String>,
    /// The length of one datapoint of the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_period: Option<Seconds>,
    /// A history older than this says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_stale: Option<Seconds>,
    /// What a hole in the history means: ends-the-streak, counts-as-failing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_data: Option<String>,
    /// The pause between two looks while waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<Seconds>,
}

/// The numbers of the machinery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The longest look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Seconds>,
    /// The longest single call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_timeout: Option<Seconds>,
    /// The longest probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_timeout: Option<Seconds>,
    /// How long a lease stands without renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Seconds>,
    /// How long one call waits for the standby to come up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Seconds>,
    /// What is kept free before a deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<Seconds>,
    /// Further attempts of one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u64>,
    /// The first pause between attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_delay: Option<Seconds>,
    /// The longest pause between attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_delay: Option<Seconds>,
    /// The level of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
}

/// Azure beside the parts of the site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Azure {
    /// Resource Manager, where it is not that of the public cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_manager: Option<String>,
    /// What its tokens are made out to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

impl SiteFile {
    /// The name of the standby: the site that is not home.
    pub fn standby(&self) -> Option<&str> {
        self.sites.keys().map(String::as_str).find(|name| *name != self.home)
    }

    /// Whether its parts fit together.
    pub(crate) fn check(&self) -> Result<(), FileFault> {
        let rule = |why: String| Err(FileFault::Rule(why));
        if self.schema != SCHEMA {
            return rule(format!("schema {} is not known; this version reads {SCHEMA}", self.schema));
        }
        if self.name.trim().is_empty() || self.name.chars().any(char::is_whitespace) {
            return rule("name: one word is needed, which a person types to confirm".to_owned());
        }
        if self.sites.len() != 2 {
            return rule(format!("sites: a pair is two sites, not {}", self.sites.len()));
        }
        let Some(home) = self.sites.get(&self.home) else {
            let names: Vec<_> = self.sites.keys().map(String::as_str).collect();
            return rule(format!("home: {:?} is none of the sites {}", self.home, names.join(", ")));
        };
        let name = &self.home;
        if home.history.is_none() {
            return rule(format!("sites.{name}.history is missing: home is judged by its history"));
        }
        if home.cluster.is_some() || home.health_check.is_some() {
            return rule(format!("sites.{name}: cluster and health_check belong to the standby, not to home"));
        }
        let Some((other, standby)) = self.sites.iter().find(|(name, _)| **name != self.home) else {
            return rule("sites: the standby is missing".to_owned());
        };
        if standby.cluster.is_none() {
            return rule(format!("sites.{other}.cluster is missing: a failover starts the standby there"));
        }
        if standby.host.is_some() || standby.region.is_some() || standby.probe.is_some() || standby.history.is_some() {
            return rule(format!("sites.{other}: host, region, probe and history belong to home ({name})"));
        }
        Ok(())
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
