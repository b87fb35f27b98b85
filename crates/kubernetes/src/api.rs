//! The few requests that are made, and how their answers are read.
//!
//! `kube::Api` is not used for them: it logs the whole answer when it cannot read it, which for a secret must
//! never happen, and it drops the `Retry-After` header.

use std::{fmt::Display, sync::Arc};

use holdfast_core::{Call, Fault, FaultClass, fault::quoted};
use http::{HeaderMap, Method, Request, StatusCode, header::CONTENT_TYPE};
use kube::client::Body;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    connect::Connector,
    fault::{self, About},
    json,
    meta::or_default,
};

mod body;
mod dated;
mod list;
#[cfg(test)]
mod tests;

pub(crate) use dated::Dated;
pub use list::{Listed, Weight, total};

/// Largest answer about one object. Kubernetes itself takes no larger request (3 MiB, `MaxRequestBodyBytes` of
/// kube-apiserver) and stores less (1.5 MiB, etcd).
const OBJECT: usize = 3 * 1024 * 1024;

/// Largest page of a list. A page that is larger is asked for in smaller pieces.
const PAGE: usize = 2 * 1024 * 1024;

/// Largest list that is expected to be short.
const SHORT: usize = 512 * 1024;

/// Largest answer that says little: a Lease, a Scale.
const SMALL: usize = 1024 * 1024;

/// Longest name of an object, in bytes.
const LONGEST_NAME: usize = 253;

/// Largest refusal. What is longer is no Status document, and is not quoted.
const REFUSAL: usize = 64 * 1024;

/// One kind of request: a verb on a resource, as the Role lists them.
pub struct Operation {
    /// The name that faults and logs carry.
    pub name: &'static str,
    method: Method,
    /// The path of the API group and its version.
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    /// The most that is read of an answer, in bytes.
    largest: usize,
}

impl Operation {
    /// A `get`, `patch` or `update` (by `method`) of a resource that this crate does not know, such as a custom one.
    /// `name` is what faults and logs carry (`kubernetes:get widgets`), `group` the path of the API group and its version
    /// (`apis/example.com/v1`), `resource` its plural. At most 3 MiB are read of an answer.
    pub const fn custom(name: &'static str, method: Method, group: &'static str, resource: &'static str) -> Self {
        Self::new(name, method, group, resource)
    }

    const fn new(name: &'static str, method: Method, group: &'static str, resource: &'static str) -> Self {
        Self { name, method, group, resource, subresource: "", largest: OBJECT }
    }

    const fn up_to(mut self, largest: usize) -> Self {
        self.largest = largest;
        self
    }

    /// The object that a request is about, in the words of a Status document.
    fn about<'a>(&self, name: &'a str) -> About<'a> {
        let group = self.group.strip_prefix("apis/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        About { group, resource: self.resource, name }
    }

    const fn on(mut self, subresource: &'static str) -> Self {
        self.subresource = subresource;
        self
    }
}

const CORE: &str = "api/v1";
const APPS: &str = "apis/apps/v1";
const COORDINATION: &str = "apis/coordination.k8s.io/v1";

pub(crate) const GET_DEPLOYMENT: Operation =
    Operation::new("kubernetes:get deployments", Method::GET, APPS, "deployments");
pub(crate) const PATCH_SCALE: Operation =
    Operation::new("kubernetes:patch deployments/scale", Method::PATCH, APPS, "deployments").on("/scale").up_to(SMALL);
pub(crate) const LIST_SECRETS: Operation =
    Operation::new("kubernetes:list secrets", Method::GET, CORE, "secrets").up_to(PAGE);
/// The same, where only a short list is wanted.
pub(crate) const LIST_FEW_SECRETS: Operation =
    Operation::new("kubernetes:list secrets", Method::GET, CORE, "secrets").up_to(SHORT);
/// Deletes a secret.
pub const DELETE_SECRET: Operation = Operation::new("kubernetes:delete secrets", Method::DELETE, CORE, "secrets");
pub(crate) const LIST_PODS: Operation = Operation::new("kubernetes:list pods", Method::GET, CORE, "pods").up_to(PAGE);
pub(crate) const GET_LEASE: Operation =
    Operation::new("kubernetes:get leases", Method::GET, COORDINATION, "leases").up_to(SMALL);
pub(crate) const PUT_LEASE: Operation =
    Operation::new("kubernetes:update leases", Method::PUT, COORDINATION, "leases").up_to(SMALL);
pub(crate) const GET_CONFIG_MAP: Operation =
    Operation::new("kubernetes:get configmaps", Method::GET, CORE, "configmaps");
pub(crate) const PUT_CONFIG_MAP: Operation =
    Operation::new("kubernetes:update configmaps", Method::PUT, CORE, "configmaps");

/// The resources of one namespace.
#[derive(Clone)]
pub struct Api {
    connector: Arc<dyn Connector>,
    namespace: String,
}

