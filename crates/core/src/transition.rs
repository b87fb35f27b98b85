//! The only way the document changes: a pure function from state and event to the next state.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::kind::Kind;
use crate::record::{
    Due, Execution, KEPT_NOTES, KEPT_OBSERVED, KEPT_OPERATOR_NOTES, KEPT_SUMMARIES, Kept, Note, OperatorNote, Pause,
    Progress, SCHEMA, State, Status, StepRecord, Summary, Told, Waiter, Well, Why,
};
use crate::step::{Direction, Need, Observation, StepState};

mod illegal;

pub use illegal::IllegalEvent;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A failover begins: the intent, written before the first effect.
    Began(Box<Execution>),
    /// Another worker drives the execution from here on: an open one, or a completed one whose lock is gone.
    TakenOver {
        /// The fencing number of its grant. The lease is the authority: a record may have been restored or planted, or
        /// the lease made anew, so the number may be smaller than the one that stands here.
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
    /// A step was done and does not hold any more: it is to be driven again. What was verified after it is doubtful too.
    Lapsed {
        /// The fencing number of the worker that saw it.
        fence: u64,
        /// The step.
        step: String,
        /// When it was seen, and what was found instead.
        note: Note,
        /// The steps that only watch, which are to look again.
        watching: Vec<String>,
    },
    /// Something worth knowing about the execution.
    Noted(Note),
    /// A person took the lock away from the open execution while the primary was well.
    FailedBack {
        /// When it was found.
        at: Timestamp,
        /// What was seen.
        reason: String,
    },
    /// The primary was seen well for the first time.
    Armed {
        /// When.
        at: Timestamp,
    },
    /// The lock was looked at where nothing was to be driven.
    LockSeen {
        /// When.
        at: Timestamp,
        /// Whether it stands.
        stands: bool,
    },
    /// The primary was seen well by its own endpoint while a failover stands; without a break since the mark's start.
    WellFor(Well),
    /// It was seen not to be well.
    NotWell,
    /// A person confirmed the steps of the open execution that need it.
    Confirmed,
    /// The primary did not stay well: the open failback, rehearsal or switchover is over.
    Closed {
        /// When.
        at: Timestamp,
        /// What was seen.
        reason: String,
    },
    /// A failover is due and people are asked, or it is still due.
    Asked(Due),
    /// A failover is due in mode `observe`, or it is still due.
    Observed(Due),
    /// The primary is well again: there is nothing left to be asked.
    Withdrawn,
    /// A call waits, and others need not.
    Waits(Waiter),
    /// People were told what is going on, or that it is over (`None`).
    Announced(Option<Told>),
    /// An operator told us something.
    Told(OperatorNote),
    /// An operator ends the execution that is open, or that stands.
    Aborted {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// An operator sets the kill switch.
    Paused(Pause),
    /// An operator takes it back.
    Resumed,
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

/// The next state.
///
/// # Errors
/// When the state does not allow the event; the state is as it was.
pub fn next(state: &State, event: Event) -> Result<State, IllegalEvent> {
    let mut state = State { schema: SCHEMA, ..state.clone() };
    match event {
        Event::Began(execution) => begin(&mut state, *execution)?,
        Event::TakenOver { fence, holder, found } => {
            let execution = standing(&mut state)?;
            take_over(execution, fence, holder, found);
            if execution.kind.activates_standby() {
                // It is driven, so its lock is not gone: who planted the record may have said so.
                (state.unlocked, state.lock_seen, state.lock_gone) = (None, None, None);
            }
        }
        Event::Stepped { fence, step } => {
            advance(open(&mut state)?, fence, step)?;
            if state.open().is_none() {
                // A failback that is driven to its end ends the failover that it took back.
                retire_what_stood(&mut state);
            }
        }
        Event::WellFor(well) => state.well = Some(well),
        Event::NotWell => state.well = None,
        Event::Confirmed => open(&mut state)?.confirmed = true,
        Event::Closed { at, reason } => {
            let kind = end(open(&mut state)?, Status::Closed, at, reason);
            settle_what_stood(&mut state, kind);
        }
        Event::Lapsed { fence, step, note, watching } => lapse(standing(&mut state)?, fence, &step, note, &watching)?,
        Event::Noted(note) => keep_note(standing(&mut state)?, note),
        Event::FailedBack { at, reason } => {
            end(open(&mut state)?, Status::FailedBack, at, reason);
            unlock(&mut state, at);
        }
        Event::Armed { at } => (state.armed, state.unarmed_since) = (state.armed.or(Some(at)), None),
        Event::LockSeen { at, stands } => see_lock(&mut state, at, stands),
        Event::Announced(told) => state.told = told.map(Kept::of),
        Event::Asked(due) => match state.open() {
            Some(open) => return Err(IllegalEvent::StillOpen(open.id.clone())),
            None => state.question = Some(Kept::of(due)),
        },
        Event::Observed(due) => note_observed(&mut state, due),
        Event::Withdrawn => state.question = None,
        Event::Waits(waiter) => state.waiter = Some(waiter),
        Event::Told(note) => {
            state.operators.insert(0, note);
            state.operators.truncate(KEPT_OPERATOR_NOTES);
        }
        Event::Aborted { at, reason } => {
            let kind = end(standing(&mut state)?, Status::Aborted, at, reason);
            if kind.activates_standby() {
                // Its lock may stand until somebody sees that it does not.
                (state.unlocked, state.lock_gone) = (None, None);
            }
            settle_what_stood(&mut state, kind);
        }
        Event::Paused(pause) => state.pause = Some(pause),
        Event::Resumed => state.pause = None,
        Event::Acknowledged { at } => state.acknowledged = Some(at),
        Event::Unlocked { at } => unlock(&mut state, at),
    }
    Ok(state)
}

/// Takes in a failover that was due, or that still is.
fn note_observed(state: &mut State, due: Due) {
    let is_it = |known: &Kept<Due>| known.known().is_some_and(|known| known.id == due.id);
    state.observed.retain(|known| !is_it(known));
    state.observed.insert(0, Kept::of(due));
    state.observed.truncate(KEPT_OBSERVED);
}

/// Evidence counts from here on, and the primary must be seen well once more.
fn unlock(state: &mut State, at: Timestamp) {
    (state.unlocked, state.unarmed_since) = (Some(at), Some(at));
    (state.armed, state.lock_seen, state.lock_gone) = (None, None, None);
    state.well = None;
}

fn see_lock(state: &mut State, at: Timestamp, stands: bool) {
    if !state.lock_is_news(at, stands) {
        return;
    }
    if !stands {
        state.lock_gone = Some(at);
    } else if state.lock_gone.take().is_none() {
        state.lock_seen = Some(at);
    }
}

/// What the failback that is over was to take back stands as before, unless traffic was unlocked. Beside an execution of
/// another kind nothing stands: who planted that one has left it there.
fn settle_what_stood(state: &mut State, ended: Kind) {
    if ended != Kind::Failback || state.unlocked.is_some() {
        return retire_what_stood(state);
    }
    let Some(stands) = state.stands.take() else { return };
    let ended = state.current.replace(*stands);
    keep_summary(state, ended.as_ref());
}

fn retire_what_stood(state: &mut State) {
    let stood = state.stands.take();
    keep_summary(state, stood.as_deref());
}

fn keep_summary(state: &mut State, ended: Option<&Execution>) {
    if let Some(ended) = ended {
        state.past.insert(0, Kept::of(summary(ended)));
        state.past.truncate(KEPT_SUMMARIES);
    }
}

/// Ends it, and says of which kind it was.
fn end(execution: &mut Execution, status: Status, at: Timestamp, reason: String) -> Kind {
    execution.status = status;
    execution.finished_at = Some(at);
    execution.abort_reason = Some(reason);
    execution.kind
}

fn begin(state: &mut State, execution: Execution) -> Result<(), IllegalEvent> {
    if let Some(open) = state.open() {
        return Err(IllegalEvent::StillOpen(open.id.clone()));
    }
    let pending = execution.steps.iter().all(|step| step.progress == Progress::Pending);
    if execution.status != Status::Running || execution.steps.is_empty() || !pending {
        return Err(IllegalEvent::BadBeginning);
    }
    let kind = execution.kind;
    if state.failed_over() != (kind == Kind::Failback) && kind != Kind::Failover {
        return Err(IllegalEvent::WrongPlace(kind));
    }
    let before = state.current.replace(execution);
    state.waiter = None;
    if kind == Kind::Failback {
        state.stands = before.map(Box::new);
        return Ok(());
    }
    keep_summary(state, before.as_ref());
    if !kind.activates_standby() {
        return Ok(());
    }
    (state.unlocked, state.lock_seen, state.lock_gone) = (None, None, None);
    (state.well, state.question) = (None, None);
    // It was for the cooldown of the one before. Its time alone would not tell: clocks differ.
    state.acknowledged = None;
    Ok(())
}

fn summary(ended: &Execution) -> Summary {
    Summary {
        id: ended.id.clone(),
        kind: ended.kind,
        started_at: ended.started_at,
        finished_at: ended.finished_at,
        status: ended.status,
    }
}

fn open(state: &mut State) -> Result<&mut Execution, IllegalEvent> {
    state.current.as_mut().filter(|execution| execution.status.is_open()).ok_or(IllegalEvent::NothingOpen)
}

/// The execution that is open, or that was completed and stands.
fn standing(state: &mut State) -> Result<&mut Execution, IllegalEvent> {
    if state.open().is_none() && !state.failed_over() {
        return Err(IllegalEvent::NothingOpen);
    }
    state.current.as_mut().ok_or(IllegalEvent::NothingOpen)
}

fn check_fence(execution: &Execution, offered: u64) -> Result<(), IllegalEvent> {
    if offered != execution.fence {
        return Err(IllegalEvent::StaleFence { offered, current: execution.fence });
    }
    Ok(())
}

fn take_over(execution: &mut Execution, fence: u64, holder: String, mut found: BTreeMap<String, Observation>) {
    // The first account of a step is the one from before anybody touched it.
    for step in execution.steps.iter_mut().filter(|step| step.before.is_none() && !step.is_done()) {
        step.before = found.remove(&step.step).filter(|seen| seen.state == StepState::Todo);
    }
    if holder != execution.holder || fence != execution.fence {
        execution.takeovers = execution.takeovers.saturating_add(1);
    }
    execution.fence = fence;
    execution.holder = holder;
}

/// Takes a note that is not the last one already. The first notes stay: they are from the beginning.
fn keep_note(execution: &mut Execution, note: Note) {
    let again = execution.notes.last().is_some_and(|last| last.text == note.text);
    if !again && execution.notes.len() < KEPT_NOTES {
        execution.notes.push(note);
    }
}

fn lapse(
    execution: &mut Execution,
    fence: u64,
    name: &str,
    note: Note,
    watching: &[String],
) -> Result<(), IllegalEvent> {
    check_fence(execution, fence)?;
    let unknown = || IllegalEvent::UnknownStep(name.to_owned());
    let position = execution.steps.iter().position(|step| step.step == name).ok_or_else(unknown)?;
    for (index, step) in execution.steps.iter_mut().enumerate().skip(position) {
        if index == position {
            let why = Why::NotYet { found: note.text.clone() };
            step.progress = match step.need {
                Need::Required => Progress::Failing { why },
                Need::Owed => Progress::Owed { why },
            };
        } else if watching.contains(&step.step) && step.is_done() {
            step.progress = Progress::Pending;
        }
    }
    keep_note(execution, note);
    execution.status = status(&execution.steps);
    execution.finished_at = None;
    Ok(())
}

fn advance(execution: &mut Execution, fence: u64, step: StepRecord) -> Result<(), IllegalEvent> {
    check_fence(execution, fence)?;
    let unknown = || IllegalEvent::UnknownStep(step.step.clone());
    let position = execution.steps.iter().position(|known| known.step == step.step).ok_or_else(unknown)?;
    let waits_for = |known: &&StepRecord| known.need == Need::Required && !known.is_done();
    let in_the_way = execution.steps.iter().take(position).find(waits_for);
    // A rehearsal is put back to rest wherever it stands.
    let rests = execution.kind == Kind::Rehearsal && step.direction == Direction::Back;
    if let Some(before) = in_the_way.filter(|_| !rests) {
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
    *known = StepRecord { need: known.need, direction: known.direction, ..step };
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
