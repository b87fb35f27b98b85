//! What is true: record, lease, the world that the steps change, the workers.

use stateright::{Model, Property};

use super::{
    document::{Document, STEPS},
    properties,
    worker::Worker,
};

/// How many workers there are.
pub const WORKERS: usize = 2;

/// How much may go wrong beside the crashes: see [`System::budget`].
const FAULTS: u8 = 1;

/// The protocol, and what may be taken out of it to see what it is good for.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Effects are compare-and-set on what was seen.
    pub fenced: bool,
    /// The intent is stored before the first effect.
    pub intent_first: bool,
    /// What is done is looked at again, under the claim and at the end.
    pub looks_again: bool,
}

impl Protocol {
    /// As the engine does it.
    pub fn as_shipped() -> Self {
        Self { fenced: true, intent_first: true, looks_again: true }
    }
}

/// What one step changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cell {
    /// The effect holds.
    pub holds: bool,
    /// Grows with every write.
    pub version: u8,
    /// How often the effect was brought about.
    pub effects: u8,
    /// How often somebody else took it back.
    pub taken: u8,
    /// A worker drove it, or the last worker before the end did, while the effect was gone and called done.
    pub missed: bool,
}

/// The lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Which worker has it, and in which of its lives.
    pub holder: Option<(usize, u8)>,
    /// Whose it was last: a new holder gets a new number.
    pub last: Option<(usize, u8)>,
    /// The fencing number.
    pub fence: u64,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    /// The stored document.
    pub document: Document,
    /// Its version.
    pub version: u8,
    /// The lease.
    pub lease: Lease,
    /// The world.
    pub cells: [Cell; STEPS.len()],
    /// The workers.
    pub workers: [Worker; WORKERS],
    /// The primary fails, so a failover may begin.
    pub failing: bool,
    /// A request on its way whose sender has given up: step, and the version it was shown.
    pub flying: Option<(usize, u8)>,
    /// Nobody has driven the open execution for long.
    pub stands_still: bool,
    /// A failback was noted that is none.
    pub noted_wrongly: bool,
    /// How much may still go wrong: expiries under a worker that lives, lost answers, late effects, effects that somebody
    /// else takes back, a standstill. Bounded, so that everything comes to an end.
    pub budget: u8,
    /// A worker wrote although another one had taken over with a greater number.
    pub stale_write: bool,
    /// Some effect or write was refused by its fence.
    pub refused: bool,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The worker reads the record.
    ReadRecord(usize),
    /// The worker sees the steps.
    SeeSteps(usize),
    /// The worker takes the lease; the answer may be lost.
    Acquire(usize, Answer),
    /// The worker stores the intent or the take-over.
    Claim(usize, Answer),
    /// The worker brings the effect of its step about.
    Apply(usize, Answer),
    /// The worker looks at its step again.
    Observe(usize),
    /// The worker looks at all that is done by the record.
    LookAgain(usize),
    /// Somebody else takes the effect of this step back.
    TakeBack(usize),
    /// Time passes, and nobody drives.
    StandStill,
    /// The worker stores what it has done.
    Save(usize, Answer),
    /// The worker gives the lease back and ends.
    Release(usize),
    /// The worker dies and another one starts.
    Crash(usize),
    /// The lease runs out.
    Expire,
    /// The primary is well again.
    Recover,
    /// A request that nobody waits for any more takes effect.
    Land,
}

/// What becomes of the answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It arrives.
    Comes,
    /// It is lost after the effect.
    Lost,
    /// The sender gives up first, the effect comes later.
    Late,
}

impl System {
    fn beginning() -> Self {
        Self {
            document: Document::empty(),
            version: 0,
            lease: Lease::default(),
            cells: Default::default(),
            workers: [Worker::fresh(), Worker::fresh()],
            failing: true,
            flying: None,
            stands_still: false,
            noted_wrongly: false,
            budget: FAULTS,
            stale_write: false,
            refused: false,
        }
    }

    /// Who `worker` is at present.
    pub fn name(&self, worker: usize) -> (usize, u8) {
        (worker, self.workers[worker].life)
    }

    /// The holder of the lease lives and is at work.
    pub fn holder_lives(&self) -> bool {
        let lives =
            |holder: (usize, u8)| self.workers[holder.0].life == holder.1 && !self.workers[holder.0].has_ended();
        self.lease.holder.is_some_and(lives)
    }
}

impl Model for Protocol {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        vec![System::beginning()]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        self.possible(system, actions);
    }

    fn next_state(&self, last: &System, action: Action) -> Option<System> {
        let mut system = last.clone();
        match action {
            Action::Expire => {
                system.budget -= u8::from(system.holder_lives());
                system.lease.holder = None;
            }
            Action::Recover => system.failing = false,
            Action::TakeBack(step) => {
                system.budget -= 1;
                let cell = &mut system.cells[step];
                *cell = Cell { holds: false, version: cell.version + 1, taken: cell.taken + 1, ..*cell };
            }
            Action::StandStill => {
                system.budget -= 1;
                system.stands_still = true;
            }
            Action::Land => {
                let (step, version) = system.flying.take()?;
                self.effect(&mut system, step, version);
            }
            _ => self.work(&mut system, action),
        }
        Some(system)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
