//! The reference's optional gate: the standby's own health check.

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
    /// What the checkers of the standby report.
    pub check: Arc<dyn LiveSource>,
}

#[async_trait]
impl Standby for WithHealthCheck {
    async fn fitness(&self, call: &Call) -> Result<Readiness, Fault> {
        let (fitness, live) = futures_util::join!(self.inner.fitness(call), self.check.live(call));
        let mut fitness = fitness?;
        let (level, found) = match live {
            Ok(live) if live.verdict == Some(false) => {
                let found = format!(
                    "{} of {} checkers see the standby healthy; set SKIP_SECONDARY_HEALTH_CHECK=true if its check \
                     cannot be green while the standby is off",
                    live.healthy, live.total
                );
                (Level::Error, found)
            }
            Ok(live) => (Level::Good, format!("{} of {} checkers see the standby healthy", live.healthy, live.total)),
            // Route 53's API may be down with the primary; not knowing must not hold a failover back.
            Err(fault) => (Level::Warning, format!("unknown: {fault}")),
        };
        fitness.checks.push(Check { name: "secondary-health-check".to_owned(), level, found });
        Ok(fitness)
    }
}
