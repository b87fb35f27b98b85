//! What the workers do.

use std::collections::BTreeMap;

use holdfast_core::{kind::Kind, record::Note, transition::Event};

use crate::record::{AT, Record, of_kind};

pub const WORKERS: usize = 2;

/// The protocol, and what may be taken out of it to see what it is good for.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Each effect of a failback asks right before it that the primary is well.
    pub asks: bool,
    /// A primary that fails closes the failback.
    pub closes: bool,
}

/// What a step changes: whether the standby is wanted, whether traffic is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    pub on: bool,
    pub version: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It reads the record, and then everything else.
    Looks(Option<(Record, u64)>),
    /// It is about to store what it wants.
    Claims(Record, u64, Wish),
    /// It drives, from the record as it stored it last; it has seen the cell of its step, and has asked.
    Drives { record: Record, version: u64, seen: Option<Cell>, asked: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    Begin(Kind),
    Finish { confirms: bool },
    Close,
    Relock,
    NoteUnlock,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    pub phase: Phase,
    pub crashes: u8,
    /// How the primary was when it acted last.
    pub last_well: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    pub record: Record,
    pub version: u64,
    pub well: bool,
    pub scale: Cell,
    pub lock: Cell,
    pub workers: [Worker; WORKERS],
    /// What a person has asked for so far: nothing, the failback, its last step.
    pub asked_for: u8,
    /// How often a worker may still take over from one that lives.
    pub budget: u8,
    /// An effect of a failback came although its worker had acted on a failing primary before.
    pub unasked: bool,
    /// An effect of a failback came after the primary had failed, and its worker had asked before that: the moment between
    /// the probe and the effect, of which nothing is promised.
    pub in_between: bool,
}

impl Protocol {
    /// What follows from record and world, as in `decision` and `engine`.
    pub fn wish(self, system: &System, record: &Record) -> Option<Wish> {
        let well = system.well;
        match record.open() {
            Some(open) if open.kind == Kind::Failback => {
                if !well {
                    return self.closes.then_some(Wish::Close);
                }
                let confirms = !open.confirmed && system.asked_for > 1;
                let waits = record.pending() == Some("rest") && !open.confirmed && !confirms;
                (!waits).then_some(Wish::Finish { confirms })
            }
            Some(_) => Some(Wish::Finish { confirms: false }),
            None if record.0.failed_over() => match (system.lock.on, well) {
                (false, true) => Some(Wish::NoteUnlock),
                (false, false) => Some(Wish::Relock),
                (true, true) if system.asked_for > 0 => Some(Wish::Begin(Kind::Failback)),
                (true, _) => None,
            },
            None => (!well).then_some(Wish::Begin(Kind::Failover)),
        }
    }

    pub fn work(self, system: &mut System, worker: usize) {
        let phase = system.workers[worker].phase.clone();
        system.workers[worker].phase = match phase {
            Phase::Looks(None) => Phase::Looks(Some((system.record.clone(), system.version))),
            Phase::Looks(Some((record, version))) => match self.wish(system, &record) {
                Some(wish) => Phase::Claims(record, version, wish),
                None => Phase::Looks(None),
            },
            Phase::Claims(record, version, wish) => self.claim(system, worker, &record, version, wish),
            Phase::Drives { record, version, seen, asked } => self.drive(system, worker, record, version, seen, asked),
        };
        system.workers[worker].last_well = system.well;
    }

    fn claim(self, system: &mut System, worker: usize, record: &Record, version: u64, wish: Wish) -> Phase {
        system.budget -= u8::from(another_drives(system, worker));
        let fence = version + 1;
        let taken = Event::TakenOver { fence, holder: "x".to_owned(), found: BTreeMap::new() };
        let events = match wish {
            Wish::Begin(kind) => vec![Event::Began(Box::new(of_kind(kind, fence)))],
            Wish::Finish { confirms } => [taken].into_iter().chain(confirms.then_some(Event::Confirmed)).collect(),
            Wish::Close => vec![taken, Event::Closed { at: AT, reason: String::new() }],
            Wish::Relock => {
                let note = Note { at: AT, text: "gone".to_owned() };
                vec![taken, Event::Lapsed { fence, step: "lock".to_owned(), note, watching: Vec::new() }]
            }
            Wish::NoteUnlock => vec![Event::Unlocked { at: AT }, Event::Armed { at: AT }],
        };
        match record.after(events).and_then(|record| store(system, record, version)) {
            Some((record, version)) if !matches!(wish, Wish::Close | Wish::NoteUnlock) => {
                Phase::Drives { record, version, seen: None, asked: false }
            }
            _ => Phase::Looks(None),
        }
    }

    fn drive(
        self,
        system: &mut System,
        worker: usize,
        record: Record,
        version: u64,
        seen: Option<Cell>,
        asked: bool,
    ) -> Phase {
        let Some((open, name)) = record.open().zip(record.pending().map(str::to_owned)) else {
            return Phase::Looks(None);
        };
        let (is_failback, waits) = (open.kind == Kind::Failback, name == "rest" && !open.confirmed);
        if waits {
            return Phase::Looks(None);
        }
        let wanted = matches!(&*name, "scale" | "lock");
        let cell = if matches!(&*name, "scale" | "rest") { system.scale } else { system.lock };
        let Some(shown) = seen else {
            if cell.on != wanted {
                return Phase::Drives { record, version, seen: Some(cell), asked: false };
            }
            let unlocked = [Event::Unlocked { at: AT }, Event::Armed { at: AT }];
            let noted = (name == "unlock" && record.0.unlocked.is_none()).then_some(unlocked);
            let events = [record.done(&name)].into_iter().chain(noted.into_iter().flatten());
            return match record.after(events).and_then(|record| store(system, record, version)) {
                Some((record, version)) => Phase::Drives { record, version, seen: None, asked: false },
                None => Phase::Looks(None),
            };
        };
        if is_failback && self.asks && !asked {
            // Not well: the next look tells what becomes of it.
            return if system.well { Phase::Drives { record, version, seen, asked: true } } else { Phase::Looks(None) };
        }
        if cell.version == shown.version {
            let late = is_failback && !system.well;
            system.unasked |= late && !system.workers[worker].last_well;
            system.in_between |= late && system.workers[worker].last_well;
            let cell = Cell { on: wanted, version: cell.version + 1 };
            if matches!(&*name, "scale" | "rest") { system.scale = cell } else { system.lock = cell }
        }
        Phase::Drives { record, version, seen: None, asked: false }
    }
}

/// Another worker than this one has the lease.
pub fn another_drives(system: &System, worker: usize) -> bool {
    let drives = |(number, it): (usize, &Worker)| number != worker && matches!(it.phase, Phase::Drives { .. });
    system.workers.iter().enumerate().any(drives)
}

/// Compare-and-set on the record.
fn store(system: &mut System, record: Record, version: u64) -> Option<(Record, u64)> {
    if system.version != version {
        return None;
    }
    (system.record, system.version) = (record.clone(), version + 1);
    Some((record, version + 1))
}
