//! The record of the models: that of the engine, by what counts in it.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use holdfast_core::{
    Timestamp,
    decision::{Decision, Verdict},
    evidence::Evidence,
    kind::Kind,
    policy::Policy,
    record::{Execution, Kept, Progress, State, Status, StepRecord, Trigger, Unknown},
    step::{Direction, Need},
    transition::{Event, next},
};

/// When everything happens: time says nothing here.
pub const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// The record, by what counts in it. States of a model share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record(pub Arc<State>);

impl Eq for Record {}

impl Hash for Record {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let State { current, unlocked, stands, .. } = &*self.0;
        (unlocked.is_some(), stands.is_some()).hash(hasher);
        if let Some(run) = current {
            (run.kind, run.fence, run.confirmed, run.status.is_open()).hash(hasher);
            run.steps.iter().for_each(|step| (step.is_done(), step.attempts).hash(hasher));
        }
    }
}

fn execution(kind: Kind, fence: u64, steps: &[(&str, Need, Direction)]) -> Execution {
    let step = |&(name, need, direction): &(&str, Need, Direction)| StepRecord {
        direction,
        ..StepRecord::pending(name, need)
    };
    Execution {
        id: format!("{kind}-{fence}"),
        runbook: "model".to_owned(),
        trigger: Kept::of(Trigger::Tick),
        reason: None,
        caller: None,
        overrides: Vec::new(),
        started_at: AT,
        finished_at: None,
        status: Status::Running,
        abort_reason: None,
        fence,
        holder: "x".to_owned(),
        takeovers: 0,
        decision: Kept::of(Decision { verdict: Verdict::FailOver, reasons: Vec::new(), streak: None }),
        evidence: Kept::of(Evidence::nothing(AT)),
        policy: Kept::of(Policy::default()),
        steps: steps.iter().map(step).collect(),
        notes: Vec::new(),
        kind,
        data: None,
        confirmed: false,
        unknown: Unknown::new(),
    }
}

pub fn of_kind(kind: Kind, fence: u64) -> Execution {
    let (forward, back) = (Direction::Forward, Direction::Back);
    let unlock = ("unlock", Need::Required, back);
    let (scale, rest) = (("scale", Need::Required, forward), ("rest", Need::Required, back));
    let (passive, lock) = (("passive", Need::Required, forward), ("lock", Need::Owed, forward));
    match kind {
        Kind::Failover => execution(kind, fence, &[scale, lock]),
        Kind::Switchover => execution(kind, fence, &[passive, scale, lock]),
        Kind::Failback => execution(kind, fence, &[unlock, rest]),
        Kind::Rehearsal => execution(kind, fence, &[scale, rest]),
    }
}

impl Record {
    /// After `events`; `None` where it does not take them.
    pub fn after(&self, events: impl IntoIterator<Item = Event>) -> Option<Self> {
        let mut state = State::clone(&self.0);
        for event in events {
            state = next(&state, event).ok()?;
        }
        // What ended before is not looked at; without it equal situations are equal states.
        state.past.clear();
        if let Some(run) = state.current.as_mut() {
            run.takeovers = 0;
            run.notes.clear();
        }
        Some(Self(Arc::new(state)))
    }

    /// Nothing has happened yet.
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    /// A failover that stands.
    pub fn failed_over() -> Self {
        let begun = Self::empty().after([Event::Began(Box::new(of_kind(Kind::Failover, 0)))]);
        let done = begun.and_then(|record| record.after([record.done("scale"), record.done("lock")]));
        done.expect("a failover can be completed")
    }

    pub fn open(&self) -> Option<&Execution> {
        self.0.open()
    }

    pub fn pending(&self) -> Option<&str> {
        self.open()?.steps.iter().find(|step| !step.is_done()).map(|step| step.step.as_str())
    }

    pub fn done(&self, name: &str) -> Event {
        self.done_after(name, 0)
    }

    /// The step is done, and its effect was sent so many times.
    pub fn done_after(&self, name: &str, attempts: u32) -> Event {
        let run = self.0.current.as_ref();
        let known = run.and_then(|run| run.steps.iter().find(|step| step.step == name)).cloned();
        let step = StepRecord {
            attempts,
            progress: Progress::Done { changed: true },
            ended_at: Some(AT),
            ..known.unwrap_or_else(|| StepRecord::pending(name, Need::Required))
        };
        let fence = run.map_or(0, |run| run.fence);
        Event::Stepped { fence, step }
    }
}
