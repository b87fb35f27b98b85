//! The executor: starts workers, polls them by hand, freezes and ends them.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use fastrand::Rng;
use holdfast_core::{
    Clock,
    engine::{Action, Answer, Engine, Request},
    mode::Mode,
    policy::Policy,
    record::Trigger,
};

use super::{
    Report, Sabotage,
    operator_actions::Act,
    pass::Link,
    seconds,
    story::Story,
    world::{Delivery, Event, Sent, Shared, Worker, WorkerFacts, World, lock},
};

/// Lambda asks again twice when an asynchronous invocation ends badly: after one minute, and after two.
const RETRIES: u32 = 2;

type Work = Pin<Box<dyn Future<Output = Answer> + Send>>;

struct Running {
    work: Work,
    delivery: Delivery,
}

struct Runner {
    world: Shared,
    running: Vec<Option<Running>>,
}

/// Plays the story of `seed` to its end; `tells` keeps what happened in it.
pub fn run(seed: u64, tells: bool) -> Report {
    play(seed, tells, None)
}

/// Plays the story of `seed` in a world that is broken on purpose.
pub fn run_broken(seed: u64, sabotage: Sabotage) -> Report {
    play(seed, false, Some(sabotage))
}

fn play(seed: u64, tells: bool, sabotage: Option<Sabotage>) -> Report {
    // The pauses between attempts have jitter from here.
    fastrand::seed(seed);
    let mut rng = Rng::with_seed(seed);
    let story = Story::draw(seed, &mut rng);
    let world = Arc::new(Mutex::new(World::new(story, rng, tells)));
    lock(&world).sabotage = sabotage;
    let mut runner = Runner { world: Arc::clone(&world), running: Vec::new() };
    while runner.turn() {}
    // The futures hold keys of the queue: they go first.
    runner.running.clear();
    let mut world = lock(&world);
    Report {
        seed,
        broken: std::mem::take(&mut world.broken),
        counts: world.counts,
        simulated: world.story.end,
        told: std::mem::take(&mut world.told),
    }
}

impl Runner {
    /// One event. False at the end.
    fn turn(&mut self) -> bool {
        let event = lock(&self.world).next();
        match event {
            None => return false,
            Some(Event::Wake(worker)) => self.wake(worker),
            Some(Event::Deadline(worker)) => self.end(worker),
            Some(Event::Deliver(delivery)) => self.deliver(delivery),
            Some(Event::Tick) => self.tick(),
            Some(Event::Sample) => lock(&self.world).sample(),
            Some(Event::Alarm) => self.alarm(),
            Some(Event::Act(act)) => self.act(act),
            Some(Event::Deed(deed)) => deed(&mut lock(&self.world)),
            Some(Event::Calm) => lock(&self.world).calm(),
        }
        true
    }

    fn wake(&mut self, worker: Worker) {
        {
            let mut world = lock(&self.world);
            let now = world.now;
            if world.workers[worker].frozen_until > now || self.running[worker].is_none() {
                return;
            }
            let freezes = world.story.fault_rates.freeze;
            if world.chance(freezes) {
                let pause = world.rng.u64(seconds(1)..seconds(90));
                world.workers[worker].frozen_until = now + pause;
                world.workers[worker].frozen_for += pause;
                world.at(now + pause, Event::Wake(worker));
                world.tell(worker, || format!("frozen for {} s", pause / 1_000_000));
                return;
            }
            world.current = worker;
        }
        self.poll(worker);
    }

