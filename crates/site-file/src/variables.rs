//! From the file to the variables of its function, and back.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    fault::FileFault,
    file::{Probe, SCHEMA, Site, SiteFile, System, Traffic},
    parts::{
        Aks, Blob, Cluster, CooldownStore, Eks, Endpoint, Function, HealthCheck, History, Monitoring, Oke, Ssm,
        Steering, Switch,
    },
    seconds::Seconds,
    walk::{Visit, walk},
};

/// Variables by name.
pub type Variables = BTreeMap<String, String>;

/// Names the cloud of each role, where it is not the function's.
const CLOUDS: [&str; 4] =
    ["HOLDFAST_CLUSTER_CLOUD", "HOLDFAST_HISTORY_CLOUD", "HOLDFAST_TRAFFIC_CLOUD", "HOLDFAST_NOTE_CLOUD"];

/// How the names of variables begin that a platform sets, or that hold who we are there. They are no part of a site.
const PLATFORM: [&str; 15] = [
    "AWS_",
    "AZURE_",
    "AzureWebJobs",
    "APPSETTING_",
    "FN_",
    "FUNCTIONS_",
    "HOLDFAST_OCI_ENDPOINT",
    "IDENTITY_",
    "LAMBDA_",
    "MSI_",
    "OCI_",
    "SCM_",
    "SSL_",
    "WEBSITE_",
    "_",
];

/// Names of such variables.
const PLATFORM_NAMES: [&str; 7] = ["HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PWD", "TZ", "HOSTNAME"];

/// Addresses and keys by which people are told: who has them can tell people something, or hear it.
const SECRETS: [&str; 5] = [
    "HOLDFAST_NOTIFY_OPSGENIE_API_KEY",
    "HOLDFAST_NOTIFY_PAGERDUTY_ROUTING_KEY",
    "HOLDFAST_NOTIFY_WEBHOOK_SECRET",
    "HOLDFAST_NOTIFY_WEBHOOK_URL",
    "HOLDFAST_TICK_URL",
];

/// True for a variable that a site does not consist of: the platform's own, credentials, and the way out of a network.
pub fn is_of_the_platform(name: &str) -> bool {
    PLATFORM.iter().any(|prefix| name.starts_with(prefix))
        || PLATFORM_NAMES.contains(&name)
        || SECRETS.contains(&name)
        || name.to_ascii_lowercase().ends_with("_proxy")
}

impl SiteFile {
    /// The word of the cloud that the function runs on.
    pub fn host(&self) -> &'static str {
        self.function.cloud()
    }

    /// The word of the cloud of each role, in this order: cluster, history, traffic, note.
    pub fn clouds(&self) -> [&'static str; 4] {
        let cluster = self.standby().and_then(|name| self.sites.get(name)).and_then(|site| site.cluster.as_ref());
        let history = self.sites.get(&self.home).and_then(|site| site.history.as_ref());
        [
            match cluster {
                Some(Cluster::Eks(_)) => "aws",
                Some(Cluster::Aks(_)) => "azure",
                Some(Cluster::Oke(_)) => "oci",
                None => self.host(),
            },
            match history {
                Some(History::Route53HealthCheck(_)) => "aws",
                Some(History::TrafficManager(_)) => "azure",
                Some(History::OciMonitoring(_)) => "oci",
                None => self.host(),
            },
            match self.traffic.switch {
                Switch::Route53HealthCheck(_) => "aws",
                Switch::TrafficManager(_) => "azure",
                Switch::DnsSteering(_) => "oci",
            },
            match self.cooldown_store {
                Some(CooldownStore::Ssm(_)) => "aws",
                Some(CooldownStore::Blob(_)) => "azure",
                None => self.host(),
            },
        ]
    }

    /// The variables that a function of this site reads.
    ///
    /// # Errors
    /// Two keys that are one variable and differ.
    pub fn variables(&self) -> Result<Variables, FileFault> {
        let mut put = Put { variables: Variables::new(), fault: None };
        for (name, cloud) in CLOUDS.into_iter().zip(self.clouds()).filter(|(_, cloud)| *cloud != self.host()) {
            put.set(name, name, cloud.to_owned());
        }
        walk(&mut self.clone(), &mut put);
        for (name, value) in &self.variables {
            let key = format!("variables.{name}");
            if is_of_the_platform(name) {
                return Err(FileFault::Rule(format!(
                    "{key}: this is the platform's own, or a credential; set it there"
                )));
            }
            put.set(&key, name, value.clone());
        }
        put.fault.map_or(Ok(put.variables), |why| Err(FileFault::Rule(why)))
    }

    /// The file of a function that has these variables. `name` is the pair's, `home` and `standby` are the sites'. What has
    /// no key of its own is kept under `variables`; what is the platform's is left out.
    ///
    /// # Errors
    /// A variable that a key of the file cannot hold.
    pub fn from_variables(
        name: &str,
        (home, standby): (&str, &str),
        function: Function,
        variables: &Variables,
    ) -> Result<Self, FileFault> {
        let mut file = skeleton(name, (home, standby), function, variables);
        let mut take = Take { variables, used: CLOUDS.into_iter().collect(), fault: None };
        walk(&mut file, &mut take);
        if let Some(why) = take.fault {
            return Err(FileFault::Rule(why));
        }
        let rest = variables.iter().filter(|(name, value)| {
            !take.used.contains(name.as_str()) && !is_of_the_platform(name) && !value.trim().is_empty()
        });
        file.variables = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
        file.check()?;
        Ok(file)
    }

    /// The key of a variable of this file, to say where a value that a reader refuses stands.
    pub fn key_of(&self, variable: &str) -> Option<String> {
        let mut find = Find { variable, key: None };
        walk(&mut self.clone(), &mut find);
        find.key
    }
}

