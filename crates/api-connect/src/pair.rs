//! Both data centres, and what may be done to one because of the other.

use std::sync::Arc;

use futures_util::join;
use holdfast_core::{Call, Fault};

use crate::{
    isolation::{Confirmation, Isolation},
    side::Side,
    state::{Mode, Part, State},
    words::Words,
};

/// The reading of one side: what is there, none where it is not there.
pub(crate) type Read = Result<Arc<Option<State>>, Fault>;

/// Which way the active side goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A failover or switchover.
    ToStandby,
    /// A failback.
    ToPrimary,
}

/// Both data centres.
pub(crate) struct Pair {
    pub(crate) primary: Side,
    pub(crate) standby: Side,
    /// What is handed over, in order: the management cluster first.
    pub(crate) services: Vec<Part>,
    pub(crate) confirmation: Confirmation,
    pub(crate) words: Words,
    /// The management clusters whose database may be deleted when they are made passive.
    pub(crate) deletable: Vec<String>,
}

/// Both sides of one service and the confirmation, read at the same moment.
pub(crate) struct Both {
    /// The side that is made passive.
    pub(crate) from: Read,
    /// The side that is made active.
    pub(crate) to: Read,
    /// Whether the side that is made passive is cut off.
    pub(crate) isolation: Isolation,
}

impl Pair {
    /// The side that is made passive.
    pub(crate) fn from(&self, way: Way) -> &Side {
        match way {
            Way::ToStandby => &self.primary,
            Way::ToPrimary => &self.standby,
        }
    }

    /// The side that is made active.
    pub(crate) fn to(&self, way: Way) -> &Side {
        match way {
            Way::ToStandby => &self.standby,
            Way::ToPrimary => &self.primary,
        }
    }

    /// Reads both sides of a service and the confirmation, side by side. A failback knows none: both sides must be there.
    pub(crate) async fn look(&self, call: &Call, way: Way, service: usize) -> Both {
        let isolation = async {
            match way {
                Way::ToStandby => self.isolation(call).await,
                Way::ToPrimary => {
                    Isolation::Unconfirmed { why: "a failback rests on none: both sides must answer".to_owned() }
                }
            }
        };
        let (from, to) = (self.from(way).read(call, service), self.to(way).read(call, service));
        let (from, to, isolation) = join!(from, to, isolation);
        Both { from, to, isolation }
    }

    /// Whether the primary is cut off, by the word and by what the standby sees.
    async fn isolation(&self, call: &Call) -> Isolation {
        let management = async {
            let service = self.services.iter().position(|part| *part == Part::Management)?;
            self.standby.read(call, service).await.ok()
        };
        let (word, management) = join!(self.confirmation.look(call), management);
        let reaches_peer = |state: &State| {
            // Once it is active it says Ready with its peer gone, too.
            state.declared.mode == Mode::Passive && state.replicates == Some(true) && !state.peer_unreachable
        };
        match management.as_ref().and_then(|read| read.as_ref().as_ref()) {
            Some(state) if reaches_peer(state) => word.against_the_standbys_word(call.clock.now()),
            _ => word,
        }
    }

    /// The part of a service.
    pub(crate) fn part(&self, service: usize) -> Part {
        self.services.get(service).copied().unwrap_or(Part::Portal)
    }

    /// Whether the other side may be made active now, and by what; `Err` is why not. The one rule that stands between two
    /// active sides: the old one was seen declared passive and letting go, or it is cut off by somebody's word.
    pub(crate) fn lets_go(&self, way: Way, service: usize, both: &Both) -> Result<String, String> {
        let place = self.from(way).place(service);
        let seen = match &both.from {
            Ok(read) => match read.as_ref() {
                Some(state) if state.lets_go(self.part(service), &self.words) => {
                    return Ok(format!("{place}: {}", state.describe()));
                }
                Some(state) => format!("{place}: {}", state.describe()),
                None => format!("there is no {place}"),
            },
            Err(fault) => format!("{place} cannot be read: {fault}"),
        };
        match &both.isolation {
            Isolation::Confirmed { said, .. } => Ok(format!("{seen}; {said}")),
            Isolation::Unconfirmed { why } => Err(format!("{seen}; its isolation is not confirmed: {why}")),
        }
    }

    /// Why the side that is active must not be made passive: not all of its data are known to be on the other one, and a
    /// management cluster that is made passive loses its database. `None` where that does not matter.
    pub(crate) fn loses_data(&self, way: Way, service: usize, from: &State, to: &State) -> Option<String> {
        let is_management = self.part(service) == Part::Management;
        if !is_management || to.declared.mode == Mode::Active && self.words.is_active(&to.ha_mode) {
            return None;
        }
        let said = |side: &Side, why: String| format!("{}: {why}", side.place(service));
        let (old, new) = (self.from(way), self.to(way));
        from.unreplicated()
            .map(|why| said(old, why))
            .or_else(|| to.unreplicated().map(|why| said(new, why)))
            .or_else(|| (!to.is_good_standby(&self.words)).then(|| said(new, to.describe())))
    }

    /// Whether the deletion of a management cluster's database on `side` is confirmed by its name.
    pub(crate) fn may_delete(&self, side: &Side, service: usize) -> bool {
        self.part(service) != Part::Management || self.deletable.iter().any(|name| name == side.resource(service))
    }
}
