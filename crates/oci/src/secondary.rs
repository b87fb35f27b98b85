//! The reference's optional look at the standby's own health check.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_core::{
    Call, Fault,
    evidence::{Check, Level, Readiness},
    ports::{LiveSource, Standby},
};

/// The standby's fitness with its health check added.
pub struct WithHealthCheck {
    /// The rest of the fitness.
    pub inner: Arc<dyn Standby>,
    /// What the probes of the standby report.
    pub check: Arc<dyn LiveSource>,
}

#[async_trait]
impl Standby for WithHealthCheck {
    async fn fitness(&self, call: &Call) -> Result<Readiness, Fault> {
        // What only supports a decision gets one attempt.
        let brief = &call.within(call.retry.attempt_timeout);
        let (fitness, live) = tokio::join!(self.inner.fitness(call), self.check.live(brief));
        let mut fitness = fitness?;
        let (level, found) = match live {
            Ok(live) if live.verdict == Some(false) => {
                let found = format!(
                    "{} of {} vantage points see the standby healthy; set SKIP_SECONDARY_HEALTH_CHECK=true if its check \
                     cannot be green while the standby is off",
                    live.healthy, live.total
                );
                (Level::Error, found)
            }
            Ok(live) if live.verdict.is_none() => (Level::Warning, "unknown: no vantage point reports".to_owned()),
            Ok(live) => {
                (Level::Good, format!("{} of {} vantage points see the standby healthy", live.healthy, live.total))
            }
            // Not knowing must not hold a failover back.
            Err(fault) => (Level::Warning, format!("unknown: {fault}")),
        };
        fitness.checks.push(Check { name: "secondary-health-check".to_owned(), level, found });
        Ok(fitness)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_core::{FaultClass, evidence::LiveStatus};

    use super::*;
    use crate::testing::call;

    struct Fit;

    #[async_trait]
    impl Standby for Fit {
        async fn fitness(&self, _: &Call) -> Result<Readiness, Fault> {
            Ok(Readiness::default())
        }
    }

    struct Seen(Option<LiveStatus>);

    #[async_trait]
    impl LiveSource for Seen {
        async fn live(&self, _: &Call) -> Result<LiveStatus, Fault> {
            self.0.clone().ok_or_else(|| Fault::new(FaultClass::Server, "healthchecks:ListHttpProbeResults", "down"))
        }
    }

    async fn level(seen: Option<LiveStatus>) -> Level {
        let standby = WithHealthCheck { inner: Arc::new(Fit), check: Arc::new(Seen(seen)) };
        let fitness = standby.fitness(&call()).await.expect("a fitness");
        fitness.checks.last().expect("a check").level
    }

    #[tokio::test]
    async fn only_a_standby_that_is_seen_ill_is_an_error() {
        let seen = |healthy, total, verdict| Some(LiveStatus { healthy, total, verdict });
        assert_eq!(level(seen(1, 3, Some(false))).await, Level::Error);
        assert_eq!(level(seen(3, 3, Some(true))).await, Level::Good);
        assert_eq!(level(seen(0, 0, None)).await, Level::Warning);
        assert_eq!(level(None).await, Level::Warning);
    }
}
