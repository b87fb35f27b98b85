//! The primary's load balancer, as far as its metrics go. They come from the primary's region: where that is gone, so are they.

use super::steering::JUDGING;
use crate::world::{HealthCheckConfig, Judging, Sight, Watched};

/// A balancer says of each look what its backends are. A site that resets connections stands for a region that is gone: nothing says
/// anything.
pub(crate) const EMITTING: Judging = Judging { verdict: JUDGING.verdict, samples };

fn samples(watched: &Watched) -> Vec<f64> {
    let config: &HealthCheckConfig = &watched.check.config;
    let looks: Vec<_> = watched.checkers.reporting(config).collect();
    if looks.iter().all(|checker| checker.sight == Sight::NoConnection) {
        return Vec::new();
    }
    looks.iter().map(|checker| if checker.healthy { 1.0 } else { 0.0 }).collect()
}
