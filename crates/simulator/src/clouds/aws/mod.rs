//! The AWS services that the function and operators call, all on one HTTPS port, told apart as their SDKs address them.
//!
//! # Layout
//!
//! - `backend`: AWS in the list of clouds; `services`: all of it started together; `drill`, `access`: what drills and tests do with it
//! - `alarm` with `alarm_rule`, `failover_record`: its part of the world; `notification`: what SNS sends; `parameters`: what SSM keeps
//! - `request`, `tree`, `error`: a call taken apart, and its answers; `iam`: who may do what
//! - `route53` and its files, `cloudwatch`, `ssm`, `eks`, `sts`, `sns`, `invoke`: the services
//! - [`lambda`]: the Lambda service, which runs the shipped `bootstrap`; `environment`: what its process is told

mod access;
mod alarm;
mod alarm_rule;
mod backend;
mod cloudwatch;
mod drill;
mod eks;
mod environment;
mod error;
mod failover_record;
mod iam;
mod invoke;
pub mod lambda;
mod notification;
mod parameters;
mod request;
mod route53;
mod route53_config;
mod route53_status;
mod route53_xml;
mod services;
mod sns;
mod ssm;
mod sts;
#[cfg(test)]
mod tests;
mod tree;
#[cfg(test)]
mod world_tests;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;

pub use alarm::{AlarmSettings, AlarmState, MissingData};
pub use backend::Aws;
pub use eks::ClusterView;
pub use iam::{Authority, Credentials, Denied};
pub use parameters::Parameter;

use crate::gate::{Gate, Refusal};
use crate::net::{Cut, Handler};
use crate::people::People;
use crate::world::World;
use error::AwsError;
use lambda::LambdaHost;
use parameters::Parameters;
use request::{AwsRequest, Service};

/// The simulated account: the services and who may use them.
pub(crate) struct Cloud {
    pub(crate) gate: Gate,
    pub(crate) lambda: LambdaHost,
    pub(crate) world: World,
    pub(crate) parameters: Arc<Mutex<Parameters>>,
    pub(crate) authority: Authority,
    pub(crate) cluster: ClusterView,
    pub(crate) people: People,
    /// Region of SSM and EKS: that of the standby.
    pub(crate) region: String,
}

/// What an operation comes to.
type Outcome = Result<Response<Body>, AwsError>;

impl Cloud {
    fn parameters(&self) -> MutexGuard<'_, Parameters> {
        self.parameters.lock().expect("no code panics while it holds this lock")
    }

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
        let request = AwsRequest::read(&head, body.to_bytes());
        let protocol = request.protocol;
        let refuse = move |refusal: Refusal| {
            let message = format!("Put on this call by the simulator: {}", refusal.code);
            AwsError::new(refusal.status.as_u16(), &refusal.code, &message).answer(protocol)
        };
        let effect = async {
            let answered = match request.service {
                Service::Lambda => invoke::answer(self, &request).await,
                _ => self.answer(&request),
            };
            answered.unwrap_or_else(|error| error.answer(protocol))
        };
        self.gate.pass(&request.name(), request.session.as_deref(), refuse, effect).await
    }

    fn answer(&self, request: &AwsRequest) -> Outcome {
        self.authority.admit(request, &self.resource(request))?;
        match request.service {
            Service::Route53 => route53::answer(self, request),
            Service::CloudWatch => cloudwatch::answer(self, request),
            Service::Ssm => ssm::answer(self, request),
            Service::Eks => eks::answer(self, request),
            Service::Sts => sts::answer(self, request),
            Service::Sns => sns::answer(self, request),
            Service::Lambda | Service::Unknown => Err(AwsError::unknown_operation(&request.operation)),
        }
    }

    /// The ARN that IAM judges the call by; `*` where the service knows no resources.
    fn resource(&self, request: &AwsRequest) -> String {
        match request.service {
            Service::Route53 => route53::resource(request),
            Service::Ssm => ssm::resource(&self.region, request),
            Service::Eks => eks::resource(&self.region, request),
            Service::Lambda => invoke::resource(&self.region, request),
            Service::Sns => sns::resource(request),
            _ => "*".to_owned(),
        }
    }
}
