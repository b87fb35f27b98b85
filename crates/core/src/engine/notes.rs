//! What operators tell the engine: pause, unpause, acknowledge.

use jiff::Timestamp;

use super::{
    Engine,
    answer::{Answer, Outcome},
    request::{Action, Request},
};
use crate::{
    clock::Call,
    fault::{Fault, FaultClass},
    record::{OperatorNote, Pause, State},
    transition::{Event, next},
};

impl Engine {
    /// Writes an operator's word into the document.
    pub(super) async fn note(&self, request: &Request, call: &Call) -> Answer {
        match self.write_note(request, call).await {
            Ok(state) => Answer { state: Some(Box::new(state)), ..Answer::new(Outcome::Reported, Vec::new()) },
            Err(fault) => {
                let failed = Outcome::Failed { step: label(request.action).to_owned(), why: fault.to_string() };
                Answer::new(failed, Vec::new())
            }
        }
    }

    async fn write_note(&self, request: &Request, call: &Call) -> Result<State, Fault> {
        let mut pauses = self.limits.retry.pauses();
        loop {
            let stored = call.read("record", || self.ports.store.load(call)).await?;
            let state = self
                .events(request, self.time(stored.server_time))
                .into_iter()
                .try_fold(stored.state, |state, event| next(&state, event));
            let state = state.map_err(|error| Fault::new(FaultClass::Invalid, "record", error.to_string()))?;
            let fault = match call.once("record", self.ports.store.save(call, &state, &stored.version)).await {
                Ok(_) => return Ok(state),
                Err(fault) => fault,
            };
            if !fault.class.is_transient() && fault.class != FaultClass::Conflict {
                return Err(fault);
            }
            let Some(pause) = pauses.next(&fault).filter(|pause| *pause < call.remaining()) else {
                return Err(fault);
            };
            call.clock.sleep(pause).await;
        }
    }

    fn events(&self, request: &Request, at: Timestamp) -> Vec<Event> {
        let reason = request.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
        let caller = request.caller.clone();
        let mut events = match request.action {
            Action::Pause => vec![Event::Paused(Pause { at, reason, caller: caller.clone() })],
            Action::Unpause => vec![Event::Unpaused],
            Action::Acknowledge { abort: true } => {
                vec![Event::Aborted { at, reason }, Event::Acknowledged { at }]
            }
            Action::Acknowledge { abort: false } => vec![Event::Acknowledged { at }],
            Action::FailOver | Action::Resume | Action::Plan | Action::Preflight | Action::Status => Vec::new(),
        };
        let action = label(request.action).to_owned();
        events.push(Event::Told(OperatorNote { at, action, reason: request.reason.clone(), caller }));
        events
    }
}

fn label(action: Action) -> &'static str {
    match action {
        Action::FailOver => "failover",
        Action::Resume => "resume",
        Action::Plan => "plan",
        Action::Preflight => "preflight",
        Action::Status => "status",
        Action::Acknowledge { .. } => "acknowledge",
        Action::Pause => "pause",
        Action::Unpause => "unpause",
    }
}
