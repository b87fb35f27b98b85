//! Virtual time.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::clock::Clock;

/// A clock that stands still until somebody sleeps on it. After a crash nobody wakes any more.
#[derive(Debug)]
pub struct FakeClock {
    now: Mutex<Timestamp>,
    crashed: AtomicBool,
}

impl FakeClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now), crashed: AtomicBool::new(false) }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// The worker dies (`true`), or the next one starts (`false`).
    pub fn crash(&self, crashed: bool) {
        self.crashed.store(crashed, Ordering::SeqCst);
    }

    /// True after a crash.
    pub fn is_crashed(&self) -> bool {
        self.crashed.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, pause: Duration) {
        if self.is_crashed() {
            std::future::pending::<()>().await;
        }
        self.advance(pause);
    }
}
