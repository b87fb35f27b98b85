//! Whether the standby could take over now: everything that a failover would trip over, found beforehand.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{future::join_all, join};
use holdfast_core::{
    Call, Fault,
    evidence::{Check, Level, Readiness},
    ports::Standby,
};
use holdfast_kubernetes::{
    check::{self, check, error, good, warning},
    lease::KubernetesLease,
};

use crate::{
    isolation::Isolation,
    pair::{Both, Pair, Way},
    state::{Mode, Part, State},
};

/// [`Standby`] by looking at both sides of each service, and at the confirmation.
pub(crate) struct StandbyCheck {
    pair: Arc<Pair>,
    lease: Arc<KubernetesLease>,
}

impl StandbyCheck {
    pub(crate) fn new(pair: Arc<Pair>, lease: Arc<KubernetesLease>) -> Self {
        Self { pair, lease }
    }

    /// What is found of one service.
    ///
    /// # Errors
    /// Faults of the standby's API server. The primary may be gone.
    fn service(&self, service: usize, both: &Both) -> Result<Vec<Check>, Fault> {
        let to = match &both.to {
            Ok(to) => to,
            Err(fault) => return Err(Fault::new(fault.class, fault.call, fault.message.clone())),
        };
        let place = self.pair.standby.place(service);
        let Some(to) = to.as_ref() else { return Ok(vec![error("standby", format!("there is no {place}"))]) };
        let mut checks = vec![self.standby(service, to)];
        let from = both.from.as_ref().ok().and_then(|from| from.as_ref().as_ref());
        checks.push(match from {
            Some(from) => good("primary", format!("{}: {}", self.pair.primary.place(service), from.describe())),
            // Nothing of it is needed once the standby is active.
            None if to.declared.mode == Mode::Active => warning("primary", self.unread(service, both)),
            None => self.isolation(service, both),
        });
        if let Some(from) = from {
            checks.extend(self.together(service, from, to, &both.isolation));
        }
        Ok(checks)
    }

    /// Whether the standby's side is one that can be promoted.
    fn standby(&self, service: usize, to: &State) -> Check {
        let name = "standby";
        let found = format!("{}: {}", self.pair.standby.place(service), to.describe());
        if let Some(why) = self.pair.standby.is_owned_above(to) {
            return error(name, format!("{found}; {why}"));
        }
        match &to.declared.mode {
            Mode::Active => warning(name, format!("{found}; it is active already")),
            Mode::Passive if to.phase.eq_ignore_ascii_case("error") => {
                error(name, format!("{found}; consider a restore from a backup instead"))
            }
            Mode::Passive if to.is_good_standby(&self.pair.words) => match to.phase.to_ascii_lowercase().as_str() {
                "running" | "ready" => good(name, found),
                _ => warning(name, format!("{found}; its phase is not Running")),
            },
            // Expected when the primary is gone (docs/reference/api-connect.md#states).
            Mode::Passive if to.peer_unreachable => warning(name, format!("{found}; it does not reach the primary")),
            Mode::Passive if to.replicates == Some(false) => {
                error(name, format!("{found}; its haStatus is not Ready: consider a restore from a backup instead"))
            }
            Mode::Passive => error(name, format!("{found}; it is no standby that is complete")),
            Mode::Absent | Mode::Other(_) => error(name, found),
        }
    }

    /// Why the primary's side of a service was not read.
    fn unread(&self, service: usize, both: &Both) -> String {
        let place = self.pair.primary.place(service);
        match &both.from {
            Ok(_) => format!("there is no {place}"),
            Err(fault) => format!("{place} cannot be read: {fault}"),
        }
    }

    /// What cannot be set passive has to be cut off before anything is begun.
    fn isolation(&self, service: usize, both: &Both) -> Check {
        let unread = self.unread(service, both);
        match &both.isolation {
            Isolation::Confirmed { said, .. } => warning("isolation", format!("{unread}; {said}")),
            Isolation::Unconfirmed { why } => error(
                "isolation",
                format!("{unread}, so it cannot be set passive; its isolation is not confirmed: {why}"),
            ),
        }
    }

    /// What only shows when both sides are seen.
    fn together(&self, service: usize, from: &State, to: &State, isolation: &Isolation) -> Vec<Check> {
        let (place, mut checks) = (self.pair.primary.place(service), Vec::new());
        if from.declared.mode == Mode::Active {
            // While that is so it is left as it is until the standby is active.
            let cut_off = matches!(isolation, Isolation::Confirmed { .. });
            let level = if cut_off { Level::Warning } else { Level::Error };
            if let Some(why) = self.pair.loses_data(Way::ToStandby, service, from, to) {
                checks.push(check("replication", level, format!("{place} would not be set passive: {why}")));
            }
            if !self.pair.may_delete(&self.pair.primary, service) {
                let name = self.pair.primary.resource(service);
                let found = format!("{place} would not be set passive: HOLDFAST_APIC_DELETABLE does not name {name}");
                checks.push(check("deletion", level, found));
            }
            if to.declared.mode == Mode::Active {
                checks.push(error("two-active", format!("{place} and the standby's are both declared active")));
            }
        }
        let same = |a: &str, b: &str| !a.is_empty() && a == b;
        if same(&from.site_name, &to.site_name) {
            let found = format!("both sides have the siteName {}: are they the same cluster?", to.site_name);
            checks.push(error("sites", found));
        }
        if !from.version.is_empty() && !to.version.is_empty() && from.version != to.version {
            checks
                .push(warning("versions", format!("{place} is of {}, the standby's of {}", from.version, to.version)));
        }
        checks
    }
}

#[async_trait]
impl Standby for StandbyCheck {
    async fn fitness(&self, call: &Call) -> Result<Readiness, Fault> {
        let services = self.pair.services.len();
        let looks = (0..services).map(|service| self.pair.look(call, Way::ToStandby, service));
        let (all, lease) = join!(join_all(looks), check::lease(&self.lease, call));
        let mut checks = Vec::new();
        for (service, both) in all.iter().enumerate() {
            let prefix = match self.pair.part(service) {
                Part::Management => "management".to_owned(),
                Part::Portal => format!("portal-{}", self.pair.standby.resource(service)),
            };
            let named = |check: Check| Check { name: format!("{prefix}-{}", check.name), ..check };
            checks.extend(self.service(service, both)?.into_iter().map(named));
        }
        checks.extend(lease);
        Ok(Readiness { checks })
    }
}
