//! The parts of Azure that the function and operators call: Resource Manager, the managed identity, storage.
//!
//! # Layout
//!
//! - `backend`: Azure in the list of clouds; `services`: all of it started together; `drill`, `access`: what drills and tests do with it
//! - `alert_rule` with `alert_schema`, `profile`: its part of the world; `action_group`: what is sent when the rule acts, and how often
//! - [`functions`]: the Functions host, which runs the shipped `handler`; `environment`: what its process is told
//! - `request`, `error`: a call to Resource Manager taken apart, and its refusals; `role`: who may do what
//! - `traffic_manager`, `metrics`, `aks`: the resources, `standby`: what the AKS cluster holds; `metadata`: what SDKs and the `az` CLI ask first
//! - `token`, `identity`, `entra`: the tenant's tokens, and the endpoints that give them to a process or a client
//! - `storage`: the account on the wire; `queues` with `queue_wire`, `blobs`: what is in it

mod access;
mod action_group;
mod aks;
mod alert_rule;
mod alert_schema;
mod backend;
mod blobs;
mod drill;
mod entra;
mod environment;
mod error;
pub mod functions;
mod identity;
mod metadata;
mod metrics;
mod profile;
mod queue_wire;
mod queues;
mod request;
mod role;
mod services;
mod standby;
mod storage;
mod token;
mod traffic_manager;

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

pub use aks::AksLogin;
pub use alert_schema::Condition;
pub use backend::Azure;
pub use blobs::Blobs;
pub use identity::Identity;
pub use profile::{Endpoint, Profile};
pub use queues::{Message, Queues};
pub use role::{Refused, RoleJudge};
pub use services::{AzureServices, STATE_CONTAINER};
pub use storage::STORAGE_AUDIENCE;
pub use token::{AKS_AUDIENCE, Bearer, Issuer, TokenFault};

pub(crate) use aks::Standby;
pub(crate) use storage::{Service, Storage};

use crate::gate::{Gate, Refusal};
use crate::net::{Cut, Handler};
use crate::time;
use crate::world::World;
use error::ArmError;
use request::{ArmRequest, Target};

/// The subscription of the simulated cloud.
pub const SUBSCRIPTION: &str = "11111111-2222-4333-8444-555555555555";
/// The resource group of everything; it lies in the standby's region (docs/reference/azure.md#control-plane).
pub const GROUP: &str = "rg-logscale-dr";
/// The Traffic Manager profile.
pub const PROFILE_NAME: &str = "logscale-global";
/// The standby cluster.
pub const CLUSTER_NAME: &str = "logscale-standby";
/// Region of the standby, the function and the resource group.
pub const STANDBY_REGION: &str = "westus2";
/// Region of the primary.
pub const PRIMARY_REGION: &str = "eastus2";
/// The function's storage account.
pub const STORAGE_ACCOUNT: &str = "stlogscaledr";
/// Name of the alert rule (docs/reference/azure.md#common-alert-schema).
pub const ALERT_RULE: &str = "tm-primary-down";
/// Object id of the function's identity, which is its username in Kubernetes (docs/reference/azure.md#aks-tokens).
pub const PRINCIPAL_ID: &str = "0f0f0f0f-1111-4222-8333-444444444444";
/// Client id of the same.
pub const CLIENT_ID: &str = "c1c1c1c1-1111-4222-8333-444444444444";
/// Object id of an operator who may do everything.
pub const OPERATOR_ID: &str = "0a0a0a0a-1111-4222-8333-444444444444";
/// A tenant where documents name one that nobody checks.
const TENANT_NOTE: &str = "7e7e7e7e-1111-4222-8333-444444444444";
/// The audiences of Resource Manager.
const AUDIENCES: [&str; 2] = ["https://management.azure.com", "https://management.core.windows.net"];

/// Id of the Traffic Manager profile.
pub fn profile_id() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network/trafficManagerProfiles/{PROFILE_NAME}"
    )
}

/// Id of the standby cluster.
pub fn cluster_id() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.ContainerService/managedClusters/{CLUSTER_NAME}"
    )
}

/// Id of the resource group.
pub fn group_id() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}")
}

fn storage_id() -> String {
    format!("{}/providers/Microsoft.Storage/storageAccounts/{STORAGE_ACCOUNT}", group_id())
}

/// Id of a queue of the function's storage account.
pub fn queue_id(queue: &str) -> String {
    format!("{}/queueServices/default/queues/{queue}", storage_id())
}

/// Id of a container of blobs in the same account.
pub fn container_id(container: &str) -> String {
    format!("{}/blobServices/default/containers/{container}", storage_id())
}

