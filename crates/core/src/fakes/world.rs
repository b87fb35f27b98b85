//! All fakes together.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Effect, FakeClock, FakeControls, FakeCooldown, FakeHistory, FakeLease, FakeProber, FakeStandby, FakeStep,
    FakeStore, FaultPlan, ports::lock,
};
use crate::{
    clock::Clock,
    engine::{Action, Answer, Engine, Limits, Request},
    evidence::ProbeResult,
    kind::Kind,
    policy::Policy,
    ports::{Announcer, Ports},
    record::Trigger,
    runbook::{PlannedStep, Runbook},
    step::{Need, Step},
};

/// A primary, a standby and everything in between, in memory, with three steps: `clean`, `scale`, `lock`.
pub struct World {
    /// Virtual time.
    pub clock: Arc<FakeClock>,
    /// What goes wrong.
    pub fault_plan: FaultPlan,
    /// The document.
    pub store: Arc<FakeStore>,
    /// The lease.
    pub lease: Arc<FakeLease>,
    /// The cloud's note.
    pub cooldown: Arc<FakeCooldown>,
    /// The primary as metrics see it.
    pub history: Arc<FakeHistory>,
    /// The primary as probes see it.
    pub prober: Arc<FakeProber>,
    /// The control targets of the probe.
    pub controls: Arc<FakeControls>,
    /// The standby.
    pub standby: Arc<FakeStandby>,
    /// The steps, in order.
    pub steps: Vec<Arc<FakeStep>>,
    /// The step of a switchover that makes the primary passive.
    pub passive: Arc<FakeStep>,
    /// The numbers of the decision.
    pub policy: Policy,
    /// Who is told; nobody at first.
    pub announcers: Vec<Arc<dyn Announcer>>,
    effects: Arc<Mutex<Vec<Effect>>>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A healthy primary, a fit standby, nothing done, at the start of a minute in 2026.
    pub fn new() -> Self {
        let clock = Arc::new(FakeClock::at(Timestamp::from_second(1_767_225_600).unwrap_or_default()));
        let fault_plan = FaultPlan::fair(Arc::clone(&clock));
        let effects = Arc::<Mutex<Vec<Effect>>>::default();
        let step = |name, calls, need| {
            let step = FakeStep::new(fault_plan.clone(), Arc::clone(&clock), name, calls, need, Arc::clone(&effects));
            Arc::new(match name {
                "scale" => step.with_way_back("rest", ("see rest", "rest")),
                "lock" => step.with_way_back("unlock", ("see unlock", "unlock")),
                _ => step,
            })
        };
        Self {
            store: Arc::new(FakeStore::new(fault_plan.clone())),
            lease: Arc::new(FakeLease::new(fault_plan.clone(), Arc::clone(&clock))),
            cooldown: Arc::new(FakeCooldown::new(fault_plan.clone())),
            history: Arc::new(FakeHistory::new(fault_plan.clone(), Arc::clone(&clock), Duration::from_secs(60))),
            prober: Arc::new(FakeProber::saying(ProbeResult::Inconclusive { why: "none".to_owned() })),
            controls: Arc::new(FakeControls::default()),
            standby: Arc::new(FakeStandby::new(fault_plan.clone())),
            steps: vec![
                step("clean", ("see clean", "clean"), Need::Required),
                step("scale", ("see scale", "scale"), Need::Required),
                step("lock", ("see lock", "lock"), Need::Owed),
            ],
            passive: step("passive", ("see passive", "passive"), Need::Required),
            policy: Policy::default(),
            announcers: Vec::new(),
            effects,
            clock,
            fault_plan,
        }
    }

    /// Every effect so far, in order.
    pub fn effects(&self) -> Vec<&'static str> {
        lock(&self.effects).iter().map(|effect| effect.step).collect()
    }

    /// When the effects of `step` happened, in order.
    pub fn effects_of(&self, step: &str) -> Vec<Timestamp> {
        lock(&self.effects).iter().filter(|effect| effect.step == step).map(|effect| effect.at).collect()
    }

    /// The primary has been failing for `seconds`, to metrics and probes alike.
    pub fn fail_primary_for(&self, seconds: u64) {
        self.history.set_down(Some(self.clock.now() - Duration::from_secs(seconds)));
        self.prober.set(ProbeResult::Failing { why: "refused".to_owned() });
    }

    /// The primary is well again.
    pub fn heal_primary(&self) {
        self.history.set_down(None);
        self.prober.set(ProbeResult::Healthy { said: "OK".to_owned() });
    }

    /// An engine of a worker called `holder`.
    pub fn engine(&self, holder: &str) -> Engine {
        let ports = Ports {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            lease: Arc::clone(&self.lease) as _,
            store: Arc::clone(&self.store) as _,
            cooldown: Some(Arc::clone(&self.cooldown) as _),
            history: Some(Arc::clone(&self.history) as _),
            prober: Some(Arc::clone(&self.prober) as _),
            controls: Some(Arc::clone(&self.controls) as _),
            traffic: None,
            live: None,
            standby: Arc::clone(&self.standby) as _,
            announcers: self.announcers.clone(),
        };
        let runbook = self.runbook();
        Engine { ports, runbook, policy: self.policy.clone(), limits: Limits::default(), holder: holder.to_owned() }
    }

    /// What is done in it: failback unlocks and, once confirmed, rests; a rehearsal scales and rests; a switchover makes
    /// the primary passive first.
    pub fn runbook(&self) -> Runbook {
        let steps: Vec<_> = self.steps.iter().map(|step| Arc::clone(step) as Arc<dyn Step>).collect();
        let mut runbook = Runbook::of_failover("fake", steps.clone());
        if let [_, scale, lock] = &steps[..] {
            let back = |step: &Arc<dyn Step>| PlannedStep::back(Arc::clone(step));
            let forward = |step: &Arc<dyn Step>| PlannedStep::forward(Arc::clone(step));
            let passive = PlannedStep::forward(Arc::clone(&self.passive) as Arc<dyn Step>);
            runbook.others = BTreeMap::from([
                (Kind::Failback, vec![back(lock), back(scale).on_confirmation()]),
                (Kind::Rehearsal, vec![forward(scale), back(scale)]),
                (Kind::Switchover, [passive].into_iter().chain(steps.iter().map(forward)).collect()),
            ]);
        }
        runbook
    }

    /// A request with 900 s to answer it, the longest life of a Lambda call.
    pub fn request(&self, trigger: Trigger, action: Action) -> Request {
        let deadline = self.clock.now() + Duration::from_secs(900);
        Request {
            trigger,
            action,
            reason: None,
            caller: None,
            overrides: Vec::new(),
            data: None,
            question: None,
            deadline,
        }
    }

    /// Runs one request in the worker `holder`. `None` when the worker died on the way.
    ///
    /// # Panics
    /// When the engine waits for something that will never come although its worker lives.
    pub fn run(&self, holder: &str, request: &Request) -> Option<Answer> {
        let engine = self.engine(holder);
        let mut work = pin!(engine.handle(request));
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => {
                assert!(self.clock.is_crashed(), "the engine waits for ever");
                self.clock.crash(false);
                None
            }
        }
    }

    /// An alarm comes to the worker `holder`.
    pub fn alarm(&self, holder: &str) -> Option<Answer> {
        self.run(
            holder,
            &self.request(Trigger::Alarm { name: "primary".to_owned(), changed_at: None }, Action::FailOver),
        )
    }

    /// A tick comes to the worker `holder`.
    pub fn tick(&self, holder: &str) -> Option<Answer> {
        self.run(holder, &self.request(Trigger::Tick, Action::FailOver))
    }
}
