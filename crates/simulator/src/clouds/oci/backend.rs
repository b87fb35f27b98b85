//! OCI as a line in the list of clouds.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::alarm::Alarm;
use super::load_balancer::EMITTING;
use super::services::OciServices;
use super::steering::{JUDGING, SteeringPolicy};
use super::{FUNCTION_ID, LOAD_BALANCER_ID, MONITOR_ID, drill, oke};
use crate::backend::{CloudBackend, FunctionProgram, PlatformCalls, Role, Started, TrafficCalls};
use crate::faults::Fault;
use crate::test_bed::{StartError, TestBed};
use crate::time::Pace;
use crate::world::{HealthCheck, HealthCheckConfig, PRIMARY_NAME, State};

/// Simulated seconds from the end of a minute until its point can be read: alarms wait for late points so long by default (docs/reference/oci.md#metrics).
const LATE_S: f64 = 180.0;

/// OCI: Functions beside OKE, a DNS steering policy, an alarm on a health check.
#[derive(Debug)]
pub struct Oci;

impl CloudBackend for Oci {
    fn name(&self) -> &'static str {
        "oci"
    }

    fn services(&self) -> &'static str {
        "DNS steering, Monitoring, Health Checks, Notifications, Container Engine, IAM, Functions"
    }

    fn topic(&self) -> Option<String> {
        Some(super::topic::TOPIC_ID.to_owned())
    }

    fn program(&self) -> FunctionProgram {
        FunctionProgram { executable: "oci-function", package: "holdfast-oci-function" }
    }

    /// The policy's answers are written, with its version as the precondition.
    fn traffic_calls(&self) -> TrafficCalls {
        TrafficCalls {
            lock: "dns:UpdateSteeringPolicy",
            all: &["dns:*"],
            conflict: "IncorrectState",
            denied: "NotAuthorized",
            throttled: Fault::throttled_by_oci,
        }
    }

    fn platform_calls(&self) -> PlatformCalls {
        PlatformCalls {
            writes: &[],
            throttled: &["monitoring:SummarizeMetricsData"],
            throttling: Fault::throttled_by_oci,
            throttled_in_cluster: &["update:configmaps", "update:leases"],
            throttled_times: 1,
            asked_once: &[],
            // A call has five minutes: what is left to verify when they are over comes with the next delivery.
            per_alarm: 2,
        }
    }

    /// All but the standby's own, for a network without a service gateway: with one they are reached by no way out.
    fn services_outside(&self) -> &'static [&'static str] {
        &["dns:", "monitoring:", "healthchecks:"]
    }

    fn is_function(&self, user: &str) -> bool {
        user == FUNCTION_ID
    }

    fn session_of(&self, bearer: &str) -> Option<String> {
        oke::session(bearer)
    }

    fn nonsense(&self, _: &BTreeMap<String, String>) -> Vec<Value> {
        drill::nonsense()
    }

    fn world(&self, now: Timestamp, pace: Pace, seed: u64) -> State {
        world(now, pace, seed)
    }

    fn start<'a>(&'a self, bed: &'a TestBed<'_>, role: Role) -> BoxFuture<'a, Result<Started, StartError>> {
        Box::pin(async move {
            match role {
                Role::Function => OciServices::start(bed).await,
                Role::Traffic => Err(StartError::NoForeignTraffic(self.name())),
            }
        })
    }
}

/// A world whose primary has a monitor and a load balancer. Each result of the monitor stands for itself.
pub(super) fn world(now: Timestamp, pace: Pace, seed: u64) -> State {
    let parts = (Box::new(Alarm::new()) as Box<_>, Box::new(SteeringPolicy::new(now, pace)) as Box<_>);
    let mut state = State::new(now, pace, seed, MONITOR_ID, parts);
    state.metric_delay = pace.seconds(LATE_S);
    let looks = |interval_s, in_a_row| HealthCheckConfig {
        request_interval: interval_s,
        failure_threshold: in_a_row,
        ..HealthCheckConfig::https(PRIMARY_NAME)
    };
    state.watch(HealthCheck::new(MONITOR_ID, "monitor", looks(30, 1)), JUDGING, now);
    state.watch(HealthCheck::new(LOAD_BALANCER_ID, "load-balancer", looks(10, 3)), EMITTING, now);
    state.write_healthy_past(now);
    state
}
