//! The test bed in memory: core's own fakes, and a step that only watches beside them.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{
    Call, Clock, Fault,
    engine::{Action, Engine, Request},
    fakes::World,
    record::Trigger,
    step::{Need, Observation, Step},
};

use super::{Account, TestBed, Way, arms::Arms};

/// A world in memory.
#[derive(Default)]
pub struct Memory {
    world: World,
    arms: Arms,
    watch: Arc<Watch>,
    workers: AtomicUsize,
}

impl Memory {
    /// One whose primary has been failing for ten minutes.
    pub fn fresh() -> Self {
        let memory = Self::default();
        memory.world.fail_primary_for(600);
        memory
    }

    /// One whose failover is done but for the watching, and in which another manager has then put `step` back.
    pub async fn lapsed(step: &str) -> Self {
        let memory = Self::fresh();
        memory.arm("watch", Way::Refused);
        memory.invoke().await;
        memory.repair();
        let put_back = memory.world.steps.iter().filter(|known| known.name() == step);
        put_back.for_each(|known| known.put(false));
        memory
    }

    /// A new worker: the runbook is that of core's fakes, and watching at the end.
    fn engine(&self) -> Engine {
        let number = self.workers.fetch_add(1, Ordering::Relaxed);
        let mut engine = self.world.engine(&format!("worker-{number}"));
        engine.runbook.steps.push(Arc::clone(&self.watch) as _);
        self.arms.on(engine)
    }
}

impl TestBed for Memory {
    fn arm(&self, step: &str, way: Way) {
        self.arms.arm(step, way);
    }

    async fn invoke(&self) {
        let engine = self.engine();
        let deadline = self.world.clock.now() + Duration::from_secs(300);
        let (trigger, action) = (Trigger::Tick, Action::FailOver);
        let request =
            Request { trigger, action, reason: None, caller: None, overrides: Vec::new(), data: None, deadline };
        // Virtual time: whatever waits is ready at once, so one poll is a whole life.
        let work = pin!(self.arms.until_killed(engine.handle(&request)));
        let ended = work.poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(ended, Poll::Ready(_)), "the engine waits for ever");
        self.world.clock.advance(Duration::from_secs(60));
    }

    fn repair(&self) {
        self.arms.lay_down();
    }

    async fn account(&self) -> Account {
        let state = self.world.store.state();
        Account {
            effects: self.world.effects().into_iter().map(str::to_owned).collect(),
            state: Some(state),
            met: self.arms.met(),
            complaints: self.arms.complaints(),
        }
    }
}

/// Comes true when it has been looked at often enough.
#[derive(Default)]
struct Watch(AtomicUsize);

#[async_trait]
impl Step for Watch {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn need(&self) -> Need {
        Need::Owed
    }

    fn only_watches(&self) -> bool {
        true
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        let looks = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(if looks < 3 { Observation::todo("not yet", true.into()) } else { Observation::done("there") })
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<(), Fault> {
        Ok(())
    }
}
