//! The standby cluster as a part of the simulator: its API behind the gate, and its changes on the timeline.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response, header};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::azure::{self, PRINCIPAL_ID};
use crate::gate::{Gate, Refusal};
use crate::kubernetes::{Change, Cluster};
use crate::net::{Cut, Handler};
use crate::timeline::What;
use crate::world::World;

/// How often (real) the cluster is looked at for changes to tell.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The API server's handler: every request through the gate, then to the cluster's router.
pub(crate) fn handler(cluster: &Arc<Cluster>, gate: Gate) -> Handler {
    let router = cluster.router();
    Arc::new(move |request| {
        let (router, gate) = (router.clone(), gate.clone());
        Box::pin(async move { handle(router, &gate, request).await })
    })
}

async fn handle(router: Router, gate: &Gate, request: Request<Body>) -> Result<Response<Body>, Cut> {
    let name = Cluster::call_name(request.method(), request.uri());
    let session = session(&request);
    let effect = async {
        match router.oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    };
    gate.pass(&name, session.as_deref(), refuse, effect).await
}

/// The session inside a bearer token: a part of the presigned URL that a token for EKS is, or a claim of one for AKS.
fn session(request: &Request<Body>) -> Option<String> {
    let bearer = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let Some(url) = bearer.strip_prefix("k8s-aws-v1.") else { return azure::session(bearer) };
    let url = URL_SAFE_NO_PAD.decode(url).ok()?;
    let url = String::from_utf8(url).ok()?;
    let pair = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("X-Amz-Security-Token="))?;
    Some(pair.to_owned())
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

/// The task that tells the cluster's changes and lets the standby site answer once a LogScale pod is ready. Dropping it ends it.
pub(crate) struct Watch(JoinHandle<()>);

impl Watch {
    pub(crate) fn start(cluster: Arc<Cluster>, world: World) -> Self {
        Self(tokio::spawn(async move {
            let mut interval = tokio::time::interval(LOOK_EVERY);
            let mut told = 0;
            loop {
                interval.tick().await;
                let changes = cluster.changes();
                for change in changes.get(told..).unwrap_or_default() {
                    tell(&world, change);
                }
                told = changes.len();
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

fn tell(world: &World, change: &Change) {
    let Change { actor, verb, resource, name, .. } = change;
    let is_function = actor.starts_with("arn:aws:sts:") || actor == PRINCIPAL_ID || actor == "masterclient";
    let actor = if is_function { "the function" } else { actor };
    // Statuses change all the time and are consequences; what matters of them shows elsewhere.
    if !resource.ends_with("/status") {
        world.tell_at(change.at, What::ClusterChanged { change: format!("{verb} {resource} {name} (by {actor})") });
    }
}

/// A pod of LogScale (labels: facts logscale 8.2) whose condition Ready is true.
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
    fn the_session_is_read_out_of_an_eks_token() {
        let url = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Security-Token=holdfast-simulated-session-3&X-Amz-Signature=0";
        let bearer = format!("Bearer k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url));
        let request = Request::get("/api").header("authorization", bearer).body(Body::empty()).expect("request");
        assert_eq!(session(&request).as_deref(), Some("holdfast-simulated-session-3"));
        let request =
            Request::get("/api").header("authorization", "Bearer admin").body(Body::empty()).expect("request");
        assert_eq!(session(&request), None);
    }

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
