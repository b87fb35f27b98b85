//! AWS as a line in the list of clouds.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::alarm::Alarm;
use super::drill;
use super::failover_record::{FailoverRecord, JUDGING};
use super::services::{AwsServices, channel};
use crate::backend::{CloudBackend, FunctionProgram, PlatformCalls, Role, Started, TrafficCalls};
use crate::faults::Fault;
use crate::ids::Ids;
use crate::test_bed::{StartError, TestBed};
use crate::time::Pace;
use crate::world::{HealthCheck, HealthCheckConfig, PRIMARY_NAME, State};

/// AWS: Lambda beside EKS, a Route 53 failover record with its health check, a CloudWatch alarm.
#[derive(Debug)]
pub struct Aws;

impl CloudBackend for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn services(&self) -> &'static str {
        "Route 53, CloudWatch, SNS, SSM, EKS, STS, Lambda"
    }

    fn program(&self) -> FunctionProgram {
        FunctionProgram { executable: "bootstrap", package: "holdfast-aws-lambda" }
    }

    fn topic(&self) -> Option<String> {
        Some(super::sns::topic_arn())
    }

    /// The health check's configuration is written, with its version as the precondition.
    fn traffic_calls(&self) -> TrafficCalls {
        TrafficCalls {
            lock: "route53:UpdateHealthCheck",
            all: &["route53:*"],
            conflict: "HealthCheckVersionMismatch",
            denied: "AccessDenied",
            throttled: Fault::throttled_by_route53,
        }
    }

    fn platform_calls(&self) -> PlatformCalls {
        PlatformCalls {
            writes: &["ssm:PutParameter"],
            throttled: &["cloudwatch:GetMetricData", "ssm:PutParameter"],
            throttling: Fault::throttled,
            throttled_in_cluster: &["update:configmaps", "update:leases", "delete:secrets", "patch:deployments/scale"],
            throttled_times: 2,
            asked_once: &[],
            per_alarm: 1,
        }
    }

    /// Route 53's control plane, and its metrics, which are in another region.
    fn services_outside(&self) -> &'static [&'static str] {
        &["route53:", "cloudwatch:"]
    }

    fn is_function(&self, user: &str) -> bool {
        user.starts_with("arn:aws:sts:")
    }

    /// A token for EKS is a presigned URL with the session token in it.
    fn session_of(&self, bearer: &str) -> Option<String> {
        let url = URL_SAFE_NO_PAD.decode(bearer.strip_prefix("k8s-aws-v1.")?).ok()?;
        let url = String::from_utf8(url).ok()?;
        let pair = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("X-Amz-Security-Token="))?;
        Some(pair.to_owned())
    }

    fn nonsense(&self, variables: &BTreeMap<String, String>) -> Vec<Value> {
        drill::nonsense(variables)
    }

    fn world(&self, now: Timestamp, pace: Pace, seed: u64) -> State {
        let id = Ids::new(seed).uuid();
        world(now, pace, seed, &id)
    }

    fn start<'a>(&'a self, bed: &'a TestBed<'_>, role: Role) -> BoxFuture<'a, Result<Started, StartError>> {
        Box::pin(async move {
            match role {
                Role::Function => AwsServices::start(bed).await,
                Role::Traffic => Err(StartError::NoForeignTraffic(self.name())),
            }
        })
    }
}

/// A world whose primary has the health check `id`.
pub(super) fn world(now: Timestamp, pace: Pace, seed: u64, id: &str) -> State {
    let alarm = Alarm::new(now, channel(), id, pace.metric_period_seconds());
    let record = FailoverRecord { primary_check: id.to_owned(), secondary_check: None };
    let mut state = State::new(now, pace, seed, id, (Box::new(alarm), Box::new(record)));
    state.watch(HealthCheck::new(id, "holdfast-primary", HealthCheckConfig::https(PRIMARY_NAME)), JUDGING, now);
    state.write_healthy_past(now);
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_read_out_of_an_eks_token() {
        let url = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Security-Token=holdfast-simulated-session-3&X-Amz-Signature=0";
        let bearer = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url));
        assert_eq!(Aws.session_of(&bearer).as_deref(), Some("holdfast-simulated-session-3"));
        assert_eq!(Aws.session_of("admin"), None);
    }
}
