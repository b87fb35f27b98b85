//! humio-operator: reconciles each HumioCluster while its own pod is ready.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::tls::{ca_key_pair, ca_secret_name, certificate, common_labels, issuer};
use super::{Model, ensure, is_ready, nodes, owner_of, remove, set_status, validation};
use crate::kubernetes::certificates::authority;
use crate::kubernetes::cluster::State;
use crate::kubernetes::kinds::Kind;
use crate::kubernetes::store::{Key, Store};
use crate::kubernetes::write::text;

/// The operator's name: of its Deployment and of its writes.
const OPERATOR: &str = "humio-operator";
/// From the operator's readiness to its first reconcile, in simulated seconds: caches fill. CA and certificates were seen within 2 s.
const FIRST_RECONCILE_S: f64 = 1.0;
/// What the one-time bootstrap pod takes when there is no bootstrap token yet, in simulated seconds.
const BOOTSTRAP_S: f64 = 20.0;
/// The LogScale version that nodes report.
const VERSION: &str = "1.245.0--build-100--sha-0000000000000000000000000000000000000000";

/// One look at every HumioCluster.
pub(super) fn step(model: &mut Model, state: &mut State, now: Timestamp) {
    let clusters: Vec<Value> = state.store.list("humioclusters", "").cloned().collect();
    for cluster in clusters {
        let timer = format!("reconcile/{}", text(&cluster, "uid"));
        if !is_operator_ready(&state.store, text(&cluster, "namespace")) {
            model.forget(&timer);
        } else if model.passed(&timer, FIRST_RECONCILE_S, now) {
            reconcile(model, state, &cluster, &timer, now);
        }
    }
}

fn is_operator_ready(store: &Store, namespace: &str) -> bool {
    let is_operator = |pod: &Value| {
        let labels = &pod["metadata"]["labels"];
        labels["app.kubernetes.io/name"] == OPERATOR && labels["app.kubernetes.io/component"] != "webhook"
    };
    store.list("pods", namespace).any(|pod| is_operator(pod) && is_ready(pod))
}

/// The operator's order: checks, CA, state, bootstrap token, issuer and bundle, key store, services, nodes.
fn reconcile(model: &mut Model, state: &mut State, cluster: &Value, timer: &str, now: Timestamp) {
    if let Some(message) = validation::fault(&state.store, cluster) {
        report(&mut state.store, cluster, "ConfigError", &message);
        return;
    }
    let namespace = text(cluster, "namespace").to_owned();
    if !has_secret(&state.store, cluster, &ca_secret_name(cluster)) {
        let secret = ca_key_pair(cluster, &authority(now.as_second()));
        ensure(&mut state.store, OPERATOR, &namespace, secret);
    }
    if !bootstrap(model, &mut state.store, cluster, timer, now) {
        report(&mut state.store, cluster, "Running", "waiting for the bootstrap token");
        return;
    }
    let name = text(cluster, "name").to_owned();
    ensure(&mut state.store, OPERATOR, &namespace, issuer(cluster));
    ensure(&mut state.store, OPERATOR, &namespace, certificate(cluster, &name));
    let letters = state.store.letters(6);
    let passphrase = owned_secret(cluster, "keystore-passphrase", json!({"passphrase": letters}));
    ensure(&mut state.store, OPERATOR, &namespace, passphrase);
    services(&mut state.store, cluster);
    nodes::ensure_nodes(model, state, cluster, now);
    let message = if nodes::all_ready(&state.store, cluster) { "" } else { "waiting for pods to become ready" };
    if message.is_empty() {
        let token = owned_secret(cluster, "admin-token", json!({"token": "simulated"}));
        ensure(&mut state.store, OPERATOR, &namespace, token);
    }
    report(&mut state.store, cluster, "Running", message);
}

fn has_secret(store: &Store, cluster: &Value, name: &str) -> bool {
    let kind = Kind::of_plural("secrets").expect("secrets are served");
    store.get(&Key::new(kind, text(cluster, "namespace"), name)).is_some()
}

fn owned_secret(cluster: &Value, suffix: &str, plain: Value) -> Value {
    let name = text(cluster, "name");
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": format!("{name}-{suffix}"), "labels": common_labels(name), "ownerReferences": [owner_of(cluster)]},
        "stringData": plain,
    })
}

/// Says whether the bootstrap token is there; while it is not, runs the one-time pod that makes it.
fn bootstrap(model: &mut Model, store: &mut Store, cluster: &Value, timer: &str, now: Timestamp) -> bool {
    if has_secret(store, cluster, &format!("{}-bootstrap-token", text(cluster, "name"))) {
        return true;
    }
    let (name, namespace) = (text(cluster, "name"), text(cluster, "namespace"));
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{name}-bootstrap-token-onetime"), "ownerReferences": [owner_of(cluster)]},
        "spec": {"containers": [{"name": "humio", "image": cluster["spec"]["image"]}]},
        "status": {"phase": "Running"},
    });
    let pod = ensure(store, OPERATOR, namespace, pod);
    if !model.passed(&format!("{timer}/bootstrap"), BOOTSTRAP_S, now) {
        return false;
    }
    let token = owned_secret(cluster, "bootstrap-token", json!({"secret": "simulated", "hashedToken": "simulated"}));
    ensure(store, OPERATOR, namespace, token);
    remove(store, OPERATOR, &pod);
    true
}

fn services(store: &mut Store, cluster: &Value) {
    let name = text(cluster, "name");
    let mut internal = common_labels(name);
    internal["humio.com/feature"] = "OperatorInternal".into();
    let mut pool = common_labels(name);
    pool["humio.com/node-pool"] = name.into();
    for (suffix, selector, early) in
        [("", pool, false), ("-headless", common_labels(name), true), ("-internal", internal, false)]
    {
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": format!("{name}{suffix}"), "labels": common_labels(name), "ownerReferences": [owner_of(cluster)]},
            "spec": {"selector": selector, "publishNotReadyAddresses": early, "ports": [{"name": "http", "port": 8080}]},
        });
        ensure(store, OPERATOR, text(cluster, "namespace"), service);
    }
}

/// Writes the status. `observedGeneration` is a text, as in the real resource; the state says nothing about pods.
fn report(store: &mut Store, cluster: &Value, state: &str, message: &str) {
    let pods = nodes::of_cluster(store, cluster);
    let names: Vec<Value> = pods.iter().map(|pod| json!({"podName": pod["metadata"]["name"]})).collect();
    let mut status = json!({
        "state": state, "observedGeneration": cluster["metadata"]["generation"].as_i64().unwrap_or(0).to_string(),
        "nodePoolStatus": [{"name": text(cluster, "name"), "state": state}],
    });
    if !message.is_empty() {
        status["message"] = message.into();
    }
    if !names.is_empty() {
        status["nodeCount"] = json!(names.len());
        status["podStatus"] = Value::Array(names);
        status["version"] = VERSION.into();
    }
    if message.is_empty() {
        status["licenseStatus"] = json!({"type": "onprem", "expiration": "2099-01-01T00:00:00.000Z"});
    }
    set_status(store, OPERATOR, cluster, status);
}
