//! The controllers that act in the cluster: Deployment controller and kubelet, humio-operator, cert-manager.
//!
//! One task steps all of them under the cluster's lock. Each is level-triggered: it looks at the objects, does the
//! next thing that is due, and remembers nothing but its timers. Durations are those of docs/reference/logscale.md#reference-automation.

mod certmanager;
mod humio;
mod nodes;
mod recovery_log;
mod tls;
mod validation;
mod workload;

pub(super) use nodes::ROOM;
pub(super) use tls::{ca_key_pair, ca_secret_name, certificate, issued_secret, issuer};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::clock;
use super::cluster::{Cluster, State};
use super::kinds::Kind;
use super::store::{Actor, Key, Store};
use super::validate::Origin;
use super::write::{Write, text};

/// How often the controllers look, in simulated time: a tenth of a second, the latency of a watch and a work queue.
const LOOK: f64 = 0.1;
/// Bounds of that period in real time: not busier than 5 ms, not slower than 100 ms.
const LOOK_REAL: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

impl Cluster {
    /// Starts the controllers: Deployment, kubelet, humio-operator and cert-manager. They end when the handle is aborted or the runtime ends.
    pub fn spawn_operator(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        let cluster = Arc::clone(self);
        tokio::spawn(async move {
            let mut model = Model::new(cluster.options().pace);
            let period = Duration::from_secs_f64(LOOK / model.pace).clamp(LOOK_REAL.0, LOOK_REAL.1);
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            loop {
                ticks.tick().await;
                let mut state = cluster.state();
                model.step_if_due(&mut state, clock::now());
            }
        })
    }
}

/// The controllers' timers; all else that they know is in the cluster.
#[derive(Debug)]
pub(super) struct Model {
    pace: f64,
    timers: BTreeMap<String, Timestamp>,
    seen: u64,
    stepped: Timestamp,
}

impl Model {
    /// Controllers whose durations pass `pace` times faster than in the cloud.
    pub(super) fn new(pace: f64) -> Model {
        let pace = if pace >= 1.0 { pace } else { 1.0 };
        Model { pace, timers: BTreeMap::new(), seen: 0, stepped: Timestamp::MIN }
    }

    /// Steps when something was written or a timer has run out since the last step.
    fn step_if_due(&mut self, state: &mut State, now: Timestamp) {
        let due = self.timers.values().any(|at| *at > self.stepped && *at <= now);
        if due || state.store.revision() != self.seen {
            self.step(state, now);
        }
    }

    /// One look of every controller.
    pub(super) fn step(&mut self, state: &mut State, now: Timestamp) {
        self.seen = state.store.revision();
        self.stepped = now;
        workload::step(self, state, now);
        certmanager::step(self, &mut state.store, now);
        humio::step(self, state, now);
        nodes::kubelet(self, &mut state.store, now);
    }

    /// Starts the timer of this name when it does not run yet; says whether so many simulated seconds have passed since.
    fn passed(&mut self, timer: &str, seconds: f64, now: Timestamp) -> bool {
        let at = self.at(now, seconds);
        *self.timers.entry(timer.to_owned()).or_insert(at) <= now
    }

    /// Stops a timer and every timer below it (`name/...`).
    fn forget(&mut self, timer: &str) {
        self.timers
            .retain(|name, _| name != timer && !name.strip_prefix(timer).is_some_and(|rest| rest.starts_with('/')));
    }

    /// The real instant so many simulated seconds after `now`.
    fn at(&self, now: Timestamp, seconds: f64) -> Timestamp {
        let real = SignedDuration::try_from_secs_f64(seconds / self.pace).unwrap_or(SignedDuration::ZERO);
        now.checked_add(real).unwrap_or(Timestamp::MAX)
    }
}

/// Creates an object for a controller unless it is there; gives the stored one.
fn ensure(store: &mut Store, actor: &str, namespace: &str, manifest: Value) -> Value {
    let kind = Kind::of_manifest(&manifest).expect("controllers make kinds that are served");
    let key = Key::new(kind, namespace, text(&manifest, "name"));
    if let Some(found) = store.get(&key) {
        return found.clone();
    }
    let write = Write {
        kind,
        namespace: namespace.to_owned(),
        name: key.name,
        actor: Actor::model(actor, "create"),
        dry_run: false,
    };
    write.create(store, manifest).expect("controllers make valid objects in their own namespace")
}

/// Writes the status of an object for a controller, if it differs.
fn set_status(store: &mut Store, actor: &str, object: &Value, status: Value) {
    let Some(kind) = Kind::of_manifest(object) else { return };
    let key = Key::new(kind, text(object, "namespace"), text(object, "name"));
    let Some(before) = store.get(&key).cloned() else { return };
    let actor = Actor { subresource: "status", ..Actor::model(actor, "update") };
    let write = Write { kind, namespace: key.namespace, name: key.name, actor, dry_run: false };
    let mut wanted = before.clone();
    wanted["status"] = status;
    write.commit(store, &before, wanted, Origin::Body).expect("a status does not fail validation");
}

/// Removes an object for a controller.
fn remove(store: &mut Store, actor: &str, object: &Value) {
    if let Some(kind) = Kind::of_manifest(object) {
        let key = Key::new(kind, text(object, "namespace"), text(object, "name"));
        store.remove(&key, &Actor::model(actor, "delete"));
    }
}

/// A `metadata.ownerReferences` entry of a controller's object.
pub(super) fn owner_of(object: &Value) -> Value {
    serde_json::json!({
        "apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"],
        "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    })
}

/// Whether the object with this uid owns `object`.
fn is_owned(object: &Value, uid: &str) -> bool {
    object["metadata"]["ownerReferences"].as_array().into_iter().flatten().any(|owner| owner["uid"] == uid)
}

/// Whether a pod's Ready condition is True.
fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

/// A pod's status: phase, conditions and its containers' state.
fn pod_status(pod: &Value, phase: &str, ready: bool, now: Timestamp) -> Value {
    let since = clock::seconds(now);
    let flag = |on: bool| if on { "True" } else { "False" };
    let condition = |name: &str, on: bool| serde_json::json!({"type": name, "status": flag(on), "lastTransitionTime": since, "lastProbeTime": null});
    let running = phase == "Running";
    let state = if running {
        serde_json::json!({"running": {"startedAt": since}})
    } else {
        serde_json::json!({"waiting": {"reason": "ContainerCreating"}})
    };
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let statuses: Vec<Value> = containers
        .map(|one| serde_json::json!({"name": one["name"], "ready": ready, "started": running, "restartCount": 0, "image": one["image"], "imageID": "", "state": state}))
        .collect();
    serde_json::json!({
        "phase": phase,
        "startTime": pod["metadata"]["creationTimestamp"],
        "conditions": [
            condition("PodScheduled", true), condition("Initialized", running),
            condition("ContainersReady", ready), condition("Ready", ready),
        ],
        "containerStatuses": statuses,
    })
}

#[cfg(test)]
mod tests;
