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
    decision::Gate,
    engine::{Action, Engine, Request},
    fakes::World,
    kind::Kind,
    record::{Status, Trigger},
    step::{Need, Observation, Step},
};

use super::{Account, FailureMode, TestBed, fault_injection::FaultInjection};

/// A world in memory.
#[derive(Default)]
pub struct Memory {
    kind: Kind,
    world: World,
    fault_injection: FaultInjection,
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

    /// One in which everything calls for an execution of `kind`: for a failback a failover stands, and the primary is well.
    pub async fn of(kind: Kind) -> Self {
        let memory = Self { kind, ..Self::default() };
        memory.world.heal_primary();
        if kind == Kind::Failback {
            memory.world.fail_primary_for(600);
            memory.call(Action::FailOver).await;
            memory.world.heal_primary();
        } else if kind == Kind::Failover {
            memory.world.fail_primary_for(600);
        }
        memory
    }

    /// One whose failover is done but for the watching, and in which another manager has then put `step` back.
    pub async fn lapsed(step: &str) -> Self {
        let memory = Self::fresh();
        memory.arm("watch", FailureMode::Refused);
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
        self.fault_injection.on(engine)
    }

    /// What is asked for next: what was begun is carried on, and what is completed is left to a tick.
    fn next(&self) -> Action {
        let state = self.world.store.state();
        let current = state.current.as_ref().filter(|run| run.kind == self.kind);
        if current.is_some_and(|run| run.status == Status::Completed) {
            return Action::FailOver;
        }
        match self.kind {
            Kind::Failover => Action::FailOver,
            Kind::Switchover => Action::Switchover,
            Kind::Rehearsal => Action::Rehearse,
            Kind::Failback => Action::Failback { rest: current.is_some_and(|run| run.has_done("unlock")) },
        }
    }

    async fn call(&self, action: Action) {
        let engine = self.engine();
        let deadline = self.world.clock.now() + Duration::from_secs(300);
        let by_person = action != Action::FailOver;
        let request = Request {
            trigger: if by_person { Trigger::Operator } else { Trigger::Tick },
            action,
            reason: None,
            caller: None,
            // How long the primary has been well is not what is proven here.
            overrides: if by_person { vec![Gate::WellFor] } else { Vec::new() },
            question: None,
            data: by_person.then(|| "a person's word".to_owned()),
            deadline,
        };
        // Virtual time: whatever waits is ready at once, so one poll is a whole life.
        let work = pin!(self.fault_injection.until_killed(engine.handle(&request)));
        let ended = work.poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(ended, Poll::Ready(_)), "the engine waits for ever");
        self.world.clock.advance(Duration::from_secs(60));
    }
}

impl TestBed for Memory {
    fn arm(&self, step: &str, way: FailureMode) {
        self.fault_injection.arm(step, way);
    }

    async fn invoke(&self) {
        self.call(self.next()).await;
    }

    fn repair(&self) {
        self.fault_injection.lay_down();
    }

    async fn account(&self) -> Account {
        let state = self.world.store.state();
        Account {
            effects: self.world.effects().into_iter().map(str::to_owned).collect(),
            state: Some(state),
            kind: self.kind,
            met: self.fault_injection.met(),
            complaints: self.fault_injection.complaints(),
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

    fn is_verification(&self) -> bool {
        true
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        let looks = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(if looks < 3 { Observation::todo("not yet", true.into()) } else { Observation::done("there") })
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<Option<Observation>, Fault> {
        Ok(None)
    }
}
