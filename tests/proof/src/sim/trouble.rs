//! Others who write what a failover writes: managers that take effects back, and records that nobody drove.

use holdfast_core::{
    Timestamp,
    decision::{Decision, Verdict},
    engine::Action,
    evidence::Evidence,
    kind::Kind,
    record::{Execution, Kept, Progress, State, Status, StepRecord, Trigger, Unknown, Waiter},
    step::Need,
};

use super::{
    Micros,
    operator_actions::Act,
    safety::Book,
    seconds,
    steps::NAMES,
    story::{CutOff, Manager, Strange, Undoes, pick},
    world::{Deed, Event, Worker, World, micros, stamp},
};

/// How soon a manager answers that is told of each change.
const ANSWERS_WITHIN: std::ops::Range<Micros> = 100_000..seconds(5);

impl World {
    /// Puts managers and strangers into the queue.
    pub fn invite(&mut self) {
        if let Some(Manager { every: Some(_), from, .. }) = self.story.manager {
            self.at(from, Event::Deed(Box::new(Self::manage)));
        }
        for (at, what) in self.story.strange.clone() {
            self.at(at, Event::Deed(Box::new(move |world| world.meet(what))));
        }
    }

    /// Why a worker has no way out at present, if it has none.
    pub fn cut_off(&self, worker: Worker) -> Option<CutOff> {
        let meets = |it: &&CutOff| it.third.is_none_or(|third| worker % 3 == third);
        let mut now = self.story.cut_offs.iter().filter(|it| (it.from..it.to).contains(&self.now));
        now.find(meets).copied()
    }

    /// A manager that looks now and then.
    fn manage(&mut self) {
        let Some(Manager { undoes, to, every: Some(every), .. }) = self.story.manager else { return };
        if self.now < to {
            self.take_back(undoes);
            self.after(every, Event::Deed(Box::new(Self::manage)));
        }
    }

    /// A manager that is told of each change has just been told.
    pub fn answered_by_managers(&mut self, effect: Undoes) {
        let Some(Manager { undoes, from, to, every: None }) = self.story.manager else { return };
        if undoes == effect && (from..to).contains(&self.now) {
            let pause = self.rng.u64(ANSWERS_WITHIN);
            let deed: Deed = Box::new(move |world| world.take_back(undoes));
            self.after(pause, Event::Deed(deed));
        }
    }

    /// Somebody else undoes an effect of a failover, if it holds.
    pub fn take_back(&mut self, what: Undoes) {
        let now = self.now;
        match what {
            Undoes::Scale if self.standby.replicas > 0 => {
                self.standby.scale(0, now);
                self.book.scaled_down_at = Some(now);
            }
            Undoes::Lock if self.standby.locked => {
                self.standby.lock(false);
                self.book.unlocked_at = Some(now);
            }
            Undoes::Scale | Undoes::Lock => return,
        }
        self.tell(self.current, || format!("somebody takes back: {what:?}"));
    }

    fn meet(&mut self, what: Strange) {
        self.tell(self.current, || format!("somebody else: {what:?}"));
        match what {
            Strange::Copy => self.backup = Some(self.stored.0.clone()),
            Strange::Restore => {
                if let Some(backup) = self.backup.take() {
                    self.put_record(backup);
                }
            }
            Strange::Plant => {
                let planted = self.plant();
                self.put_record(planted);
            }
            Strange::Note => {
                let never = [Timestamp::UNIX_EPOCH, far_away()];
                self.note = Some(*pick(&mut self.rng, &never));
            }
            Strange::DeleteLease => {
                self.lease.holder = None;
                self.lease.fence = 0;
                self.lease.version += 1;
            }
        }
    }

