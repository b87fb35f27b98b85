//! Which cloud fills which role: the one that the function runs on, unless a setting names another.

use holdfast_parts::{Cloud, Roles, TOPIC};
use holdfast_settings::Reader;

use crate::table::CLOUDS;

/// Names the cloud of the standby cluster.
pub(crate) const CLUSTER: &str = "HOLDFAST_CLUSTER_CLOUD";

/// Names the cloud that records the primary's health and tells its live status.
pub(crate) const HISTORY: &str = "HOLDFAST_HISTORY_CLOUD";

/// Names the cloud that routes the traffic.
pub(crate) const TRAFFIC: &str = "HOLDFAST_TRAFFIC_CLOUD";

/// Names the cloud that keeps the note of the last failover.
pub(crate) const NOTE: &str = "HOLDFAST_NOTE_CLOUD";

/// Names the cloud whose topic people are told by.
pub(crate) const NOTIFY: &str = "HOLDFAST_NOTIFY_CLOUD";

/// The cloud of each role.
#[derive(Clone, Copy)]
pub(crate) struct RoleClouds {
    pub(crate) cluster: &'static dyn Cloud,
    pub(crate) history: &'static dyn Cloud,
    pub(crate) traffic: &'static dyn Cloud,
    pub(crate) note: &'static dyn Cloud,
    /// None where no topic is named.
    pub(crate) topic: Option<&'static dyn Cloud>,
}

impl RoleClouds {
    /// Reads them for a function on `host`.
    pub(crate) fn read(read: &mut Reader<'_>, host: &'static dyn Cloud) -> Self {
        let others = CLOUDS.into_iter().filter(|cloud| cloud.name() != host.name());
        let choices: Vec<_> = std::iter::once(host).chain(others).map(|cloud| (cloud.name(), cloud)).collect();
        let notify = read.choice(NOTIFY, &choices);
        Self {
            topic: read.text(TOPIC).map(|_| notify),
            cluster: read.choice(CLUSTER, &choices),
            history: read.choice(HISTORY, &choices),
            traffic: read.choice(TRAFFIC, &choices),
            note: read.choice(NOTE, &choices),
        }
    }

    /// The roles of the cloud `name`.
    pub(crate) fn of(&self, name: &str) -> Roles {
        let is_it = |cloud: &'static dyn Cloud| cloud.name() == name;
        Roles {
            cluster: is_it(self.cluster),
            history: is_it(self.history),
            traffic: is_it(self.traffic),
            note: is_it(self.note),
            topic: self.topic.is_some_and(is_it),
        }
    }
}
