//! Time, as something that is passed in.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::{Either, select};
use jiff::Timestamp;

use crate::{
    fault::{Fault, FaultClass},
    retry::RetryPolicy,
};

/// Tells the time and waits. The one place where time enters.
///
/// `now` never goes back within one process. `sleep` returns no earlier than asked.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time now, UTC.
    fn now(&self) -> Timestamp;
    /// Waits for `pause`.
    async fn sleep(&self, pause: Duration);
}

/// The time that is left for a piece of work, and how its calls are bounded and retried.
///
/// Everything that waits takes one, so that nothing waits longer than the caller can.
#[derive(Clone)]
pub struct Call {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// When the caller stops listening.
    pub deadline: Timestamp,
    /// How one call is bounded and repeated.
    pub retry: RetryPolicy,
}

impl Call {
    /// What is left until the deadline; zero once it has passed.
    pub fn remaining(&self) -> Duration {
        until(self.clock.now(), self.deadline)
    }

    /// The same work with a deadline that is at most `budget` from now.
    #[must_use]
    pub fn within(&self, budget: Duration) -> Self {
        let deadline = self.deadline.min(self.clock.now() + budget);
        Self { deadline, ..self.clone() }
    }

    /// Runs one attempt, bounded by the attempt time-out and the deadline.
    ///
    /// # Errors
    /// The attempt's own fault, or [`FaultClass::Timeout`].
    pub async fn once<T>(
        &self,
        call: &'static str,
        attempt: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let bound = self.retry.attempt_timeout.min(self.remaining());
        let attempt = std::pin::pin!(attempt);
        match select(attempt, self.clock.sleep(bound)).await {
            Either::Left((result, _)) => result,
            Either::Right(((), _)) => {
                let message = format!("no answer within {:.3} s", bound.as_secs_f64());
                Err(Fault::new(FaultClass::Timeout, call, message))
            }
        }
    }

    /// Runs a read until it succeeds, its fault is not transient, the attempts are used up, or the
    /// deadline leaves no room for another pause. Never for writes: those are observed in between.
    ///
    /// # Errors
    /// The last fault.
    pub async fn read<T, F>(&self, call: &'static str, mut attempt: impl FnMut() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut pauses = self.retry.pauses();
        loop {
            let fault = match self.once(call, attempt()).await {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            if !fault.class.is_transient() {
                return Err(fault);
            }
            let Some(pause) = pauses.next(&fault) else {
                return Err(fault);
            };
            if pause >= self.remaining() {
                return Err(fault);
            }
            self.clock.sleep(pause).await;
        }
    }
}

/// The time from `from` to `to`; zero when `to` is not later.
pub fn until(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or(Duration::ZERO)
}
