//! The lock seen from the other side: the health check watches its own name again.

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    step::{Need, Observation, Step, StepState},
};
use serde_json::json;

use super::{Found, HealthCheckLock, Original, Precondition, UPDATE, found::never_resolves, same_name};

/// Takes the lock away: the way back of [`HealthCheckLock`], by the same permissions.
///
/// What the health check watched before is in the record of the failover; where the record has none (it was locked
/// already), the configured name stands for it.
pub struct HealthCheckUnlock {
    lock: HealthCheckLock,
    original: Option<Original>,
}

impl HealthCheckUnlock {
    /// The way back of `lock`, to `original` where a record kept it.
    pub(super) fn new(lock: HealthCheckLock, original: Option<Original>) -> Self {
        Self { lock, original }
    }

    /// What to go back to: a name that is one, and not the lock's.
    fn original(&self) -> Option<Original> {
        let config = &self.lock.config;
        let configured = config.primary_fqdn.clone().map(|fqdn| Original { fqdn, inverted: false });
        let is_name = |original: &Original| {
            let fqdn = &original.fqdn;
            !fqdn.trim().is_empty() && !same_name(fqdn, &config.lock_fqdn) && !never_resolves(fqdn)
        };
        self.original.clone().filter(is_name).or(configured).filter(is_name)
    }

    fn judge(&self, found: &Found) -> Observation {
        let described = found.describe(None);
        if found.disabled {
            return Observation::blocked(format!(
                "the health check is disabled, which the function never does: enable it by hand; found: {described}"
            ));
        }
        if !found.watches(&self.lock.config.lock_fqdn) && !found.fqdn.as_deref().is_some_and(never_resolves) {
            return Observation::done(described);
        }
        match self.original() {
            Some(original) => {
                let precondition = json!({
                    "health_check_version": found.version, "fqdn": original.fqdn, "inverted": original.inverted,
                });
                Observation::todo(described, precondition)
            }
            None => Observation::blocked(format!(
                "no record says what the health check watched before: set PRIMARY_HEALTH_CHECK_FQDN; found: {described}"
            )),
        }
    }
}

#[async_trait]
impl Step for HealthCheckUnlock {
    fn name(&self) -> &'static str {
        "unlock-traffic"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        Ok(self.judge(&self.lock.find(call).await?))
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Err(Fault::new(FaultClass::Invalid, UPDATE, "there is nothing to unlock in what was seen"));
        }
        let precondition = Precondition::of(seen)?;
        let inverted = precondition.inverted.then_some(true);
        let found = self.lock.update(call, precondition.health_check_version, &precondition.fqdn, inverted).await?;
        Ok(Some(self.judge(&found)))
    }
}
