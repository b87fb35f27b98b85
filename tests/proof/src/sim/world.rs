//! Virtual time, the queue of what happens next, and everything that is true.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use fastrand::Rng;
use holdfast_core::{
    Timestamp,
    engine::{Action, Answer},
    record::{State, Trigger},
};

use super::{
    Micros,
    operator_actions::Act,
    primary::{Checkers, SAMPLE_EVERY},
    sabotage::Sabotage,
    safety::Book,
    seconds,
    standby::Standby,
    story::Story,
};

/// Every story begins on this second of 2026, the start of a minute.
const EPOCH: i64 = 1_767_225_600;

/// A worker: one invocation in one container.
pub type Worker = usize;

/// The shared handle.
pub type Shared = Arc<Mutex<World>>;

/// Something that changes the world when its time has come.
pub type Deed = Box<dyn FnOnce(&mut World) + Send>;

/// Something that will happen.
pub enum Event {
    /// A worker's sleep is over.
    Wake(Worker),
    /// Lambda ends a worker that has not answered.
    Deadline(Worker),
    /// The function is invoked.
    Deliver(Delivery),
    /// The timer.
    Tick,
    /// The checkers look.
    Sample,
    /// The alarm looks at the metrics.
    Alarm,
    /// A person does something.
    Act(Act),
    /// The world changes.
    Deed(Deed),
    /// The storm is over.
    Calm,
}

/// One invocation to come.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What made it.
    pub trigger: Trigger,
    /// What is wanted.
    pub action: Action,
    /// Whether every gate is waived.
    pub forced: bool,
    /// How often it comes again when it is not answered well.
    pub retries: u32,
}

/// What is known of a worker.
#[derive(Debug)]
pub struct WorkerFacts {
    /// Its clock minus the true time, in microseconds.
    pub skew: i64,
    /// True when it must not write.
    pub only_asks: bool,
    /// True when a person called, and for a person nobody is in the way.
    pub by_operator: bool,
    /// True when that person waived what the primary says.
    pub waives: bool,
    /// When its last probe that told anything was, and whether the primary answered.
    pub probed: Option<(Micros, bool)>,
    /// When the primary last answered its probe.
    pub answered: Option<Micros>,
    /// When it last read the metrics, unless its last attempt failed.
    pub history_read: Option<Micros>,
    /// How often it has waited between two looks.
    pub polls: u32,
    /// And until when it does now.
    pub polls_until: Micros,
    /// True once an intent or a take-over of its own is stored: effects may follow.
    pub claimed: bool,
    /// The fencing number that it was granted last.
    pub fence: Option<u64>,
    /// What it knew when it sent the write of the record that is looked at.
    pub sent: Sent,
    /// It died and has to be taken away.
    pub dead: bool,
    /// When it was invoked.
    pub began: Micros,
    /// It sees nothing before this time.
    pub frozen_until: Micros,
    /// For how long it has been frozen in all.
    pub frozen_for: Micros,
}

/// What a worker knew when it sent a write. A write may take effect long after its sender has given it up, looked again
/// and been granted the lease again: what it did then is not what the write rests on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// When it was.
    pub at: Micros,
    /// Its fencing number.
    pub fence: Option<u64>,
    /// Whether it had seen the primary well.
    pub saw_well: bool,
}

