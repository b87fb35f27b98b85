//! A Traffic Manager profile with two external endpoints, and which of them its DNS answers with
//! (docs/reference/azure.md#traffic-manager-api, docs/reference/azure.md#traffic-manager-routing).

use jiff::Timestamp;

use crate::conditions::Site;
use crate::time::{Pace, plus};
use crate::world::{
    Checkers, Checks, HealthCheckConfig, Judging, Lock, PRIMARY_NAME, STANDBY_NAME, TrafficControl, Watched,
};

/// Name of the primary's endpoint.
pub(crate) const PRIMARY_ENDPOINT: &str = "primary";

/// The metric's value of a disabled endpoint. Which value Azure has is not known
/// (docs/reference/azure.md#traffic-manager-metrics), so the harmful one is taken: a zero looks like an outage.
const DISABLED_VALUE: f64 = 0.0;

/// How Traffic Manager judges an endpoint. Each probing location reports for itself
/// (docs/reference/azure.md#traffic-manager-metrics); a disabled endpoint has
/// [`DISABLED_VALUE`].
pub(crate) const JUDGING: Judging = Judging { verdict, samples };

/// How the locations of the probes come to a verdict is not documented; that alerts are to compare the metric's Average with 0.5
/// (docs/reference/azure.md#traffic-manager-metrics) suggests half of them.
fn verdict(checkers: &Checkers, config: &HealthCheckConfig) -> bool {
    let (good, all) = checkers.count(config);
    good * 2 >= all
}

fn samples(watched: &Watched) -> Vec<f64> {
    let config = &watched.check.config;
    if config.disabled {
        return vec![DISABLED_VALUE];
    }
    watched.checkers.reporting(config).map(|checker| if checker.healthy { 1.0 } else { 0.0 }).collect()
}

/// The profile as the world's traffic control.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrafficManager {
    pub(crate) profile: Profile,
    pace: Pace,
}

impl TrafficManager {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { profile: Profile::default(), pace }
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

impl TrafficControl for TrafficManager {
    fn answer(&self, verdict: &dyn Fn(&str) -> bool, now: Timestamp) -> Option<Site> {
        let profile = &self.profile;
        profile.answer(|endpoint| endpoint.monitor_status(profile.enabled, verdict(&endpoint.name), now))
    }

    fn lock(&self, _: &Checks) -> Lock {
        let endpoint = self.profile.endpoint(PRIMARY_ENDPOINT);
        let on = endpoint.is_some_and(|endpoint| !endpoint.enabled);
        let summary = format!("the primary endpoint is {}", if on { "Disabled" } else { "Enabled" });
        Lock { on, summary, writes: endpoint.map_or(0, |endpoint| endpoint.writes) }
    }

    fn switch_by_hand(&mut self, checks: &mut Checks, locked: bool, now: Timestamp) {
        self.switch(PRIMARY_ENDPOINT, !locked, now);
        if let Some(watched) = checks.get_mut(PRIMARY_ENDPOINT) {
            watched.check.config.disabled = locked;
        }
    }
}

/// A profile with priority routing.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// `profileStatus`.
    pub enabled: bool,
    /// Seconds that a resolver may keep an answer; reported, without effect here.
    pub ttl_s: u32,
    /// Simulated seconds between the probes of one location: 10 or 30 (docs/reference/azure.md#traffic-manager-probes).
    pub interval_s: u32,
    /// Simulated seconds that a probe may take; reported, without effect here.
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
    /// The reference's profile (docs/reference/azure.md#reference-function) with fast probing: every 10 s, two failures
    /// borne, so that an outage is seen after 30 s.
    fn default() -> Self {
        Self {
            enabled: true,
            ttl_s: 60,
            interval_s: 10,
            timeout_s: 5,
            tolerated: 2,
            endpoints: vec![
                Endpoint::new(PRIMARY_ENDPOINT, Site::Primary, PRIMARY_NAME, 1),
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

    /// The table of docs/reference/azure.md#traffic-manager-routing, row by row: (enabled, up) of the primary and the secondary.
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
        let mut world = TrafficManager::new(Pace::new(1.0));
        let at = |second| Timestamp::from_second(second).expect("time");
        world.switch("PRIMARY", false, at(0));
        assert_eq!(world.profile.endpoints[0].monitor_status(true, true, at(1)), "Disabled");
        world.switch("primary", true, at(10));
        assert_eq!(world.profile.endpoints[0].monitor_status(true, false, at(15)), "CheckingEndpoint");
        assert_eq!(world.profile.endpoints[0].monitor_status(true, false, at(20)), "Degraded");
    }
}
