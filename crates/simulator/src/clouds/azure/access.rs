//! What tests reach of Azure through the simulator and its world.

use super::alert_rule::AlertRule;
use super::functions::FunctionsHost;
use super::profile::{Profile, TrafficManager};
use super::services::AzureServices;
use crate::simulator::Simulator;
use crate::world::World;

impl Simulator {
    /// The services of Azure; `None` where none run.
    pub fn azure(&self) -> Option<&AzureServices> {
        self.services_of()
    }

    /// The Functions host; `None` where the function does not run on Azure.
    pub fn functions(&self) -> Option<&FunctionsHost> {
        self.azure()?.host()
    }
}

impl World {
    /// Whether the alert rule is stateful (one Fired, then one Resolved; so at first) or acts at every bad evaluation. Nothing happens
    /// where another cloud watches.
    pub fn set_stateful_alert(&self, stateful: bool) {
        self.with(|state| {
            if let Some(rule) = state.rule::<AlertRule>() {
                rule.stateful = stateful;
            }
        });
    }

    /// The Traffic Manager profile; `None` where another cloud switches traffic.
    pub fn profile(&self) -> Option<Profile> {
        self.with(|state| state.control::<TrafficManager>().map(|manager| manager.profile.clone()))
    }
}