/// A file with the parts that these variables name, and nothing in them.
fn skeleton(name: &str, (home, standby): (&str, &str), function: Function, variables: &Variables) -> SiteFile {
    let host = function.cloud();
    let [cluster, history, traffic, note] = CLOUDS.map(|role| variables.get(role).map_or(host, |cloud| cloud.trim()));
    let history = match history {
        "aws" => History::Route53HealthCheck(HealthCheck::default()),
        "oci" => History::OciMonitoring(Monitoring::default()),
        _ => History::TrafficManager(Endpoint::default()),
    };
    let switch = match traffic {
        "aws" => Switch::Route53HealthCheck(HealthCheck::default()),
        "oci" => Switch::DnsSteering(Steering::default()),
        _ => Switch::TrafficManager(Endpoint::default()),
    };
    let cluster = match cluster {
        "aws" => Cluster::Eks(Eks::default()),
        "oci" => Cluster::Oke(Oke::default()),
        _ => Cluster::Aks(Aks::default()),
    };
    let cooldown = match note {
        "aws" => Some(CooldownStore::Ssm(Ssm::default())),
        // No service of OCI keeps it: the record does.
        "oci" => None,
        _ => Some(CooldownStore::Blob(Blob::default())),
    };
    let probe = variables.contains_key("HOLDFAST_PRIMARY_PROBE_URL").then(|| Probe { url: String::new() });
    let at_home = Site { history: Some(history), probe, ..Site::default() };
    let at_standby = Site { cluster: Some(cluster), ..Site::default() };
    SiteFile {
        schema: SCHEMA,
        name: name.to_owned(),
        system: System::default(),
        sites: [(home.to_owned(), at_home), (standby.to_owned(), at_standby)].into(),
        home: home.to_owned(),
        traffic: Traffic { name: None, switch },
        cooldown_store: cooldown,
        policy: Default::default(),
        limits: Default::default(),
        control_targets: Vec::new(),
        control_defaults: None,
        azure: Default::default(),
        function,
        variables: Variables::new(),
    }
}

/// Writes the variables.
struct Put {
    variables: Variables,
    fault: Option<String>,
}

impl Put {
    fn set(&mut self, key: &str, variable: &str, value: String) {
        match self.variables.get(variable) {
            Some(other) if *other != value => {
                let why =
                    format!("{key}: {variable} has one value in a function, and another key of this file sets it");
                self.fault.get_or_insert(why);
            }
            _ => drop(self.variables.insert(variable.to_owned(), value)),
        }
    }
}

