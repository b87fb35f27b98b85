//! The step that keeps traffic on the standby, and the way back.
//!
//! Answers of Traffic Manager follow its probes by themselves, as long as one endpoint is well. Between the start of
//! the standby's operator and the first healthy probe of it both are degraded, and then the primary is answered again
//! (docs/reference/azure.md#traffic-manager-routing). Disabling the primary's endpoint ends both that and a primary that comes back before a
//! person says so.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    step::{Need, Observation, Step, StepState},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    arm::Azure,
    endpoint::{Endpoint, EndpointName, Endpoints, PATCH},
};

/// What the endpoint was before it was locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// `Enabled`, in the words of Traffic Manager.
    pub endpoint_status: String,
    /// What it answered with, so that a person can see that it is still the same endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its place in the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
}

impl Original {
    /// What a record kept of the endpoint before it was locked, from the precondition of the step's observation. `None` when
    /// that observation was no [`Todo`](StepState::Todo).
    pub fn of_precondition(precondition: &Value) -> Option<Self> {
        serde_json::from_value(precondition.clone()).ok()
    }
}

/// Locks traffic to the standby by disabling the primary's endpoint. Owed, not required: Resource Manager may refuse
/// updates while the region of the profile's resource group is down, and the standby serves without it.
///
/// Traffic Manager honours no `ETag` (docs/reference/azure.md#traffic-manager-api), so this effect alone carries no
/// precondition: it sets one property to one value, touches no other, and its answer must show it. Whoever enables the
/// endpoint later is seen by the next look.
#[derive(Clone)]
pub struct TrafficManagerLock {
    endpoints: Endpoints,
}

impl TrafficManagerLock {
    /// A lock on `primary`.
    pub fn new(azure: Arc<Azure>, primary: EndpointName) -> Self {
        Self { endpoints: Endpoints::new(azure, primary) }
    }
}

/// How things stand with regard to the lock. A disabled endpoint is in no answer, whatever `alwaysServe` says.
fn judge(endpoint: &Endpoint) -> Observation {
    let described = endpoint.describe();
    if endpoint.is_disabled() {
        return Observation::done(described);
    }
    let properties = &endpoint.properties;
    let original = Original {
        endpoint_status: properties.endpoint_status.clone().unwrap_or_default(),
        target: properties.target.clone(),
        priority: properties.priority,
    };
    Observation::todo(described, json!(original))
}

#[async_trait]
impl Step for TrafficManagerLock {
    fn name(&self) -> &'static str {
        "lock-traffic"
    }

    fn need(&self) -> Need {
        Need::Owed
    }

    fn locks_traffic(&self) -> bool {
        true
    }

    fn inverse(&self, before: Option<&Observation>) -> Option<Arc<dyn Step>> {
        let original = before.and_then(|seen| Original::of_precondition(&seen.precondition));
        Some(Arc::new(TrafficManagerUnlock { endpoints: self.endpoints.clone(), original }))
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        Ok(judge(&self.endpoints.get(call).await?))
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Err(Fault::new(FaultClass::Invalid, PATCH, "there is nothing to lock in what was seen"));
        }
        Ok(Some(judge(&self.endpoints.set_status(call, "Disabled").await?)))
    }
}

/// Puts the primary's endpoint into service again: the way back of [`TrafficManagerLock`], by the same permissions.
pub struct TrafficManagerUnlock {
    endpoints: Endpoints,
    original: Option<Original>,
}

impl TrafficManagerUnlock {
    fn judge(&self, endpoint: &Endpoint) -> Observation {
        let described = endpoint.describe();
        if !endpoint.is_disabled() {
            return Observation::done(described);
        }
        match &self.original {
            Some(original) if !original.endpoint_status.eq_ignore_ascii_case("Enabled") => {
                let status = &original.endpoint_status;
                Observation::blocked(format!("{status:?} is no status to go back to; found: {described}"))
            }
            _ => Observation::todo(described, json!(true)),
        }
    }
}

#[async_trait]
impl Step for TrafficManagerUnlock {
    fn name(&self) -> &'static str {
        "unlock-traffic"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        Ok(self.judge(&self.endpoints.get(call).await?))
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Err(Fault::new(FaultClass::Invalid, PATCH, "there is nothing to unlock in what was seen"));
        }
        Ok(Some(self.judge(&self.endpoints.set_status(call, "Enabled").await?)))
    }
}

#[cfg(test)]
mod tests;
