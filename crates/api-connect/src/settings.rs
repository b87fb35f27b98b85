//! API Connect as a system of a site: its settings, the same on every cloud, and the parts that follow from them.

use std::sync::Arc;

use holdfast_kubernetes::{KnownCluster, StandbyCluster, api::Api};
use holdfast_parts::{ObjectStorage, StatusEndpoint, Surroundings, System, SystemParts, SystemSettings};
use holdfast_settings::{Reader, certificate::is_ca_data, shape};

use crate::{
    Annotation, ApiConnect, Options, Service,
    primary_cluster::{PrimaryCluster, Token},
    site::{DELETION, RUNBOOK},
    state::Part,
    status,
    words::{Words, normalised},
};

#[cfg(test)]
mod tests;

/// The most portals of a site: each has four steps.
const MOST_PORTALS: usize = 8;

/// The most words that one setting adds, and the longest of them.
const MOST_WORDS: usize = 8;
const LONGEST_WORD: usize = 60;

/// API Connect, as a site knows it.
#[derive(Clone, Copy, Debug)]
pub struct ApiConnectSystem;

impl System for ApiConnectSystem {
    fn name(&self) -> &'static str {
        RUNBOOK
    }

    /// Its makers treat a failover as a person's decision: two data centres have no majority that could take it.
    fn asks_first(&self) -> bool {
        true
    }

    fn read(&self, read: &mut Reader<'_>, _storage: ObjectStorage) -> Box<dyn SystemSettings> {
        Box::new(Settings::read(read))
    }
}

/// What was read.
#[derive(Debug)]
struct Settings {
    namespace: String,
    object_name: String,
    primary_namespace: String,
    primary: Option<(KnownCluster, Token)>,
    options: Options,
    status: StatusEndpoint,
}

impl Settings {
    fn read(read: &mut Reader<'_>) -> Self {
        let namespace = read.object_name("CLUSTER_NAMESPACE").unwrap_or_else(|| "apic".to_owned());
        let object_name = read.object_name("HOLDFAST_OBJECT_NAME").unwrap_or_else(|| "holdfast".to_owned());
        let judges = [("platform-api", status::judge_platform_api as Judge), ("page", status::judge_page)];
        let (services, isolation) = (services(read), read.object_name("HOLDFAST_APIC_ISOLATION"));
        let deletable = read.list_of("HOLDFAST_APIC_DELETABLE", NAMES, shape::is_object_name);
        known_names(read, &services, &deletable);
        let options = Options {
            top_level: both_names(read, "HOLDFAST_APIC_TOP_LEVEL"),
            isolation: isolation.unwrap_or_else(|| format!("{object_name}-isolation")),
            isolation_lasts: read.seconds("HOLDFAST_APIC_ISOLATION_SECONDS", 43_200.0, 60.0..=86_400.0),
            words: words(read),
            annotation: annotation(read),
            services,
            deletable,
        };
        Self {
            primary_namespace: read.object_name("HOLDFAST_APIC_PRIMARY_NAMESPACE").unwrap_or_else(|| namespace.clone()),
            primary: primary(read),
            status: StatusEndpoint { path: status::PATH, judge: read.choice("HOLDFAST_APIC_PROBE", &judges) },
            namespace,
            object_name,
            options,
        }
    }
}

type Judge = fn(http::StatusCode, &[u8]) -> holdfast_core::evidence::ProbeResult;

const NAMES: &str = "names of Kubernetes, separated by commas";

/// The management cluster first, then each portal.
fn services(read: &mut Reader<'_>) -> Vec<Service> {
    let (management, portals) = ("HOLDFAST_APIC_MANAGEMENT", "HOLDFAST_APIC_PORTALS");
    let of = |part, (primary, standby)| Service { part, primary, standby };
    let mut services: Vec<_> =
        both_names(read, management).map(|names| of(Part::Management, names)).into_iter().collect();
    let named: Vec<_> = read.list(portals).iter().map(|text| parsed(text)).collect();
    let allowed =
        "names of Kubernetes, separated by commas; NAME, or NAME-ON-THE-STANDBY=NAME-ON-THE-PRIMARY; each once";
    let known: Vec<_> = named.iter().flatten().cloned().collect();
    let is_twice =
        |name: &str, of: fn(&(String, String)) -> &String| known.iter().filter(|pair| of(pair) == name).count() > 1;
    let twice = known.iter().any(|pair| is_twice(&pair.0, |pair| &pair.0) || is_twice(&pair.1, |pair| &pair.1));
    if known.len() < named.len() || twice {
        read.fault(portals, allowed);
    }
    if known.len() > MOST_PORTALS {
        read.fault(portals, &format!("at most {MOST_PORTALS} portals"));
    }
    if management_is_missing(read, management, portals) {
        read.fault(management, "the name of a ManagementCluster, unless HOLDFAST_APIC_PORTALS names a portal");
    }
    services.extend(known.into_iter().take(MOST_PORTALS).map(|names| of(Part::Portal, names)));
    services
}

fn management_is_missing(read: &Reader<'_>, management: &str, portals: &str) -> bool {
    read.text(management).is_none() && read.list(portals).is_empty()
}

/// A deletion that is confirmed of a name that nothing has is a slip.
fn known_names(read: &mut Reader<'_>, services: &[Service], deletable: &[String]) {
    let management: Vec<_> = services.iter().filter(|service| service.part == Part::Management).collect();
    let is_known =
        |name: &String| management.iter().any(|service| [&service.primary, &service.standby].contains(&name));
    if !deletable.iter().all(is_known) {
        read.fault("HOLDFAST_APIC_DELETABLE", "names of ManagementClusters that HOLDFAST_APIC_MANAGEMENT names");
    }
}

