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

#[cfg(test)]
mod tests {
    use crate::clouds::oci::{LOAD_BALANCER_ID, backend};
    use crate::conditions::Outage;
    use crate::time::{self, Pace};

    #[test]
    fn it_falls_silent_with_its_region_and_tells_of_backends_that_fail() {
        for (outage, samples) in
            [(None, vec![1.0; 16]), (Some(Outage::Refuse), vec![0.0; 16]), (Some(Outage::Closed), vec![])]
        {
            let now = time::now();
            let mut state = backend::world(now, Pace::new(1.0), 1);
            state.primary = outage;
            let sight = state.sight(&state.checks[LOAD_BALANCER_ID].check.config);
            let watched = state.checks.get_mut(LOAD_BALANCER_ID).expect("watched");
            watched.checkers.settle(now, sight);
            assert_eq!((watched.judging.samples)(watched), samples, "{outage:?}");
        }
    }
}
