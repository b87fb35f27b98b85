//! A step on a flag.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

use super::{FakeClock, FaultPlan, ports::lock};
use crate::{
    clock::{Call, Clock},
    fault::{Fault, FaultClass},
    step::{Need, Observation, Step},
};

/// One effect that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The step that had it.
    pub step: &'static str,
    /// When.
    pub at: Timestamp,
}

/// A step whose effect is a flag with a version. Calls are named as given.
pub struct FakeStep {
    fault_plan: FaultPlan,
    clock: Arc<FakeClock>,
    name: &'static str,
    calls: (&'static str, &'static str),
    need: Need,
    locks: bool,
    flag: Arc<Mutex<(bool, u64)>>,
    back: Option<(&'static str, &'static str, &'static str)>,
    reverts: AtomicBool,
    next_look: Mutex<Option<bool>>,
    effects: Arc<Mutex<Vec<Effect>>>,
}

impl FakeStep {
    /// A step called `name`; `calls` names its observation and its effect in the fault_plan.
    pub fn new(
        fault_plan: FaultPlan,
        clock: Arc<FakeClock>,
        name: &'static str,
        calls: (&'static str, &'static str),
        need: Need,
        effects: Arc<Mutex<Vec<Effect>>>,
    ) -> Self {
        let locks = name == "lock";
        Self {
            fault_plan,
            clock,
            name,
            calls,
            need,
            locks,
            flag: Arc::new(Mutex::new((false, 1))),
            back: None,
            reverts: AtomicBool::new(false),
            next_look: Mutex::default(),
            effects,
        }
    }

    /// The same step with a way back called `name`, whose calls are named so.
    #[must_use]
    pub fn with_way_back(mut self, name: &'static str, calls: (&'static str, &'static str)) -> Self {
        self.back = Some((name, calls.0, calls.1));
        self
    }

    /// Whether the effect holds.
    pub fn holds(&self) -> bool {
        lock(&self.flag).0
    }

    /// Whether another manager takes the effect back as soon as it was seen to hold.
    pub fn reverts(&self, reverts: bool) {
        self.reverts.store(reverts, Ordering::SeqCst);
    }

    /// Once it has been looked at, an outsider sets the flag.
    pub fn put_after_next_look(&self, holds: bool) {
        *lock(&self.next_look) = Some(holds);
    }

    /// Sets the flag, as an outsider would.
    pub fn put(&self, holds: bool) {
        let mut flag = lock(&self.flag);
        *flag = (holds, flag.1 + 1);
    }
}

#[async_trait]
impl Step for FakeStep {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        self.need
    }

    fn locks_traffic(&self) -> bool {
        self.locks
    }

    fn inverse(&self, _: Option<&Observation>) -> Option<Arc<dyn Step>> {
        let (name, see, take_back) = self.back?;
        let (fault_plan, clock) = (self.fault_plan.clone(), Arc::clone(&self.clock));
        let (flag, effects) = (Arc::clone(&self.flag), Arc::clone(&self.effects));
        Some(Arc::new(FakeInverse { fault_plan, clock, name, see, take_back, flag, effects }))
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.fault_plan
            .pass(self.calls.0, async {
                let (holds, version) = *lock(&self.flag);
                let next = lock(&self.next_look).take();
                if let Some(next) = next.or(self.reverts.load(Ordering::SeqCst).then_some(false).filter(|_| holds)) {
                    self.put(next);
                }
                Ok(if holds { Observation::done("set") } else { Observation::todo("not set", json!(version)) })
            })
            .await
    }

    async fn apply(&self, _: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        self.fault_plan
            .pass(self.calls.1, async {
                let mut flag = lock(&self.flag);
                if seen.precondition != json!(flag.1) {
                    return Err(Fault::new(FaultClass::Conflict, self.calls.1, "changed since it was seen"));
                }
                *flag = (true, flag.1 + 1);
                lock(&self.effects).push(Effect { step: self.name, at: self.clock.now() });
                Ok(None)
            })
            .await
    }
}

/// Takes the effect of a [`FakeStep`] back.
struct FakeInverse {
    fault_plan: FaultPlan,
    clock: Arc<FakeClock>,
    name: &'static str,
    see: &'static str,
    take_back: &'static str,
    flag: Arc<Mutex<(bool, u64)>>,
    effects: Arc<Mutex<Vec<Effect>>>,
}

#[async_trait]
impl Step for FakeInverse {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.fault_plan
            .pass(self.see, async {
                let (holds, version) = *lock(&self.flag);
                Ok(if holds { Observation::todo("set", json!(version)) } else { Observation::done("not set") })
            })
            .await
    }

    async fn apply(&self, _: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        self.fault_plan
            .pass(self.take_back, async {
                let mut flag = lock(&self.flag);
                if seen.precondition != json!(flag.1) {
                    return Err(Fault::new(FaultClass::Conflict, self.take_back, "changed since it was seen"));
                }
                *flag = (false, flag.1 + 1);
                lock(&self.effects).push(Effect { step: self.name, at: self.clock.now() });
                Ok(None)
            })
            .await
    }
}
