//! A clock that shows what it is set to.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::Clock;
use jiff::Timestamp;

/// 2026-01-01T00:00:00Z in epoch seconds, the instant of AWS's signature vectors.
pub const NEW_YEAR: i64 = 1_767_225_600;

/// The instant of an epoch second.
///
/// # Panics
/// On a second that is not in the range of [`Timestamp`].
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a second in range")
}

/// Shows what it is set to. Sleep takes real time, or never ends.
#[derive(Debug)]
pub struct TestClock {
    now: Mutex<Timestamp>,
    sleeps: bool,
}

impl TestClock {
    /// A clock that shows `now`; to sleep on it takes real time.
    pub fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(now), sleeps: true })
    }

    /// A clock that shows `now`; no sleep on it ever ends, so that nobody's time-out is met.
    pub fn without_timeouts(now: Timestamp) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(now), sleeps: false })
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, pause: Duration) {
        if self.sleeps {
            tokio::time::sleep(pause).await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}
