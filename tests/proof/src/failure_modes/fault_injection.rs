//! Meets any step with any way, for engines that run in this process: in memory or against a real API server.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{
    Call, Clock, Fault, FaultClass, Timestamp,
    engine::Engine,
    step::{Need, Observation, Step},
};

use super::FailureMode;

/// The armed step, shared between the runbook and the test.
#[derive(Clone, Default)]
pub struct FaultInjection(Arc<Mutex<Armed>>);

#[derive(Default)]
struct Armed {
    step: String,
    way: Option<FailureMode>,
    met: usize,
    /// Whether any step has been told to act since. Before that, a step that watches is only one of those that a first look asks.
    acted: bool,
    killed: bool,
    complaints: Vec<String>,
}

impl FaultInjection {
    fn lock(&self) -> MutexGuard<'_, Armed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `step` meets `way`, once; [`FailureMode::Refused`] until [`FaultInjection::lay_down`].
    pub fn arm(&self, step: &str, way: FailureMode) {
        *self.lock() = Armed { step: step.to_owned(), way: Some(way), ..Armed::default() };
    }

    /// Nothing more is met.
    pub fn lay_down(&self) {
        self.lock().way = None;
    }

    /// How often the step was met.
    pub fn met(&self) -> usize {
        self.lock().met
    }

    /// What was wrong: the answer to an effect that was sent twice, or a worker that outlived its death.
    pub fn complaints(&self) -> Vec<String> {
        self.lock().complaints.clone()
    }

    /// The same engine, each step of each kind behind this injection, and mortal.
    pub fn on(&self, mut engine: Engine) -> Engine {
        let wrap = |inner| Arc::new(ArmedStep { inner, fault_injection: self.clone() }) as Arc<dyn Step>;
        engine.runbook.steps = engine.runbook.steps.into_iter().map(wrap).collect();
        for planned in engine.runbook.others.values_mut().flatten() {
            planned.step = wrap(Arc::clone(&planned.step));
        }
        engine.ports.clock = Arc::new(MortalClock { inner: engine.ports.clock, fault_injection: self.clone() });
        engine
    }

    /// Runs a worker until it has answered, or is killed by an injected fault: then it is dropped where it stands.
    pub async fn until_killed<T>(&self, work: impl Future<Output = T>) {
        let mut work = pin!(work);
        poll_fn(|context| {
            let answered = work.as_mut().poll(context).is_ready();
            let killed = std::mem::take(&mut self.lock().killed);
            if answered && killed {
                self.lock().complaints.push("a worker that was killed went on".to_owned());
            }
            if answered || killed { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The way that this call of a step meets, if any.
    fn meet(&self, step: &str, acts: bool) -> Option<FailureMode> {
        let mut armed = self.lock();
        armed.acted |= acts;
        if armed.step != step || !armed.acted {
            return None;
        }
        let way = armed.way?;
        armed.met += 1;
        if way != FailureMode::Refused {
            armed.way = None;
        }
        Some(way)
    }

    async fn die<T>(&self) -> T {
        self.lock().killed = true;
        pending().await
    }

    /// Lets `act` meet `way`.
    async fn through<T, F>(&self, way: FailureMode, name: &'static str, mut act: impl FnMut() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let failed = |class| Err(Fault::new(class, name, format!("{way:?}, on purpose")));
        match way {
            FailureMode::FailsBefore => failed(FaultClass::Server),
            FailureMode::FailsAfter => act().await.and_then(|_| failed(FaultClass::Server)),
            FailureMode::KilledBefore => self.die().await,
            FailureMode::KilledAfter => {
                act().await?;
                self.die().await
            }
            FailureMode::AnswerLost => act().await.and_then(|_| failed(FaultClass::Connection)),
            FailureMode::RunsTwice => {
                let first = act().await?;
                if let Err(fault) = act().await
                    && fault.class != FaultClass::Conflict
                {
                    self.lock().complaints.push(format!("{name} sent twice on one observation: {fault}"));
                }
                Ok(first)
            }
            FailureMode::Conflict => failed(FaultClass::Conflict),
            FailureMode::Refused => failed(FaultClass::Denied),
            FailureMode::Hangs => pending().await,
        }
    }
}

/// Wakes nobody who is dead: in virtual time the end of a time-out would come in the same moment as the death.
struct MortalClock {
    inner: Arc<dyn Clock>,
    fault_injection: FaultInjection,
}

#[async_trait]
impl Clock for MortalClock {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn sleep(&self, pause: Duration) {
        if self.fault_injection.lock().killed {
            pending::<()>().await;
        }
        self.inner.sleep(pause).await;
    }
}

struct ArmedStep {
    inner: Arc<dyn Step>,
    fault_injection: FaultInjection,
}

#[async_trait]
impl Step for ArmedStep {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn need(&self) -> Need {
        self.inner.need()
    }

    fn locks_traffic(&self) -> bool {
        self.inner.locks_traffic()
    }

    fn is_verification(&self) -> bool {
        self.inner.is_verification()
    }

    fn inverse(&self, before: Option<&Observation>) -> Option<Arc<dyn Step>> {
        let inner = self.inner.inverse(before)?;
        Some(Arc::new(Self { inner, fault_injection: self.fault_injection.clone() }))
    }

    /// A step that only watches has nothing but this to be met in, once its turn has come.
    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let way = if self.is_verification() { self.fault_injection.meet(self.name(), false) } else { None };
        match way {
            Some(way) => self.fault_injection.through(way, self.name(), || self.inner.observe(call)).await,
            None => self.inner.observe(call).await,
        }
    }

    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        match self.fault_injection.meet(self.name(), true) {
            Some(way) => self.fault_injection.through(way, self.name(), || self.inner.apply(call, seen)).await,
            None => self.inner.apply(call, seen).await,
        }
    }
}
