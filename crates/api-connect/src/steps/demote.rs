//! Makes the side that is active passive, or rests on its isolation.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault,
    step::{Need, Observation, Step, StepState},
};

use super::{precondition, version};
use crate::{
    isolation::Isolation,
    pair::{Both, Pair, Way},
    side::Deletion,
    state::{Mode, Part, State},
};

/// Sets `mode: passive` on the side that is active. Done when it is declared passive, or when it cannot be set passive and
/// somebody has confirmed that it is cut off.
///
/// A management cluster that is made passive loses its database. So it is only made passive when its data are known to
/// be on the other side and the deletion was confirmed by its name. While that is so it is left as it is until the other
/// side is active, so that its database is kept until there is another one.
pub(crate) struct Demote {
    name: &'static str,
    pair: Arc<Pair>,
    way: Way,
    service: usize,
}

impl Demote {
    pub(crate) fn new(name: &'static str, pair: Arc<Pair>, way: Way, service: usize) -> Self {
        Self { name, pair, way, service }
    }

    fn observation(&self, both: &Both) -> Result<Observation, Fault> {
        let (pair, side) = (&self.pair, self.pair.from(self.way));
        let place = side.place(self.service);
        let to = match &both.to {
            Ok(to) => to,
            // Nothing is made passive while it is not known that the other side can become active.
            Err(fault) => return Err(Fault::new(fault.class, fault.call, fault.message.clone())),
        };
        let Some(to) = to.as_ref() else {
            return Ok(Observation::blocked(format!("there is no {}", pair.to(self.way).place(self.service))));
        };
        if !matches!(to.declared.mode, Mode::Active | Mode::Passive) {
            let place = pair.to(self.way).place(self.service);
            return Ok(Observation::blocked(format!("{place} is {}", to.declared.mode.describe())));
        }
        let from = match &both.from {
            Ok(from) => from,
            Err(fault) => return Ok(isolated(&format!("{place} cannot be set passive: {fault}"), &both.isolation)),
        };
        let Some(from) = from.as_ref() else {
            return Ok(isolated(&format!("there is no {place}"), &both.isolation));
        };
        Ok(match &from.declared.mode {
            Mode::Passive => Observation::done(format!("{place}: {}", from.describe())),
            Mode::Active => self.active(from, to, &both.isolation),
            Mode::Absent | Mode::Other(_) => {
                isolated(&format!("{place} is {}", from.declared.mode.describe()), &both.isolation)
            }
        })
    }

    /// The side is declared active.
    fn active(&self, from: &State, to: &State, isolation: &Isolation) -> Observation {
        let (pair, side) = (&self.pair, self.pair.from(self.way));
        let place = side.place(self.service);
        if let Some(why) = side.is_owned_above(from) {
            return Observation::blocked(format!("{place}: {why}"));
        }
        if let Some(why) = pair.loses_data(self.way, self.service, from, to) {
            let why = format!("{place} is not set passive, which would delete its database: {why}");
            return isolated(&why, isolation);
        }
        if !pair.may_delete(side, self.service) {
            let name = side.resource(self.service);
            let why =
                format!("{place} is not set passive: name {name} in HOLDFAST_APIC_DELETABLE, its database is deleted");
            return isolated(&why, isolation);
        }
        Observation::todo(format!("{place}: {}", from.describe()), precondition(&from.declared))
    }
}

/// What cannot be set passive is as good as passive once it is cut off.
fn isolated(why: &str, isolation: &Isolation) -> Observation {
    match isolation {
        Isolation::Confirmed { said, .. } => Observation::done(format!("{why}; {said}")),
        Isolation::Unconfirmed { why: unconfirmed } => {
            Observation::blocked(format!("{why}; its isolation is not confirmed: {unconfirmed}"))
        }
    }
}

#[async_trait]
impl Step for Demote {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        self.observation(&self.pair.look(call, self.way, self.service).await)
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        if seen.state != StepState::Todo {
            return Ok(None);
        }
        let (side, version) = (self.pair.from(self.way), version(self.name, seen)?);
        let deletion = match self.pair.part(self.service) {
            Part::Management => Deletion::Confirmed,
            Part::Portal => Deletion::Unsaid,
        };
        let shown = side.set_mode(call, self.service, &version, "passive", deletion).await?;
        let place = side.place(self.service);
        Ok((shown == Mode::Passive).then(|| Observation::done(format!("{place} is declared passive"))))
    }
}
