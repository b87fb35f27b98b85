//! Time in tests that talk to real servers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{Call, Clock, Timestamp, retry::RetryPolicy};
use holdfast_site::clock::SystemClock;

/// How long a test may talk: longer than any scenario needs, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long one attempt may take. Generous: what is tested is the answer, not the speed.
const ATTEMPT: Duration = Duration::from_secs(20);

/// The machine's clock, which a test can move on without waiting.
#[derive(Default)]
pub struct ShiftedClock {
    machine: SystemClock,
    ahead_s: AtomicI64,
}

impl ShiftedClock {
    /// Moves on by so many seconds.
    pub fn advance(&self, seconds: i64) {
        self.ahead_s.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let ahead = jiff::SignedDuration::from_secs(self.ahead_s.load(Ordering::Relaxed));
        self.machine.now() + ahead
    }

    async fn sleep(&self, pause: Duration) {
        self.machine.sleep(pause).await;
    }
}

/// The machine's clock, which tells somebody each time that it is asked for: so core's fakes can follow it.
pub struct FollowedClock {
    machine: SystemClock,
    told: Box<dyn Fn(Timestamp) + Send + Sync>,
}

impl FollowedClock {
    /// Tells `told`, beginning now.
    pub fn new(told: impl Fn(Timestamp) + Send + Sync + 'static) -> Self {
        let clock = Self { machine: SystemClock::default(), told: Box::new(told) };
        clock.now();
        clock
    }
}

#[async_trait]
impl Clock for FollowedClock {
    fn now(&self) -> Timestamp {
        let now = self.machine.now();
        (self.told)(now);
        now
    }

    async fn sleep(&self, pause: Duration) {
        self.machine.sleep(pause).await;
    }
}

/// A call by the machine's clock.
pub fn call() -> Call {
    call_by(Arc::new(SystemClock::default()))
}

/// A call by `clock`.
pub fn call_by(clock: Arc<dyn Clock>) -> Call {
    let deadline = clock.now() + PATIENCE;
    Call { clock, deadline, retry: RetryPolicy { attempt_timeout: ATTEMPT, ..RetryPolicy::default() } }
}
