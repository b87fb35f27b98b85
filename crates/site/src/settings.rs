//! Everything that a site is told, read once.

use std::{collections::BTreeMap, sync::Arc};

use holdfast_core::{Clock, engine::Limits, policy::Policy};
use holdfast_notify::NotifySettings;
use holdfast_parts::{Cloud, CloudSettings, Context, SystemSettings};
use holdfast_settings::{ConfigurationFaults, Reader};

use crate::{
    doors::Doors,
    numbers,
    outside::Outside,
    roles::RoleClouds,
    site::Site,
    table::{CLOUDS, SYSTEMS},
    trust,
};

/// What a site is told: by whom its roles are filled, which system it is, and the numbers of its decisions.
pub struct Settings {
    /// The name of the function.
    pub function: String,
    /// Which way in admits what.
    pub doors: Doors,
    /// Level of the log.
    pub log_level: String,
    /// The numbers of the decision.
    pub policy: Policy,
    /// The numbers of the machinery.
    pub limits: Limits,
    /// The way out, the probe of the primary and its witnesses.
    pub outside: Outside,
    /// Who is told.
    pub notify: NotifySettings,
    pub(crate) roles: RoleClouds,
    pub(crate) clouds: Vec<(&'static str, Box<dyn CloudSettings>)>,
    pub(crate) system: Box<dyn SystemSettings>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("function", &self.function)
            .field("doors", &self.doors)
            .field("log_level", &self.log_level)
            .field("policy", &self.policy)
            .field("limits", &self.limits)
            .field("outside", &self.outside)
            .field("notify", &self.notify)
            .field("clouds", &self.clouds)
            .field("system", &self.system)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the settings of a function on `host` from environment variables, and with them those of the function
    /// itself, by `edge`.
    ///
    /// # Errors
    /// All faults at once.
    pub fn read<E>(
        host: &'static dyn Cloud,
        variables: &BTreeMap<String, String>,
        edge: impl FnOnce(&mut Reader<'_>, &Limits) -> E,
    ) -> Result<(Self, E), ConfigurationFaults> {
        let mut reader = Reader::new(variables);
        let read = &mut reader;
        trust::anchors(read);
        let function = read.text(host.function_variable()).unwrap_or_else(|| "holdfast".to_owned());
        let roles = RoleClouds::read(read, host);
        let clouds = clouds(read, host, &roles, &function);
        let system = read.choice("HOLDFAST_SYSTEM", &SYSTEMS.map(|system| (system.name(), system)));
        let asks_first = system.asks_first();
        let system = system.read(read, roles.cluster.storage());
        let settings = Self {
            doors: Doors::read(read, host.doors()),
            log_level: numbers::log_level(read),
            policy: numbers::policy(read, host, roles.history, asks_first),
            limits: numbers::limits(read),
            notify: NotifySettings::read(read),
            outside: outside(read, host, &clouds, system.as_ref()),
            function,
            roles,
            clouds,
            system,
        };
        let edge = edge(read, &settings.limits);
        reader.finish((settings, edge))
    }

    /// Puts the site together. Nothing is sent.
    ///
    /// # Errors
    /// What only shows while the clients are built, such as credentials that are not there; all of it.
    pub fn open(self, clock: Arc<dyn Clock>) -> Result<Site, ConfigurationFaults> {
        Site::open(self, clock)
    }
}

/// The settings of each cloud that fills a role, and of the host.
fn clouds(
    read: &mut Reader<'_>,
    host: &'static dyn Cloud,
    roles: &RoleClouds,
    function: &str,
) -> Vec<(&'static str, Box<dyn CloudSettings>)> {
    let is_used = |cloud: &&dyn Cloud| cloud.name() == host.name() || roles.of(cloud.name()) != Default::default();
    let used = CLOUDS.into_iter().filter(is_used);
    used.map(|cloud| {
        let context = Context { roles: roles.of(cloud.name()), function };
        (cloud.name(), cloud.read(read, &context))
    })
    .collect()
}

/// The way out is the host's, and so are the control targets.
fn outside(
    read: &mut Reader<'_>,
    host: &dyn Cloud,
    clouds: &[(&'static str, Box<dyn CloudSettings>)],
    system: &dyn SystemSettings,
) -> Outside {
    let primary = clouds.iter().find_map(|(_, settings)| settings.primary_name());
    let of_host = clouds.iter().find(|(name, _)| *name == host.name());
    let public = of_host.map(|(_, settings)| settings.public_endpoints()).unwrap_or_default();
    Outside::read(read, primary, &public, &system.status())
}

#[cfg(test)]
mod tests;
