//! The few requests that are made, and how their answers are read.
//!
//! `kube::Api` is not used for them: it logs the whole answer when it cannot read it, which for a secret must
//! never happen, and it drops the `Retry-After` header.

use std::{fmt::Display, sync::Arc};

use holdfast_core::{Call, Fault, FaultClass};
use http::{HeaderMap, Method, Request, header::CONTENT_TYPE};
use kube::client::Body;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{connect::Connector, fault, json};

mod dated;
#[cfg(test)]
mod tests;

pub(crate) use dated::Dated;

/// One kind of request: a verb on a resource, as the Role lists them.
pub(crate) struct Operation {
    /// The name that faults and logs carry.
    pub name: &'static str,
    method: Method,
    /// The path of the API group and its version.
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
}

impl Operation {
    const fn new(name: &'static str, method: Method, group: &'static str, resource: &'static str) -> Self {
        Self { name, method, group, resource, subresource: "" }
    }

    const fn on(mut self, subresource: &'static str) -> Self {
        self.subresource = subresource;
        self
    }
}

const CORE: &str = "api/v1";
const APPS: &str = "apis/apps/v1";
const COORDINATION: &str = "apis/coordination.k8s.io/v1";
const HUMIO: &str = "apis/core.humio.com/v1alpha1";

pub(crate) const GET_DEPLOYMENT: Operation =
    Operation::new("kubernetes:get deployments", Method::GET, APPS, "deployments");
/// Beyond `infra/kubernetes/role.yaml`: only where the note of the last failover is an annotation (`infra/azure`).
pub(crate) const PATCH_DEPLOYMENT: Operation =
    Operation::new("kubernetes:patch deployments", Method::PATCH, APPS, "deployments");
pub(crate) const PATCH_SCALE: Operation =
    Operation::new("kubernetes:patch deployments/scale", Method::PATCH, APPS, "deployments").on("/scale");
pub(crate) const GET_HUMIO_CLUSTER: Operation =
    Operation::new("kubernetes:get humioclusters", Method::GET, HUMIO, "humioclusters");
pub(crate) const LIST_SECRETS: Operation = Operation::new("kubernetes:list secrets", Method::GET, CORE, "secrets");
pub(crate) const DELETE_SECRET: Operation =
    Operation::new("kubernetes:delete secrets", Method::DELETE, CORE, "secrets");
pub(crate) const LIST_PODS: Operation = Operation::new("kubernetes:list pods", Method::GET, CORE, "pods");
pub(crate) const GET_LEASE: Operation = Operation::new("kubernetes:get leases", Method::GET, COORDINATION, "leases");
pub(crate) const PUT_LEASE: Operation = Operation::new("kubernetes:update leases", Method::PUT, COORDINATION, "leases");
pub(crate) const GET_CONFIG_MAP: Operation =
    Operation::new("kubernetes:get configmaps", Method::GET, CORE, "configmaps");
pub(crate) const PUT_CONFIG_MAP: Operation =
    Operation::new("kubernetes:update configmaps", Method::PUT, CORE, "configmaps");

/// The resources of one namespace.
#[derive(Clone)]
pub(crate) struct Api {
    connector: Arc<dyn Connector>,
    namespace: String,
}

