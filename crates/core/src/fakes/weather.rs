//! Which call fails, and how.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use super::FakeClock;
use crate::fault::{Fault, FaultClass};

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
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

/// Mishaps to come, by call name, each for one call unless it is lasting.
#[derive(Clone, Debug)]
pub struct Weather {
    clock: Arc<FakeClock>,
    plan: Arc<Mutex<Vec<Planned>>>,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

#[derive(Clone, Debug)]
struct Planned {
    call: String,
    skip: usize,
    lasting: bool,
    mishap: Mishap,
}

impl Weather {
    /// Fair weather.
    pub fn fair(clock: Arc<FakeClock>) -> Self {
        Self { clock, plan: Arc::default(), calls: Arc::default() }
    }

    /// The next `call` meets `mishap`.
    pub fn next(&self, call: &str, mishap: Mishap) {
        self.nth(call, 0, mishap);
    }

    /// The `call` after `skip` others of its name meets `mishap`.
    pub fn nth(&self, call: &str, skip: usize, mishap: Mishap) {
        self.plan().push(Planned { call: call.to_owned(), skip, lasting: false, mishap });
    }

    /// Every `call` meets `mishap` until [`Weather::clear`].
    pub fn always(&self, call: &str, mishap: Mishap) {
        self.plan().push(Planned { call: call.to_owned(), skip: 0, lasting: true, mishap });
    }

    /// Fair weather again.
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

    fn draw(&self, call: &'static str) -> Option<Mishap> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let mut plan = self.plan();
        let mut drawn = None;
        for planned in plan.iter_mut().filter(|planned| planned.call == call) {
            if planned.skip > 0 {
                planned.skip -= 1;
            } else if drawn.is_none() {
                drawn = Some(planned.mishap);
                planned.skip = if planned.lasting { 0 } else { usize::MAX };
            }
        }
        plan.retain(|planned| planned.skip != usize::MAX);
        drawn
    }

    /// Runs `effect` as the call named `call`, in today's weather.
    ///
    /// # Errors
    /// The effect's own fault, or the mishap's.
    pub async fn pass<T>(
        &self,
        call: &'static str,
        effect: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let lost = |class| Fault::new(class, call, "a mishap of the weather");
        match self.draw(call) {
            None => effect.await,
            Some(Mishap::Before(class)) => Err(lost(class)),
            Some(Mishap::After(class)) => {
                effect.await?;
                Err(lost(class))
            }
            Some(Mishap::Hang) => std::future::pending().await,
            Some(Mishap::HangAfter) => {
                effect.await?;
                std::future::pending().await
            }
            Some(Mishap::CrashBefore) => self.die().await,
            Some(Mishap::CrashAfter) => {
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
