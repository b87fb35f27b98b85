//! Which call fails, and how.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use super::FakeClock;
use crate::fault::{Fault, FaultClass};

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// It fails with this class, and has no effect.
    Before(FaultClass),
    /// It takes effect, and the answer is lost with this class.
    After(FaultClass),
    /// It never answers, and has no effect.
    Hang,
    /// It takes effect, and never answers.
    HangAfter,
    /// The worker dies before it has an effect.
    CrashBefore,
    /// The worker dies once it has had its effect.
    CrashAfter,
}

/// Faults to come, by call name, each for one call unless it is lasting.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    clock: Arc<FakeClock>,
    plan: Arc<Mutex<Vec<Planned>>>,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

#[derive(Clone, Debug)]
struct Planned {
    call: String,
    skip: usize,
    lasting: bool,
    fault: InjectedFault,
}

impl FaultPlan {
    /// Nothing goes wrong.
    pub fn fair(clock: Arc<FakeClock>) -> Self {
        Self { clock, plan: Arc::default(), calls: Arc::default() }
    }

    /// The next `call` meets `fault`.
    pub fn next(&self, call: &str, fault: InjectedFault) {
        self.nth(call, 0, fault);
    }

    /// The `call` after `skip` others of its name meets `fault`.
    pub fn nth(&self, call: &str, skip: usize, fault: InjectedFault) {
        self.plan().push(Planned { call: call.to_owned(), skip, lasting: false, fault });
    }

    /// Every `call` meets `fault` until [`FaultPlan::clear`].
    pub fn always(&self, call: &str, fault: InjectedFault) {
        self.plan().push(Planned { call: call.to_owned(), skip: 0, lasting: true, fault });
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        self.plan().clear();
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Vec<Planned>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, call: &'static str) -> Option<InjectedFault> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let mut plan = self.plan();
        let mut drawn = None;
        for planned in plan.iter_mut().filter(|planned| planned.call == call) {
            if planned.skip > 0 {
                planned.skip -= 1;
            } else if drawn.is_none() {
                drawn = Some(planned.fault);
                planned.skip = if planned.lasting { 0 } else { usize::MAX };
            }
        }
        plan.retain(|planned| planned.skip != usize::MAX);
        drawn
    }

    /// Runs `effect` as the call named `call`, in today's fault_plan.
    ///
    /// # Errors
    /// The effect's own fault, or the fault's.
    pub async fn pass<T>(
        &self,
        call: &'static str,
        effect: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let lost = |class| Fault::new(class, call, "a fault of the fault_plan");
        match self.draw(call) {
            None => effect.await,
            Some(InjectedFault::Before(class)) => Err(lost(class)),
            Some(InjectedFault::After(class)) => {
                effect.await?;
                Err(lost(class))
            }
            Some(InjectedFault::Hang) => std::future::pending().await,
            Some(InjectedFault::HangAfter) => {
                effect.await?;
                std::future::pending().await
            }
            Some(InjectedFault::CrashBefore) => self.die().await,
            Some(InjectedFault::CrashAfter) => {
                effect.await?;
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> Result<T, Fault> {
        self.clock.crash(true);
        std::future::pending().await
    }
}