impl Visit for Put {
    fn text(&mut self, key: &str, variable: &'static str, value: &mut Option<String>) {
        if let Some(value) = value {
            self.set(key, variable, value.clone());
        }
    }

    fn required(&mut self, key: &str, variable: &'static str, value: &mut String) {
        self.set(key, variable, value.clone());
    }

    fn seconds(&mut self, key: &str, variable: &'static str, value: &mut Option<Seconds>) {
        if let Some(value) = value {
            self.set(key, variable, value.to_string());
        }
    }

    fn whole(&mut self, key: &str, variable: &'static str, value: &mut Option<u64>) {
        if let Some(value) = value {
            self.set(key, variable, value.to_string());
        }
    }

    fn list(&mut self, key: &str, variable: &'static str, value: &mut Vec<String>) {
        if !value.is_empty() {
            self.set(key, variable, value.join(","));
        }
    }

    fn switch(&mut self, key: &str, variable: &'static str, value: &mut Option<bool>) {
        if let Some(value) = value {
            self.set(key, variable, if *value { "on" } else { "off" }.to_owned());
        }
    }

    fn truth(&mut self, key: &str, variable: &'static str, value: &mut Option<bool>) {
        if let Some(value) = value {
            self.set(key, variable, value.to_string());
        }
    }
}

/// Reads the variables.
struct Take<'a> {
    variables: &'a Variables,
    used: BTreeSet<&'static str>,
    fault: Option<String>,
}

impl Take<'_> {
    fn get(&mut self, variable: &'static str) -> Option<String> {
        self.used.insert(variable);
        let value = self.variables.get(variable)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn read<T>(&mut self, variable: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = self.get(variable)?;
        let read = read(&value);
        if read.is_none() {
            self.fault.get_or_insert(format!("{variable} of the function cannot be read"));
        }
        read
    }
}

impl Visit for Take<'_> {
    fn text(&mut self, _: &str, variable: &'static str, value: &mut Option<String>) {
        *value = self.get(variable);
    }

    fn required(&mut self, _: &str, variable: &'static str, value: &mut String) {
        match self.get(variable) {
            Some(found) => *value = found,
            None => drop(self.fault.get_or_insert(format!("{variable} of the function is missing"))),
        }
    }

    fn seconds(&mut self, _: &str, variable: &'static str, value: &mut Option<Seconds>) {
        *value = self.read(variable, Seconds::read);
    }

    fn whole(&mut self, _: &str, variable: &'static str, value: &mut Option<u64>) {
        *value = self.read(variable, |text| text.parse().ok());
    }

    fn list(&mut self, _: &str, variable: &'static str, value: &mut Vec<String>) {
        let all = self.get(variable).unwrap_or_default();
        *value = all.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
    }

    fn switch(&mut self, _: &str, variable: &'static str, value: &mut Option<bool>) {
        *value = self.read(variable, |text| match text {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        });
    }

    fn truth(&mut self, _: &str, variable: &'static str, value: &mut Option<bool>) {
        *value = self.read(variable, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        });
    }
}

/// Looks for the key of one variable.
struct Find<'a> {
    variable: &'a str,
    key: Option<String>,
}

impl Find<'_> {
    fn at(&mut self, key: &str, variable: &str) {
        if variable == self.variable {
            self.key.get_or_insert_with(|| key.to_owned());
        }
    }
}

impl Visit for Find<'_> {
    fn text(&mut self, key: &str, variable: &'static str, _: &mut Option<String>) {
        self.at(key, variable);
    }

    fn required(&mut self, key: &str, variable: &'static str, _: &mut String) {
        self.at(key, variable);
    }

    fn seconds(&mut self, key: &str, variable: &'static str, _: &mut Option<Seconds>) {
        self.at(key, variable);
    }

    fn whole(&mut self, key: &str, variable: &'static str, _: &mut Option<u64>) {
        self.at(key, variable);
    }

    fn list(&mut self, key: &str, variable: &'static str, _: &mut Vec<String>) {
        self.at(key, variable);
    }

    fn switch(&mut self, key: &str, variable: &'static str, _: &mut Option<bool>) {
        self.at(key, variable);
    }

    fn truth(&mut self, key: &str, variable: &'static str, _: &mut Option<bool>) {
        self.at(key, variable);
    }
}
