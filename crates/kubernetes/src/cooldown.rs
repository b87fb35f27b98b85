//! When the reference's function last began a failover, which it keeps as an annotation on the operator's Deployment.
//! It is read and never written: a right to write it would be the right to write the whole Deployment.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, epoch, ports::CooldownStore};

use crate::{api::GET_DEPLOYMENT, look::Look, steps::missing_operator as missing};

/// The annotation, as the reference names it.
pub const ANNOTATION: &str = "logscale.dr/last-failover-epoch";

/// [`CooldownStore`] that reads the annotation [`ANNOTATION`], epoch seconds in text: what the reference's function,
/// or an earlier version of this one, wrote there.
///
/// Setting it does nothing. The record on the same cluster holds the start of each failover, and the cooldown counts
/// from the later of the two.
pub struct AnnotationCooldown {
    look: Arc<Look>,
}

impl AnnotationCooldown {
    pub(crate) fn new(look: Arc<Look>) -> Self {
        Self { look }
    }

    /// The annotation's text, if there is one.
    async fn read(&self, call: &Call) -> Result<Option<String>, Fault> {
        let deployment = self.look.deployment(call).await?;
        let Some(deployment) = deployment.as_ref() else {
            return Err(Fault::new(FaultClass::NotFound, GET_DEPLOYMENT.name, missing(&self.look)));
        };
        Ok(deployment.metadata.annotations.get(ANNOTATION).cloned())
    }
}

#[async_trait]
impl CooldownStore for AnnotationCooldown {
    async fn last(&self, call: &Call) -> Result<Option<Timestamp>, Fault> {
        let Some(value) = self.read(call).await? else { return Ok(None) };
        epoch::read(&value).map_err(|why| {
            let place = self.look.place("Deployment", self.look.operator());
            let message = format!("the annotation {ANNOTATION} of {place} is {why}");
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
