//! The record while it is being driven: what is written, and what is not yet.

use super::{Engine, claim::illegal};
use crate::{
    clock::Call,
    fault::{Fault, FaultClass},
    ports::Versioned,
    record::{Execution, State},
    transition::{Event, IllegalEvent, next},
};

/// A document and the events that are not in its stored form yet.
#[derive(Clone)]
pub(super) struct Journal {
    stored: Versioned,
    state: State,
    pending: Vec<Event>,
}

impl Journal {
    /// A journal with nothing pending.
    pub(super) fn new(stored: Versioned) -> Self {
        Self { state: stored.state.clone(), stored, pending: Vec::new() }
    }

    /// The execution as it is now, written or not.
    pub(super) fn execution(&self) -> Option<&Execution> {
        self.state.current.as_ref()
    }

    /// Takes in an event.
    pub(super) fn add(&mut self, event: Event) -> Result<(), IllegalEvent> {
        self.state = next(&self.state, event.clone())?;
        self.pending.push(event);
        Ok(())
    }

    /// Puts the pending events on top of what somebody else has stored meanwhile.
    ///
    /// The fence alone does not tell that the execution is still ours: a record that was put back, or a lease that was
    /// made anew, can carry the same number.
    fn rebase(&mut self, stored: Versioned) -> Result<(), IllegalEvent> {
        let ours = |state: &State| state.current.as_ref().map(|run| (run.id.clone(), run.holder.clone(), run.fence));
        if let (Some((_, _, offered)), theirs) = (ours(&self.state), ours(&stored.state))
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

impl Engine {
    /// Writes what is pending. On a conflict (an operator paused, say) the events are put on top of what is stored.
    ///
    /// # Errors
    /// [`FaultClass::Conflict`] when the stored document does not take them any more: another worker has the
    /// execution, or a person ended it. Other faults leave the journal as it is, to be written later.
    pub(super) async fn write(&self, journal: &mut Journal, call: &Call) -> Result<(), Fault> {
        let mut pauses = self.limits.retry.pauses();
        while !journal.pending.is_empty() {
            let save = self.ports.store.save(call, &journal.state, &journal.stored.version);
            let fault = match call.once("record", save).await {
                Ok(version) => {
                    journal.stored = Versioned { state: journal.state.clone(), version, server_time: None };
                    journal.pending.clear();
                    continue;
                }
                Err(fault) => fault,
            };
            let conflict = fault.class == FaultClass::Conflict;
            if !conflict && !fault.class.is_transient() {
                return Err(fault);
            }
            let Some(pause) = pauses.next(&fault) else {
                return Err(fault);
            };
            if !conflict {
                call.clock.sleep(pause.min(call.remaining())).await;
            }
            // The answer to an earlier attempt may be what was lost: read before writing again.
            match call.read("record", || self.ports.store.load(call)).await {
                Ok(stored) => {
                    if let Err(error) = journal.rebase(stored) {
                        return Err(illegal(error));
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }
}
