//! When a failover last began, as an annotation on the operator's Deployment: where the reference's operators look
//! on Azure and OCI.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, epoch, ports::CooldownStore};
use serde_json::json;

use crate::{
    api::{GET_DEPLOYMENT, PATCH_DEPLOYMENT, version_of},
    look::Look,
    steps::missing_operator as missing,
};

/// The annotation, as the reference names it.
pub const ANNOTATION: &str = "logscale.dr/last-failover-epoch";

/// [`CooldownStore`] in the annotation [`ANNOTATION`], whole epoch seconds in text, by compare-and-set on the
/// Deployment's `resourceVersion`.
///
/// The version of the last reading is the fence of the next writing, so that a note costs one round trip; the fence of
/// a scale-up that was observed before is carried over our own write.
pub struct AnnotationCooldown {
    look: Arc<Look>,
    seen: Mutex<Option<String>>,
}

impl AnnotationCooldown {
    pub(crate) fn new(look: Arc<Look>) -> Self {
        Self { look, seen: Mutex::new(None) }
    }

    /// The annotation's text, if there is one. Leaves the version that it was read at.
    async fn read(&self, call: &Call) -> Result<Option<String>, Fault> {
        let deployment = self.look.deployment(call).await?;
        let Some(deployment) = deployment.as_ref() else {
            return Err(Fault::new(FaultClass::NotFound, GET_DEPLOYMENT.name, missing(&self.look)));
        };
        let version = deployment.metadata.resource_version.clone();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
        Ok(deployment.metadata.annotations.get(ANNOTATION).cloned())
    }

    fn take(&self) -> Option<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes `at` on exactly the `version` that was seen.
    async fn write(&self, call: &Call, at: Timestamp, version: String) -> Result<(), Fault> {
        let annotations = json!({ANNOTATION: at.as_second().to_string()});
        let patch = json!({"metadata": {"resourceVersion": version, "annotations": annotations}});
        let written = self.look.api.write(call, &PATCH_DEPLOYMENT, self.look.operator(), &patch).await?;
        self.look.carry(version, version_of(&PATCH_DEPLOYMENT, &written)?);
        Ok(())
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

    async fn set(&self, call: &Call, at: Timestamp) -> Result<(), Fault> {
        if let Some(version) = self.take() {
            match self.write(call, at, version).await {
                Err(fault) if fault.class == FaultClass::Conflict => {}
                other => return other,
            }
        }
        // The Deployment has changed since (its status does so by itself): once more, on what it is now.
        let noted = self.read(call).await?.and_then(|value| epoch::read(&value).ok().flatten());
        if noted.is_some_and(|noted| noted.as_second() >= at.as_second()) {
            return Ok(());
        }
        let version = self.take().unwrap_or_default();
        self.write(call, at, version).await
    }
}

#[cfg(test)]
mod tests;
