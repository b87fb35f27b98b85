//! What a worker may do next. Its phases are those of the engine: look, claim, drive with the record written beside.

use super::{
    document::{Document, STEPS},
    moves::{acquire, decide, look_again, observe, save, store},
    system::{Action, Answer, Cell, Protocol, System, WORKERS},
};

/// The position of the lock.
pub const LOCK: usize = STEPS.len() - 1;

/// One worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    /// Which of its lives it is in.
    pub life: u8,
    /// How often it may still die.
    pub deaths: u8,
    /// Where it is.
    pub phase: Phase,
}

/// Where a worker is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It looks: record and steps, in any order and not at one instant.
    Looks {
        /// The record and its version.
        record: Option<(Document, u8)>,
        /// The steps.
        seen: Option<[Cell; STEPS.len()]>,
        /// What follows from both.
        wish: Option<Wish>,
    },
    /// It has the lease and is about to store intent or take-over.
    Claims {
        /// Its number.
        fence: u64,
        /// What it looked at.
        record: (Document, u8),
        /// And saw.
        seen: [Cell; STEPS.len()],
        /// What it wants to store.
        wish: Wish,
    },
    /// It drives.
    Drives {
        /// Its number.
        fence: u64,
        /// The record with what is not stored yet.
        document: Document,
        /// The version that it replaces.
        version: u8,
        /// What is not stored yet.
        pending: Vec<Event>,
        /// Whether it has looked at what is done by the record.
        looked: Looked,
        /// The step that it is at; past the last one when all are done.
        step: usize,
        /// What it saw of this step, until it has acted on it.
        seen: Option<Cell>,
    },
    /// It has answered.
    Ended,
}

/// What a worker has to store about a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It is done.
    Stepped(usize),
    /// It was done and does not hold.
    Lapsed(usize),
}

/// When a worker has last looked at what is done by the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Looked {
    /// Not since it claimed.
    Never,
    /// As it claimed, beside the write.
    UnderTheClaim,
    /// When all was done, and all held.
    AtTheEnd,
}

/// What a worker wants to do after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// Begin.
    Begin,
    /// Drive the open execution on.
    Resume,
    /// Open a completed one again: its lock is gone and the primary fails.
    Relock,
    /// Note a failback.
    Unlock,
}

impl Worker {
    /// One that begins to look.
    pub fn fresh() -> Self {
        Self { life: 0, deaths: 1, phase: Phase::look() }
    }

    /// It has answered.
    pub fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }
}

impl Phase {
    /// The first one.
    pub fn look() -> Self {
        Self::Looks { record: None, seen: None, wish: None }
    }
}

impl Protocol {
    /// Everything that may happen next.
    pub fn possible(&self, system: &System, actions: &mut Vec<Action>) {
        for worker in 0..WORKERS {
            self.of_worker(system, worker, actions);
        }
        // A dead worker's lease runs out for certain; a living one's only so often.
        if system.lease.holder.is_some() && (!system.holder_lives() || system.budget > 0) {
            actions.push(Action::Expire);
        }
        if system.failing {
            actions.push(Action::Recover);
        }
        if system.flying.is_some() {
            actions.push(Action::Land);
        }
        if system.budget > 0 {
            let held = (0..STEPS.len()).filter(|step| system.cells[*step].holds);
            actions.extend(held.map(Action::TakeBack));
            // While the primary fails, it makes no difference how long the work has stood still.
            let matters = !system.failing && system.document.is_open();
            if matters && !system.stands_still && !system.holder_lives() {
                actions.push(Action::StandStill);
            }
        }
    }

    fn of_worker(&self, system: &System, worker: usize, actions: &mut Vec<Action>) {
        let me = &system.workers[worker];
        if me.deaths > 0 && !me.has_ended() {
            actions.push(Action::Crash(worker));
        }
        match &me.phase {
            Phase::Looks { record, seen, .. } => {
                if record.is_none() {
                    actions.push(Action::ReadRecord(worker));
                }
                if seen.is_none() {
                    actions.push(Action::SeeSteps(worker));
                }
                let free = system.lease.holder.is_none_or(|holder| holder == system.name(worker));
                if record.is_some() && seen.is_some() && free {
                    self.answers(system, Action::Acquire, worker, actions);
                }
            }
            Phase::Claims { .. } => self.answers(system, Action::Claim, worker, actions),
            Phase::Drives { pending, step, seen, looked, .. } => {
                let through = seen.is_none() && *step >= STEPS.len();
                if through && *looked == Looked::UnderTheClaim {
                    actions.push(Action::LookAgain(worker));
                }
                if !pending.is_empty() {
                    self.answers(system, Action::Save, worker, actions);
                }
                match seen {
                    Some(_) => {
                        self.answers(system, Action::Apply, worker, actions);
                        if system.budget > 0 {
                            actions.push(Action::Apply(worker, Answer::Late));
                        }
                    }
                    None if *step < STEPS.len() => actions.push(Action::Observe(worker)),
                    None if pending.is_empty() && *looked == Looked::AtTheEnd => actions.push(Action::Release(worker)),
                    None => {}
                }
            }
            Phase::Ended => {}
        }
    }

    fn answers(&self, system: &System, what: fn(usize, Answer) -> Action, worker: usize, actions: &mut Vec<Action>) {
        actions.push(what(worker, Answer::Comes));
        if system.budget > 0 {
            actions.push(what(worker, Answer::Lost));
        }
    }