    fn poll(&mut self, worker: Worker) {
        let Some(running) = self.running[worker].as_mut() else { return };
        match running.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => {
                let ended = self.running[worker].take();
                lock(&self.world).workers[worker].polls_until = 0;
                lock(&self.world).tell_answer(worker, &answer);
                if let Some(running) = ended.filter(|_| answer.outcome.wants_retry()) {
                    self.again(running.delivery);
                }
            }
            Poll::Pending => {
                if lock(&self.world).workers[worker].dead {
                    lock(&self.world).tell(worker, || "dies".to_owned());
                    self.bury(worker);
                }
            }
        }
    }

    /// Lambda's time limit.
    fn end(&mut self, worker: Worker) {
        if self.running[worker].is_none() {
            return;
        }
        {
            let mut world = lock(&self.world);
            world.current = worker;
            world.counts.timed_out += 1;
            world.tell(worker, || "is ended by the time limit".to_owned());
            if world.workers[worker].frozen_for == 0 {
                world.breaks("a worker did not answer within its time");
            }
        }
        self.bury(worker);
    }

    fn bury(&mut self, worker: Worker) {
        if let Some(running) = self.running[worker].take() {
            lock(&self.world).workers[worker].polls_until = 0;
            self.again(running.delivery);
        }
    }

    fn again(&mut self, delivery: Delivery) {
        let Some(retries) = delivery.retries.checked_sub(1) else { return };
        let pause = seconds(60) * u64::from(RETRIES - retries);
        lock(&self.world).after(pause, Event::Deliver(Delivery { retries, ..delivery }));
    }

    fn tick(&mut self) {
        if self.running.iter().all(Option::is_none) && lock(&self.world).ends_early() {
            return;
        }
        {
            let mut world = lock(&self.world);
            world.after(seconds(60), Event::Tick);
            let loses = world.story.fault_rates.lost_message;
            if world.chance(loses) || world.lacks(Sabotage::TicksStop) && !world.stormy() {
                return;
            }
        }
        self.deliver(Delivery { trigger: Trigger::Tick, action: Action::FailOver, forced: false, retries: 0 });
    }

    /// Delivers at once, or when a container is free.
    fn deliver(&mut self, delivery: Delivery) {
        let busy = self.running.iter().flatten().count();
        let of_people = |running: &&Running| running.delivery.trigger == Trigger::Operator;
        let people = self.running.iter().flatten().filter(of_people).count();
        let link = {
            let mut world = lock(&self.world);
            let gets_in = busy < world.story.concurrency;
            if delivery.trigger == Trigger::Operator {
                world.operator_comes(gets_in, people);
            }
            if !gets_in {
                if delivery.trigger != Trigger::Tick {
                    world.after(seconds(20), Event::Deliver(delivery));
                }
                return;
            }
            world.counts.invocations += 1;
            world.counts.most_at_once = world.counts.most_at_once.max(busy + 1);
            self.hire(&mut world, &delivery)
        };
        let worker = link.worker;
        self.running.push(Some(Running { work: work(link, &delivery), delivery }));
        lock(&self.world).current = worker;
        self.poll(worker);
    }

    /// A container with a clock of its own.
    fn hire(&self, world: &mut World, delivery: &Delivery) -> Arc<Link> {
        let mut rng = world.rng.fork();
        let skew = world.story.skew(&mut rng);
        let worker = world.workers.len();
        world.workers.push(WorkerFacts {
            skew,
            only_asks: Act::only_asks(delivery.action),
            by_operator: delivery.trigger == Trigger::Operator,
            waives: delivery.forced || delivery.action == Action::Finish,
            probed: None,
            answered: None,
            history_read: None,
            polls: 0,
            polls_until: 0,
            claimed: false,
            fence: None,
            sent: Sent::default(),
            dead: false,
            began: world.now,
            frozen_until: 0,
            frozen_for: 0,
        });
        let deadline = u64::try_from(world.story.deadline.as_micros()).unwrap_or(0);
        world.after(deadline + 1, Event::Deadline(worker));
        world.tell(worker, || format!("is invoked: {:?} {:?}", delivery.trigger, delivery.action));
        let (clock, shared) = (Arc::clone(&world.clock), Arc::clone(&self.world));
        Arc::new(Link { world: shared, clock, worker, skew })
    }

    /// The alarm looks at the newest minute and calls once, when it turns bad: early, late, twice or never.
    fn alarm(&mut self) {
        let mut world = lock(&self.world);
        world.after(seconds(60), Event::Alarm);
        let known_to = world.now.saturating_sub(1);
        let bad = world.checkers.minutes(known_to.saturating_sub(seconds(60)), known_to).first().map(|it| !it.1);
        let was = std::mem::replace(&mut world.alarmed, bad.unwrap_or(false));
        if bad != Some(true) || was {
            return;
        }
        let loses = world.story.fault_rates.lost_message;
        let copies = if world.chance(loses) {
            0
        } else if world.chance(0.3) {
            world.rng.u32(2..=5)
        } else {
            1
        };
        let latest = if world.chance(0.2) { 600 } else { 60 };
        for _ in 0..copies {
            let trigger = Trigger::Alarm { name: "primary".to_owned(), changed_at: None };
            let delivery = Delivery { trigger, action: Action::FailOver, forced: false, retries: RETRIES };
            let pause = world.rng.u64(0..seconds(latest));
            world.after(pause, Event::Deliver(delivery));
        }
    }

    fn act(&mut self, act: Act) {
        let call = |action, forced| Delivery { trigger: Trigger::Operator, action, forced, retries: 0 };
        match act {
            Act::Call(action) => self.deliver(call(action, false)),
            Act::Force => self.deliver(call(Action::FailOver, true)),
            Act::Lock | Act::Unlock | Act::Scale(_) | Act::DeleteSecret => lock(&self.world).by_hand(act),
        }
    }
}

/// The engine that ships, at work on one delivery.
fn work(link: Arc<Link>, delivery: &Delivery) -> Work {
    let (policy, limits, deadline) = {
        let world = lock(&link.world);
        (world.story.policy.clone(), world.story.limits.clone(), world.story.deadline)
    };
    let policy =
        if lock(&link.world).lacks(Sabotage::ModeUnseen) { Policy { mode: Mode::Automatic, ..policy } } else { policy };
    let policy = if lock(&link.world).lacks(Sabotage::OldWorkTrusted) {
        Policy { stands_still_after: Duration::from_secs(1 << 40), ..policy }
    } else {
        policy
    };
    let request = Request {
        trigger: delivery.trigger.clone(),
        action: delivery.action,
        reason: (delivery.trigger == Trigger::Operator).then(|| "a person".to_owned()),
        caller: None,
        question: (delivery.action == Action::Approve).then(|| lock(&link.world).question(link.worker)),
        data: matches!(delivery.action, Action::Failback { .. }).then(|| "a person's word".to_owned()),
        overrides: if delivery.forced { Act::Force.overrides() } else { Vec::new() },
        deadline: link.now() + deadline,
    };
    let (ports, runbook, holder) = (link.ports(), link.runbook(), format!("worker-{}", link.worker));
    let engine = Engine { ports, runbook, policy, limits, holder };
    Box::pin(async move { engine.handle(&request).await })
}
