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
        let deadline = self.deadline.min(later(self.clock.now(), budget));
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

/// Half of it.
pub fn half(of: Duration) -> Duration {
    of.checked_div(2).unwrap_or_default()
}

/// The time from `from` to `to`; zero when `to` is not later.
pub fn until(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or(Duration::ZERO)
}

/// The time `by` after `at`; the end of time where that would be beyond it. Times and durations that others wrote are
/// added with this: `+` would panic near the year 9999.
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    // The error is a duration that no signed one can hold, which is later than everything.
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// The time `by` before `at`; the beginning of time where that would be before it.
pub fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt;

    use super::*;
    use crate::fakes::FakeClock;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    /// At 100, with this many seconds left, attempts of 5 s and pauses of about one.
    fn call(seconds: i64) -> (Call, Arc<FakeClock>) {
        let clock = Arc::new(FakeClock::at(at(100)));
        (Call { clock: Arc::clone(&clock) as _, deadline: at(100 + seconds), retry: RetryPolicy::default() }, clock)
    }

    /// Reads from a service that fails with these, one after the other, and then answers with the number of attempts.
    fn read(call: &Call, faults: &[FaultClass]) -> Result<usize, Fault> {
        let mut attempts = 0;
        let answers = call.read("test:Read", || {
            attempts += 1;
            ready(match faults.get(attempts - 1) {
                Some(class) => Err(Fault::new(*class, "test:Read", "failed")),
                None => Ok(attempts),
            })
        });
        answers.now_or_never().expect("virtual time")
    }

    #[test]
    fn an_attempt_is_bounded_by_its_own_time_out_and_by_the_deadline() {
        for (left, ended) in [(60, 105), (3, 103), (0, 100)] {
            let (call, clock) = call(left);
            let fault = call.once("test:Hang", pending::<Result<(), Fault>>()).now_or_never().expect("virtual time");
            assert_eq!(fault.expect_err("it hangs").class, FaultClass::Timeout);
            assert_eq!(clock.now(), at(ended));
        }
    }

    #[test]
    fn time_ends_instead_of_overflowing() {
        let day = Duration::from_secs(86_400);
        assert_eq!(later(at(1), day), at(86_401));
        assert_eq!(earlier(at(86_401), day), at(1));
        assert_eq!((later(Timestamp::MAX, day), earlier(Timestamp::MIN, day)), (Timestamp::MAX, Timestamp::MIN));
        assert_eq!((later(at(1), Duration::MAX), earlier(at(1), Duration::MAX)), (Timestamp::MAX, Timestamp::MIN));
    }

    #[test]
    fn a_budget_shortens_the_time_that_is_left_and_never_adds_to_it() {
        let (call, _) = call(10);
        assert_eq!(call.within(Duration::from_secs(4)).deadline, at(104));
        assert_eq!(call.within(Duration::from_secs(40)).deadline, at(110));
        assert_eq!(call.remaining(), Duration::from_secs(10));
    }

    #[test]
    fn a_read_is_repeated_after_what_may_pass_and_not_after_a_refusal() {
        let (call, clock) = call(60);
        assert_eq!(read(&call, &[FaultClass::Throttled, FaultClass::Connection]).expect("at last"), 3);
        assert!(clock.now() > at(100), "it waits between attempts");
        assert_eq!(read(&call, &[FaultClass::Denied]).expect_err("refused").class, FaultClass::Denied);
        let all = [FaultClass::Server; 4];
        assert_eq!(read(&call, &all).expect_err("four attempts, and no fifth").class, FaultClass::Server);
    }

    #[test]
    fn times_at_the_ends_of_time_are_moved_no_further_and_never_panic() {
        let second = Duration::from_secs(1);
        assert_eq!((later(at(100), second), earlier(at(100), second)), (at(101), at(99)));
        for far in [second, Duration::from_secs(1 << 40), Duration::MAX] {
            assert_eq!(later(Timestamp::MAX, far), Timestamp::MAX);
            assert_eq!(earlier(Timestamp::MIN, far), Timestamp::MIN);
        }
        assert_eq!(later(Timestamp::MIN, Duration::MAX), Timestamp::MAX);
        assert_eq!(earlier(Timestamp::MAX, Duration::MAX), Timestamp::MIN);
        assert_eq!(until(Timestamp::MIN, Timestamp::MAX), until(Timestamp::MIN, later(Timestamp::MIN, Duration::MAX)));
        assert_eq!(until(Timestamp::MAX, Timestamp::MIN), Duration::ZERO);
    }

    #[test]
    fn nobody_waits_for_an_attempt_that_would_come_after_the_deadline() {
        let (mut call, clock) = call(60);
        call.retry.base_delay = Duration::from_secs(20);
        call.retry.max_delay = Duration::from_secs(100);
        call.deadline = at(105);
        assert_eq!(read(&call, &[FaultClass::Server]).expect_err("no time").class, FaultClass::Server);
        assert_eq!(clock.now(), at(100));
    }
}