/// The names on the primary and on the standby.
fn both_names(read: &mut Reader<'_>, name: &str) -> Option<(String, String)> {
    let text = read.text(name)?;
    let names = parsed(&text);
    if names.is_none() {
        read.fault(name, "a name of Kubernetes, or NAME-ON-THE-STANDBY=NAME-ON-THE-PRIMARY");
    }
    names
}

/// `NAME`, or `NAME-ON-THE-STANDBY=NAME-ON-THE-PRIMARY`: the names on the primary and on the standby.
fn parsed(text: &str) -> Option<(String, String)> {
    let (standby, primary) = text.split_once('=').unwrap_or((text, text));
    let (standby, primary) = (standby.trim(), primary.trim());
    let are_names = [standby, primary].into_iter().all(shape::is_object_name);
    are_names.then(|| (primary.to_owned(), standby.to_owned()))
}

fn words(read: &mut Reader<'_>) -> Words {
    let mut words = |name: &str| {
        let listed = read
            .list_of(name, "words of at most 60 characters, separated by commas", |word| word.len() <= LONGEST_WORD);
        if listed.len() > MOST_WORDS {
            read.fault(name, &format!("at most {MOST_WORDS} words"));
        }
        listed.iter().map(|word| normalised(word)).collect()
    };
    Words {
        active: words("HOLDFAST_APIC_ACTIVE_WORDS"),
        passive: words("HOLDFAST_APIC_PASSIVE_WORDS"),
        out_of_service: words("HOLDFAST_APIC_OUT_OF_SERVICE_WORDS"),
        ready_for_traffic: words("HOLDFAST_APIC_READY_WORDS"),
    }
}

fn annotation(read: &mut Reader<'_>) -> Annotation {
    let is_key = |text: &str| {
        let (domain, name) = text.split_once('/').unwrap_or(("x", text));
        shape::is_object_name(domain) && shape::is_host_name(name) && name.len() <= 63
    };
    let is_value = |text: &str| text.len() <= LONGEST_WORD;
    let name = read.shaped("HOLDFAST_APIC_DELETION_ANNOTATION", "the name of an annotation: domain/name", is_key);
    let value = read.shaped("HOLDFAST_APIC_DELETION_VALUE", "a text of at most 60 characters", is_value);
    Annotation {
        name: name.unwrap_or_else(|| DELETION.0.to_owned()),
        value: value.unwrap_or_else(|| DELETION.1.to_owned()),
    }
}

/// The primary's cluster: an address, its CA and a token, all or none.
fn primary(read: &mut Reader<'_>) -> Option<(KnownCluster, Token)> {
    let (endpoint, ca_data) = ("HOLDFAST_APIC_PRIMARY_ENDPOINT", "HOLDFAST_APIC_PRIMARY_CA_DATA");
    let (token, file) = ("HOLDFAST_APIC_PRIMARY_TOKEN", "HOLDFAST_APIC_PRIMARY_TOKEN_FILE");
    let [has_endpoint, has_ca, has_token, has_file] =
        [endpoint, ca_data, token, file].map(|name| read.text(name).is_some());
    if !(has_endpoint || has_ca || has_token || has_file) {
        return None;
    }
    if !has_endpoint {
        read.fault(endpoint, "set together with the primary's CA and token");
    }
    if !has_ca {
        read.fault(ca_data, "set together with HOLDFAST_APIC_PRIMARY_ENDPOINT (PEM in base64, as clouds give it)");
    }
    if has_token == has_file {
        read.hidden_fault(
            token,
            "set together with HOLDFAST_APIC_PRIMARY_ENDPOINT, or HOLDFAST_APIC_PRIMARY_TOKEN_FILE in its place",
        );
    }
    let address = read.https(endpoint);
    if address.is_some() && address == read.text("HOLDFAST_CLUSTER_ENDPOINT") {
        read.fault(endpoint, "another cluster than the standby's (HOLDFAST_CLUSTER_ENDPOINT)");
    }
    let ca_data = read.shaped(ca_data, "a certificate in PEM in base64, as clouds give it", is_ca_data);
    let is_token = |text: &str| text.len() <= 16_384 && text.chars().all(|c| c.is_ascii_graphic());
    let known = match read.text(token) {
        Some(text) if is_token(&text) => Some(Token::Known(text)),
        Some(_) => {
            read.hidden_fault(token, "a bearer token: visible ASCII characters");
            None
        }
        None => read.shaped(file, "the path of a file, from / on", |path| path.starts_with('/')).map(Token::File),
    };
    Some((KnownCluster { endpoint: address?, ca_data: ca_data? }, known?))
}

impl SystemSettings for Settings {
    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn object_name(&self) -> &str {
        &self.object_name
    }

    fn status(&self) -> StatusEndpoint {
        self.status
    }

    fn open(&self, cluster: &StandbyCluster, around: Surroundings<'_>) -> SystemParts {
        let Surroundings { lock_traffic, witness, prober, proxies } = around;
        let primary = self.primary.clone().map(|(known, token)| {
            let connector = Arc::new(PrimaryCluster::new(known, token, proxies.clone()));
            Api::new(connector, self.primary_namespace.clone())
        });
        let system = ApiConnect::new(cluster, primary, self.options.clone());
        let prober = prober.map(|endpoint| system.prober(endpoint, Arc::clone(&lock_traffic)));
        SystemParts { standby: system.standby(), note: None, runbook: system.runbook(lock_traffic, witness), prober }
    }
}
