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
        .or_else(|| storage_fault(spec))
        .or_else(|| licence_fault(store, cluster))
        .or_else(|| custom_ca_fault(store, cluster))
        .or_else(|| replication_fault(spec))
        .or_else(|| source_fault(store, cluster))
}

/// The operator looks for duplicates in the top list alone; in the common list and in those of pools it takes them.
fn duplicate_variable(spec: &Value) -> Option<String> {
    let mut seen = BTreeSet::new();
    let list = spec["environmentVariables"].as_array().into_iter().flatten();
    let mut names = list.filter_map(|entry| entry["name"].as_str());
    names.find(|name| !seen.insert(name.to_owned())).map(str::to_owned)
}

/// The specs of the pools with nodes; that of the top pool is the cluster's own.
fn running_pools(spec: &Value) -> impl Iterator<Item = &Value> {
    let further = spec["nodePools"].as_array().into_iter().flatten().map(|pool| &pool["spec"]);
    std::iter::once(spec).chain(further).filter(|pool| pool["nodeCount"].as_i64().unwrap_or(0) > 0)
}

/// Exactly one kind of volume for each pool.
fn storage_fault(spec: &Value) -> Option<String> {
    let is_given =
        |value: &Value| value.as_object().is_some_and(|fields| fields.values().any(|value| !value.is_null()));
    let is_sound = |pool: &Value| {
        is_given(&pool["dataVolumeSource"]) != is_given(&pool["dataVolumePersistentVolumeClaimSpecTemplate"])
    };
    let why = "exactly one of dataVolumeSource and dataVolumePersistentVolumeClaimSpecTemplate must be set";
    running_pools(spec).any(|pool| !is_sound(pool)).then(|| why.to_owned())
}

fn source_fault(store: &Store, cluster: &Value) -> Option<String> {
    let sources = running_pools(&cluster["spec"]).filter_map(|pool| pool["environmentVariablesSource"].as_array());
    let mut names = sources.flatten().filter_map(|source| source["secretRef"]["name"].as_str());
    names.find(|name| secret(store, cluster, name).is_none()).map(|name| {
        let namespace = text(cluster, "namespace");
        format!("environmentVariablesSource was set but no secret exists by name {name} in namespace {namespace}")
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
    let nodes = running_pools(spec).filter_map(|pool| pool["nodeCount"].as_i64()).fold(0, i64::saturating_add);
    let wanted = spec["targetReplicationFactor"].as_i64().unwrap_or(DEFAULT_REPLICATION);
    (nodes < wanted).then(|| format!("nodeCount is too low: {nodes} nodes for a target replication factor of {wanted}"))
}
