//! A failback and an outage in the middle of it, explored exhaustively.
//!
//! A failover stands and the primary is well. A person asks for a failback, and later for its last step. The primary may fail at
//! any moment, for good. Two workers look, claim, drive and store; each may crash once, and none asks whether another has
//! taken over before an effect: the effect's own fence has to do. Every change of the record is made by
//! `holdfast_core::transition::next`, as in the engine.

#![allow(clippy::print_stdout, reason = "a test tells its figures")]

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use holdfast_core::{
    Timestamp,
    decision::{Decision, Verdict},
    evidence::Evidence,
    kind::Kind,
    policy::Policy,
    record::{Execution, Kept, Note, Progress, State, Status, StepRecord, Trigger, Unknown},
    step::{Direction, Need},
    transition::{Event, next},
};
use stateright::{Checker, HasDiscoveries, Model, Property};

const WORKERS: usize = 2;
const CRASHES: u8 = 1;
/// How often the lease runs out under a worker that lives.
const TAKEOVERS: u8 = 1;
const AT: Timestamp = Timestamp::UNIX_EPOCH;
/// Fewer states would mean that the model has lost most of its behaviour.
const FEWEST: usize = 10_000;

const ASKED: &str = "no effect of a failback follows on a primary that was seen to fail";
const PROTECTED: &str = "in the end a primary that failed is failed over, and traffic is locked";

/// The protocol, and what may be taken out of it to see what it is good for.
#[derive(Clone, Copy, Debug)]
struct Protocol {
    /// Each effect of a failback asks right before it that the primary is well.
    asks: bool,
    /// A primary that fails closes the failback.
    closes: bool,
}

/// The record, by what counts in it.
#[derive(Clone, Debug, PartialEq)]
struct Record(State);

impl Eq for Record {}

impl Hash for Record {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let State { current, unlocked, stands, .. } = &self.0;
        (unlocked.is_some(), stands.is_some()).hash(hasher);
        if let Some(run) = current {
            (run.kind, run.fence, run.confirmed, run.status.is_open()).hash(hasher);
            run.steps.iter().for_each(|step| step.is_done().hash(hasher));
        }
    }
}

