//! Whether traffic can be moved to the standby at all, as a part of the standby's fitness.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::Method;
use holdfast_core::{
    Call, Fault,
    evidence::{Check, Level, Readiness},
    ports::Standby,
};
use serde::Deserialize;

use crate::{
    arm::{Azure, Sent},
    endpoint::{Endpoint, EndpointName, VERSION, is},
};

const GET_PROFILE: &str = "arm:GetProfile";
const GET_GROUP: &str = "arm:GetResourceGroup";

/// The standby's fitness with what Traffic Manager says of the way there.
pub struct WithRouting {
    /// The rest of the fitness.
    pub inner: Arc<dyn Standby>,
    /// The way to Traffic Manager.
    pub azure: Arc<Azure>,
    /// The primary's endpoint.
    pub primary: EndpointName,
    /// The region of the primary, where it is known: a profile whose resource group is there may not be changeable
    /// while it is down.
    pub primary_region: Option<String>,
}

#[async_trait]
impl Standby for WithRouting {
    async fn fitness(&self, call: &Call) -> Result<Readiness, Fault> {
        // What only supports a decision gets one attempt: Resource Manager may hang with the primary's region.
        let brief = &call.within(call.retry.attempt_timeout);
        let (fitness, profile, group) = tokio::join!(self.inner.fitness(call), self.profile(brief), self.group(brief));
        let mut fitness = fitness?;
        fitness.checks.extend(match profile {
            Ok(profile) => profile.checks(&self.primary.name),
            Err(fault) => vec![check("traffic-manager", Level::Warning, format!("unknown: {fault}"))],
        });
        fitness.checks.extend(group);
        Ok(fitness)
    }
}

impl WithRouting {
    async fn profile(&self, call: &Call) -> Result<Profile, Fault> {
        let sent = Sent::new(Method::Get, format!("{}?api-version={VERSION}", self.primary.profile));
        self.azure.manage(call, GET_PROFILE, sent).await?.json()
    }

    /// Whether the profile can be changed while the primary's region is down.
    async fn group(&self, call: &Call) -> Option<Check> {
        let region = self.primary_region.as_deref()?;
        let sent = Sent::new(Method::Get, format!("{}?api-version=2021-04-01", self.primary.profile.group()));
        let group = match self.azure.manage(call, GET_GROUP, sent).await.and_then(|answer| answer.json::<Group>()) {
            Ok(group) => group,
            Err(fault) => return Some(check(PLACE, Level::Warning, format!("unknown: {fault}"))),
        };
        if same_region(&group.location, region) {
            let found = format!(
                "the resource group of the Traffic Manager profile is in {region} with the primary: while that region \
                 is down the lock may not be possible; move the profile to a group elsewhere"
            );
            return Some(check(PLACE, Level::Warning, found));
        }
        Some(check(PLACE, Level::Good, format!("the profile's resource group is in {}", group.location)))
    }
}

const PLACE: &str = "traffic-manager-place";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Group {
    location: String,
}

/// `East US` and `eastus` are one region.
fn same_region(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.replace(' ', "").to_ascii_lowercase();
    plain(one) == plain(other)
}

/// A profile as far as it is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Profile {
    properties: ProfileProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProfileProperties {
    profile_status: Option<String>,
    traffic_routing_method: Option<String>,
    /// `None`: not in the answer.
    endpoints: Option<Vec<Endpoint>>,
}

impl Profile {
    fn checks(&self, primary: &str) -> Vec<Check> {
        let ours = |endpoint: &&Endpoint| endpoint.name.eq_ignore_ascii_case(primary);
        let mut checks = vec![self.method()];
        let Some(endpoints) = &self.properties.endpoints else {
            checks.push(check(
                "standby-endpoint",
                Level::Warning,
                "not known: the answer lists no endpoints".to_owned(),
            ));
            return checks;
        };
        checks.push(match endpoints.iter().find(ours) {
            Some(endpoint) => probed(endpoint),
            None => check("primary-endpoint", Level::Warning, format!("the profile has no endpoint called {primary}")),
        });
        let others: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| !ours(endpoint)).collect();
        checks.push(standby(&others));
        checks
    }

    fn method(&self) -> Check {
        let properties = &self.properties;
        if is(properties.profile_status.as_deref(), "Disabled") {
            return check(
                "traffic-manager",
                Level::Warning,
                "the profile is disabled: its name does not resolve".to_owned(),
            );
        }
        let method = properties.traffic_routing_method.as_deref().unwrap_or("unknown");
        let (level, found) = match is(Some(method), "Priority") {
            true => (Level::Good, "routing by priority".to_owned()),
            false => (Level::Warning, format!("routing method is {method}; a failover is meant for Priority")),
        };
        check("traffic-manager", level, found)
    }
}

/// Whether the primary's failure can show.
fn probed(primary: &Endpoint) -> Check {
    let (level, found) = match primary.is_always_served() {
        true => (
            Level::Warning,
            format!(
                "{}: an endpoint that is always served is never probed, so no metric and no alert tells of its \
                 failure; set alwaysServe to Disabled",
                primary.describe()
            ),
        ),
        false => (Level::Good, primary.describe()),
    };
    check("primary-endpoint", level, found)
}

/// Whether anything is answered once the primary is disabled. That the standby is degraded is as it should be.
fn standby(others: &[&Endpoint]) -> Check {
    // Neither the operator nor LogScale would refuse a failover for it, so it is a warning; a person enables it.
    match others.iter().find(|endpoint| !endpoint.is_disabled()) {
        Some(endpoint) => check("standby-endpoint", Level::Good, endpoint.describe()),
        None => {
            let found = "no other endpoint of the profile is enabled: with the primary locked the name would not \
                         resolve at all; enable the standby's endpoint";
            check("standby-endpoint", Level::Warning, found.to_owned())
        }
    }
}

fn check(name: &str, level: Level, found: String) -> Check {
    Check { name: name.to_owned(), level, found }
}

#[cfg(test)]
mod tests;
