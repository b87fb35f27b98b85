//! The LogScale nodes: certificates and pods that the operator makes, and the kubelet that starts them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::tls::{certificate, common_labels, is_trusted};
use super::{Model, ensure, is_owned, is_ready, owner_of, pod_status, recovery_log, set_status};
use crate::kubernetes::cluster::State;
use crate::kubernetes::kinds::Kind;
use crate::kubernetes::store::{Key, Store};
use crate::kubernetes::write::text;

/// From the creation of a node's pod to its process, in simulated seconds.
const PROCESS_START_S: f64 = 3.0;
/// From the creation of a node's pod to its readiness, in simulated seconds: 30 to 60 s in the seeds' baseline.
const READY_S: f64 = 30.0;

/// The annotation that says for how many node pods there is room; the others stay unschedulable.
pub(in crate::kubernetes) const ROOM: &str = "simulator.holdfast.dev/room-for-nodes";

/// The node pods of a HumioCluster.
pub(super) fn of_cluster(store: &Store, cluster: &Value) -> Vec<Value> {
    let uid = text(cluster, "uid");
    let is_node = |pod: &&Value| pod["metadata"]["labels"]["app.kubernetes.io/name"] == "humio" && is_owned(pod, uid);
    store.list("pods", text(cluster, "namespace")).filter(is_node).cloned().collect()
}

/// A pool with nodes: its full name, how many, and what is declared of it.
struct Pool<'a> {
    name: String,
    nodes: usize,
    spec: &'a Value,
}

fn pools(cluster: &Value) -> Vec<Pool<'_>> {
    let name = text(cluster, "name");
    let further = cluster["spec"]["nodePools"].as_array().into_iter().flatten();
    let further = further.map(|pool| (format!("{name}-{}", pool["name"].as_str().unwrap_or_default()), &pool["spec"]));
    let all = std::iter::once((name.to_owned(), &cluster["spec"])).chain(further);
    let pools = all.map(|(name, spec)| Pool { name, nodes: spec["nodeCount"].as_u64().unwrap_or(0) as usize, spec });
    pools.filter(|pool| pool.nodes > 0).collect()
}

/// The pods of one pool.
fn of_pool<'a>(pods: &'a [Value], pool: &'a Pool<'_>) -> impl Iterator<Item = &'a Value> {
    pods.iter().filter(|pod| pod["metadata"]["labels"]["humio.com/node-pool"] == pool.name.as_str())
}

/// Whether as many pods of each pool are ready as the spec wants.
pub(super) fn all_ready(store: &Store, cluster: &Value) -> bool {
    let pods = of_cluster(store, cluster);
    pools(cluster).iter().all(|pool| of_pool(&pods, pool).filter(|pod| is_ready(pod)).count() >= pool.nodes)
}

/// Makes one Certificate and one pod of the same name per node that is missing. A Certificate without a pod is used first;
/// the pod waits for its Secret. Surplus pods stay: a scale-down of LogScale is not modelled.
pub(super) fn ensure_nodes(model: &mut Model, state: &mut State, cluster: &Value, now: Timestamp) {
    for pool in pools(cluster) {
        ensure_pool(model, state, cluster, &pool, now);
    }
}

fn ensure_pool(model: &mut Model, state: &mut State, cluster: &Value, pool: &Pool<'_>, now: Timestamp) {
    let namespace = text(cluster, "namespace").to_owned();
    let pods = of_cluster(&state.store, cluster);
    let prefix = format!("{}-core-", pool.name);
    let has_pod = |node: &str| pods.iter().any(|pod| text(pod, "name") == node);
    let mut free: Vec<String> = state
        .store
        .list("certificates", &namespace)
        .map(|one| text(one, "name").to_owned())
        .filter(|node| node.starts_with(&prefix) && !has_pod(node))
        .collect();
    let missing = pool.nodes.saturating_sub(of_pool(&pods, pool).count());
    while free.len() < missing {
        let node = format!("{prefix}{}", state.store.letters(6));
        ensure(&mut state.store, "humio-operator", &namespace, certificate(cluster, &node));
        free.push(node);
    }
    let secrets = Kind::of_plural("secrets").expect("secrets are served");
    for node in free.into_iter().take(missing) {
        if state.store.get(&Key::new(secrets, &namespace, &node)).is_some() {
            let pod = ensure(&mut state.store, "humio-operator", &namespace, pod(cluster, pool, &node));
            let lines = recovery_log::lines(cluster, |seconds| model.at(now, seconds));
            state.logs.insert(text(&pod, "uid").to_owned(), lines);
        }
    }
}

/// The variables of a pool's nodes: its own, and of the common ones those that it does not hold (`mergeEnvVars`).
fn variables(cluster: &Value, pool: &Pool<'_>) -> Value {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (mut own, common) =
        (list(&pool.spec["environmentVariables"]), list(&cluster["spec"]["commonEnvironmentVariables"]));
    if own.is_empty() {
        return Value::Array(common);
    }
    for variable in common {
        if own.iter().all(|held| held["name"] != variable["name"]) {
            own.push(variable);
        }
    }
    Value::Array(own)
}

fn pod(cluster: &Value, pool: &Pool<'_>, node: &str) -> Value {
    let mut labels = common_labels(text(cluster, "name"));
    labels["humio.com/node-pool"] = pool.name.as_str().into();
    labels["humio.com/feature"] = "OperatorInternal".into();
    labels["humio.com/marked-for-data-eviction"] = "false".into();
    let image = &pool.spec["image"];
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": node, "labels": labels, "annotations": {"humio.com/pod-revision": "1"}, "ownerReferences": [owner_of(cluster)],
        },
        "spec": {
            "containers": [{"name": "humio", "image": image, "env": variables(cluster, pool), "ports": [
                {"name": "http", "containerPort": 8080, "protocol": "TCP"}, {"name": "es", "containerPort": 9200, "protocol": "TCP"},
            ]}],
            "initContainers": [{"name": "humio-init", "image": image}],
            "volumes": [{"name": "tls-cert", "secret": {"secretName": node}}],
        },
        "status": {"phase": "Pending"},
    })
}

/// For how many node pods there is room; `None` for all of them.
fn has_room_for(cluster: &Value) -> Option<usize> {
    cluster["metadata"]["annotations"][ROOM].as_str()?.parse().ok()
}

/// Starts the node pods and makes those ready that the operator can reach and that did not stop at a bad configuration.
pub(super) fn kubelet(model: &mut Model, store: &mut Store, now: Timestamp) {
    let clusters: Vec<Value> = store.list("humioclusters", "").cloned().collect();
    for cluster in clusters {
        let mut room = has_room_for(&cluster);
        for pod in of_cluster(store, &cluster) {
            let timer = format!("node/{}", text(&pod, "uid"));
            let started = model.passed(&format!("{timer}/start"), PROCESS_START_S, now);
            let due = model.passed(&format!("{timer}/ready"), READY_S, now);
            if room == Some(0) && pod["status"]["phase"] == "Pending" {
                continue;
            }
            room = room.map(|room| room.saturating_sub(1));
            if started && pod["status"]["phase"] == "Pending" {
                set_status(store, "kubelet", &pod, pod_status(&pod, "Running", false, now));
            }
            let fit = is_trusted(store, &cluster, text(&pod, "name")) && !recovery_log::is_fatal(&cluster, now);
            if due && fit && !is_ready(&pod) {
                set_status(store, "kubelet", &pod, pod_status(&pod, "Running", true, now));
            }
        }
    }
}