    /// A worker does something.
    pub fn work(&self, system: &mut System, action: Action) {
        match action {
            Action::ReadRecord(worker) => {
                let read = (system.document.clone(), system.version);
                if let Phase::Looks { record, .. } = &mut system.workers[worker].phase {
                    *record = Some(read);
                }
                decide(system, worker);
            }
            Action::SeeSteps(worker) => {
                let cells = system.cells;
                if let Phase::Looks { seen, .. } = &mut system.workers[worker].phase {
                    *seen = Some(cells);
                }
                decide(system, worker);
            }
            Action::Acquire(worker, answer) => acquire(system, worker, answer),
            Action::Claim(worker, answer) => self.claim(system, worker, answer),
            Action::Apply(worker, answer) => self.apply(system, worker, answer),
            Action::Observe(worker) => observe(system, worker),
            Action::LookAgain(worker) => self.look_at_what_is_done(system, worker),
            Action::Save(worker, answer) => save(system, worker, answer),
            Action::Release(worker) => {
                if system.lease.holder == Some(system.name(worker)) {
                    system.lease.holder = None;
                }
                system.workers[worker].phase = Phase::Ended;
            }
            Action::Crash(worker) => {
                let me = &mut system.workers[worker];
                *me = Worker { life: me.life + 1, deaths: me.deaths - 1, phase: Phase::look() };
            }
            Action::Expire | Action::Recover | Action::Land | Action::TakeBack(_) | Action::StandStill => {}
        }
    }

    fn claim(&self, system: &mut System, worker: usize, answer: Answer) {
        let Phase::Claims { fence, record: (document, version), seen, wish } = system.workers[worker].phase.clone()
        else {
            return;
        };
        let name = format!("{:?}", system.name(worker));
        let resumes = wish != Wish::Begin;
        let next = match wish {
            Wish::Begin => document.begun(fence, &name),
            Wish::Resume => document.taken_over(fence, &name),
            Wish::Relock => document.taken_over(fence, &name).and_then(|next| next.lapsed(fence, LOCK)),
            // Looked at once more, under the lease.
            Wish::Unlock if system.cells[LOCK].holds => return look_again(system, worker, Answer::Comes),
            Wish::Unlock => document.unlocked(),
        };
        let Ok(next) = next else { return look_again(system, worker, answer) };
        let unchanged = next == document;
        let stores = self.intent_first || resumes;
        if stores && !unchanged && !store(system, fence, &next, version) {
            return look_again(system, worker, Answer::Comes);
        }
        if answer == Answer::Lost {
            return look_again(system, worker, answer);
        }
        if wish == Wish::Unlock {
            system.noted_wrongly |= system.cells[LOCK].holds || system.cells[LOCK].taken == 0;
            system.workers[worker].phase = Phase::Ended;
            return;
        }
        system.stands_still = false;
        let step = next.first_pending();
        // What was to be done is fenced; what looked done is looked at again.
        let seen = seen.get(step).copied().filter(|cell| !cell.holds);
        let version = if stores && !unchanged { system.version } else { version };
        let looked = Looked::Never;
        system.workers[worker].phase =
            Phase::Drives { fence, document: next, version, pending: Vec::new(), looked, step, seen };
        self.look_at_what_is_done(system, worker);
    }

    /// What is done by the record and does not hold any more is to be done again.
    fn look_at_what_is_done(&self, system: &mut System, worker: usize) {
        let cells = system.cells;
        let Phase::Drives { fence, document, pending, looked, step, seen, .. } = &mut system.workers[worker].phase
        else {
            return;
        };
        let gone: Vec<usize> = (0..STEPS.len()).filter(|at| document.says_done(*at) && !cells[*at].holds).collect();
        let at_the_end = *looked == Looked::UnderTheClaim;
        *looked = if at_the_end && gone.is_empty() { Looked::AtTheEnd } else { Looked::UnderTheClaim };
        for at in gone {
            if !self.looks_again {
                *looked = if at_the_end { Looked::AtTheEnd } else { Looked::UnderTheClaim };
                system.cells[at].missed = true;
                continue;
            }
            let Ok(next) = document.lapsed(*fence, at) else {
                system.workers[worker].phase = Phase::Ended;
                return;
            };
            *document = next;
            pending.push(Event::Lapsed(at));
            let first = document.first_pending();
            if first != *step {
                (*step, *seen) = (first, None);
            }
        }
    }

    fn apply(&self, system: &mut System, worker: usize, answer: Answer) {
        let Phase::Drives { step, seen, .. } = &mut system.workers[worker].phase else { return };
        let (step, shown) = (*step, seen.take());
        let Some(shown) = shown.filter(|shown| !shown.holds) else { return };
        match answer {
            Answer::Late => {
                system.budget -= 1;
                system.flying = Some((step, shown.version));
            }
            Answer::Comes | Answer::Lost => {
                system.budget -= u8::from(answer == Answer::Lost);
                self.effect(system, step, shown.version);
            }
        }
    }

    /// The world takes an effect, or refuses it because it has changed.
    pub fn effect(&self, system: &mut System, step: usize, shown: u8) {
        let cell = &mut system.cells[step];
        if self.fenced && cell.version != shown {
            system.refused = true;
            return;
        }
        let (version, effects) = (cell.version + 1, cell.effects + 1);
        *cell = Cell { holds: true, version, effects, missed: false, ..*cell };
    }
}
