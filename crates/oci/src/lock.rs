//! The step that keeps traffic on the standby, and the way back.
//!
//! The answers of the primary are disabled and those of the standby put into service by one update, fenced by the
//! policy's `ETag`. Disabled answers are dropped first, before any health check is looked at, so a primary that comes back
//! is not answered with until a person says so.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    fault::quoted,
    step::{Need, Observation, Step, StepState},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    client::Oci,
    steering::{PUT, Policies, PolicyPlace, SteeringPolicy, Written, rtype_of},
};

mod merged;
mod unlock;

pub use merged::Pools;
use merged::{Merged, merged};
pub use unlock::SteeringUnlock;

/// The record keeps the answers and rules as they were. A policy that is longer, in bytes of JSON, does not fit there.
const LONGEST: usize = 64 * 1024;

/// What the policy was before it was locked, and what ties the lock to it: the precondition of the step's observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Original {
    /// The policy's version.
    pub etag: String,
    /// What an update replaces.
    #[serde(flatten)]
    pub written: Written,
    /// Where the standby was found to be, when that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<String>,
}

impl Original {
    /// What a record kept of the policy before it was locked, from the precondition of the step's observation. `None` when
    /// that observation was no [`Todo`](StepState::Todo).
    pub fn of_precondition(precondition: &Value) -> Option<Self> {
        serde_json::from_value(precondition.clone()).ok()
    }
}

/// Tells where the standby is reached: an address, or the name of its load balancer.
#[async_trait]
pub trait StandbyAddress: Send + Sync {
    /// The address now; `None` where the standby has none yet.
    ///
    /// # Errors
    /// Faults of the place that is asked. The lock then does with the answer that the policy has.
    async fn address(&self, call: &Call) -> Result<Option<String>, Fault>;
}

/// An address that configuration knows.
#[async_trait]
impl StandbyAddress for String {
    async fn address(&self, _call: &Call) -> Result<Option<String>, Fault> {
        Ok(Some(self.clone()))
    }
}

/// Locks traffic to the standby. Owed, not required: DNS may refuse updates while the region of its endpoint is down,
/// and the standby serves without it.
///
/// An update may come about after its answer. While the policy says that it is being updated, `observe` ends with a
/// transient fault, so that it is looked at again.
pub struct SteeringLock {
    policies: Arc<Policies>,
    pools: Pools,
    standby: Option<Arc<dyn StandbyAddress>>,
}

impl SteeringLock {
    /// A lock on the policy at `place`. `standby` tells where the standby is when its answer must be made or corrected;
    /// without it the policy's own answer is used as it stands.
    pub fn new(oci: Arc<Oci>, place: PolicyPlace, pools: Pools, standby: Option<Arc<dyn StandbyAddress>>) -> Self {
        Self { policies: Arc::new(Policies::new(oci, place)), pools, standby }
    }

    /// Where the standby is; unknown is not worth holding the lock back where the policy has an answer for it.
    async fn standby(&self, call: &Call) -> Option<String> {
        let found = match &self.standby {
            Some(standby) => standby.address(call).await,
            None => return None,
        };
        match found {
            Ok(address) => address.map(|address| address.trim().to_owned()).filter(|address| is_place(address)),
            Err(fault) => {
                tracing::warn!(
                    call = fault.call,
                    class = fault.class.label(),
                    "the standby's address is not known: {}",
                    fault.message
                );
                None
            }
        }
    }

    fn judge(&self, policy: SteeringPolicy, standby: Option<String>) -> Result<Observation, Fault> {
        if matches!(policy.state.as_str(), "DELETED" | "DELETING") {
            let (id, state) = (self.policies.policy(), &policy.state);
            return Ok(Observation::blocked(format!("the steering policy {id} is {state}; another must be made")));
        }
        let policy = settled(policy)?;
        if !policy.heeds_disabled() {
            return Ok(Observation::blocked(
                "the steering policy has no FILTER rule on answer.isDisabled, so disabling an answer changes nothing",
            ));
        }
        let described = policy.describe();
        match merged(&policy.written, &self.pools, standby.as_deref()) {
            Err(why) => Ok(Observation::blocked(why)),
            Ok(Merged { changed: false, .. }) => {
                let astray = standby.filter(|address| !self.pools.lead_to(&policy.written, address));
                let note = astray.map(|address| format!("; the standby is at {address}, where no answer leads to"));
                Ok(Observation::done(described + &note.unwrap_or_default()))
            }
            Ok(_) => {
                let precondition = json!(Original { etag: policy.etag, written: policy.written, standby });
                if precondition.to_string().len() > LONGEST {
                    let why = "the steering policy is too long to be kept in the record; make one with fewer answers";
                    return Ok(Observation::blocked(why));
                }
                Ok(Observation::todo(described, precondition))
            }
        }
    }
}

/// A policy that is not being changed right now.
fn settled(policy: SteeringPolicy) -> Result<SteeringPolicy, Fault> {
    if policy.state == "ACTIVE" {
        return Ok(policy);
    }
    let message = format!("the steering policy is {} and not ACTIVE yet", quoted(&policy.state));
    Err(Fault::new(FaultClass::Server, PUT, message))
}

/// True for text that can be an address or a name.
fn is_place(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let is_name = rtype_of(text) != "CNAME" || text.contains('.') && !text.contains(':');
    !text.is_empty() && text.len() <= 253 && text.chars().all(allowed) && is_name
}

#[async_trait]
impl Step for SteeringLock {
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
        let (policies, pools) = (Arc::clone(&self.policies), self.pools.clone());
        Some(Arc::new(SteeringUnlock { policies, pools, original }))
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let policy = self.policies.get(call).await?;
        let standby = self.standby(call).await;
        self.judge(policy, standby)
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let nothing = || Fault::new(FaultClass::Invalid, PUT, "there is nothing to lock in what was seen");
        let original = Original::of_precondition(&seen.precondition)
            .filter(|_| seen.state == StepState::Todo)
            .ok_or_else(nothing)?;
        let merged = merged(&original.written, &self.pools, original.standby.as_deref());
        let merged = merged.map_err(|why| Fault::new(FaultClass::Invalid, PUT, why))?;
        self.policies.put(call, &original.etag, &merged.written).await?;
        // The answer may come before the update does.
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
