//! How often a call is tried, and the pauses in between.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::{clock::half, fault::Fault};

/// Bounds of one call and of its repetitions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Further attempts after the first, 0 to 10. The reference's `MAX_RETRIES`.
    pub max_retries: usize,
    /// The first pause; each next one doubles. The reference's `BASE_DELAY_SECONDS`.
    pub base_delay: Duration,
    /// No pause is longer. The reference's `MAX_DELAY_SECONDS`.
    pub max_delay: Duration,
    /// How long one attempt may take. The SDKs bound the connect only, never the answer
    /// (measured: a silent endpoint held a call for as long as it was left alone).
    pub attempt_timeout: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            base_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// The pauses of one call: capped, exponential, with jitter.
    pub fn pauses(&self) -> Pauses {
        // `backon` adds up to one base delay at random on top of each pause; halving the base keeps the
        // mean at what the operator configured.
        let builder = ExponentialBuilder::new()
            .with_min_delay(half(self.base_delay))
            .with_max_delay(self.max_delay)
            .with_max_times(self.max_retries)
            .with_jitter();
        Pauses { backoff: builder.build(), cap: self.max_delay }
    }
}

/// The pauses left for one call.
pub struct Pauses {
    backoff: ExponentialBackoff,
    cap: Duration,
}

impl Pauses {
    /// The pause before the next attempt, or `None` when no attempt is left. A server that names its own
    /// pause (`Retry-After`) gets it, however long: the deadline bounds it.
    pub fn next(&mut self, fault: &Fault) -> Option<Duration> {
        let pause = self.backoff.next()?.min(self.cap);
        Some(pause.max(fault.retry_after.unwrap_or(Duration::ZERO)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultClass;

    fn fault() -> Fault {
        Fault::new(FaultClass::Server, "test:Call", "down")
    }

    #[test]
    fn pauses_grow_are_capped_and_end() {
        let policy = RetryPolicy { max_retries: 6, max_delay: Duration::from_secs(4), ..RetryPolicy::default() };
        let mut pauses = policy.pauses();
        let all: Vec<_> = std::iter::from_fn(|| pauses.next(&fault())).collect();
        assert_eq!(all.len(), 6);
        assert!(all.iter().all(|pause| *pause <= Duration::from_secs(4)), "{all:?}");
        assert!(all[0] >= Duration::from_millis(500) && all[0] <= Duration::from_millis(1500), "{all:?}");
    }

    #[test]
    fn pauses_are_spread_and_each_next_one_is_longer() {
        let draw = || {
            let mut pauses = RetryPolicy::default().pauses();
            [pauses.next(&fault()), pauses.next(&fault()), pauses.next(&fault())].map(Option::unwrap_or_default)
        };
        let all: Vec<_> = (0..100).map(|_| draw()).collect();
        assert!(all.iter().any(|one| one[0] != all[0][0]), "no jitter: many callers would come back at once");
        let mean = |index: usize| all.iter().map(|one| one[index].as_secs_f64()).sum::<f64>() / 100.0;
        assert!(mean(1) > 1.3 * mean(0) && mean(2) > 1.3 * mean(1), "{} {} {}", mean(0), mean(1), mean(2));
    }

    #[test]
    fn the_pause_that_a_server_asks_for_is_kept() {
        let mut pauses = RetryPolicy::default().pauses();
        let asked = fault().retry_after(Some(Duration::from_secs(90)));
        assert_eq!(pauses.next(&asked), Some(Duration::from_secs(90)));
    }

    #[test]
    fn no_retries_means_none() {
        let policy = RetryPolicy { max_retries: 0, ..RetryPolicy::default() };
        assert_eq!(policy.pauses().next(&fault()), None);
    }
}
