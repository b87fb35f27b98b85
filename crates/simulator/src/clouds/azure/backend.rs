//! Azure as a line in the list of clouds.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::alert_rule::AlertRule;
use super::drill;
use super::profile::{JUDGING, TrafficManager};
use super::services::{AzureServices, CERTIFICATE_USER};
use super::token;
use super::{PRINCIPAL_ID, profile::PRIMARY_ENDPOINT};
use crate::backend::{CloudBackend, FunctionProgram, PlatformCalls, Role, Started, TrafficCalls};
use crate::faults::Fault;
use crate::test_bed::{StartError, TestBed};
use crate::time::Pace;
use crate::world::{HealthCheck, STANDBY_ADDRESS, Sight, State};

/// Azure: Functions beside AKS, a Traffic Manager profile, a metric alert.
#[derive(Debug)]
pub struct Azure;

impl CloudBackend for Azure {
    fn name(&self) -> &'static str {
        "azure"
    }

    fn services(&self) -> &'static str {
        "Resource Manager, Traffic Manager, Monitor, AKS, storage, managed identity, Functions"
    }

    fn program(&self) -> FunctionProgram {
        FunctionProgram { executable: "handler", package: "holdfast-azure-function" }
    }

    /// The primary's endpoint is disabled. There is no precondition (docs/reference/azure.md#traffic-manager-api), so
    /// two workers are kept apart by the lease
    /// alone; 409 is what Resource Manager says while another operation is on the resource.
    fn traffic_calls(&self) -> TrafficCalls {
        TrafficCalls {
            lock: "arm:PATCH:trafficManagerProfiles/externalEndpoints",
            all: &["arm:GET:trafficManagerProfiles*", "arm:PATCH:trafficManagerProfiles*"],
            conflict: "Conflict",
            denied: "AuthorizationFailed",
            throttled: Fault::throttled_by_arm,
        }
    }

    /// A pause of a second is a minute of the simulated ones, and a call has ten of these: what is the same on all clouds is throttled
    /// on AWS.
    fn platform_calls(&self) -> PlatformCalls {
        PlatformCalls {
            writes: &[],
            throttled: &["arm:GET:metrics"],
            throttling: Fault::throttled_by_arm,
            throttled_in_cluster: &["update:configmaps", "update:leases"],
            throttled_times: 1,
            asked_once: &["msi:token", "arm:POST:listClusterUserCredential"],
            // One takes it, and another does the work.
            per_alarm: 2,
        }
    }

    /// Resource Manager and Monitor.
    fn services_outside(&self) -> &'static [&'static str] {
        &["arm:", "entra:"]
    }

    fn is_function(&self, user: &str) -> bool {
        [PRINCIPAL_ID, CERTIFICATE_USER].contains(&user)
    }

    fn session_of(&self, bearer: &str) -> Option<String> {
        token::session(bearer)
    }

    fn nonsense(&self, _: &BTreeMap<String, String>) -> Vec<Value> {
        drill::nonsense()
    }

    fn world(&self, now: Timestamp, pace: Pace, seed: u64) -> State {
        let parts = (Box::new(AlertRule::default()) as Box<_>, Box::new(TrafficManager::new(pace)) as Box<_>);
        let mut state = State::new(now, pace, seed, PRIMARY_ENDPOINT, parts);
        watch_endpoints(&mut state, now);
        state.write_healthy_past(now);
        state
    }

    fn take_over_traffic(&self, state: &mut State, now: Timestamp) -> Result<(), StartError> {
        state.traffic = Box::new(TrafficManager::new(state.pace));
        watch_endpoints(state, now);
        Ok(())
    }

    fn start<'a>(&'a self, bed: &'a TestBed<'_>, role: Role) -> BoxFuture<'a, Result<Started, StartError>> {
        Box::pin(async move {
            match role {
                Role::Function => AzureServices::start(bed).await,
                Role::Traffic => AzureServices::start_traffic(bed).await,
            }
        })
    }
}

/// Lets the profile's probes watch its endpoints. The standby is down, as it should be.
fn watch_endpoints(state: &mut State, now: Timestamp) {
    let Some(manager) = state.control::<TrafficManager>() else { return };
    let profile = manager.profile.clone();
    for endpoint in &profile.endpoints {
        state.watch(HealthCheck::new(&endpoint.name, "endpoint", profile.probe(endpoint)), JUDGING, now);
    }
    let standby = profile.endpoints.iter().find(|endpoint| endpoint.name != PRIMARY_ENDPOINT);
    if let Some(watched) = standby.and_then(|standby| state.checks.get_mut(&standby.name)) {
        watched.checkers.settle(now, Sight::Refused(STANDBY_ADDRESS));
        watched.verdict = false;
    }
}