impl Api {
    pub(crate) fn new(connector: Arc<dyn Connector>, namespace: impl Into<String>) -> Self {
        Self { connector, namespace: namespace.into() }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Reads one object; `None` when it is not there.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        call: &Call,
        operation: &Operation,
        name: &str,
    ) -> Result<Option<T>, Fault> {
        match self.send(call, operation, Some(name), "", Vec::new()).await {
            Ok(answer) => read(operation, &answer).map(Some),
            Err(fault) if is_missing(&fault) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Reads a list. `query` holds selectors, with characters that a query may hold as they are.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        call: &Call,
        operation: &Operation,
        query: &str,
    ) -> Result<Vec<T>, Fault> {
        #[derive(serde::Deserialize)]
        struct List<T> {
            items: Vec<T>,
        }
        let answer = self.send(call, operation, None, query, Vec::new()).await?;
        read::<List<T>>(operation, &answer).map(|list| list.items)
    }

    /// Sends a document: a replacement, a patch or the options of a delete. Returns the answer.
    pub(crate) async fn write(
        &self,
        call: &Call,
        operation: &Operation,
        name: &str,
        document: &Value,
    ) -> Result<Value, Fault> {
        let answer = self.send(call, operation, Some(name), "", document.to_string().into_bytes()).await?;
        read(operation, &answer)
    }

    async fn send(
        &self,
        call: &Call,
        operation: &Operation,
        name: Option<&str>,
        query: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        self.exchange(call, operation, name, query, body).await.map(|(_, answer)| answer)
    }

    /// Sends a request. Returns the headers of the answer beside it.
    async fn exchange(
        &self,
        call: &Call,
        operation: &Operation,
        name: Option<&str>,
        query: &str,
        body: Vec<u8>,
    ) -> Result<(HeaderMap, Vec<u8>), Fault> {
        let request = self.request(operation, name, query, body)?;
        let client = self.connector.client(call).await?;
        let answered = async {
            let unanswered = |error| fault::of_error(operation.name, error);
            let (head, body) = client.send(request).await.map_err(unanswered)?.into_parts();
            let body = body.collect_bytes().await.map_err(unanswered)?;
            if head.status.is_success() {
                return Ok((head.headers, body.to_vec()));
            }
            Err(fault::of_answer(operation.name, head.status, &head.headers, &body))
        };
        call.once(operation.name, answered).await
    }

    fn request(
        &self,
        operation: &Operation,
        name: Option<&str>,
        query: &str,
        body: Vec<u8>,
    ) -> Result<Request<Body>, Fault> {
        let Operation { group, resource, subresource, .. } = operation;
        let namespace = segment(operation, "namespace", &self.namespace)?;
        let mut path = format!("/{group}/namespaces/{namespace}/{resource}");
        if let Some(name) = name {
            path.extend(["/", segment(operation, "name", name)?, subresource]);
        }
        if !query.is_empty() {
            path.extend(["?", query]);
        }
        let media = if operation.method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        Request::builder()
            .method(operation.method.clone())
            .uri(path)
            .header(CONTENT_TYPE, media)
            .body(Body::from(body))
            .map_err(|error| invalid(operation, format!("the request cannot be made: {error}")))
    }
}

/// A part of a path. Kubernetes names are lower-case letters, digits, `-` and `.`; anything else would be another path.
fn segment<'a>(operation: &Operation, what: &str, text: &'a str) -> Result<&'a str, Fault> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if text.is_empty() || text == "." || text == ".." || !text.chars().all(valid) {
        return Err(invalid(operation, format!("{text:?} cannot be a {what} in Kubernetes")));
    }
    Ok(text)
}

/// Reads an answer. What does not fit is told by its place, never by its content: it may be a secret.
fn read<T: DeserializeOwned>(operation: &Operation, answer: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(answer).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        invalid(operation, format!("the answer cannot be understood at line {line}, column {column}"))
    })
}

fn invalid(operation: &Operation, message: impl Display) -> Fault {
    Fault::new(FaultClass::Invalid, operation.name, message.to_string())
}

/// True for an answer that says that the object is not there.
pub(crate) fn is_missing(fault: &Fault) -> bool {
    fault.class == FaultClass::NotFound
}

/// A missing object that our own manifest makes.
pub(crate) fn not_applied(operation: &Operation, kind: &str, namespace: &str, name: &str) -> Fault {
    let message = format!(
        "{kind} {namespace}/{name} does not exist; apply infra/kubernetes/role.yaml to the standby cluster, it makes it"
    );
    Fault::new(FaultClass::NotFound, operation.name, message)
}

/// The `resourceVersion` of a document.
pub(crate) fn version_of(operation: &Operation, document: &Value) -> Result<String, Fault> {
    json::version(document)
        .map(str::to_owned)
        .ok_or_else(|| invalid(operation, "the answer has no metadata.resourceVersion"))
}
