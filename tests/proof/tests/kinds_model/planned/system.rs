//! What is true: the record, the world that the steps change, the workers.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use holdfast_core::kind::Kind;

use crate::record::Record;

const WORKERS: usize = 2;
const CRASHES: u8 = 1;
/// How often the lease runs out under a worker that lives.
const TAKEOVERS: u8 = 1;

/// What a step changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The primary is passive.
    Passive,
    /// The standby is wanted.
    Standby,
    /// Traffic is locked.
    Lock,
}

impl Part {
    pub fn of(step: &str) -> Self {
        match step {
            "passive" => Self::Passive,
            "scale" | "rest" => Self::Standby,
            _ => Self::Lock,
        }
    }
}

/// The primary, as nobody made it passive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Primary {
    Well,
    Failing,
    Recovered,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It looks. What follows from a record that was read before the rest is stored only if the record is still the same.
    Looks,
    /// It is about to store what it wants.
    Claims {
        record: Record,
        /// Nobody has stored another one since.
        current: bool,
        wish: Wish,
    },
    /// It drives.
    Drives(Run),
}

/// An execution while it is driven.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// The record as it was stored last.
    pub record: Record,
    /// Nobody has stored another one since.
    pub current: bool,
    /// Only what puts a rehearsal's standby back to rest is driven, and then it is over.
    pub resting: bool,
    /// The effect of the step was sent.
    pub sent: bool,
    /// The step was observed and is to be done; whether it is as it was observed.
    pub seen: Option<bool>,
    /// After that the lease was seen to be ours and, where it is asked for, the primary well.
    pub checked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    Begin(Kind),
    Finish,
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    pub phase: Phase,
    pub crashes: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    pub record: Record,
    pub primary: Primary,
    /// Whether each [`Part`] is so.
    pub parts: [bool; 3],
    pub workers: [Worker; WORKERS],
    /// Who got the lease last.
    pub holder: Option<usize>,
    /// How often a worker may still take over from one that lives.
    pub budget: u8,
    /// A person has asked, and it has not begun yet.
    pub wanted: bool,
    pub asked: bool,
    /// What was asked for was closed.
    pub closed: bool,
    /// A rehearsal had an effect on traffic.
    pub touched: bool,
    /// A switchover activated the standby beside an active primary.
    pub both_active: bool,
    /// A switchover was closed that was known to have acted.
    pub dropped: bool,
    /// An execution began while another one was open.
    pub displaced: bool,
    /// A precondition refused an effect.
    pub refused: bool,
    /// An effect came after the lease had become another's, although it was seen to be ours after what the effect rests on: the
    /// moment between the check and the effect, of which nothing is promised but by the precondition.
    pub late: bool,
}

impl System {
    pub fn beginning() -> Self {
        let worker = Worker { phase: Phase::Looks, crashes: CRASHES };
        Self {
            record: Record::empty(),
            primary: Primary::Well,
            parts: [false; 3],
            workers: [worker.clone(), worker],
            holder: None,
            budget: TAKEOVERS,
            wanted: false,
            asked: false,
            closed: false,
            touched: false,
            both_active: false,
            dropped: false,
            displaced: false,
            refused: false,
            late: false,
        }
    }

    /// The primary serves.
    pub fn is_well(&self) -> bool {
        self.primary != Primary::Failing && !self.is(Part::Passive)
    }

    /// The standby serves, and nothing is owed.
    pub fn is_failed_over(&self) -> bool {
        self.record.0.failed_over() && self.is(Part::Standby) && self.is(Part::Lock)
    }

    /// Nothing is open or left running; or a failover stands that began before the primary recovered.
    pub fn is_quiet(&self) -> bool {
        let at_rest = (self.is_at_rest() || self.late) && !self.is(Part::Lock) && !self.record.0.failed_over();
        self.record.open().is_none() && (at_rest || self.is_failed_over())
    }

    /// The standby does not run.
    pub fn is_at_rest(&self) -> bool {
        !self.is(Part::Standby)
    }

    pub fn is(&self, part: Part) -> bool {
        self.parts[part as usize]
    }

    /// Another worker than this one has the lease, and lives.
    pub fn another_drives(&self, worker: usize) -> bool {
        let drives = |holder: usize| matches!(self.workers[holder].phase, Phase::Drives(_));
        self.holder.is_some_and(|holder| holder != worker && drives(holder))
    }

    pub fn others(&mut self, worker: usize) -> impl Iterator<Item = &mut Worker> {
        self.workers.iter_mut().enumerate().filter(move |(number, _)| *number != worker).map(|(_, other)| other)
    }

    /// Which of two workers is which makes no difference.
    pub fn in_order(mut self) -> Self {
        let hash = |worker: &Worker| BuildHasherDefault::<DefaultHasher>::default().hash_one(worker);
        if hash(&self.workers[0]) > hash(&self.workers[1]) {
            self.workers.swap(0, 1);
            self.holder = self.holder.map(|holder| 1 - holder);
        }
        self
    }
}
