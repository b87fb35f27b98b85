//! What operators tell the engine: pause, resume, acknowledge.

use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome},
    request::{Action, Request},
    working_copy::{Basis, WorkingCopy},
};
use crate::{
    clock::{Call, later},
    fault::Fault,
    record::{OperatorNote, Pause, State},
    transition::Event,
};

impl Engine {
    /// Writes an operator's word into the record.
    pub(super) async fn note(&self, request: &Request, call: &Call) -> Answer {
        match self.write_note(request, call).await {
            Ok(state) => Answer { state: Some(Box::new(state)), ..Answer::new(Outcome::Reported, Vec::new()) },
            Err(fault) => {
                let failed = Outcome::Failed { step: request.action.name().to_owned(), why: fault.to_string() };
                Answer::new(failed, Vec::new())
            }
        }
    }

    async fn write_note(&self, request: &Request, call: &Call) -> Result<State, Fault> {
        let stored = call.read("record", || self.ports.store.load(call)).await?;
        let at = self.time(stored.server_time);
        let mut record = WorkingCopy::new(stored);
        for event in self.events(request, at) {
            record.add(event).map_err(|error| Basis::Operator.refused(&error))?;
        }
        record.commit(self, Basis::Operator, call).await?;
        Ok(record.state().clone())
    }

    fn events(&self, request: &Request, at: Timestamp) -> Vec<Event> {
        let reason = request.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
        let caller = request.caller.clone();
        let mut events = match request.action {
            Action::Pause { lasts } => {
                let until = lasts.map(|lasts| later(at, lasts));
                vec![Event::Paused(Pause { at, until, reason, caller: caller.clone() })]
            }
            Action::Resume => vec![Event::Resumed],
            Action::Acknowledge { abort: true } => {
                vec![Event::Aborted { at, reason }, Event::Acknowledged { at }]
            }
            Action::Acknowledge { abort: false } => vec![Event::Acknowledged { at }],
            Action::FailOver
            | Action::Approve
            | Action::Switchover
            | Action::Failback { .. }
            | Action::Rehearse
            | Action::Finish
            | Action::Plan
            | Action::Preflight
            | Action::Status
            | Action::NotifyTest => Vec::new(),
        };
        let action = request.action.name().to_owned();
        events.push(Event::Told(OperatorNote { at, action, reason: request.reason.clone(), caller }));
        events
    }
}
