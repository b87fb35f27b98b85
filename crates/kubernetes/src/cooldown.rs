//! When the reference's function last began a failover, which it keeps as an annotation on the operator's Deployment.
//! It is read and never written: a right to write it would be the right to write the whole Deployment.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{Call, Fault, FaultClass, Timestamp, ports::CooldownStore};

use crate::{api::GET_DEPLOYMENT, look::Look, steps::missing_operator as missing};

/// The annotation, as the reference names it.
pub const ANNOTATION: &str = "logscale.dr/last-failover-epoch";

/// How much of a value that makes no sense is shown.
const SHOWN: usize = 40;

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
        understand(&value).ok_or_else(|| {
            let shown: String = value.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
            let message = format!("the annotation {ANNOTATION} is {shown:?}; allowed are epoch seconds, 0 for never");
            Fault::new(FaultClass::Invalid, GET_DEPLOYMENT.name, message)
        })
    }

    /// Nothing: the record holds the start.
    async fn set(&self, _call: &Call, _at: Timestamp) -> Result<(), Fault> {
        Ok(())
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
