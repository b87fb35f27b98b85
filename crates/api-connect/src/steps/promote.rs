//! Makes the side that was passive active.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault, FaultClass,
    step::{Need, Observation, Step, StepState},
};
use serde_json::Value;

use super::{precondition, version};
use crate::{
    pair::{Pair, Way},
    side::Deletion,
    state::{Mode, State},
};

/// Sets `mode: active` on the side that was passive.
///
/// Right before the write both sides are looked at again: it is sent only while the old side was seen to let go, or is cut
/// off by somebody's word. Between that look and the write the old side can change, and no precondition spans two clusters.
pub(crate) struct Promote {
    name: &'static str,
    pair: Arc<Pair>,
    way: Way,
    service: usize,
}

impl Promote {
    pub(crate) fn new(name: &'static str, pair: Arc<Pair>, way: Way, service: usize) -> Self {
        Self { name, pair, way, service }
    }

    fn observation(&self, state: Option<&State>) -> Observation {
        let side = self.pair.to(self.way);
        let place = side.place(self.service);
        let Some(state) = state else { return Observation::blocked(format!("there is no {place}")) };
        let found = format!("{place}: {}", state.describe());
        match &state.declared.mode {
            Mode::Active => Observation::done(found),
            Mode::Passive => match side.is_owned_above(state) {
                Some(why) => Observation::blocked(format!("{place}: {why}")),
                None => Observation::todo(found, precondition(&state.declared)),
            },
            Mode::Absent => Observation::blocked(format!(
                "{place} is without multiSiteHA: if it was taken from a passive side, its data are deleted; install it anew"
            )),
            Mode::Other(_) => Observation::blocked(format!("{place} is {}", state.declared.mode.describe())),
        }
    }
}

#[async_trait]
impl Step for Promote {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let state = self.pair.to(self.way).read(call, self.service).await?;
        Ok(self.observation(state.as_ref().as_ref()))
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Ok(None);
        }
        let version = version(self.name, seen)?;
        let both = self.pair.look(call, self.way, self.service).await;
        // The world is not as the steps before have left it: it is looked at again, and nothing is sent.
        self.pair
            .lets_go(self.way, self.service, &both)
            .map_err(|why| Fault::new(FaultClass::Conflict, self.name, format!("not made active: {why}")))?;
        let confirmed = seen.precondition.get("confirms_deletion") == Some(&Value::Bool(true));
        let deletion = if confirmed { Deletion::TakenBack } else { Deletion::Unsaid };
        let side = self.pair.to(self.way);
        let shown = side.set_mode(call, self.service, &version, "active", deletion).await?;
        let place = side.place(self.service);
        Ok((shown == Mode::Active).then(|| Observation::done(format!("{place} is declared active"))))
    }
}