/// Resource Manager and what it manages.
pub(crate) struct Cloud {
    pub(crate) gate: Gate,
    pub(crate) world: World,
    pub(crate) issuer: Issuer,
    pub(crate) judge: RoleJudge,
    /// `None` where the standby is no AKS cluster.
    pub(crate) standby: Option<Standby>,
}

impl Cloud {
    /// The handler for the port.
    pub(crate) fn handler(self: Arc<Self>) -> Handler {
        Arc::new(move |request| {
            let cloud = Arc::clone(&self);
            Box::pin(async move { cloud.handle(request).await })
        })
    }

    async fn handle(&self, request: Request<Body>) -> Result<Response<Body>, Cut> {
        let (head, body) = request.into_parts();
        let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
        let Ok(body) = body.collect().await else { return Err(Cut) };
        let request = ArmRequest::read(&head, body.to_bytes());
        let bearer =
            head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let session = bearer.and_then(token::session);
        let refuse = |refusal: Refusal| {
            let message = format!("Put on this call by the simulator: {}", refusal.code);
            ArmError::new(refusal.status.as_u16(), &refusal.code, &message).answer()
        };
        let effect = async {
            let answered = self.admit(&request, bearer).and_then(|()| self.answer(&request, &host));
            answered.unwrap_or_else(|error| error.answer())
        };
        self.gate.pass(&request.name(), session.as_deref(), refuse, effect).await
    }

    /// Token, then role.
    fn admit(&self, request: &ArmRequest, bearer: Option<&str>) -> Result<(), ArmError> {
        if request.target == Target::Metadata {
            return Ok(());
        }
        let bearer = bearer.ok_or_else(|| {
            ArmError::new(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        })?;
        let who = self.issuer.review(bearer, &AUDIENCES, time::now()).map_err(|fault| {
            let code =
                if fault == TokenFault::Expired { "ExpiredAuthenticationToken" } else { "InvalidAuthenticationToken" };
            ArmError::new(401, code, &format!("The access token is invalid: {fault}."))
        })?;
        let Some(action) = request.action() else { return Ok(()) };
        let scope = request.scope();
        if who.principal == OPERATOR_ID || self.judge.admits(&action, &scope, false) {
            return Ok(());
        }
        let who = &who.principal;
        let message = format!(
            "The client '{who}' with object id '{who}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
        );
        Err(ArmError::new(403, "AuthorizationFailed", &message))
    }

    fn answer(&self, request: &ArmRequest, host: &str) -> Result<Response<Body>, ArmError> {
        request.check_version()?;
        let subscription =
            request.path.get(1).filter(|_| request.path.first().is_some_and(|first| first == "subscriptions"));
        if let Some(other) = subscription.filter(|given| !given.eq_ignore_ascii_case(SUBSCRIPTION)) {
            return Err(ArmError::new(
                404,
                "SubscriptionNotFound",
                &format!("The subscription '{other}' could not be found."),
            ));
        }
        let group = request.path.get(3).filter(|_| request.path.len() > 3 && request.target != Target::Profiles);
        if let Some(other) = group.filter(|given| !given.eq_ignore_ascii_case(GROUP)) {
            return Err(ArmError::new(
                404,
                "ResourceGroupNotFound",
                &format!("Resource group '{other}' could not be found."),
            ));
        }
        match &request.target {
            Target::Metadata => Ok(metadata::endpoints(host)),
            Target::Subscriptions => Ok(metadata::subscriptions()),
            Target::Group { .. } if request.method == Method::GET => Ok(resource_group()),
            Target::Profiles if request.method == Method::GET => Ok(traffic_manager::list(self)),
            Target::Profile { profile } => traffic_manager::profile(self, request, profile),
            Target::Endpoint { profile, kind, endpoint } => {
                traffic_manager::endpoint(self, request, (profile, kind, endpoint))
            }
            Target::Metrics { profile } if request.method == Method::GET => metrics::answer(self, request, profile),
            Target::Cluster { cluster, operation } => aks::answer(self, request, cluster, operation.as_deref()),
            _ => Err(ArmError::not_found(&request.scope())),
        }
    }
}

fn resource_group() -> Response<Body> {
    let document = json!({
        "id": group_id(), "name": GROUP, "type": "Microsoft.Resources/resourceGroups", "location": STANDBY_REGION,
        "properties": {"provisioningState": "Succeeded"},
    });
    json_answer(StatusCode::OK, &document)
}

/// An answer in JSON, with the headers that support asks for.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert("x-ms-request-id", HeaderValue::from_static("00000000-0000-4000-8000-000000000000"));
    headers.insert("x-ms-correlation-request-id", HeaderValue::from_static("00000000-0000-4000-8000-000000000001"));
    headers.insert("x-ms-ratelimit-remaining-subscription-writes", HeaderValue::from_static("199"));
    answer
}
