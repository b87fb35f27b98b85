//! The sixteen health checkers of one health check, and the verdict they come to together.

use jiff::Timestamp;

use super::health_check::HealthCheckConfig;
use crate::time::{Pace, plus};

/// The eight regions that checkers stand in, two in each (docs/reference/aws.md#health-checks).
pub(crate) const REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];
const PER_REGION: usize = 2;

/// What one checker met at the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// 200 from this address.
    Good(&'static str),
    /// 503 from this address.
    Refused(&'static str),
    /// Connected, and no answer in time.
    TimedOut,
    /// No connection.
    NoConnection,
    /// The name has no address.
    NoName,
}

impl Sight {
    pub(crate) fn good(self) -> bool {
        matches!(self, Self::Good(_))
    }

    /// The sentence of `StatusReport.Status`. Success as documented, time-out as seen live
    /// (docs/reference/aws.md#health-decision); that of a missing name is not known exactly.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::Good(ip) => format!("Success: HTTP Status Code: 200. Resolved IP: {ip}. OK"),
            Self::Refused(ip) => format!("Failure: HTTP Status Code: 503. Resolved IP: {ip}. Service Unavailable"),
            Self::TimedOut => "Failure: Connection timed out. The endpoint or the internet connection is down, or requests are being blocked by your firewall.".to_owned(),
            Self::NoConnection => "Failure: The health checker could not establish a connection within the timeout limit.".to_owned(),
            Self::NoName => "Failure: DNS resolution failed: Rcode NXDomain(3)".to_owned(),
        }
    }
}

/// One checker.
#[derive(Debug, Clone)]
pub(crate) struct Checker {
    pub(crate) region: &'static str,
    pub(crate) address: String,
    /// Its own mind, which changes only after `FailureThreshold` equal results.
    pub(crate) healthy: bool,
    /// How many results in a row spoke against its mind.
    against: u32,
    pub(crate) sight: Sight,
    pub(crate) checked: Timestamp,
    pub(crate) last_failure: Option<(Sight, Timestamp)>,
    next: Timestamp,
}

impl Checker {
    fn check(&mut self, sight: Sight, threshold: u32, at: Timestamp) {
        self.sight = sight;
        self.checked = at;
        if !sight.good() {
            self.last_failure = Some((sight, at));
        }
        self.against = if sight.good() == self.healthy { 0 } else { self.against + 1 };
        if self.against >= threshold {
            self.healthy = !self.healthy;
            self.against = 0;
        }
    }
}

/// All checkers of one check.
#[derive(Debug, Clone)]
pub(crate) struct Checkers {
    all: Vec<Checker>,
    /// So many of them, from the front, cannot reach anything: a partition of the internet.
    pub(crate) blind: usize,
}

impl Checkers {
    /// Sixteen checkers that start out healthy (docs/reference/aws.md#health-checks: a new check counts as healthy),
    /// spread over the interval by the seed.
    pub(crate) fn new(now: Timestamp, interval_s: u32, pace: Pace, seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let all = REGIONS.iter().flat_map(|region| [*region; PER_REGION]).enumerate();
        let all = all.map(|(index, region)| Checker {
            region,
            address: format!("15.177.{}.{}", 2 + index / PER_REGION * 4, 10 + index),
            healthy: true,
            against: 0,
            sight: Sight::Good(super::PRIMARY_ADDRESS),
            checked: now,
            last_failure: None,
            next: plus(now, pace.seconds(f64::from(interval_s) * rng.f64())),
        });
        Self { all: all.collect(), blind: 0 }
    }

    /// Lets every checker look whose time has come.
    pub(crate) fn step(&mut self, now: Timestamp, config: &HealthCheckConfig, pace: Pace, sight: Sight) {
        if config.disabled {
            return;
        }
        let interval = pace.seconds(f64::from(config.request_interval));
        for (index, checker) in self.all.iter_mut().enumerate() {
            let sight = if index < self.blind { Sight::NoConnection } else { sight };
            while checker.next <= now {
                checker.check(sight, config.failure_threshold, checker.next);
                checker.next = plus(checker.next, interval);
            }
        }
    }

    /// Makes every checker's mind agree at once with what it would see now.
    pub(crate) fn settle(&mut self, now: Timestamp, sight: Sight) {
        for (index, checker) in self.all.iter_mut().enumerate() {
            let sight = if index < self.blind { Sight::NoConnection } else { sight };
            checker.check(sight, 1, now);
        }
    }

    /// The checkers that work for this configuration.
    pub(crate) fn reporting<'a>(&'a self, config: &'a HealthCheckConfig) -> impl Iterator<Item = &'a Checker> {
        self.all
            .iter()
            .filter(|checker| config.regions.is_empty() || config.regions.iter().any(|region| region == checker.region))
    }

    /// (healthy checkers, checkers).
    pub(crate) fn count(&self, config: &HealthCheckConfig) -> (usize, usize) {
        (self.reporting(config).filter(|checker| checker.healthy).count(), self.reporting(config).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Sight = Sight::Good("192.0.2.10");

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).expect("time")
    }

    fn setup() -> (Checkers, HealthCheckConfig) {
        (Checkers::new(at(0), 10, Pace::new(1.0), 1), HealthCheckConfig::https("primary.logscale.example"))
    }

    #[test]
    fn an_outage_is_reported_after_three_failures_in_a_row_and_not_before() {
        let (mut checkers, config) = setup();
        checkers.step(at(19), &config, Pace::new(1.0), Sight::TimedOut);
        assert_eq!(checkers.count(&config), (16, 16));
        checkers.step(at(40), &config, Pace::new(1.0), Sight::TimedOut);
        assert_eq!(checkers.count(&config), (0, 16));
    }

    #[test]
    fn a_disabled_check_no_longer_looks() {
        let (mut checkers, mut config) = setup();
        config.disabled = true;
        checkers.step(at(100), &config, Pace::new(1.0), Sight::NoName);
        config.disabled = false;
        assert_eq!(checkers.count(&config), (16, 16));
    }

    #[test]
    fn every_sentence_begins_with_success_or_failure() {
        assert!(GOOD.sentence().starts_with("Success: "));
        for sight in [Sight::Refused("192.0.2.10"), Sight::TimedOut, Sight::NoConnection, Sight::NoName] {
            assert!(sight.sentence().starts_with("Failure: "));
        }
    }
}
