//! The record as a session knows it, and the one way in which the engine writes it.

use super::Engine;
use crate::{
    clock::Call,
    fault::{Fault, FaultClass},
    ports::Versioned,
    record::{Execution, State},
    transition::{Event, IllegalEvent, next},
};

/// What pending events rest on, and so what they become when somebody else has changed the record meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// On a decision about the record as it was read. A change makes them void, and any fault may hide one: a single
    /// attempt, then the session looks again.
    AsRead,
    /// On the execution that this worker drives. They are put on top of the change while the execution is ours.
    Execution,
    /// As [`Execution`](Self::Execution), beside a step that is driven: nothing is waited for, so that no effect has to
    /// wait for the record. What is not written stays pending for the next commit.
    Beside,
    /// On what an operator said. They are put on top of whatever is stored.
    Operator,
}

/// A record with its version, and the events that are not in its stored form yet.
#[derive(Clone)]
pub(super) struct WorkingCopy {
    stored: Versioned,
    state: State,
    pending: Vec<Event>,
}

impl WorkingCopy {
    /// A copy with nothing pending.
    pub(super) fn new(stored: Versioned) -> Self {
        Self { state: stored.state.clone(), stored, pending: Vec::new() }
    }

    /// The record as it is with the pending events.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// The newest execution, with the pending events.
    pub(super) fn execution(&self) -> Option<&Execution> {
        self.state.current.as_ref()
    }

    /// Takes in an event, which the next commit writes.
    pub(super) fn add(&mut self, event: Event) -> Result<(), IllegalEvent> {
        self.state = next(&self.state, event.clone())?;
        self.pending.push(event);
        Ok(())
    }

    /// Writes what is pending; nothing where it changes nothing.
    ///
    /// # Errors
    /// [`FaultClass::Conflict`] when the stored record does not take the events any more: it has changed, another
    /// worker has the execution, or a person ended it. Other faults leave the events pending, to be written later.
    pub(super) async fn commit(&mut self, engine: &Engine, basis: Basis, call: &Call) -> Result<(), Fault> {
        if self.state == self.stored.state {
            self.pending.clear();
        }
        let mut pauses = engine.limits.retry.pauses();
        while !self.pending.is_empty() {
            let save = engine.ports.store.save(call, &self.state, &self.stored.version);
            let fault = match call.once("record", save).await {
                Ok(version) => {
                    self.stored = Versioned { state: self.state.clone(), version, server_time: None };
                    self.pending.clear();
                    continue;
                }
                Err(fault) => fault,
            };
            let conflict = fault.class == FaultClass::Conflict;
            if basis == Basis::AsRead || !conflict && (basis == Basis::Beside || !fault.class.is_transient()) {
                return Err(fault);
            }
            // However long the server asks to wait: an answer is given in time, and the next call writes the rest.
            let pause = pauses.next(&fault).map(|pause| pause.min(engine.limits.retry.max_delay));
            let Some(pause) = pause.filter(|pause| conflict || *pause < call.remaining()) else {
                return Err(fault);
            };
            if !conflict {
                call.clock.sleep(pause).await;
            }
            // The answer to an earlier attempt may be what was lost: read before writing again.
            let stored = match basis {
                Basis::Beside => call.once("record", engine.ports.store.load(call)).await?,
                _ => call.read("record", || engine.ports.store.load(call)).await?,
            };
            self.rebase(stored, basis).map_err(|error| basis.refused(&error))?;
        }
        Ok(())
    }

    /// Puts the pending events on top of what somebody else has stored meanwhile.
    ///
    /// The fence alone does not tell that the execution is still ours: a record that was put back, or a lease that was
    /// made anew, can carry the same number.
    fn rebase(&mut self, stored: Versioned, basis: Basis) -> Result<(), IllegalEvent> {
        if stored.state == self.state {
            // It was written, and the answer to that was lost.
            self.stored = stored;
            self.pending.clear();
            return Ok(());
        }
        let ours = |state: &State| state.current.as_ref().map(|run| (run.id.clone(), run.holder.clone(), run.fence));
        if matches!(basis, Basis::Execution | Basis::Beside)
            && let (Some((_, _, offered)), theirs) = (ours(&self.state), ours(&stored.state))
            && theirs != ours(&self.state)
        {
            let current = theirs.map_or(0, |(_, _, fence)| fence);
            return Err(IllegalEvent::StaleFence { offered, current });
        }
        let mut state = stored.state.clone();
        for event in &self.pending {
            state = next(&state, event.clone())?;
        }
        self.stored = stored;
        self.state = state;
        Ok(())
    }
}

impl Basis {
    /// The fault of an event that the record does not allow. On a record that another worker may have changed it means
    /// that a race is lost, and the next look tells. On the version that was read it comes back with every look: a person
    /// has to mend it.
    pub(super) fn refused(self, error: &IllegalEvent) -> Fault {
        let class = match self {
            Self::AsRead | Self::Operator => FaultClass::Invalid,
            Self::Execution | Self::Beside => FaultClass::Conflict,
        };
        Fault::new(class, "record", error.to_string())
    }
}