/// The stored lease.
#[derive(Clone, Debug)]
pub struct Held {
    /// Who has it.
    pub holder: Option<String>,
    /// Until when, by the API server's clock: the age of a lease is server time against server time.
    pub until: Micros,
    /// Grows with every change of holder.
    pub fence: u64,
    /// Grows with every write.
    pub version: u64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Invocations.
    pub invocations: u64,
    /// Calls of ports.
    pub calls: u64,
    /// Calls that met a fault.
    pub faults: u64,
    /// Workers that died in a call.
    pub crashes: u64,
    /// Workers that Lambda ended.
    pub timed_out: u64,
    /// Most workers at once.
    pub most_at_once: usize,
    /// Executions begun.
    pub begun: u64,
    /// Take-overs.
    pub takeovers: u64,
    /// Executions completed.
    pub completed: u64,
    /// Effects.
    pub effects: u64,
    /// Effects that a fence refused.
    pub fenced: u64,
    /// Effects that came after their caller had given up.
    pub late: u64,
    /// Promises of liveness that were due and looked at.
    pub liveness: u64,
    /// Effects that took another one back: of a failback or a rehearsal.
    pub taken_back: u64,
    /// Steps that were done and had to be driven again.
    pub lapsed: u64,
}

/// Everything.
pub struct World {
    /// What was drawn.
    pub story: Story,
    /// Draws the rest.
    pub rng: Rng,
    /// True time.
    pub now: Micros,
    /// The same, for those who have no lock.
    pub clock: Arc<AtomicU64>,
    queue: BTreeMap<(Micros, u64), Event>,
    sequence: u64,
    /// The question that people were told last.
    pub asked_last: String,
    /// The worker that is being polled.
    pub current: Worker,
    /// Every worker so far.
    pub workers: Vec<WorkerFacts>,
    /// The checkers and their metrics.
    pub checkers: Checkers,
    /// Whether the alarm is in ALARM.
    pub alarmed: bool,
    /// The standby and the lock.
    pub standby: Standby,
    /// The document and its version.
    pub stored: (State, u64),
    /// A copy of the document that somebody took.
    pub backup: Option<State>,
    /// The lease.
    pub lease: Held,
    /// The cloud's note of the last failover.
    pub note: Option<Timestamp>,
    /// What safety remembers.
    pub book: Book,
    /// A person's call came late and stopped something in the calm: from then on nothing is due.
    pub pressed: bool,
    /// Since when nothing has been left to do.
    pub quiet_since: Option<Micros>,
    /// Promises that were broken.
    pub broken: Vec<String>,
    /// What was counted.
    pub counts: Counts,
    /// The answers, for a replay to show.
    pub told: Vec<(Micros, Worker, String)>,
    /// Whether `told` is kept.
    pub tells: bool,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
}

impl World {
    /// A healthy primary, a standby as drawn, and the first events in the queue.
    pub fn new(story: Story, mut rng: Rng, tells: bool) -> Self {
        let mut standby = Standby::default();
        for name in ["cluster", "node-0", "node-1"] {
            if rng.f64() < 0.8 {
                standby.issue(name, rng.bool());
            }
        }
        let lease = Held { holder: None, until: 0, fence: 0, version: 1 };
        let checkers = Checkers::of(!story.is_down(0));
        let mut world = Self {
            story,
            rng,
            now: 0,
            clock: Arc::default(),
            queue: BTreeMap::new(),
            sequence: 0,
            asked_last: String::new(),
            current: 0,
            workers: Vec::new(),
            checkers,
            alarmed: false,
            standby,
            stored: (State::default(), 1),
            backup: None,
            lease,
            note: None,
            book: Book::default(),
            pressed: false,
            quiet_since: None,
            broken: Vec::new(),
            counts: Counts::default(),
            told: Vec::new(),
            tells,
            sabotage: None,
        };
        world.open();
        world
    }

    fn open(&mut self) {
        self.after(SAMPLE_EVERY, Event::Sample);
        self.after(seconds(60), Event::Alarm);
        let first = self.rng.u64(0..seconds(60));
        self.after(first, Event::Tick);
        for (at, act) in self.story.acts.clone() {
            self.at(at, Event::Act(act));
        }
        self.invite();
        self.at(self.story.calm, Event::Calm);
    }

