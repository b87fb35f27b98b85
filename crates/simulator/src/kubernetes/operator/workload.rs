//! Deployment and ReplicaSet controllers, and the kubelet for the pods that they make.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Model, ensure, is_owned, is_ready, owner_of, pod_status, remove, set_status};
use crate::kubernetes::clock;
use crate::kubernetes::cluster::State;
use crate::kubernetes::kinds::Kind;
use crate::kubernetes::store::{Actor, Store};
use crate::kubernetes::validate::Origin;
use crate::kubernetes::write::{Write, text};

/// From the creation of a controller's pod to its readiness, in simulated seconds: image at hand, one probe.
const POD_START_S: f64 = 5.0;

/// One look at every Deployment.
pub(super) fn step(model: &mut Model, state: &mut State, now: Timestamp) {
    let deployments: Vec<Value> = state.store.list("deployments", "").cloned().collect();
    for deployment in deployments {
        let set = replica_set(&mut state.store, &deployment);
        let pods = scale(&mut state.store, &deployment, &set);
        for pod in &pods {
            start(model, state, pod, now);
        }
        report(&mut state.store, &deployment, &set, now);
    }
}

fn replicas(deployment: &Value) -> usize {
    deployment["spec"]["replicas"].as_u64().unwrap_or(0) as usize
}

fn owned_pods(store: &Store, set: &Value) -> Vec<Value> {
    let pods = store.list("pods", text(set, "namespace"));
    pods.filter(|pod| is_owned(pod, text(set, "uid"))).cloned().collect()
}

fn replica_set(store: &mut Store, deployment: &Value) -> Value {
    let template = &deployment["spec"]["template"];
    let hash = hex::encode(Sha256::digest(template.to_string()))[..10].to_owned();
    let mut template = template.clone();
    template["metadata"]["labels"]["pod-template-hash"] = hash.as_str().into();
    let labels = template["metadata"]["labels"].clone();
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", text(deployment, "name")), "labels": labels,
            "ownerReferences": [owner_of(deployment)],
        },
        "spec": {"replicas": replicas(deployment), "selector": {"matchLabels": labels}, "template": template},
    });
    let found = ensure(store, "deployment-controller", text(deployment, "namespace"), set);
    if found["spec"]["replicas"] == json!(replicas(deployment)) {
        return found;
    }
    let kind = Kind::of_plural("replicasets").expect("replica sets are served");
    let (namespace, name) = (text(&found, "namespace").to_owned(), text(&found, "name").to_owned());
    let actor = Actor::model("deployment-controller", "update");
    let mut wanted = found.clone();
    wanted["spec"]["replicas"] = json!(replicas(deployment));
    let write = Write { kind, namespace, name, actor, dry_run: false };
    write.commit(store, &found, wanted, Origin::Body).expect("only the number changes")
}

/// Makes or removes pods until there are as many as wanted, and gives them.
fn scale(store: &mut Store, deployment: &Value, set: &Value) -> Vec<Value> {
    let mut pods = owned_pods(store, set);
    while pods.len() > replicas(deployment) {
        let surplus = pods.pop().expect("there is one more than wanted");
        remove(store, "replicaset-controller", &surplus);
    }
    while pods.len() < replicas(deployment) {
        let name = format!("{}-{}", text(set, "name"), store.suffix(5));
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name, "labels": set["spec"]["template"]["metadata"]["labels"], "ownerReferences": [owner_of(set)],
            },
            "spec": set["spec"]["template"]["spec"],
        });
        pod["status"] = json!({"phase": "Pending"});
        pods.push(ensure(store, "replicaset-controller", text(set, "namespace"), pod));
    }
    pods
}

fn start(model: &mut Model, state: &mut State, pod: &Value, now: Timestamp) {
    let uid = text(pod, "uid").to_owned();
    if is_ready(pod) || !model.passed(&format!("start/{uid}"), POD_START_S, now) {
        return;
    }
    model.forget(&format!("start/{uid}"));
    set_status(&mut state.store, "kubelet", pod, pod_status(pod, "Running", true, now));
    let line = json!({"level": "info", "ts": now.to_string(), "logger": "setup", "msg": "starting manager"});
    state.logs.insert(uid, vec![(now, line.to_string())]);
}

fn report(store: &mut Store, deployment: &Value, set: &Value, now: Timestamp) {
    let pods = owned_pods(store, set);
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let mut status = json!({"observedGeneration": deployment["metadata"]["generation"]});
    // Like the real server's encoder: a count of zero is left out.
    for (field, count) in [
        ("replicas", pods.len()),
        ("updatedReplicas", pods.len()),
        ("readyReplicas", ready),
        ("availableReplicas", ready),
        ("unavailableReplicas", replicas(deployment).saturating_sub(ready)),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    let (available, reason) = if ready >= replicas(deployment) {
        ("True", "MinimumReplicasAvailable")
    } else {
        ("False", "MinimumReplicasUnavailable")
    };
    let before =
        deployment["status"]["conditions"].as_array().into_iter().flatten().find(|one| one["type"] == "Available");
    let since = before
        .filter(|one| one["status"] == available)
        .and_then(|one| one["lastTransitionTime"].as_str())
        .map_or_else(|| clock::seconds(now), str::to_owned);
    status["conditions"] =
        json!([{"type": "Available", "status": available, "reason": reason, "lastTransitionTime": since}]);
    set_status(store, "deployment-controller", deployment, status);
    let mut of_set = json!({"replicas": pods.len(), "observedGeneration": set["metadata"]["generation"]});
    if ready > 0 {
        of_set["readyReplicas"] = json!(ready);
        of_set["availableReplicas"] = json!(ready);
    }
    set_status(store, "replicaset-controller", set, of_set);
}
