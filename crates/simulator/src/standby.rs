//! The standby cluster as a part of the simulator: its API behind the gate, and its changes on the timeline.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::backend::CloudBackend;
use crate::environment::{CLUSTER_NAME, FUNCTION_KEYS, NAMESPACE, STANDBY_REGION};
use crate::gate::{Gate, Refusal};
use crate::kubernetes::{Change, Cluster, ClusterOptions, StandbyFixture, apply_fixture};
use crate::net::{Cut, Handler};
use crate::timeline::EventKind;
use crate::world::World;

/// How often (real) the cluster is looked at for changes to record.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The annotation in which the reference keeps the time of the last failover where no service of the cloud does; it is read and never
/// written.
const FAILOVER_NOTE: &str = "logscale.dr/last-failover-epoch";

/// Kubernetes group of the function (docs/reference/aws.md#eks-permissions).
const GROUP: &str = "dr-failover";

/// The standby cluster as it is at first.
pub(crate) fn cluster(pace: f64, seed: u64, standby: &StandbyFixture) -> Arc<Cluster> {
    let cluster = Cluster::new(ClusterOptions {
        name: CLUSTER_NAME.to_owned(),
        region: STANDBY_REGION.to_owned(),
        namespace: NAMESPACE.to_owned(),
        access_key: FUNCTION_KEYS.0.to_owned(),
        secret_key: FUNCTION_KEYS.1.to_owned(),
        group: GROUP.to_owned(),
        pace,
        seed,
    });
    apply_fixture(&cluster, standby);
    cluster
}

/// Notes on the operator's Deployment that a failover began at this time.
pub(crate) fn annotate_failover(cluster: &Cluster, at: Timestamp) {
    let mut deployment = cluster.get("deployments", "humio-operator").unwrap_or_default();
    deployment["metadata"]["annotations"][FAILOVER_NOTE] = at.as_second().to_string().into();
    cluster.apply(deployment).expect("a Deployment with one more annotation is valid");
}

/// The API server's handler: every request through the gate, then to the cluster's router. `cloud` knows whose token a token is.
pub(crate) fn handler(cluster: &Arc<Cluster>, gate: Gate, cloud: &'static dyn CloudBackend) -> Handler {
    let router = cluster.router();
    Arc::new(move |request| {
        let (router, gate) = (router.clone(), gate.clone());
        Box::pin(async move { handle(router, &gate, cloud, request).await })
    })
}

async fn handle(
    router: Router,
    gate: &Gate,
    cloud: &dyn CloudBackend,
    request: Request<Body>,
) -> Result<Response<Body>, Cut> {
    let name = Cluster::call_name(request.method(), request.uri());
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let session = bearer.and_then(|value| cloud.session_of(value.strip_prefix("Bearer ")?));
    let effect = async {
        match router.oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    };
    gate.pass(&name, session.as_deref(), refuse, effect).await
}

/// A `metav1.Status`, with Retry-After where a real API server under load sends it.
fn refuse(refusal: Refusal) -> Response<Body> {
    let busy = [429, 503].contains(&refusal.status.as_u16());
    let mut body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "put on this call by the simulator", "reason": refusal.code, "code": refusal.status.as_u16(),
    });
    if busy {
        body["details"] = json!({"retryAfterSeconds": 1});
    }
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = refusal.status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if busy {
        answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    answer
}

/// The task that records the cluster's changes and lets the standby site answer once a LogScale pod is ready. Dropping it ends it.
pub(crate) struct Watch(JoinHandle<()>);

impl Watch {
    pub(crate) fn start(cluster: Arc<Cluster>, world: World, cloud: &'static dyn CloudBackend) -> Self {
        Self(tokio::spawn(async move {
            let mut interval = tokio::time::interval(LOOK_EVERY);
            let mut recorded = 0;
            loop {
                interval.tick().await;
                let changes = cluster.changes();
                for change in changes.get(recorded..).unwrap_or_default() {
                    record(&world, cloud, change);
                }
                recorded = changes.len();
                world.set_standby_ready(cluster.list("pods").iter().any(is_ready_logscale));
            }
        }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn record(world: &World, cloud: &dyn CloudBackend, change: &Change) {
    let Change { actor, verb, resource, name, .. } = change;
    let actor = if cloud.is_function(actor) { "the function" } else { actor };
    // Statuses change all the time and are consequences; what matters of them shows elsewhere.
    if !resource.ends_with("/status") {
        world.record_event_at(
            change.at,
            EventKind::ClusterChanged { change: format!("{verb} {resource} {name} (by {actor})") },
        );
    }
}

/// A pod of LogScale (labels: docs/reference/logscale.md#reference-automation) whose condition Ready is true.
fn is_ready_logscale(pod: &Value) -> bool {
    let labels = &pod["metadata"]["labels"];
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    labels["app.kubernetes.io/name"] == "humio"
        && labels["app.kubernetes.io/managed-by"] == "humio-operator"
        && pod["status"]["conditions"].as_array().is_some_and(|conditions| conditions.iter().any(ready))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_ready_pod_of_logscale_makes_the_site_answer() {
        let pod = |name: &str, ready: &str| {
            json!({
                "metadata": {"labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "humio-operator"}},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            })
        };
        assert!(is_ready_logscale(&pod("humio", "True")));
        assert!(!is_ready_logscale(&pod("humio", "False")));
        assert!(!is_ready_logscale(&pod("kafka", "True")));
    }
}