/// What a step changes: whether the standby is wanted, whether traffic is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell {
    on: bool,
    version: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// It reads the record, and then everything else.
    Looks(Option<(Record, u64)>),
    /// It is about to store what it wants.
    Claims(Record, u64, Wish),
    /// It drives, from the record as it stored it last; it has seen the cell of its step, and has asked.
    Drives { record: Record, version: u64, seen: Option<Cell>, asked: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Wish {
    Begin(Kind),
    Finish { confirms: bool },
    Close,
    Relock,
    NoteUnlock,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Worker {
    phase: Phase,
    crashes: u8,
    /// How the primary was when it acted last.
    last_well: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct System {
    record: Record,
    version: u64,
    well: bool,
    scale: Cell,
    lock: Cell,
    workers: [Worker; WORKERS],
    /// What a person has asked for so far: nothing, the failback, its last step.
    asked_for: u8,
    /// How often a worker may still take over from one that lives.
    budget: u8,
    /// An effect of a failback came although its worker had acted on a failing primary before.
    unasked: bool,
    /// An effect of a failback came after the primary had failed, and its worker had asked before that: the moment between
    /// the probe and the effect, of which nothing is promised.
    in_between: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    /// The worker goes on.
    Work(usize),
    Crash(usize),
    /// A person asks for the next part of the failback.
    Ask,
    /// The primary fails.
    Fail,
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

fn of_kind(kind: Kind, fence: u64) -> Execution {
    match kind {
        Kind::Failback => {
            let back = Direction::Back;
            execution(kind, fence, &[("unlock", Need::Required, back), ("rest", Need::Required, back)])
        }
        _ => {
            let forward = Direction::Forward;
            execution(kind, fence, &[("scale", Need::Required, forward), ("lock", Need::Owed, forward)])
        }
    }
}

impl Record {
    /// After `events`; `None` where it does not take them.
    fn after(&self, events: impl IntoIterator<Item = Event>) -> Option<Self> {
        let mut state = self.0.clone();
        for event in events {
            state = next(&state, event).ok()?;
        }
        // What ended before is not looked at; without it equal situations are equal states.
        state.past.clear();
        if let Some(run) = state.current.as_mut() {
            run.takeovers = 0;
            run.notes.clear();
        }
        Some(Self(state))
    }

    /// A failover that stands.
    fn failed_over() -> Self {
        let begun = Self(State::default()).after([Event::Began(Box::new(of_kind(Kind::Failover, 0)))]);
        let done = begun.and_then(|record| record.after([record.done("scale"), record.done("lock")]));
        done.expect("a failover can be completed")
    }

    fn open(&self) -> Option<&Execution> {
        self.0.open()
    }

    fn pending(&self) -> Option<&str> {
        self.open()?.steps.iter().find(|step| !step.is_done()).map(|step| step.step.as_str())
    }

    fn done(&self, name: &str) -> Event {
        let fence = self.0.current.as_ref().map_or(0, |run| run.fence);
        let step = StepRecord {
            progress: Progress::Done { changed: true },
            ended_at: Some(AT),
            ..StepRecord::pending(name, Need::Required)
        };
        Event::Stepped { fence, step }
    }
}

impl Protocol {
    /// What follows from record and world, as in `decision` and `engine`.
    fn wish(self, system: &System, record: &Record) -> Option<Wish> {
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

    fn work(self, system: &mut System, worker: usize) {
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
fn another_drives(system: &System, worker: usize) -> bool {
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

impl Model for Protocol {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        let worker = Worker { phase: Phase::Looks(None), crashes: CRASHES, last_well: true };
        let cell = Cell { on: true, version: 0 };
        vec![System {
            record: Record::failed_over(),
            version: 0,
            well: true,
            scale: cell,
            lock: cell,
            workers: [worker.clone(), worker],
            asked_for: 0,
            budget: TAKEOVERS,
            unasked: false,
            in_between: false,
        }]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        for (number, worker) in system.workers.iter().enumerate() {
            // A look that finds nothing to do changes nothing.
            let idle = matches!(worker.phase, Phase::Looks(None)) && self.wish(system, &system.record).is_none();
            let claims = matches!(worker.phase, Phase::Claims(..));
            let held = claims && system.budget == 0 && another_drives(system, number);
            if !idle && !held {
                actions.push(Action::Work(number));
            }
            if worker.crashes > 0 && matches!(worker.phase, Phase::Drives { .. }) {
                actions.push(Action::Crash(number));
            }
        }
        if system.asked_for < 2 && system.well {
            actions.push(Action::Ask);
        }
        if system.well {
            actions.push(Action::Fail);
        }
    }

    fn next_state(&self, last: &System, action: Action) -> Option<System> {
        let mut system = last.clone();
        match action {
            Action::Work(worker) => self.work(&mut system, worker),
            Action::Crash(worker) => {
                let crashed = &mut system.workers[worker];
                (crashed.phase, crashed.crashes) = (Phase::Looks(None), crashed.crashes - 1);
            }
            Action::Ask => system.asked_for += 1,
            Action::Fail => system.well = false,
        }
        Some(system)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ASKED, |_, system: &System| !system.unasked),
            Property::always(PROTECTED, |protocol: &Self, system: &System| {
                let mut actions = Vec::new();
                protocol.actions(system, &mut actions);
                let protected = system.lock.on && system.scale.on && system.record.0.failed_over();
                !actions.is_empty() || system.well || system.in_between || protected
            }),
            Property::sometimes("a failback is completed", |_, system: &System| {
                let run = system.record.0.current.as_ref();
                run.is_some_and(|run| (run.kind, run.status) == (Kind::Failback, Status::Completed))
            }),
            Property::sometimes("a primary that failed after the unlock is failed over again", |_, system: &System| {
                !system.well && system.record.0.failed_over() && system.lock.version > 1
            }),
            Property::sometimes(
                "a failback is over before it unlocked, and the failover stands",
                |_, system: &System| {
                    !system.well && system.asked_for > 0 && system.record.0.failed_over() && system.lock.version == 0
                },
            ),
        ]
    }
}

#[test]
fn an_outage_at_any_moment_of_a_failback_ends_in_a_failover() {
    let checker = Protocol { asks: true, closes: true }.checker().spawn_bfs().join();
    println!("{} unique states, depth {}", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    assert!(checker.unique_state_count() > FEWEST, "only {} states", checker.unique_state_count());
}

#[test]
fn without_a_guard_of_the_failback_the_explorer_breaks_its_promise() {
    for (protocol, property) in
        [(Protocol { asks: false, closes: true }, ASKED), (Protocol { asks: true, closes: false }, PROTECTED)]
    {
        let sought = HasDiscoveries::AllOf([property].into());
        let checker = protocol.checker().finish_when(sought).spawn_bfs().join();
        let path = checker.discovery(property).unwrap_or_else(|| panic!("the explorer must break: {property}"));
        println!("{property}: broken after {:?}", path.into_actions());
    }
}