    /// `event` happens at `at`. The key takes it back.
    pub fn at(&mut self, at: Micros, event: Event) -> (Micros, u64) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), event);
        (at, self.sequence)
    }

    /// `event` happens so much later.
    pub fn after(&mut self, pause: Micros, event: Event) {
        self.at(self.now + pause, event);
    }

    /// What was to happen does not.
    pub fn cancel(&mut self, key: (Micros, u64)) {
        self.queue.remove(&key);
    }

    /// Time jumps to the next event; `None` at the end of the story.
    #[allow(clippy::should_implement_trait, reason = "a story is no sequence of its own")]
    pub fn next(&mut self) -> Option<Event> {
        let ((at, _), event) = self.queue.pop_first()?;
        if at > self.story.end {
            return None;
        }
        self.now = at;
        self.clock.store(at, Ordering::Relaxed);
        Some(event)
    }

    /// What was still to happen, in order, and now does not by itself.
    pub fn rest(&mut self) -> impl Iterator<Item = Event> + use<> {
        std::mem::take(&mut self.queue).into_values()
    }

    /// True while things go wrong.
    pub fn stormy(&self) -> bool {
        self.now < self.story.calm
    }

    /// Draws with this probability, in the storm only.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.stormy() && probability > 0.0 && self.rng.f64() < probability
    }

    /// True when this is broken on purpose.
    pub fn lacks(&self, what: Sabotage) -> bool {
        self.sabotage == Some(what)
    }

    /// A promise is broken.
    pub fn breaks(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.tell(self.current, || format!("BROKEN: {what}"));
        self.broken.push(what);
    }

    /// Notes what happened, for a replay.
    pub fn tell(&mut self, worker: Worker, what: impl FnOnce() -> String) {
        if self.tells {
            self.told.push((self.now, worker, what()));
        }
    }

    /// Notes an answer.
    pub fn tell_answer(&mut self, worker: Worker, answer: &Answer) {
        self.tell(worker, || format!("answers {:?}: {}", answer.outcome, answer.says.join("; ")));
    }

    /// Up to when there are metrics.
    pub fn metrics_end(&self) -> Micros {
        if self.story.metrics_dead && !self.stormy() { self.story.calm } else { self.now }
    }

    /// The primary answers its health check.
    pub fn sample(&mut self) {
        let answers = !self.story.is_down(self.now) && !self.standby.locked;
        self.checkers.sample(self.now, answers);
        if self.now.is_multiple_of(seconds(60)) && self.chance(self.story.fault_rates.lost_minute) {
            self.checkers.lost.push(self.now);
        }
        self.after(SAMPLE_EVERY, Event::Sample);
        let meddles = self.story.fault_rates.meddling;
        if self.chance(meddles) {
            self.meddle();
        }
    }

    /// Somebody else writes: a controller its status, cert-manager a certificate, a person a tag.
    fn meddle(&mut self) {
        match self.rng.u32(0..4) {
            0 => self.standby.deployment_version = self.standby.number(),
            1 => self.standby.check_version = self.standby.number(),
            2 => {
                self.stored.1 += 1;
            }
            _ => {
                let version = self.standby.number();
                if let Some(secret) = self.standby.secrets.iter_mut().find(|secret| !secret.fresh) {
                    (secret.fresh, secret.version) = (true, version);
                }
            }
        }
    }
}

/// Locks the world; a panic elsewhere does not hide it.
pub fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A true time as a clock with this error shows it.
pub fn stamp(at: Micros, skew: i64) -> Timestamp {
    let micros = i64::try_from(at).unwrap_or(i64::MAX / 2) + EPOCH * 1_000_000 + skew;
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// The true time of what a clock with this error showed; times before the story count as its beginning.
pub fn micros_by(at: Timestamp, skew: i64) -> Micros {
    u64::try_from(at.as_microsecond().saturating_sub(EPOCH * 1_000_000).saturating_sub(skew)).unwrap_or(0)
}

/// A time that a true clock showed; times before the story count as its beginning.
pub fn micros(at: Timestamp) -> Micros {
    u64::try_from(at.as_microsecond() - EPOCH * 1_000_000).unwrap_or(0)
}
