//! A health check as it was found, and what that means for the lock. Pure.

use aws_sdk_route53::types::{HealthCheck, HealthCheckType};
use holdfast_core::{Fault, FaultClass, fault::quoted, step::Observation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{LockConfig, UPDATE};

/// What the health check watched before it was locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The name.
    pub fqdn: String,
    /// Whether its result was turned round.
    pub inverted: bool,
}

impl Original {
    /// What a record kept of the health check before it was locked, from the precondition of the step's observation.
    /// `None` when that observation was no [`Todo`](holdfast_core::step::StepState::Todo).
    pub fn of_precondition(precondition: &Value) -> Option<Self> {
        let precondition: Precondition = serde_json::from_value(precondition.clone()).ok()?;
        Some(Self { fqdn: precondition.fqdn, inverted: precondition.inverted })
    }
}

/// Ties the effect to what was seen, and carries into the record what must be put back one day.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Precondition {
    /// Route 53 refuses an update whose version is behind.
    pub(super) health_check_version: i64,
    /// The name before the lock.
    pub(super) fqdn: String,
    /// The inversion before the lock.
    pub(super) inverted: bool,
}

impl Precondition {
    /// The precondition of an observation.
    ///
    /// # Errors
    /// [`Invalid`](FaultClass::Invalid) when it carries none.
    pub(super) fn of(seen: &Observation) -> Result<Self, Fault> {
        serde_json::from_value(seen.precondition.clone()).map_err(|error| {
            Fault::new(FaultClass::Invalid, UPDATE, format!("the precondition cannot be read: {error}"))
        })
    }
}

/// The part of a health check that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: HealthCheckType,
    pub(super) fqdn: Option<String>,
    pub(super) address: Option<String>,
    pub(super) inverted: bool,
    pub(super) disabled: bool,
    pub(super) version: i64,
    /// The AWS service that made the health check and alone may change it.
    pub(super) owner: Option<String>,
}

impl Found {
    /// Reads an answer of `call`.
    ///
    /// # Errors
    /// [`Server`](FaultClass::Server) when there is no configuration in it.
    pub(super) fn of(call: &'static str, answer: Option<&HealthCheck>) -> Result<Self, Fault> {
        let check = answer.and_then(|check| Some((check, check.health_check_config()?)));
        let Some((check, config)) = check else {
            return Err(Fault::new(FaultClass::Server, call, "the answer holds no health check"));
        };
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self {
            kind: config.r#type().clone(),
            fqdn: given(config.fully_qualified_domain_name()),
            address: given(config.ip_address()),
            inverted: config.inverted().unwrap_or_default(),
            disabled: config.disabled().unwrap_or_default(),
            version: check.health_check_version(),
            owner: check.linked_service().and_then(|service| given(service.service_principal())),
        })
    }

    /// True when it watches `name`.
    pub(super) fn watches(&self, name: &str) -> bool {
        self.fqdn.as_deref().is_some_and(|fqdn| same_name(fqdn, name))
    }

    /// How things stand with regard to the lock.
    pub(super) fn judge(&self, config: &LockConfig) -> Observation {
        let described = self.describe(Some(config));
        if self.disabled && self.inverted {
            return Observation::done(format!("locked by being disabled and inverted: {described}"));
        }
        if let Some(obstacle) = self.obstacle() {
            return Observation::blocked(format!("{obstacle}; found: {described}"));
        }
        match &self.fqdn {
            Some(_) if self.watches(&config.lock_fqdn) && !self.inverted => Observation::done(described),
            // Whoever gave it another name that never resolves has locked it as well.
            Some(fqdn) if never_resolves(fqdn) && !self.inverted => {
                Observation::done(format!("locked by a name that never resolves: {described}"))
            }
            Some(fqdn) => {
                let precondition = json!({
                    "health_check_version": self.version, "fqdn": fqdn, "inverted": self.inverted,
                });
                Observation::todo(described, precondition)
            }
            None => Observation::blocked(format!(
                "the health check watches no name that could be changed; found: {described}"
            )),
        }
    }

    /// What makes a change of name useless or impossible, and what would remove it.
    fn obstacle(&self) -> Option<String> {
        if let Some(owner) = &self.owner {
            return Some(format!(
                "the health check belongs to {owner}, and only that service may change it: use one of your own"
            ));
        }
        if !by_name(&self.kind) {
            return Some(format!(
                "a health check of type {} has no name to change: use one of type HTTPS, HTTP or TCP, or lock by hand \
                 with disabled=true and inverted=true",
                self.kind
            ));
        }
        if let Some(address) = &self.address {
            return Some(format!(
                "the health check watches the address {address} and would use a name only as Host header: use one that \
                 watches a name, or lock by hand with disabled=true and inverted=true"
            ));
        }
        self.disabled.then(|| {
            "the health check is disabled, which means healthy for ever: enable it, or lock by hand by inverting it too".to_owned()
        })
    }

    /// What was found, for the record.
    pub(super) fn describe(&self, config: Option<&LockConfig>) -> String {
        let mut words = format!("{} {}", self.kind, self.fqdn.as_deref().unwrap_or("without a name"));
        if let Some(configured) = config.and_then(|config| self.mismatch(config)) {
            words.push_str(&format!(" (configured: {configured})"));
        }
        for (flag, name) in [(self.inverted, "inverted"), (self.disabled, "disabled")] {
            if flag {
                words.push_str(&format!(", {name}"));
            }
        }
        words.push_str(&format!(", version {}", self.version));
        words
    }

    /// Why its metrics are neither the primary's nor our lock's, if they are not. A check by address is not known by its
    /// name.
    pub(super) fn is_of_another(&self, config: &LockConfig) -> Option<String> {
        let fqdn = self.fqdn.as_deref().filter(|_| self.address.is_none() && !self.watches(&config.lock_fqdn))?;
        let named = quoted(fqdn);
        if never_resolves(fqdn) {
            return Some(format!("the health check watches {named}, a name that never resolves, and not the primary"));
        }
        let configured = self.mismatch(config)?;
        Some(format!("the health check watches {named}, and the primary that is configured is {configured}"))
    }

    /// The configured name, when an unlocked health check watches another.
    fn mismatch<'a>(&self, config: &'a LockConfig) -> Option<&'a str> {
        let configured = config.primary_fqdn.as_deref()?;
        (!self.watches(configured) && !self.watches(&config.lock_fqdn)).then_some(configured)
    }
}

/// The types whose checkers look a name up.
fn by_name(kind: &HealthCheckType) -> bool {
    use HealthCheckType::{Http, HttpStrMatch, Https, HttpsStrMatch, Tcp};
    matches!(kind, Http | HttpStrMatch | Https | HttpsStrMatch | Tcp)
}

/// True of the top-level domain that is kept for names without an address (RFC 2606, RFC 6761).
pub(super) fn never_resolves(name: &str) -> bool {
    let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
    name == "invalid" || name.ends_with(".invalid")
}

/// Names do not differ by case or by the dot at the end.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim().trim_end_matches('.').to_ascii_lowercase();
    plain(one) == plain(other)
}
