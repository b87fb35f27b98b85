//! The storage account on the wire: queues and blobs, as far as the function uses them (docs/reference/azure.md#blob-storage).

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;

use super::blobs::Blobs;
use super::request::{decode, query_of};
use super::role::RoleJudge;
use super::token::{Issuer, TokenFault};
use super::{OPERATOR_ID, Queues, blobs, container_id, queue_id, queue_wire, token};
use crate::gate::{Gate, Refusal};
use crate::net::{Cut, Handler};
use crate::time;

/// The audience of storage, the same in all clouds.
pub const STORAGE_AUDIENCE: &str = "https://storage.azure.com";
/// The newest version of the interface that Azurite 3.37.0 takes as well (docs/reference/azure.md#azurite).
const NEWEST: &str = "2026-06-06";
/// The oldest that knows tokens.
const OLDEST: &str = "2017-11-09";

/// A refusal of storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorageError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl StorageError {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }

    fn answer(&self) -> Response<Body> {
        let text = format!("<Error><Code>{}</Code><Message>{}</Message></Error>", self.code, escape(&self.message));
        let mut answer = xml(StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &text);
        if let Ok(code) = HeaderValue::from_str(&self.code) {
            answer.headers_mut().insert("x-ms-error-code", code);
        }
        if matches!(self.status, 429 | 503) {
            answer.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer
    }
}

/// Which of the two services a port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Queue,
    Blob,
}

/// The account, as both services need it.
pub(crate) struct Storage {
    pub(crate) gate: Gate,
    pub(crate) issuer: Issuer,
    pub(crate) judge: RoleJudge,
    pub(crate) queues: Queues,
    pub(crate) blobs: Blobs,
}

/// One request to storage.
pub(crate) struct StorageRequest {
    pub(crate) method: Method,
    pub(crate) path: Vec<String>,
    pub(crate) query: std::collections::BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl StorageRequest {
    fn read(head: &Parts, body: Bytes) -> Self {
        let path = head.uri.path().split('/').filter(|part| !part.is_empty()).map(decode).collect();
        Self { method: head.method.clone(), path, query: query_of(&head.uri), headers: head.headers.clone(), body }
    }

    /// A header's text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A number of seconds in the query.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<Duration>, StorageError> {
        let Some(text) = self.query.get(name) else { return Ok(None) };
        let wrong = || StorageError::new(400, "InvalidQueryParameterValue", &format!("Value for {name} is invalid."));
        text.parse().map(|seconds| Some(Duration::from_secs(seconds))).map_err(|_| wrong())
    }
}

impl Storage {
    /// The handler for the port of one service.
    pub(crate) fn handler(self: &Arc<Self>, service: Service) -> Handler {
        let storage = Arc::clone(self);
        Arc::new(move |request| {
            let storage = Arc::clone(&storage);
            Box::pin(async move { storage.handle(service, request).await })
        })
    }

    async fn handle(&self, service: Service, request: Request<Body>) -> Result<Response<Body>, Cut> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return Err(Cut) };
        let request = StorageRequest::read(&head, body.to_bytes());
        let (name, action) = match service {
            Service::Queue => queue_wire::operation(&request),
            Service::Blob => blobs::operation(&request),
        };
        let bearer = request.header("authorization").strip_prefix("Bearer ").map(str::to_owned);
        let session = bearer.as_deref().and_then(token::session);
        let refuse = |refusal: Refusal| {
            StorageError::new(refusal.status.as_u16(), &refusal.code, "Put on this call by the simulator.").answer()
        };
        let effect = async {
            let answer = self.admit(&request, bearer.as_deref(), (service, action)).and_then(|()| match service {
                Service::Queue => queue_wire::answer(self, &request, name),
                Service::Blob => blobs::answer(&self.blobs, &request, name),
            });
            answer.unwrap_or_else(|error| error.answer())
        };
        let prefix = if service == Service::Queue { "queue" } else { "blob" };
        self.gate.pass(&format!("{prefix}:{name}"), session.as_deref(), refuse, effect).await
    }

    /// Version, token and role.
    fn admit(
        &self,
        request: &StorageRequest,
        bearer: Option<&str>,
        (service, action): (Service, &str),
    ) -> Result<(), StorageError> {
        let version = request.header("x-ms-version");
        if !(OLDEST..=NEWEST).contains(&version) {
            return Err(StorageError::new(
                400,
                "InvalidHeaderValue",
                "The value for one of the HTTP headers is not in the correct format.",
            ));
        }
        let failed = |message: &str| StorageError::new(401, "InvalidAuthenticationInfo", message);
        let bearer = bearer.ok_or_else(|| {
            StorageError::new(401, "NoAuthenticationInformation", "Server failed to authenticate the request.")
        })?;
        let who = self.issuer.review(bearer, &[STORAGE_AUDIENCE], time::now()).map_err(|fault| match fault {
            TokenFault::Audience => failed("Audience validation failed. Audience did not match."),
            TokenFault::Expired => failed("Lifetime validation failed. The token is expired."),
            other => failed(&format!("The token is refused: {other}.")),
        })?;
        let first = request.path.first().map(String::as_str).unwrap_or_default();
        let scope = if service == Service::Queue { queue_id(first) } else { container_id(first) };
        if who.principal == OPERATOR_ID || self.judge.admits(action, &scope, true) {
            return Ok(());
        }
        Err(StorageError::new(
            403,
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        ))
    }
}

/// An XML answer.
pub(crate) fn xml(status: StatusCode, inner: &str) -> Response<Body> {
    let text =
        if inner.is_empty() { String::new() } else { format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{inner}") };
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("x-ms-version", HeaderValue::from_static("2024-11-04"));
    headers.insert("x-ms-request-id", HeaderValue::from_static("00000000-0000-4000-8000-000000000000"));
    answer
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// HTTP's way to write an instant.
pub(crate) fn http_date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
