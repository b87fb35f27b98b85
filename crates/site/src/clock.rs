//! The wall clock: the one place outside the simulator that asks for the time.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{Clock, Timestamp};

/// The machine's clock. When the machine sets it back, time stands still here until it has caught up.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest_us: AtomicI64,
}

#[async_trait]
impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now().as_microsecond();
        let latest = self.latest_us.fetch_max(now, Ordering::Relaxed).max(now);
        Timestamp::from_microsecond(latest).unwrap_or_default()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