    /// The stored record is what somebody else wrote. What it says is what counts from here on.
    fn put_record(&mut self, state: State) {
        let over = |status| matches!(status, Status::Aborted | Status::FailedBack);
        let ended = state.unlocked.is_some() || state.current.as_ref().is_some_and(|run| over(run.status));
        let unlocks = [state.unlocked, state.unarmed_since].into_iter().flatten().filter(|_| state.armed.is_none());
        let Book { scaled_down_at, unlocked_at, kept_out_since, foreign, .. } = std::mem::take(&mut self.book);
        self.book = Book {
            ended,
            scaled_down_at: scaled_down_at.or(Some(self.now).filter(|_| self.standby.replicas == 0)),
            unlocked_at: unlocked_at.or(Some(self.now).filter(|_| !self.standby.locked)),
            unlock_noted_at: unlocks.map(micros).filter(|at| *at <= self.now).max(),
            paused_at: state.pause.as_ref().map(|_| self.now),
            kept_out_since,
            lock_unknown: true,
            foreign,
            ..Book::default()
        };
        self.stored = (state, self.stored.1 + 1);
    }

    /// An execution of long ago, or of no time at all, with all, one or none of its steps done: open, or completed.
    fn plant(&mut self) -> State {
        let now = self.now;
        let never = [Timestamp::UNIX_EPOCH, far_away()];
        let started =
            *pick(&mut self.rng, &[never[0], never[1], stamp(now, 0) - std::time::Duration::from_secs(86_400)]);
        let done = *pick(&mut self.rng, &[0, 1, NAMES.len()]);
        let fence = *pick(&mut self.rng, &[0, 1, 2_147_483_647, u64::MAX]);
        let mut planted = execution(now, started, fence, done);
        if done == NAMES.len() && self.rng.bool() {
            (planted.status, planted.finished_at) = (Status::Completed, Some(started));
        }
        let mut state = self.stored.0.clone();
        if self.rng.f64() < 0.3 {
            match self.rng.u32(0..4) {
                0 => planted.steps.truncate(1),
                1 => planted.steps.clear(),
                2 => planted.steps.reverse(),
                _ => planted.runbook = "another".to_owned(),
            }
            // A person is told, and ends it.
            self.book.foreign = Some(planted.id.clone());
            let pause = self.rng.u64(seconds(60)..seconds(600));
            self.after(pause, Event::Act(Act::Call(Action::Acknowledge { abort: true })));
        }
        state.current = Some(planted);
        let time = |rng: &mut fastrand::Rng| *pick(rng, &[None, None, Some(never[0]), Some(never[1])]);
        (state.acknowledged, state.unlocked) = (time(&mut self.rng), time(&mut self.rng));
        state.waiter = time(&mut self.rng).map(|until| Waiter { holder: "planted".to_owned(), until });
        state
    }
}

/// A time that no clock shows.
fn far_away() -> Timestamp {
    Timestamp::from_second(4_102_444_800).unwrap_or(Timestamp::MAX)
}

fn execution(now: Micros, started_at: Timestamp, fence: u64, done: usize) -> Execution {
    let needs = [Need::Required, Need::Required, Need::Owed, Need::Owed];
    let step = |(position, (name, need)): (usize, (&&str, Need))| {
        let progress = if position < done { Progress::Done { changed: true } } else { Progress::Pending };
        StepRecord { progress, ended_at: Some(started_at), ..StepRecord::pending(name, need) }
    };
    Execution {
        id: format!("planted-{now}"),
        runbook: "simulated".to_owned(),
        trigger: Kept::of(Trigger::Tick),
        reason: None,
        caller: None,
        overrides: Vec::new(),
        started_at,
        finished_at: None,
        status: Status::Running,
        abort_reason: None,
        fence,
        holder: "planted".to_owned(),
        takeovers: 0,
        decision: Kept::of(Decision { verdict: Verdict::FailOver, reasons: Vec::new(), streak: None }),
        evidence: Kept::of(Evidence::nothing(started_at)),
        policy: Kept::of(holdfast_core::policy::Policy::default()),
        steps: NAMES.iter().zip(needs).enumerate().map(step).collect(),
        notes: Vec::new(),
        kind: Kind::Failover,
        data: None,
        confirmed: false,
        unknown: Unknown::new(),
    }
}
