//! The OCI services that the function and operators call, all on one HTTPS port, and the Fn agent that runs the function.
//!
//! # Layout
//!
//! - `backend`: OCI in the list of clouds; `services`: all of it started together; `drill`, `access`: what drills and tests do with it
//! - `alarm` with `alarm_message`, `tick`, `steering` with `rules`, `load_balancer`: its part of the world
//! - `request`, `error`: a call taken apart, and its refusals; `signature`, `principals`, `policy`: who signed it, and who may do what
//! - `dns`, `monitoring` with `mql`, `health_checks`, `container_engine`, `functions`, `topic`: the services; `oke`: tokens for the cluster
//! - `notifications`: how messages reach the function; [`agent`]: the Fn agent; `environment`: what its containers are told

mod access;
pub mod agent;
mod alarm;
mod alarm_message;
mod backend;
mod container_engine;
mod dns;
mod drill;
mod environment;
mod error;
mod functions;
mod health_checks;
mod load_balancer;
mod monitoring;
mod mql;
mod notifications;
mod oke;
mod policy;
mod principals;
mod request;
mod rules;
mod services;
mod signature;
mod steering;
#[cfg(test)]
mod tests;
mod tick;
mod topic;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;

pub use agent::FnAgent;
pub use backend::Oci;
pub use policy::PolicyJudge;
pub use principals::Principals;
pub use services::OciServices;

use crate::conditions::Outage;
use crate::gate::{Gate, Refusal};
use crate::net::{Cut, Handler};
use crate::people::People;
use crate::test_bed::ExternalCluster;
use crate::time;
use crate::world::World;
use error::OciError;
use policy::{Need, Subject};
use principals::Principal;
use request::{OciRequest, Operation};
use signature::{Authorization, Signed};

/// Region of the standby, the function and the monitor.
pub const STANDBY_REGION: &str = "us-chicago-1";
/// Region of the primary.
pub const PRIMARY_REGION: &str = "us-ashburn-1";
/// The tenancy.
pub const TENANCY_ID: &str = "ocid1.tenancy.oc1..aaaasimulatedtenancy";
/// The compartment of everything.
pub const COMPARTMENT_ID: &str = "ocid1.compartment.oc1..aaaasimulatedcompartment";
/// The steering policy.
pub const POLICY_ID: &str = "ocid1.dnspolicy.oc1..aaaasimulatedpolicy";
/// The monitor of the primary.
pub const MONITOR_ID: &str = "ocid1.httpmonitor.oc1..aaaasimulatedmonitor";
/// The primary's load balancer.
pub const LOAD_BALANCER_ID: &str = "ocid1.loadbalancer.oc1.iad.aaaasimulatedbalancer";
/// Its backend set.
pub const BACKEND_SET: &str = "TCP-443";
/// The standby cluster.
pub const CLUSTER_ID: &str = "ocid1.cluster.oc1.us-chicago-1.aaaasimulatedcluster";
/// The function, which is its user name on the cluster; what it is in the cloud is not documented (docs/reference/oci.md#oke).
pub const FUNCTION_ID: &str = "ocid1.fnfunc.oc1.us-chicago-1.aaaasimulatedfunction";
/// The function's application.
pub const APPLICATION_ID: &str = "ocid1.fnapp.oc1.us-chicago-1.aaaasimulatedapplication";
/// The dynamic group that the function is in, which the cluster sees as a group.
pub const DYNAMIC_GROUP_ID: &str = "ocid1.dynamicgroup.oc1..aaaasimulatedgroup";
/// An operator who may do everything.
pub const OPERATOR_ID: &str = "ocid1.user.oc1..aaaasimulatedoperator";
/// The subscription that hands messages to the function.
pub const SUBSCRIPTION_ID: &str = "ocid1.onssubscription.oc1.us-chicago-1.aaaasimulatedsubscription";
/// The alarm on the primary.
pub const ALARM_ID: &str = "ocid1.alarm.oc1.us-chicago-1.aaaasimulatedalarm";
/// The alarm that always fires.
pub const TICK_ALARM_ID: &str = "ocid1.alarm.oc1.us-chicago-1.aaaasimulatedtick";
/// Namespace of the monitor's metrics.
pub const HEALTH_CHECKS_NAMESPACE: &str = "oci_healthchecks";
/// Namespace of the load balancer's.
pub const LOAD_BALANCER_NAMESPACE: &str = "oci_lbaas";

/// The services and who may use them.
pub(crate) struct Cloud {
    pub(crate) gate: Gate,
    pub(crate) world: World,
    pub(crate) principals: Principals,
    pub(crate) judge: PolicyJudge,
    pub(crate) agent: FnAgent,
    /// Endpoint and CA of the standby's API server.
    pub(crate) server: ExternalCluster,
    pub(crate) unsigned: Unsigned,
    pub(crate) people: People,
}

/// The calls whose signature was not accepted, each with the reason. Clones share one list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unsigned(Arc<Mutex<Vec<String>>>);

