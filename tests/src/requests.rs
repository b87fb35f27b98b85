//! Requests to a Kubernetes API server, with the HTTP status and the document as they come.

use std::time::Duration;

use http::{Method, Request, header::CONTENT_TYPE};
use kube::{Client, client::Body};
use serde_json::Value;

/// How long something may take that is to come by itself.
const SOON: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// Looks again and again, for a minute.
///
/// # Panics
/// When it has not come by then.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(SOON, looking).await.unwrap_or_else(|_| panic!("not within {SOON:?}: {what}"))
}

/// The path of a resource of a namespace, or of one object of it.
pub fn path(namespace: &str, resource: &str, name: &str) -> String {
    let group = match resource {
        "deployments" => "apis/apps/v1",
        "leases" => "apis/coordination.k8s.io/v1",
        "humioclusters" => "apis/core.humio.com/v1alpha1",
        _ => "api/v1",
    };
    let name = if name.is_empty() { String::new() } else { format!("/{name}") };
    format!("/{group}/namespaces/{namespace}/{resource}{name}")
}

/// One request; gives the HTTP status and the document that came back.
pub async fn ask(client: &Client, method: Method, path: &str, body: Value) -> (u16, Value) {
    let media = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, media);
    let answer = client.send(request.body(Body::from(body)).expect("a path")).await.expect("an answer");
    let (head, body) = answer.into_parts();
    let body = body.collect_bytes().await.expect("a whole answer");
    (head.status.as_u16(), serde_json::from_slice(&body).unwrap_or_default())
}

/// The document of an answer that must be a success.
pub fn done((status, document): (u16, Value)) -> Value {
    assert!((200..300).contains(&status), "HTTP {status}: {document}");
    document
}

/// The document of an answer that may also be "not there".
pub fn found((status, document): (u16, Value)) -> Option<Value> {
    (status != 404).then(|| done((status, document)))
}
