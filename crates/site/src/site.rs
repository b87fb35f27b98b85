//! The one place where a site is put together: by role, from a cloud's parts and a system's. No network until the first
//! request.

use std::{collections::BTreeMap, sync::Arc};

use holdfast_core::{
    Call, Clock, Timestamp,
    engine::{Answer, Engine, Limits, Outcome},
    policy::Policy,
    ports::Ports,
    runbook::Runbook,
};
use holdfast_http::Proxies;
use holdfast_kubernetes::StandbyCluster;
use holdfast_notify::{Receiver, Switch, Topic};
use holdfast_parts::{Cloud, CloudParts, Shared, Surroundings};
use holdfast_settings::{ConfigurationFaults, Reader, SettingFault};

use crate::{
    doors::Doors,
    roles::{self, RoleClouds},
    settings::Settings,
};

/// Everything that outlives one invocation: clients, the cluster's address, tokens.
pub struct Site {
    ports: Ports,
    runbook: Runbook,
    function: String,
    doors: Doors,
    log_level: String,
    policy: Policy,
    limits: Limits,
    proxies: Proxies,
    switch: Option<Switch>,
}

impl Site {
    /// The site of a function on `host`, from environment variables; and what `edge` reads for the function itself.
    ///
    /// # Errors
    /// All faults at once.
    pub fn from_variables<E>(
        host: &'static dyn Cloud,
        variables: &BTreeMap<String, String>,
        clock: Arc<dyn Clock>,
        edge: impl FnOnce(&mut Reader<'_>, &Limits) -> E,
    ) -> Result<(Self, E), ConfigurationFaults> {
        let (settings, edge) = Settings::read(host, variables, edge)?;
        Ok((settings.open(clock)?, edge))
    }

    /// An engine for one invocation by the worker `holder`.
    pub fn engine(&self, holder: String) -> Engine {
        Engine {
            ports: self.ports.clone(),
            runbook: self.runbook.clone(),
            policy: self.policy.clone(),
            limits: self.limits.clone(),
            holder,
        }
    }

    /// The bounds of a call outside the engine.
    pub fn call(&self, deadline: Timestamp) -> Call {
        Call { clock: Arc::clone(&self.ports.clock), deadline, retry: self.limits.retry }
    }

    /// The name of the function.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Which way in admits what.
    pub fn doors(&self) -> &Doors {
        &self.doors
    }

    /// Level of the log.
    pub fn log_level(&self) -> &str {
        &self.log_level
    }

    /// The numbers of the decision.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The numbers of the machinery.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Which calls go through a proxy.
    pub fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Tells the dead-man's switch that a tick has ended well: it could judge, and no step failed. `None` where there is
    /// no switch, or nothing to tell. Whether it was heard is for a metric, and no error of the tick.
    pub async fn tick_ended(&self, answer: &Answer) -> Option<bool> {
        let judged = answer.reasons.last().is_none_or(|reason| reason.fault().is_none());
        let well = judged && !matches!(answer.outcome, Outcome::Failed { .. });
        let switch = self.switch.as_ref().filter(|_| well)?;
        let reset = switch.reset().await;
        if let Err(fault) = &reset {
            tracing::warn!(class = fault.class.label(), "the dead-man's switch was not reached: {}", fault.message);
        }
        Some(reset.is_ok())
    }

    pub(crate) fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, ConfigurationFaults> {
        let shared = Shared {
            clock: Arc::clone(&clock),
            proxies: settings.outside.proxies.clone(),
            attempt_timeout: settings.limits.retry.attempt_timeout,
            period: settings.policy.period,
        };
        let parts = Filled::open(&settings, &shared)?;
        let cluster = StandbyCluster::new(parts.cluster, settings.system.namespace(), settings.system.object_name());
        let witnesses = settings.outside.witnesses();
        let around = Surroundings {
            lock_traffic: parts.traffic.lock,
            witness: witnesses.traffic.as_ref(),
            prober: witnesses.prober,
            proxies: &settings.outside.proxies,
        };
        let system = settings.system.open(&cluster, around);
        let mut announcers = settings.notify.receivers(&settings.function, &settings.outside.proxies, &settings.limits);
        announcers.extend(parts.topic.map(|topic| {
            let timeout = settings.limits.retry.attempt_timeout;
            Arc::new(Receiver::of_topic(topic, settings.function.clone(), timeout)) as _
        }));
        let ports = Ports {
            clock,
            lease: cluster.lease(),
            store: cluster.store(),
            cooldown: parts.note.or(system.note),
            history: Some(parts.history.history),
            prober: system.prober,
            controls: witnesses.controls,
            traffic: witnesses.traffic,
            live: Some(parts.history.live),
            standby: (parts.traffic.checks)(system.standby),
            announcers,
        };
        let switch = settings.notify.switch(&settings.outside.proxies, &settings.limits);
        let Settings { function, doors, log_level, policy, limits, outside, .. } = settings;
        Ok(Self {
            ports,
            runbook: system.runbook,
            function,
            doors,
            log_level,
            policy,
            limits,
            proxies: outside.proxies,
            switch,
        })
    }
}

/// Each role with the part that its cloud gave.
struct Filled {
    cluster: Arc<dyn holdfast_kubernetes::Connector>,
    history: holdfast_parts::Primary,
    traffic: holdfast_parts::Traffic,
    note: Option<Arc<dyn holdfast_core::ports::CooldownStore>>,
    topic: Option<Arc<dyn Topic>>,
}

impl Filled {
    fn open(settings: &Settings, shared: &Shared) -> Result<Self, ConfigurationFaults> {
        let RoleClouds { cluster, history, traffic, note, topic: notify } = settings.roles;
        let (mut opened, mut faults): (BTreeMap<&str, CloudParts>, _) = (BTreeMap::new(), Vec::new());
        for (name, cloud) in &settings.clouds {
            match cloud.open(shared) {
                Ok(parts) => drop(opened.insert(*name, parts)),
                Err(more) => faults.extend(more.0),
            }
        }
        if !faults.is_empty() {
            return Err(ConfigurationFaults(faults));
        }
        // One cloud may fill several roles: its parts are taken out one by one.
        let topic = notify.and_then(|notify| opened.get_mut(notify.name())?.topic.take());
        if notify.is_some() && topic.is_none() {
            return Err(unfilled(roles::NOTIFY));
        }
        let note = opened.get_mut(note.name()).and_then(|parts| parts.note.take());
        let cluster = opened.get_mut(cluster.name()).and_then(|parts| parts.cluster.take());
        let history = opened.get_mut(history.name()).and_then(|parts| parts.history.take());
        let traffic = opened.get_mut(traffic.name()).and_then(|parts| parts.traffic.take());
        Ok(Self {
            cluster: cluster.ok_or_else(|| unfilled(roles::CLUSTER))?,
            history: history.ok_or_else(|| unfilled(roles::HISTORY))?,
            traffic: traffic.ok_or_else(|| unfilled(roles::TRAFFIC))?,
            note,
            topic,
        })
    }
}

/// A cloud that has no part for the role that `variable` gave it.
fn unfilled(variable: &str) -> ConfigurationFaults {
    ConfigurationFaults(vec![SettingFault::of_variable(variable, None, "a cloud that can fill this role")])
}
