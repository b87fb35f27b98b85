//! The failover records of the global name, and Route 53's rules for health checks
//! (docs/reference/aws.md#health-decision, docs/reference/aws.md#failover-records).

use jiff::Timestamp;

use crate::conditions::Site;
use crate::world::{Checkers, Checks, HealthCheckConfig, Judging, Lock, PRIMARY_NAME, TrafficControl, Watched};

/// The name that a locked health check looks at (docs/reference/logscale.md#reference-automation).
pub(crate) const LOCKED_NAME: &str = "failover-locked.invalid";

/// More than this share of healthy checkers makes a check healthy (docs/reference/aws.md#health-decision).
const HEALTHY_ABOVE: f64 = 0.18;

/// How Route 53 judges a health check; its metric is the verdict.
pub(crate) const JUDGING: Judging = Judging { verdict, samples };

/// The 18 % rule, then `Inverted`; `Disabled` replaces the first (docs/reference/aws.md#health-checks, docs/reference/aws.md#health-decision).
fn verdict(checkers: &Checkers, config: &HealthCheckConfig) -> bool {
    let (healthy, all) = checkers.count(config);
    let endpoint = config.disabled || healthy as f64 > all as f64 * HEALTHY_ABOVE;
    endpoint != config.inverted
}

fn samples(watched: &Watched) -> Vec<f64> {
    vec![if watched.verdict { 1.0 } else { 0.0 }]
}

/// The failover pair of the global name (docs/reference/aws.md#failover-records). The DNS module ships a secondary record without a health
/// check of its own; the reference's has one.
#[derive(Debug)]
pub(crate) struct FailoverRecord {
    /// The health check of the primary record.
    pub(crate) primary_check: String,
    /// That of the secondary record, if it has one.
    pub(crate) secondary_check: Option<String>,
}

impl TrafficControl for FailoverRecord {
    fn answer(&self, verdict: &dyn Fn(&str) -> bool, _: Timestamp) -> Option<Site> {
        Some(answer(verdict(&self.primary_check), self.secondary_check.as_deref().map(verdict)))
    }

    fn lock(&self, checks: &Checks) -> Lock {
        let check = &checks[&self.primary_check].check;
        let name = check.config.name.as_deref().unwrap_or("nothing");
        Lock {
            on: name == LOCKED_NAME,
            summary: format!("the health check looks at {name}"),
            writes: check.version - 1,
        }
    }

    fn switch_by_hand(&mut self, checks: &mut Checks, locked: bool, _: Timestamp) {
        if let Some(watched) = checks.get_mut(&self.primary_check) {
            watched.check.config.name = Some(if locked { LOCKED_NAME } else { PRIMARY_NAME }.to_owned());
        }
    }
}

/// The answer of a failover pair (docs/reference/aws.md#failover-records). `standby` is `None` when the secondary record has no health check.
pub(crate) fn answer(primary_healthy: bool, standby: Option<bool>) -> Site {
    match (primary_healthy, standby) {
        (true, _) => Site::Primary,
        (false, Some(false)) => Site::Primary,
        (false, Some(true) | None) => Site::Standby,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Pace;
    use crate::world::Sight;

    const GOOD: Sight = Sight::Good("192.0.2.10");

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).expect("time")
    }

    fn setup() -> (Checkers, HealthCheckConfig) {
        (Checkers::new(at(0), 10, Pace::new(1.0), 1), HealthCheckConfig::https(PRIMARY_NAME))
    }

    #[test]
    fn three_of_sixteen_are_enough_and_two_are_not() {
        let (mut checkers, config) = setup();
        checkers.blind = 13;
        checkers.settle(at(1), GOOD);
        assert_eq!(checkers.count(&config), (3, 16));
        assert!(verdict(&checkers, &config));
        checkers.blind = 14;
        checkers.settle(at(2), GOOD);
        assert!(!verdict(&checkers, &config));
    }

    #[test]
    fn disabled_means_healthy_and_disabled_inverted_means_unhealthy() {
        let (mut checkers, mut config) = setup();
        checkers.settle(at(1), Sight::NoName);
        config.disabled = true;
        assert!(verdict(&checkers, &config));
        config.inverted = true;
        assert!(!verdict(&checkers, &config));
    }

    #[test]
    fn when_both_are_unhealthy_the_answer_is_the_primary() {
        assert_eq!(answer(false, Some(false)), Site::Primary);
    }

    #[test]
    fn a_secondary_without_a_check_answers_whenever_the_primary_is_unhealthy() {
        assert_eq!(answer(false, None), Site::Standby);
        assert_eq!(answer(true, None), Site::Primary);
    }

    #[test]
    fn a_healthy_primary_always_answers() {
        assert_eq!(answer(true, Some(true)), Site::Primary);
        assert_eq!(answer(false, Some(true)), Site::Standby);
    }
}
