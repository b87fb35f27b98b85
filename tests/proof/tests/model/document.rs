//! The record, as small as it can be and changed only by the engine's own transition function.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use holdfast_core::{
    Timestamp,
    decision::{Decision, Verdict},
    evidence::Evidence,
    kind::Kind,
    policy::Policy,
    record::{Execution, Kept, Note, Progress, State, Status, StepRecord, Trigger, Unknown},
    step::Need,
    transition::{Event, IllegalEvent, next},
};

/// The steps: one that later ones wait for, and the lock.
pub const STEPS: [(&str, Need); 2] = [("scale", Need::Required), ("lock", Need::Owed)];

/// A document. Time stands still in it, so that equal situations are equal states.
#[derive(Clone, Debug)]
pub struct Document {
    state: Arc<State>,
    digest: u64,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest && self.state == other.state
    }
}

impl Eq for Document {}

impl Hash for Document {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.digest.hash(hasher);
    }
}

impl Document {
    /// The empty one.
    pub fn empty() -> Self {
        Self::of(State::default())
    }

    fn of(state: State) -> Self {
        let mut hasher = DefaultHasher::new();
        (state.past.len(), state.unlocked.is_some()).hash(&mut hasher);
        if let Some(execution) = &state.current {
            (execution.fence, &execution.holder, execution.takeovers).hash(&mut hasher);
            let done = |step: &StepRecord| (step.is_done(), step.before.is_some());
            execution.steps.iter().map(done).collect::<Vec<_>>().hash(&mut hasher);
            format!("{:?}", execution.status).hash(&mut hasher);
        }
        Self { state: Arc::new(state), digest: hasher.finish() }
    }

    fn after(&self, event: Event) -> Result<Self, IllegalEvent> {
        next(&self.state, event).map(Self::of)
    }

    /// The intent.
    pub fn begun(&self, fence: u64, holder: &str) -> Result<Self, IllegalEvent> {
        self.after(Event::Began(Box::new(execution(fence, holder))))
    }

    /// The take-over.
    pub fn taken_over(&self, fence: u64, holder: &str) -> Result<Self, IllegalEvent> {
        self.after(Event::TakenOver { fence, holder: holder.to_owned(), found: BTreeMap::new() })
    }

    /// `step` is done.
    pub fn stepped(&self, fence: u64, step: usize) -> Result<Self, IllegalEvent> {
        let (name, need) = STEPS[step];
        let progress = Progress::Done { changed: true };
        let step = StepRecord { progress, ended_at: Some(Timestamp::UNIX_EPOCH), ..StepRecord::pending(name, need) };
        self.after(Event::Stepped { fence, step })
    }

    /// `step` was done and does not hold.
    pub fn lapsed(&self, fence: u64, step: usize) -> Result<Self, IllegalEvent> {
        let note = Note { at: Timestamp::UNIX_EPOCH, text: "gone".to_owned() };
        self.after(Event::Lapsed { fence, step: STEPS[step].0.to_owned(), note, watching: Vec::new() })
    }

    /// A person took the lock away from a primary that is well.
    pub fn unlocked(&self) -> Result<Self, IllegalEvent> {
        let at = Timestamp::UNIX_EPOCH;
        self.after(if self.is_open() {
            Event::FailedBack { at, reason: "by a person".to_owned() }
        } else {
            Event::Unlocked { at }
        })
    }

    /// True when the document calls `step` done.
    pub fn says_done(&self, step: usize) -> bool {
        self.execution().is_some_and(|execution| execution.has_done(STEPS[step].0))
    }

    /// True once a person has failed back, and that is known.
    pub fn is_failed_back(&self) -> bool {
        self.state.unlocked.is_some()
    }

    fn execution(&self) -> Option<&Execution> {
        self.state.current.as_ref()
    }

    /// True once an intent was written.
    pub fn has_begun(&self) -> bool {
        self.execution().is_some()
    }

    /// True while there is something to resume.
    pub fn is_open(&self) -> bool {
        self.state.open().is_some()
    }

    /// True when all is done.
    pub fn is_completed(&self) -> bool {
        self.execution().is_some_and(|execution| execution.status == Status::Completed)
    }

    /// How many executions there were before this one.
    pub fn past(&self) -> usize {
        self.state.past.len()
    }

    /// The first step that is not done.
    pub fn first_pending(&self) -> usize {
        let steps = self.execution().map_or(&[][..], |execution| &execution.steps);
        steps.iter().position(|step| !step.is_done()).unwrap_or(STEPS.len())
    }

    /// The fencing number of the worker that has the execution; 0 while there is none.
    pub fn fence(&self) -> u64 {
        self.execution().map_or(0, |execution| execution.fence)
    }

    /// How often it was taken over.
    pub fn takeovers(&self) -> u32 {
        self.execution().map_or(0, |execution| execution.takeovers)
    }
}

fn execution(fence: u64, holder: &str) -> Execution {
    let at = Timestamp::UNIX_EPOCH;
    Execution {
        id: "x".to_owned(),
        runbook: "model".to_owned(),
        trigger: Kept::of(Trigger::Tick),
        reason: None,
        caller: None,
        overrides: Vec::new(),
        started_at: at,
        finished_at: None,
        status: Status::Running,
        abort_reason: None,
        fence,
        holder: holder.to_owned(),
        takeovers: 0,
        decision: Kept::of(Decision { verdict: Verdict::FailOver, reasons: Vec::new(), streak: None }),
        evidence: Kept::of(Evidence::nothing(at)),
        policy: Kept::of(Policy::default()),
        steps: STEPS.iter().map(|(name, need)| StepRecord::pending(name, *need)).collect(),
        notes: Vec::new(),
        kind: Kind::Failover,
        data: None,
        confirmed: false,
        unknown: Unknown::new(),
    }
}