impl Api {
    /// Those of `namespace` on the cluster that `connector` leads to.
    pub fn new(connector: Arc<dyn Connector>, namespace: impl Into<String>) -> Self {
        Self { connector, namespace: namespace.into() }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A thing and where it should be, for a sentence.
    pub fn place(&self, kind: &str, name: &str) -> String {
        format!("{kind} {name} in namespace {}", self.namespace)
    }

    /// Reads one object; `None` when the server says that this very object is not there.
    ///
    /// # Errors
    /// Faults of the API server.
    pub async fn get<T: DeserializeOwned>(
        &self,
        call: &Call,
        operation: &Operation,
        name: &str,
    ) -> Result<Option<T>, Fault> {
        match self.exchange(call, operation, Some(name), "", Vec::new()).await {
            Ok((_, answer)) => read_named(operation, name, &answer).map(Some),
            Err(fault) if is_missing(&fault) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Sends a document: a replacement, a patch or the options of a delete. Returns the answer.
    ///
    /// # Errors
    /// Faults of the API server.
    pub async fn write(
        &self,
        call: &Call,
        operation: &Operation,
        name: &str,
        document: &Value,
    ) -> Result<Value, Fault> {
        let sent = document.to_string().into_bytes();
        let (_, answer) = self.exchange(call, operation, Some(name), "", sent).await?;
        read(operation, &answer)
    }

    /// Sends a request. Returns the headers of the answer and its body, when it is a success.
    async fn exchange(
        &self,
        call: &Call,
        operation: &Operation,
        name: Option<&str>,
        query: &str,
        body: Vec<u8>,
    ) -> Result<(HeaderMap, Vec<u8>), Fault> {
        let Answer { code, headers, body } = self.ask(call, operation, name, query, body).await?;
        if !code.is_success() {
            return Err(refused(operation, name, code, &headers, body));
        }
        match body {
            Some(body) => Ok((headers, body)),
            None => {
                let most = operation.largest;
                Err(invalid(operation, format!("the answer is longer than {most} bytes; nothing of it was read")))
            }
        }
    }

    /// Sends a request and reads the answer, as far as it is not too long.
    async fn ask(
        &self,
        call: &Call,
        operation: &Operation,
        name: Option<&str>,
        query: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Fault> {
        let request = self.request(operation, name, query, body)?;
        let client = self.connector.client(call).await?;
        let answered = async {
            let unanswered = |error| fault::of_error(operation.name, error);
            let (head, body) = client.send(request).await.map_err(unanswered)?.into_parts();
            let largest = if head.status.is_success() { operation.largest } else { REFUSAL };
            let body = body::read(body, largest).await.map_err(unanswered)?;
            Ok(Answer { code: head.status, headers: head.headers, body })
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

/// An answer of the server.
struct Answer {
    code: StatusCode,
    headers: HeaderMap,
    /// `None` when it is longer than what is read.
    body: Option<Vec<u8>>,
}

/// An answer that is not a success.
fn refused(
    operation: &Operation,
    name: Option<&str>,
    code: StatusCode,
    headers: &HeaderMap,
    body: Option<Vec<u8>>,
) -> Fault {
    let about = name.map(|name| operation.about(name));
    fault::of_answer(operation.name, about, code, headers, &body.unwrap_or_default())
}

/// A part of a path. Kubernetes names are lower-case letters, digits, `-` and `.`; anything else would be another path.
fn segment<'a>(operation: &Operation, what: &str, text: &'a str) -> Result<&'a str, Fault> {
    if is_name(text) {
        return Ok(text);
    }
    Err(invalid(operation, format!("{:?} cannot be a {what} in Kubernetes", quoted(text))))
}

/// True for what can be the name of an object: at most 253 lower-case letters, digits, `-` and `.`.
pub fn is_name(text: &str) -> bool {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    !matches!(text, "" | "." | "..") && text.len() <= LONGEST_NAME && text.chars().all(valid)
}

/// Reads an answer. What does not fit is told by its place, never by its content: it may be a secret.
fn read<T: DeserializeOwned>(operation: &Operation, answer: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(answer).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        invalid(operation, format!("the answer cannot be understood at line {line}, column {column}"))
    })
}

/// The same of the answer about the object `name`. A success about something else (an empty object, a list, a message of
/// something on the way) is no such object: it says nothing, and is asked for again.
fn read_named<T: DeserializeOwned>(operation: &Operation, name: &str, answer: &[u8]) -> Result<T, Fault> {
    let head: Head = read(operation, answer)?;
    let Named { name: found, resource_version } = head.metadata;
    if found != name || resource_version.is_empty() {
        let resource = operation.resource;
        let message = format!("the answer is not about {resource}/{name}: it has no such name, or no resourceVersion");
        return Err(Fault::new(FaultClass::Server, operation.name, message));
    }
    read(operation, answer)
}

/// What every object says of itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    #[serde(deserialize_with = "or_default")]
    metadata: Named,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    resource_version: String,
}

fn invalid(operation: &Operation, message: impl Display) -> Fault {
    Fault::new(FaultClass::Invalid, operation.name, message.to_string())
}

/// True for an answer that says that the object is not there.
pub fn is_missing(fault: &Fault) -> bool {
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