impl Unsigned {
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.lock().clone()
    }
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
        let Ok(body) = body.collect().await else { return Err(Cut) };
        let request = OciRequest::read(&head, body.to_bytes());
        // A region that is gone has no endpoints.
        let is_gone = request.region == PRIMARY_REGION && self.world.snapshot().primary == Some(Outage::Closed);
        if is_gone {
            return Err(Cut);
        }
        let authorization = request.header(header::AUTHORIZATION.as_str()).ok_or("no authorization");
        let authorization = authorization.and_then(Authorization::read);
        let session = authorization.as_ref().ok().and_then(|read| principals::session(&read.key_id));
        let refuse = |refusal: Refusal| {
            let message = format!("Put on this call by the simulator: {}", refusal.code);
            OciError::new(refusal.status.as_u16(), &refusal.code, &message).answer()
        };
        let effect = async {
            match self.admit(&request, authorization) {
                Ok(()) => self.answer(&request).await.unwrap_or_else(|error| error.answer()),
                Err(error) => error.answer(),
            }
        };
        self.gate.pass(&request.name(), session.as_deref(), refuse, effect).await
    }

    /// Signature, then policy.
    fn admit(&self, request: &OciRequest, authorization: Result<Authorization, &'static str>) -> Result<(), OciError> {
        let principal = authorization.and_then(|read| self.signer(request, &read)).map_err(|why| {
            self.unsigned.lock().push(format!("{}: {why}", request.name()));
            OciError::not_authenticated()
        })?;
        match (principal, need(request)) {
            (Principal::Operator, _) => Ok(()),
            (Principal::Function { .. }, Some(need)) => {
                let all = std::iter::once(need).chain(need_beside(request));
                // Each is asked for, since the judge notes what is used.
                let allowed: Vec<_> = all.map(|need| self.judge.allows(&request.name(), &need)).collect();
                if allowed.contains(&false) { Err(OciError::not_found()) } else { Ok(()) }
            }
            _ => Err(OciError::not_found()),
        }
    }

    fn signer(&self, request: &OciRequest, authorization: &Authorization) -> Result<Principal, &'static str> {
        let known = self.principals.find(&authorization.key_id).ok_or("nobody has this keyId")?;
        let has_content = matches!(request.method, Method::PUT | Method::POST | Method::PATCH);
        let signed = Signed {
            method: request.method.as_str(),
            target: &request.target,
            header: &|name| request.header(name).map(str::to_owned),
            body: has_content.then_some(request.body.as_ref()),
        };
        authorization.verify(&signed, &known.public, time::now())?;
        Ok(known.principal)
    }

    async fn answer(&self, request: &OciRequest) -> Result<Response<Body>, OciError> {
        match &request.operation {
            Operation::GetSteeringPolicy(id) => dns::get(self, id),
            Operation::UpdateSteeringPolicy(id) => dns::update(self, request, id),
            Operation::SummarizeMetricsData => monitoring::answer(self, request),
            Operation::ListAlarms => alarm::list(self, request),
            Operation::GetAlarm(id) => alarm::get(self, request, id),
            Operation::GetHttpMonitor(id) => health_checks::monitor(self, request, id),
            Operation::ListHttpProbeResults(id) => health_checks::results(self, request, id),
            Operation::GetCluster(id) => container_engine::cluster(self, request, id),
            Operation::CreateKubeconfig(id) => container_engine::kubeconfig(self, request, id),
            Operation::InvokeFunction(id) => functions::invoke(self, request, id).await,
            Operation::PublishMessage(id) => topic::publish(self, request, id),
            Operation::Unknown => Err(OciError::not_found()),
        }
    }
}

/// What a call needs beside [`need`]: to read an alarm is to read of its metric too (docs/reference/oci.md#rights).
fn need_beside(request: &OciRequest) -> Option<Need> {
    let Operation::GetAlarm(id) = &request.operation else { return None };
    let namespace = alarm::namespace(id)?;
    let facts = BTreeMap::from([("target.metrics.namespace", namespace.to_owned())]);
    Some(Need { subject: Subject::Function, verb: "read", resource: "metrics", compartment: COMPARTMENT_ID, facts })
}

/// What a call of the function needs by IAM (docs/reference/oci.md#rights); nothing is known of others.
fn need(request: &OciRequest) -> Option<Need> {
    let of = |verb, resource, fact: &'static str, id: &str| Need {
        subject: Subject::Function,
        verb,
        resource,
        compartment: COMPARTMENT_ID,
        facts: BTreeMap::from([(fact, id.to_owned())]),
    };
    match &request.operation {
        Operation::GetSteeringPolicy(id) => {
            Some(of("read", "dns-steering-policies", "target.dns-steering-policy.id", id))
        }
        Operation::UpdateSteeringPolicy(id) => {
            Some(of("use", "dns-steering-policies", "target.dns-steering-policy.id", id))
        }
        Operation::SummarizeMetricsData => {
            Some(of("read", "metrics", "target.metrics.namespace", &monitoring::namespace(request)))
        }
        Operation::ListAlarms => Some(of("inspect", "alarms", "target.compartment.id", COMPARTMENT_ID)),
        Operation::GetAlarm(id) => Some(of("read", "alarms", "target.alarm.id", id)),
        Operation::GetHttpMonitor(id) => Some(of("read", "health-check-monitor", "target.health-check.id", id)),
        Operation::ListHttpProbeResults(id) => {
            Some(of("inspect", "health-check-results", "target.health-check.id", id))
        }
        // The verb lets delete subscriptions as well, and no variable tells topics apart (docs/reference/oci.md#alarms).
        Operation::PublishMessage(_) => Some(of("use", "ons-topics", "request.permission", "ONS_TOPIC_PUBLISH")),
        Operation::GetCluster(id) => Some(need_of_the_cluster("read", id)),
        Operation::CreateKubeconfig(id) => Some(need_of_the_cluster("use", id)),
        Operation::InvokeFunction(id) => Some(of("use", "fn-invocation", "target.function.id", id)),
        Operation::Unknown => None,
    }
}

/// What it needs to look at the cluster, or to talk to it.
fn need_of_the_cluster(verb: &'static str, id: &str) -> Need {
    let facts = BTreeMap::from([("target.cluster.id", id.to_owned())]);
    Need { subject: Subject::Function, verb, resource: "clusters", compartment: COMPARTMENT_ID, facts }
}
