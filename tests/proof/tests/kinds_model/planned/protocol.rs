//! What the workers do.

use std::collections::BTreeMap;

use holdfast_core::{
    kind::Kind,
    record::{Execution, StepRecord},
    step::Direction,
    transition::Event,
};

use super::system::{Part, Phase, Run, System, Wish};
use crate::record::{AT, Record, of_kind};

/// Which version of the record a worker knows is told by [`Run::current`]. The fence tells no more.
const FENCE: u64 = 1;

/// The protocol, and what may be taken out of it to see what it is good for.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// What a person asks for.
    pub kind: Kind,
    /// The rule that is taken out.
    pub without: Option<Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A kind drives its own steps, and not those of a failover before them.
    OwnSteps,
    /// The first step that is not done is driven, and no later one.
    InOrder,
    /// A rehearsal whose primary fails puts its standby back to rest before it is over.
    RestsFirst,
    /// A primary that fails closes what asks for one that is well.
    Closes,
    /// A switchover that has sent an effect is finished, whatever the primary does.
    Finishes,
    /// No effect follows on an observation once the lease is another's.
    Keeps,
    /// An effect carries the precondition of its observation.
    Fenced,
    /// The record is written with the version that was read.
    Compares,
}

impl Protocol {
    fn has(self, rule: Rule) -> bool {
        self.without != Some(rule)
    }

    /// The worker has something to do. One that would find nothing to do by looking has not.
    pub fn may_work(self, system: &System, worker: usize) -> bool {
        match system.workers[worker].phase {
            Phase::Looks => self.wish(system, &system.record).is_some(),
            Phase::Claims { .. } => system.budget > 0 || !system.another_drives(worker),
            Phase::Drives(_) => true,
        }
    }

    /// What follows from record and world, as in `decision` and `engine`.
    fn wish(self, system: &System, record: &Record) -> Option<Wish> {
        match record.open() {
            Some(open) if self.asks(open) && !system.is_well() => self.has(Rule::Closes).then_some(Wish::Close),
            Some(_) => Some(Wish::Finish),
            None if record.0.failed_over() => None,
            None if !system.is_well() => Some(Wish::Begin(Kind::Failover)),
            None => system.wanted.then_some(Wish::Begin(self.kind)),
        }
    }

    /// Whether the execution asks for a primary that is well.
    fn asks(self, open: &Execution) -> bool {
        match open.kind {
            Kind::Failover => false,
            Kind::Switchover => !(self.has(Rule::Finishes) && has_acted(open)),
            Kind::Failback | Kind::Rehearsal => true,
        }
    }

    pub fn work(self, system: &mut System, worker: usize) {
        let phase = system.workers[worker].phase.clone();
        system.workers[worker].phase = match phase {
            Phase::Looks => match self.wish(system, &system.record) {
                Some(wish) => Phase::Claims { record: system.record.clone(), current: true, wish },
                None => Phase::Looks,
            },
            Phase::Claims { record, current, wish } => self.claim(system, worker, &record, current, wish),
            Phase::Drives(run) => self.drive(system, worker, run),
        };
    }

    fn claim(self, system: &mut System, worker: usize, record: &Record, current: bool, wish: Wish) -> Phase {
        system.budget -= u8::from(system.another_drives(worker));
        system.holder = Some(worker);
        let taken = Event::TakenOver { fence: FENCE, holder: "x".to_owned(), found: BTreeMap::new() };
        let open = record.open();
        let resting =
            wish == Wish::Close && self.has(Rule::RestsFirst) && open.is_some_and(|open| open.kind == Kind::Rehearsal);
        let over = wish == Wish::Close && !resting;
        let events = match wish {
            Wish::Begin(kind) => vec![Event::Began(Box::new(self.execution(kind)))],
            Wish::Close if over => vec![taken, Event::Closed { at: AT, reason: String::new() }],
            Wish::Finish | Wish::Close => vec![taken],
        };
        let displaces = matches!(wish, Wish::Begin(_)) && system.record.open().is_some();
        let dropped = over && open.is_some_and(|open| open.kind == Kind::Switchover && has_acted(open));
        let next = record.after(events);
        let Some(record) = next.and_then(|next| self.store(system, worker, next, current)) else {
            return Phase::Looks;
        };
        system.displaced |= displaces;
        system.dropped |= dropped;
        system.closed |= over;
        system.wanted &= wish != Wish::Begin(self.kind);
        if over {
            return Phase::Looks;
        }
        Phase::Drives(Run { record, current: true, resting, sent: false, seen: None, checked: false })
    }

