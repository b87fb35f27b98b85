//! When a failover last began, as an annotation on the operator's Deployment: where the reference's operators look
//! on Azure and OCI.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, ports::CooldownStore};
use serde_json::json;

use crate::{
    api::{GET_DEPLOYMENT, PATCH_DEPLOYMENT, version_of},
    look::Look,
    steps::missing_operator as missing,
};

/// The annotation, as the reference names it.
pub const ANNOTATION: &str = "logscale.dr/last-failover-epoch";

/// How much of a value that makes no sense is shown.
const SHOWN: usize = 40;

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
        understand(&value).ok_or_else(|| {
            let shown: String = value.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
            let message = format!("the annotation {ANNOTATION} is {shown:?}; allowed are epoch seconds, 0 for never");
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
        let noted = self.read(call).await?.and_then(|value| understand(&value).flatten());
        if noted.is_some_and(|noted| noted.as_second() >= at.as_second()) {
            return Ok(());
        }
        let version = self.take().unwrap_or_default();
        self.write(call, at, version).await
    }
}

/// The time in a note of the reference or of ours: `Some(None)` for never, `None` where it makes no sense. Fractions
/// of a second are read too.
pub fn understand(value: &str) -> Option<Option<Timestamp>> {
    let seconds: f64 = value.trim().parse().ok()?;
    if seconds == 0.0 {
        return Some(None);
    }
    // Microseconds are exact far beyond the year 9999, where a timestamp ends.
    let micros = (seconds * 1e6).round();
    let in_range = seconds > 0.0 && micros <= Timestamp::MAX.as_microsecond() as f64;
    in_range.then(|| Timestamp::from_microsecond(micros as i64).ok().map(Some)).flatten()
}

#[cfg(test)]
mod tests;
