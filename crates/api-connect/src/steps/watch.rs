//! Steps that only watch. A time that passes takes nothing back: that would make a second active side.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use holdfast_core::{
    Call, Fault,
    step::{Need, Observation, Step},
};
use holdfast_kubernetes::check::listed;
use serde_json::Value;

use crate::{
    pair::{Pair, Way},
    state::{Mode, Part},
};

/// How many services are told of in one sentence.
const MOST_TOLD: usize = 3;

/// Nothing is written, so nothing needs a precondition.
fn waits(found: String) -> Observation {
    Observation::todo(found, Value::Bool(true))
}

/// Done when the side that was made passive lets go, or is cut off: a management cluster when it is out of service, a portal
/// as soon as it is on its way, because all its pods stop at once and its users wait.
pub(crate) struct SeeLetGo {
    name: &'static str,
    pair: Arc<Pair>,
    way: Way,
    service: usize,
}

impl SeeLetGo {
    pub(crate) fn new(name: &'static str, pair: Arc<Pair>, way: Way, service: usize) -> Self {
        Self { name, pair, way, service }
    }
}

#[async_trait]
impl Step for SeeLetGo {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        Need::Required
    }

    fn is_verification(&self) -> bool {
        true
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let both = self.pair.look(call, self.way, self.service).await;
        Ok(match self.pair.lets_go(self.way, self.service, &both) {
            Ok(found) => Observation::done(found),
            Err(found) => waits(found),
        })
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<Option<Observation>, Fault> {
        Ok(None)
    }
}

/// Done when the side that was made active says so: a management cluster when it is active, a portal when it is ready for
/// traffic. Portals wait for the management cluster, and nothing waits for a portal.
pub(crate) struct SeeActive {
    name: &'static str,
    pair: Arc<Pair>,
    way: Way,
    service: usize,
}

impl SeeActive {
    pub(crate) fn new(name: &'static str, pair: Arc<Pair>, way: Way, service: usize) -> Self {
        Self { name, pair, way, service }
    }
}

#[async_trait]
impl Step for SeeActive {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        match self.pair.part(self.service) {
            Part::Management => Need::Required,
            Part::Portal => Need::Owed,
        }
    }

    fn is_verification(&self) -> bool {
        true
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let side = self.pair.to(self.way);
        let place = side.place(self.service);
        let read = side.read(call, self.service).await?;
        let Some(state) = read.as_ref() else { return Ok(Observation::blocked(format!("there is no {place}"))) };
        let found = format!("{place}: {}", state.describe());
        let words = &self.pair.words;
        let is_there = match self.pair.part(self.service) {
            Part::Management => words.is_active(&state.ha_mode),
            Part::Portal => words.is_ready_for_traffic(&state.ha_mode),
        };
        Ok(if state.declared.mode == Mode::Active && is_there { Observation::done(found) } else { waits(found) })
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<Option<Observation>, Fault> {
        Ok(None)
    }
}

/// Done when every service of the side that was made passive is a standby. Owed until then: while the primary is cut off the
/// execution stays open, every call looks, and a primary that comes back active is set passive before anything else.
pub(crate) struct SeePassive {
    pair: Arc<Pair>,
    way: Way,
}

impl SeePassive {
    pub(crate) fn new(pair: Arc<Pair>, way: Way) -> Self {
        Self { pair, way }
    }

    /// What keeps a service from being a standby; `None` where nothing does.
    async fn missing(&self, call: &Call, service: usize) -> Option<String> {
        let side = self.pair.from(self.way);
        let place = side.place(service);
        let read = match side.read(call, service).await {
            Ok(read) => read,
            Err(fault) => return Some(format!("{place} cannot be read: {fault}")),
        };
        match read.as_ref() {
            Some(state) if state.declared.mode == Mode::Passive && self.pair.words.is_passive(&state.ha_mode) => None,
            Some(state) => Some(format!("{place}: {}", state.describe())),
            None => Some(format!("there is no {place}")),
        }
    }
}

#[async_trait]
impl Step for SeePassive {
    fn name(&self) -> &'static str {
        match self.way {
            Way::ToStandby => "see-primary-passive",
            Way::ToPrimary => "see-standby-passive",
        }
    }

    fn need(&self) -> Need {
        Need::Owed
    }

    fn is_verification(&self) -> bool {
        true
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let looks = (0..self.pair.services.len()).map(|service| self.missing(call, service));
        let missing: Vec<String> = join_all(looks).await.into_iter().flatten().collect();
        let side = self.pair.from(self.way).name;
        if missing.is_empty() {
            return Ok(Observation::done(format!("every service of the {side} is passive")));
        }
        let missing = listed(&missing, MOST_TOLD);
        Ok(waits(format!("a network that was cut stays cut until the {side} is passive: {missing}")))
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<Option<Observation>, Fault> {
        Ok(None)
    }
}
