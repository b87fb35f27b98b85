//! What humio-operator checks of a HumioCluster before it does anything: a fault puts it into `ConfigError`.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::kubernetes::kinds::Kind;
use crate::kubernetes::store::{Key, Store};
use crate::kubernetes::write::text;

/// What the operator takes for `targetReplicationFactor` when the spec names none.
const DEFAULT_REPLICATION: i64 = 2;

/// The first fault, in the operator's order.
pub(super) fn fault(store: &Store, cluster: &Value) -> Option<String> {
    let spec = &cluster["spec"];
    duplicate_variable(spec)
        .map(|name| format!("environment variable {name} is defined more than once"))
        .or_else(|| licence_fault(store, cluster))
        .or_else(|| custom_ca_fault(store, cluster))
        .or_else(|| replication_fault(spec))
}

fn duplicate_variable(spec: &Value) -> Option<String> {
    let pools = spec["nodePools"].as_array().into_iter().flatten().map(|pool| &pool["spec"]["environmentVariables"]);
    let lists = [&spec["environmentVariables"], &spec["commonEnvironmentVariables"]].into_iter().chain(pools);
    lists.into_iter().find_map(|list| {
        let mut seen = BTreeSet::new();
        let mut names = list.as_array().into_iter().flatten().filter_map(|entry| entry["name"].as_str());
        names.find(|name| !seen.insert(name.to_owned())).map(str::to_owned)
    })
}

fn secret<'a>(store: &'a Store, cluster: &Value, name: &str) -> Option<&'a Value> {
    let kind = Kind::of_plural("secrets").expect("secrets are served");
    store.get(&Key::new(kind, text(cluster, "namespace"), name))
}

/// The licence must be a JWS whose claims hold a `uid`.
fn licence_fault(store: &Store, cluster: &Value) -> Option<String> {
    let reference = &cluster["spec"]["license"]["secretKeyRef"];
    let (name, key) = (reference["name"].as_str().unwrap_or_default(), reference["key"].as_str().unwrap_or_default());
    let Some(secret) = secret(store, cluster, name) else {
        return Some(format!("license secret {name} was not found"));
    };
    let token = secret["data"][key]
        .as_str()
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|raw| String::from_utf8(raw).ok());
    let claims = token
        .as_deref()
        .and_then(|token| token.trim().split('.').nth(1))
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value = claims.and_then(|raw| serde_json::from_slice(&raw).ok()).unwrap_or_default();
    if claims["uid"].is_string() { None } else { Some("the license is no token with a uid claim".to_owned()) }
}

fn custom_ca_fault(store: &Store, cluster: &Value) -> Option<String> {
    let name = cluster["spec"]["tls"]["caSecretName"].as_str().filter(|name| !name.is_empty())?;
    let data = secret(store, cluster, name).map(|secret| &secret["data"]);
    let usable = data.is_some_and(|data| data["tls.crt"].is_string() && data["tls.key"].is_string());
    if usable { None } else { Some(format!("specified CA secret invalid: {name}")) }
}

fn replication_fault(spec: &Value) -> Option<String> {
    let nodes = spec["nodeCount"].as_i64().unwrap_or(0);
    let wanted = spec["targetReplicationFactor"].as_i64().unwrap_or(DEFAULT_REPLICATION);
    (nodes < wanted).then(|| format!("nodeCount is too low: {nodes} nodes for a target replication factor of {wanted}"))
}
