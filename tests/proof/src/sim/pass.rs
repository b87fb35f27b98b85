//! A worker's link to the world: its clock, and one call on its way, which may meet an injected fault.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{Clock, Fault, FaultClass, Timestamp};

use super::{
    Micros, seconds,
    story::{Service, pick},
    world::{Event, Shared, Worker, World, lock, stamp},
};

/// What one worker sees of the world.
#[derive(Clone)]
pub struct Link {
    /// The world.
    pub world: Shared,
    /// Its true time, without the lock that everything else needs: time is asked for most of all.
    pub clock: Arc<AtomicU64>,
    /// Who looks.
    pub worker: Worker,
    /// The error of its clock, in microseconds.
    pub skew: i64,
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InjectedFault {
    Before(FaultClass),
    After(FaultClass),
    Hang,
    HangAfter,
    Late(Micros),
    CrashBefore,
    CrashAfter,
}

struct Fate {
    before: Micros,
    after: Micros,
    fault: Option<InjectedFault>,
}

impl World {
    fn fate(&mut self, service: Service, worker: Worker) -> Fate {
        self.counts.calls += 1;
        let slow = self.chance(0.02);
        let most = if slow { seconds(4) } else { 100_000 };
        let (before, after) = (self.rng.u64(1_000..most), self.rng.u64(1_000..most));
        let fault = self.blackout(service, worker).or_else(|| self.draw_fault());
        self.counts.faults += u64::from(fault.is_some());
        Fate { before, after, fault }
    }

    fn blackout(&self, service: Service, worker: Worker) -> Option<InjectedFault> {
        let now = self.now;
        let over = |it: &&super::story::Blackout| it.service == service && (it.from..it.to).contains(&now);
        let gone = self.story.blackouts.iter().find(over).map(|blackout| blackout.hangs);
        let cut_off = || self.cut_off(worker).filter(|_| service != Service::Standby).map(|it| it.hangs);
        let hangs = gone.or_else(cut_off)?;
        Some(if hangs { InjectedFault::Hang } else { InjectedFault::Before(FaultClass::Connection) })
    }

    fn draw_fault(&mut self) -> Option<InjectedFault> {
        use FaultClass::{Conflict, Connection, Denied, Server, Throttled};
        let fault_rates = self.story.fault_rates;
        if self.chance(fault_rates.fault) {
            let before = [Throttled, Server, Connection, Conflict, Denied];
            let after = [Server, Connection];
            return Some(match self.rng.bool() {
                true => InjectedFault::Before(*pick(&mut self.rng, &before)),
                false => InjectedFault::After(*pick(&mut self.rng, &after)),
            });
        }
        if self.chance(fault_rates.hang) {
            return Some(if self.rng.bool() { InjectedFault::Hang } else { InjectedFault::HangAfter });
        }
        if self.chance(fault_rates.late) {
            return Some(InjectedFault::Late(self.rng.u64(seconds(1)..seconds(60))));
        }
        let crashes = self.chance(fault_rates.crash);
        crashes.then(|| if self.rng.bool() { InjectedFault::CrashBefore } else { InjectedFault::CrashAfter })
    }
}

impl Link {
    /// Runs `effect` as a call to `service`, which may meet an injected fault. The effect happens at one instant, if it happens.
    pub async fn pass<T: Send + 'static>(
        &self,
        service: Service,
        call: &'static str,
        effect: impl FnOnce(&mut World) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let fate = lock(&self.world).fate(service, self.worker);
        self.pause(fate.before).await;
        let Some(fault) = fate.fault else {
            let result = effect(&mut lock(&self.world));
            self.pause(fate.after).await;
            return result;
        };
        lock(&self.world).tell(self.worker, || format!("{call}: {fault:?}"));
        let lost = |class| Err(Fault::new(class, call, "a fault that the fault rates drew"));
        match fault {
            InjectedFault::Before(class) => lost(class),
            InjectedFault::After(class) => {
                effect(&mut lock(&self.world))?;
                self.pause(fate.after).await;
                lost(class)
            }
            InjectedFault::Hang => pending().await,
            InjectedFault::HangAfter => {
                let _ = effect(&mut lock(&self.world));
                pending().await
            }
            InjectedFault::Late(by) => {
                self.later(by, effect);
                pending().await
            }
            InjectedFault::CrashBefore => self.die().await,
            InjectedFault::CrashAfter => {
                let _ = effect(&mut lock(&self.world));
                self.die().await
            }
        }
    }

    /// The request is on its way and takes effect later, whatever becomes of its sender.
    fn later<T>(&self, by: Micros, effect: impl FnOnce(&mut World) -> Result<T, Fault> + Send + 'static) {
        let worker = self.worker;
        let deed = move |world: &mut World| {
            world.current = worker;
            world.counts.late += 1;
            let _ = effect(world);
        };
        lock(&self.world).after(by, Event::Deed(Box::new(deed)));
    }

    async fn die<T>(&self) -> Result<T, Fault> {
        {
            let mut world = lock(&self.world);
            world.workers[self.worker].dead = true;
            world.counts.crashes += 1;
        }
        pending().await
    }

    /// Waits in true time.
    pub fn pause(&self, pause: Micros) -> Sleep<'_> {
        Sleep { link: self, at: self.true_time() + pause, key: None }
    }

    fn true_time(&self) -> Micros {
        self.clock.load(Ordering::Relaxed)
    }
}

/// Ends at a true time.
pub struct Sleep<'a> {
    link: &'a Link,
    at: Micros,
    key: Option<(Micros, u64)>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.link.true_time() >= self.at {
            return Poll::Ready(());
        }
        if self.key.is_none() {
            self.key = Some(lock(&self.link.world).at(self.at, Event::Wake(self.link.worker)));
        }
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            lock(&self.link.world).cancel(key);
        }
    }
}

#[async_trait]
impl Clock for Link {
    fn now(&self) -> Timestamp {
        stamp(self.true_time(), self.skew)
    }

    async fn sleep(&self, pause: Duration) {
        let pause = u64::try_from(pause.as_micros()).unwrap_or(u64::MAX / 4);
        lock(&self.world).sleeps(self.worker, pause);
        self.pause(pause).await;
    }
}
