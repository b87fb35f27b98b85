//! The only way the document changes: a pure function from state and event to the next state.

use std::collections::BTreeMap;

use jiff::Timestamp;
use thiserror::Error;

use crate::record::{Execution, KEPT_SUMMARIES, Note, Pause, Progress, State, Status, StepRecord, Summary};
use crate::step::{Need, Observation, Standing};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A failover begins: the intent, written before the first effect.
    Began(Box<Execution>),
    /// Another worker drives the open execution from here on.
    TakenOver {
        /// Its fencing number; greater than the last worker's, or equal when the same grant goes on.
        fence: u64,
        /// Its name.
        holder: String,
        /// What it found before it touched anything, by step.
        found: BTreeMap<String, Observation>,
    },
    /// A step was driven, with this result.
    Stepped {
        /// The fencing number of the worker that drove it.
        fence: u64,
        /// The step after it.
        step: StepRecord,
    },
    /// Something worth knowing about the open execution.
    Noted(Note),
    /// An operator ends the open execution.
    Aborted {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// An operator sets the kill switch.
    Paused(Pause),
    /// An operator takes it back.
    Unpaused,
    /// An operator waives the rest of the cooldown.
    Acknowledged {
        /// When.
        at: Timestamp,
    },
    /// The lock of the last failover was found gone.
    Unlocked {
        /// When it was found.
        at: Timestamp,
    },
}

/// An event that the state does not allow. Always a defect or a lost race, never weather.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IllegalEvent {
    /// Only one execution is open at a time.
    #[error("execution {0} is still open")]
    StillOpen(String),
    /// The event needs an open execution.
    #[error("no execution is open")]
    NothingOpen,
    /// A worker with a smaller fence than the execution's has lost it.
    #[error("fence {offered} is behind {current}: another worker has taken over")]
    StaleFence {
        /// The event's.
        offered: u64,
        /// The execution's.
        current: u64,
    },
    /// The execution has no such step.
    #[error("no step is called {0}")]
    UnknownStep(String),
    /// A required step before it is not done.
    #[error("{step} cannot be driven before {before} is done")]
    OutOfOrder {
        /// The event's step.
        step: String,
        /// The step that is not done.
        before: String,
    },
    /// What is done stays done.
    #[error("{0} is done already")]
    Undone(String),
    /// A required step cannot be owed.
    #[error("{0} is required and cannot be owed")]
    NotOwable(String),
    /// An execution begins with all steps pending.
    #[error("an execution begins running, with steps, all of them pending")]
    BadBeginning,
}

/// The next state.
///
/// # Errors
/// When the state does not allow the event; the state is as it was.
pub fn next(state: &State, event: Event) -> Result<State, IllegalEvent> {
    let mut state = state.clone();
    match event {
        Event::Began(execution) => begin(&mut state, *execution)?,
        Event::TakenOver { fence, holder, found } => take_over(open(&mut state)?, fence, holder, found)?,
        Event::Stepped { fence, step } => advance(open(&mut state)?, fence, step)?,
        Event::Noted(note) => open(&mut state)?.notes.push(note),
        Event::Aborted { at, reason } => {
            let execution = open(&mut state)?;
            execution.status = Status::Aborted;
            execution.finished_at = Some(at);
            execution.abort_reason = Some(reason);
        }
        Event::Paused(pause) => state.pause = Some(pause),
        Event::Unpaused => state.pause = None,
        Event::Acknowledged { at } => state.acknowledged = Some(at),
        Event::Unlocked { at } => state.unlocked = Some(at),
    }
    Ok(state)
}

fn begin(state: &mut State, execution: Execution) -> Result<(), IllegalEvent> {
    if let Some(open) = state.open() {
        return Err(IllegalEvent::StillOpen(open.id.clone()));
    }
    let pending = execution.steps.iter().all(|step| step.progress == Progress::Pending);
    if execution.status != Status::Running || execution.steps.is_empty() || !pending {
        return Err(IllegalEvent::BadBeginning);
    }
    if let Some(ended) = state.current.replace(execution) {
        state.past.insert(0, summary(&ended));
        state.past.truncate(KEPT_SUMMARIES);
    }
    state.unlocked = None;
    // It was for the cooldown of the one before. Its time alone would not tell: clocks differ.
    state.acknowledged = None;
    Ok(())
}

fn summary(ended: &Execution) -> Summary {
    Summary { id: ended.id.clone(), started_at: ended.started_at, finished_at: ended.finished_at, status: ended.status }
}

fn open(state: &mut State) -> Result<&mut Execution, IllegalEvent> {
    state.current.as_mut().filter(|execution| execution.status.is_open()).ok_or(IllegalEvent::NothingOpen)
}

fn check_fence(execution: &Execution, offered: u64) -> Result<(), IllegalEvent> {
    if offered < execution.fence {
        return Err(IllegalEvent::StaleFence { offered, current: execution.fence });
    }
    Ok(())
}

fn take_over(
    execution: &mut Execution,
    fence: u64,
    holder: String,
    mut found: BTreeMap<String, Observation>,
) -> Result<(), IllegalEvent> {
    check_fence(execution, fence)?;
    // The first account of a step is the one from before anybody touched it.
    for step in execution.steps.iter_mut().filter(|step| step.before.is_none() && !step.is_done()) {
        step.before = found.remove(&step.step).filter(|seen| seen.standing == Standing::Todo);
    }
    if holder != execution.holder || fence != execution.fence {
        execution.takeovers = execution.takeovers.saturating_add(1);
    }
    execution.fence = fence;
    execution.holder = holder;
    Ok(())
}

fn advance(execution: &mut Execution, fence: u64, step: StepRecord) -> Result<(), IllegalEvent> {
    check_fence(execution, fence)?;
    let unknown = || IllegalEvent::UnknownStep(step.step.clone());
    let position = execution.steps.iter().position(|known| known.step == step.step).ok_or_else(unknown)?;
    let waits_for = |known: &&StepRecord| known.need == Need::Required && !known.is_done();
    if let Some(before) = execution.steps.iter().take(position).find(waits_for) {
        return Err(IllegalEvent::OutOfOrder { step: step.step, before: before.step.clone() });
    }
    let known = execution.steps.get_mut(position).ok_or_else(unknown)?;
    if known.is_done() && !step.is_done() {
        return Err(IllegalEvent::Undone(step.step));
    }
    if known.need == Need::Required && matches!(step.progress, Progress::Owed { .. }) {
        return Err(IllegalEvent::NotOwable(step.step));
    }
    let ended_at = step.ended_at;
    *known = StepRecord { need: known.need, ..step };
    execution.status = status(&execution.steps);
    if !execution.status.is_open() {
        execution.finished_at = ended_at;
    }
    Ok(())
}

/// How far an execution with these steps is.
fn status(steps: &[StepRecord]) -> Status {
    if steps.iter().all(StepRecord::is_done) {
        Status::Completed
    } else if steps.iter().any(|step| step.need == Need::Required && !step.is_done()) {
        Status::Running
    } else {
        Status::Owed
    }
}

#[cfg(test)]
mod tests;