    fn execution(self, kind: Kind) -> Execution {
        let mut execution = of_kind(kind, FENCE);
        if kind == Kind::Rehearsal && !self.has(Rule::OwnSteps) {
            execution.steps.splice(0..1, of_kind(Kind::Failover, FENCE).steps);
        }
        execution
    }

    fn drive(self, system: &mut System, worker: usize, run: Run) -> Phase {
        let Some((kind, name)) = self.pending(&run) else { return self.end(system, worker, run) };
        let part = Part::of(&name);
        let wanted = matches!(&*name, "passive" | "scale" | "lock");
        let Some(as_seen) = run.seen else {
            if system.is(part) != wanted {
                return Phase::Drives(Run { seen: Some(true), checked: false, ..run });
            }
            return self.done(system, worker, run, &name);
        };
        if !run.checked {
            let lost = self.has(Rule::Keeps) && system.holder != Some(worker);
            let guarded = !run.resting && !run.sent && run.record.open().is_some_and(|open| self.asks(open));
            // Not well: the next look tells what becomes of it.
            let stopped = lost || guarded && !system.is_well();
            return if stopped { Phase::Looks } else { Phase::Drives(Run { checked: true, ..run }) };
        }
        if as_seen || !self.has(Rule::Fenced) {
            system.touched |= kind == Kind::Rehearsal && part == Part::Lock;
            system.both_active |= kind == Kind::Switchover && part == Part::Standby && system.is_well();
            system.late |= self.has(Rule::Keeps) && system.holder != Some(worker);
            self.effect(system, worker, part, wanted);
        } else {
            system.refused = true;
        }
        Phase::Drives(Run { sent: true, seen: None, checked: false, ..run })
    }

    /// Whatever others observed of this part is not so any more.
    fn effect(self, system: &mut System, worker: usize, part: Part, wanted: bool) {
        system.parts[part as usize] = wanted;
        for other in system.others(worker) {
            let Phase::Drives(run) = &mut other.phase else { continue };
            let same = self.pending(run).is_some_and(|(_, name)| Part::of(&name) == part);
            run.seen = run.seen.map(|as_seen| as_seen && !same);
        }
    }

    /// The step to be driven.
    fn pending(self, run: &Run) -> Option<(Kind, String)> {
        let open = run.record.open()?;
        let driven = |step: &&StepRecord| !(step.is_done() || run.resting && step.direction == Direction::Forward);
        let pending: Vec<_> = open.steps.iter().filter(driven).collect();
        let second = pending.get(1).filter(|_| !self.has(Rule::InOrder) && open.kind == self.kind);
        Some((open.kind, second.or(pending.first())?.step.clone()))
    }

    /// The step was seen done. Of a rehearsal that is being put to rest, the last one and the end are written at once.
    fn done(self, system: &mut System, worker: usize, run: Run, name: &str) -> Phase {
        let done = run.record.done_after(name, u32::from(run.sent));
        let stored = run.record.after([done]).map(|record| Run { record, sent: false, seen: None, ..run });
        let Some(next) = stored else { return Phase::Looks };
        if next.resting && self.pending(&next).is_none() {
            return self.end(system, worker, next);
        }
        match self.store(system, worker, next.record.clone(), next.current) {
            Some(_) => Phase::Drives(Run { current: true, ..next }),
            None => Phase::Looks,
        }
    }

    /// Nothing is left to be driven.
    fn end(self, system: &mut System, worker: usize, run: Run) -> Phase {
        if run.resting {
            let closes = run.record.open().is_some().then(|| Event::Closed { at: AT, reason: String::new() });
            let stored = run.record.after(closes).and_then(|record| self.store(system, worker, record, run.current));
            system.closed |= stored.is_some();
        }
        Phase::Looks
    }

    /// Compare-and-set on the record.
    fn store(self, system: &mut System, worker: usize, record: Record, current: bool) -> Option<Record> {
        if !current && self.has(Rule::Compares) {
            return None;
        }
        for other in system.others(worker) {
            if let Phase::Claims { current, .. } | Phase::Drives(Run { current, .. }) = &mut other.phase {
                *current = false;
            }
        }
        system.record = record.clone();
        Some(record)
    }
}

fn has_acted(open: &Execution) -> bool {
    open.steps.iter().any(|step| step.attempts > 0)
}
