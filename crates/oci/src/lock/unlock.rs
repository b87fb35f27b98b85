//! The way back of the lock.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    step::{Need, Observation, Step, StepState},
};
use serde_json::json;

use super::{
    Original,
    merged::{Merged, Pools},
    settled,
};
use crate::steering::{PUT, Policies, SteeringPolicy};

/// Puts the answers of both pools back to what they were, by one fenced update and by the same permissions as the lock.
/// Where the standby's answer leads to stays as it is. Without a record of what they were the primary's are put into
/// service and the standby's left as they are.
pub struct SteeringUnlock {
    pub(super) policies: Arc<Policies>,
    pub(super) pools: Pools,
    pub(super) original: Option<Original>,
}

impl SteeringUnlock {
    fn merged(&self, policy: &SteeringPolicy) -> Option<Merged> {
        match &self.original {
            Some(original) => self.pools.restored(&policy.written, &original.written),
            None => self.pools.opened(&policy.written),
        }
    }

    fn judge(&self, policy: SteeringPolicy) -> Result<Observation, Fault> {
        let policy = settled(policy)?;
        let described = policy.describe();
        Ok(match self.merged(&policy) {
            None => Observation::blocked(format!(
                "no answer of the primary was in service before, or none of those is left; found: {described}"
            )),
            Some(Merged { changed: false, .. }) => Observation::done(described),
            // The version is the precondition; what was seen is what is changed.
            Some(_) => Observation::todo(
                described,
                json!(Original { etag: policy.etag, written: policy.written, standby: None }),
            ),
        })
    }
}

#[async_trait]
impl Step for SteeringUnlock {
    fn name(&self) -> &'static str {
        "unlock-traffic"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        self.judge(self.policies.get(call).await?)
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let nothing = || Fault::new(FaultClass::Invalid, PUT, "there is nothing to unlock in what was seen");
        let found = Original::of_precondition(&seen.precondition)
            .filter(|_| seen.state == StepState::Todo)
            .ok_or_else(nothing)?;
        let Original { etag, written, .. } = found;
        let policy = SteeringPolicy { etag, state: String::new(), written };
        let merged = self.merged(&policy).ok_or_else(nothing)?;
        self.policies.put(call, &policy.etag, &merged.written).await?;
        // The answer may come before the update does.
        Ok(None)
    }
}
