//! A Traffic Manager profile with two external endpoints, and which of them its DNS answers with (facts azure 4.1, 4.2).

use jiff::Timestamp;

use super::alert::AlertRule;
use super::health_check::HealthCheckConfig;
use super::words::Site;
use super::{PRIMARY_NAME, STANDBY_NAME};
use crate::time::{Pace, plus};

/// What only a world on Azure has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AzureWorld {
    pub(crate) profile: Profile,
    pub(crate) rule: AlertRule,
    /// The metric's value for a disabled endpoint; `None` means no data. Which of the two is true is not known (facts azure 4.4), so
    /// the harmful one is the default: a zero looks like an outage.
    pub(crate) disabled_value: Option<f64>,
    pub(crate) pace: Pace,
}

impl AzureWorld {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { profile: Profile::default(), rule: AlertRule::default(), disabled_value: Some(0.0), pace }
    }

    /// Switches an endpoint, as the API does: an endpoint that is enabled again is first checked, and counts as servable meanwhile.
    pub(crate) fn switch(&mut self, name: &str, enabled: bool, now: Timestamp) {
        let until = plus(now, self.pace.seconds(f64::from(self.profile.interval_s)));
        if let Some(endpoint) = self.profile.endpoint_mut(name) {
            if enabled && !endpoint.enabled {
                endpoint.checking_until = Some(until);
            }
            endpoint.enabled = enabled;
        }
    }
}

/// A profile with priority routing.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// `profileStatus`.
    pub enabled: bool,
    /// Seconds that a resolver may keep an answer; told, without effect here.
    pub ttl_s: u32,
    /// Simulated seconds between the probes of one location: 10 or 30 (facts azure 4.3).
    pub interval_s: u32,
    /// Simulated seconds that a probe may take; told, without effect here.
    pub timeout_s: u32,
    /// So many failures in a row are borne; one more marks the endpoint down. 0 to 9.
    pub tolerated: u32,
    /// By priority.
    pub endpoints: Vec<Endpoint>,
}

/// One external endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Its name in the profile.
    pub name: String,
    /// The site behind it.
    pub site: Site,
    /// The name that is probed and answered.
    pub target: String,
    /// `endpointStatus`. A disabled endpoint is neither probed nor answered.
    pub enabled: bool,
    /// 1 to 1000, unique in the profile.
    pub priority: u32,
    /// 1 to 1000, without effect under priority routing.
    pub weight: u32,
    /// Not probed and always servable.
    pub always_serve: bool,
    /// Since it was enabled the probes have not come round yet.
    pub(crate) checking_until: Option<Timestamp>,
    /// How often the API has written it.
    pub writes: u64,
}

impl Endpoint {
    fn new(name: &str, site: Site, target: &str, priority: u32) -> Self {
        Self {
            name: name.to_owned(),
            site,
            target: target.to_owned(),
            enabled: true,
            priority,
            weight: 1,
            always_serve: false,
            checking_until: None,
            writes: 0,
        }
    }

    /// `endpointMonitorStatus`, given what the probes see.
    pub(crate) fn monitor_status(&self, profile_enabled: bool, up: bool, now: Timestamp) -> &'static str {
        match () {
            () if !self.enabled => "Disabled",
            () if !profile_enabled => "Inactive",
            () if self.always_serve => "Unmonitored",
            () if self.checking_until.is_some_and(|until| now < until) => "CheckingEndpoint",
            () if up => "Online",
            () => "Degraded",
        }
    }
}

impl Default for Profile {
    /// The reference's profile (facts azure 1) with fast probing: every 10 s, two failures borne, so that an outage is seen after 30 s.
    fn default() -> Self {
        Self {
            enabled: true,
            ttl_s: 60,
            interval_s: 10,
            timeout_s: 5,
            tolerated: 2,
            endpoints: vec![
                Endpoint::new("primary", Site::Primary, PRIMARY_NAME, 1),
                Endpoint::new("secondary", Site::Standby, STANDBY_NAME, 2),
            ],
        }
    }
}

impl Profile {
    /// The endpoint of this name; names are compared as ARM does, without case.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn endpoint_mut(&mut self, name: &str) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.name.eq_ignore_ascii_case(name))
    }

    /// How its probes look at a target.
    pub(crate) fn probe(&self, endpoint: &Endpoint) -> HealthCheckConfig {
        HealthCheckConfig {
            request_interval: self.interval_s,
            failure_threshold: self.tolerated + 1,
            ..HealthCheckConfig::https(&endpoint.target)
        }
    }

    /// The site that DNS answers with; `None` is NXDOMAIN. `status`: the monitor status of an endpoint.
    ///
    /// When every enabled endpoint is degraded, all of them count as well (best effort): the first by priority is answered.
    pub(crate) fn answer(&self, status: impl Fn(&Endpoint) -> &'static str) -> Option<Site> {
        let mut eligible: Vec<&Endpoint> =
            self.endpoints.iter().filter(|endpoint| self.enabled && endpoint.enabled).collect();
        eligible.sort_by_key(|endpoint| endpoint.priority);
        let servable = |endpoint: &&&Endpoint| status(endpoint) != "Degraded";
        eligible.iter().find(servable).or(eligible.first()).map(|endpoint| endpoint.site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(primary: (bool, bool), secondary: (bool, bool)) -> Option<Site> {
        let mut profile = Profile::default();
        (profile.endpoints[0].enabled, profile.endpoints[1].enabled) = (primary.0, secondary.0);
        let up = [primary.1, secondary.1];
        let status = |endpoint: &Endpoint| {
            endpoint.monitor_status(true, up[usize::from(endpoint.priority > 1)], Timestamp::UNIX_EPOCH)
        };
        profile.answer(status)
    }

    /// The table of facts azure 4.2, row by row: (enabled, up) of the primary and the secondary.
    #[test]
    fn priority_routing_answers_as_the_documentation_says() {
        let (online, degraded, disabled) = ((true, true), (true, false), (false, true));
        assert_eq!(answer(online, degraded), Some(Site::Primary));
        assert_eq!(answer(degraded, online), Some(Site::Standby));
        assert_eq!(answer(degraded, degraded), Some(Site::Primary), "best effort");
        assert_eq!(answer(disabled, degraded), Some(Site::Standby), "the only eligible one");
        assert_eq!(answer(disabled, online), Some(Site::Standby));
        assert_eq!(answer(disabled, disabled), None, "NXDOMAIN");
    }

    #[test]
    fn an_endpoint_that_is_enabled_again_is_checked_first_and_served_meanwhile() {
        let mut world = AzureWorld::new(Pace::new(1.0));
        let at = |second| Timestamp::from_second(second).expect("time");
        world.switch("PRIMARY", false, at(0));
        assert_eq!(world.profile.endpoints[0].monitor_status(true, true, at(1)), "Disabled");
        world.switch("primary", true, at(10));
        assert_eq!(world.profile.endpoints[0].monitor_status(true, false, at(15)), "CheckingEndpoint");
        assert_eq!(world.profile.endpoints[0].monitor_status(true, false, at(20)), "Degraded");
    }
}
