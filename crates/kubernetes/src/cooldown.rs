//! When a failover last began, as an annotation on a Deployment says.
//! It is read and never written: a right to write it would be the right to write the whole Deployment.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, epoch, ports::CooldownStore};

use crate::{api::GET_DEPLOYMENT, deployment::DeploymentHandle};

/// [`CooldownStore`] that reads an annotation, epoch seconds in text: what another function, or an earlier version of
/// this one, wrote there.
///
/// Setting it does nothing. The record on the same cluster holds the start of each failover, and the cooldown counts
/// from the later of the two.
pub struct AnnotationCooldown {
    deployment: Arc<DeploymentHandle>,
    annotation: String,
}

impl AnnotationCooldown {
    /// The store that reads `annotation` of `deployment`.
    pub fn new(deployment: Arc<DeploymentHandle>, annotation: impl Into<String>) -> Self {
        Self { deployment, annotation: annotation.into() }
    }

    /// The annotation's text, if there is one.
    async fn read(&self, call: &Call) -> Result<Option<String>, Fault> {
        let deployment = self.deployment.read(call).await?;
        let Some(deployment) = deployment.as_ref() else {
            return Err(Fault::new(FaultClass::NotFound, GET_DEPLOYMENT.name, self.deployment.missing()));
        };
        Ok(deployment.metadata.annotations.get(&self.annotation).cloned())
    }
}

#[async_trait]
impl CooldownStore for AnnotationCooldown {
    async fn last(&self, call: &Call) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = self.read(call).await? else { return Ok(None) };
        epoch::read(&value).map_err(|why| {
            let message = format!("the annotation {} of {} is {why}", self.annotation, self.deployment.place());
            Fault::new(FaultClass::Invalid, GET_DEPLOYMENT.name, message)
        })
    }

    /// Nothing: the record holds the start.
    async fn set(&self, _call: &Call, _at: Timestamp) -> Result<(), Fault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
