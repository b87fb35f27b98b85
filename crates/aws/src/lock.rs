//! The step that keeps traffic on the standby, and the way back.
//!
//! Failover answers of Route 53 follow the primary's health check by themselves. Locking makes that check fail for
//! good, by giving it a name that never resolves, so that a primary that comes back is not served before a person
//! says so.

mod found;
mod unlock;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_route53::types::HealthCheck;
use holdfast_core::{
    Call, Fault, FaultClass,
    step::{Need, Observation, Step, StepState},
};

use crate::{fault::of_sdk, sdk::Sdk};
pub use found::Original;
use found::{Found, Precondition, same_name};
pub use unlock::HealthCheckUnlock;

/// The name that a locked health check watches. The top-level domain `invalid` never resolves (RFC 2606, RFC 6761).
pub const LOCK_NAME: &str = "failover-locked.invalid";

const GET: &str = "route53:GetHealthCheck";
const UPDATE: &str = "route53:UpdateHealthCheck";

/// What a lock is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockConfig {
    /// The primary's health check.
    pub health_check_id: String,
    /// The name that it should watch while unlocked, where configured; what it really watched is in the record.
    pub primary_fqdn: Option<String>,
    /// The name that locks it; [`LOCK_NAME`] but for tests and local habits.
    pub lock_fqdn: String,
}

/// Locks traffic to the standby. Owed, not required: Route 53's API may be down in the very outage, and the standby
/// serves without it.
#[derive(Clone)]
pub struct HealthCheckLock {
    sdk: Arc<Sdk>,
    config: LockConfig,
}

impl HealthCheckLock {
    /// A lock as `config` says.
    pub fn new(sdk: Arc<Sdk>, config: LockConfig) -> Self {
        Self { sdk, config }
    }

    async fn find(&self, call: &Call) -> Result<Found, Fault> {
        find(&self.sdk, &self.config, call).await
    }

    /// Changes the name, and the inversion where one is given, of exactly the version that was seen. The answer must
    /// show the new name, and is returned.
    async fn update(&self, call: &Call, version: i64, fqdn: &str, inverted: Option<bool>) -> Result<Found, Fault> {
        let request = self
            .sdk
            .route53
            .update_health_check()
            .health_check_id(&self.config.health_check_id)
            .health_check_version(version)
            .fully_qualified_domain_name(fqdn)
            .set_inverted(inverted);
        let answer = call.once(UPDATE, async { request.send().await.map_err(|error| of_sdk(UPDATE, &error)) }).await?;
        confirm(answer.health_check(), fqdn)
    }
}

/// Reads the health check.
async fn find(sdk: &Sdk, config: &LockConfig, call: &Call) -> Result<Found, Fault> {
    let request = sdk.route53.get_health_check().health_check_id(&config.health_check_id);
    let answer = call.once(GET, async { request.send().await.map_err(|error| of_sdk(GET, &error)) }).await?;
    Found::of(GET, answer.health_check())
}

/// Why the metrics of the health check are another host's, if it is known that they are.
pub(crate) async fn is_of_another(sdk: &Sdk, config: &LockConfig, call: &Call) -> Result<Option<String>, Fault> {
    Ok(find(sdk, config, call).await?.is_of_another(config))
}

/// The answer to an update shows the health check as it is now.
fn confirm(answer: Option<&HealthCheck>, fqdn: &str) -> Result<Found, Fault> {
    let found = Found::of(UPDATE, answer)?;
    if found.watches(fqdn) {
        return Ok(found);
    }
    let message = format!("the update was accepted and the health check still differs: {}", found.describe(None));
    Err(Fault::new(FaultClass::Server, UPDATE, message))
}

#[async_trait]
impl Step for HealthCheckLock {
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
        Some(Arc::new(HealthCheckUnlock::new(self.clone(), original)))
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        Ok(self.find(call).await?.judge(&self.config))
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Err(Fault::new(FaultClass::Invalid, UPDATE, "there is nothing to lock in what was seen"));
        }
        let precondition = Precondition::of(seen)?;
        // An inverted check of a name that never resolves is healthy for ever, so the inversion goes too.
        let inverted = precondition.inverted.then_some(false);
        let found = self.update(call, precondition.health_check_version, &self.config.lock_fqdn, inverted).await?;
        Ok(Some(found.judge(&self.config)))
    }
}

#[cfg(test)]
mod tests;
