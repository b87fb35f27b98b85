//! Where the services are.

use std::net::IpAddr;

use holdfast_core::{Fault, FaultClass};
use http::{Uri, uri::Scheme};
use thiserror::Error;

use crate::region;

/// The services that we call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Steering policies.
    Dns,
    /// Metrics.
    Monitoring,
    /// Probes of the primary from outside.
    HealthChecks,
    /// The cluster's address and certificate authority.
    ContainerEngine,
    /// The topic by which people are told.
    Notifications,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 5] =
        [Self::Dns, Self::Monitoring, Self::HealthChecks, Self::ContainerEngine, Self::Notifications];

    /// The variable that moves its endpoint, for tests.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Dns => "HOLDFAST_OCI_ENDPOINT_DNS",
            Self::Monitoring => "HOLDFAST_OCI_ENDPOINT_MONITORING",
            Self::HealthChecks => "HOLDFAST_OCI_ENDPOINT_HEALTH_CHECKS",
            Self::ContainerEngine => "HOLDFAST_OCI_ENDPOINT_CONTAINER_ENGINE",
            Self::Notifications => "HOLDFAST_OCI_ENDPOINT_NOTIFICATIONS",
        }
    }

    /// The host in `region` (docs/reference/oci.md#steering-policies, docs/reference/oci.md#metrics,
    /// docs/reference/oci.md#oke; that of Notifications from the SDK's source, `oci.ons`). Those of Monitoring and
    /// Notifications have no `oci` in them.
    fn host(self, region: &str, domain: &str) -> String {
        match self {
            Self::Dns => format!("dns.{region}.oci.{domain}"),
            Self::Monitoring => format!("telemetry.{region}.{domain}"),
            Self::HealthChecks => format!("healthchecks.{region}.oci.{domain}"),
            Self::ContainerEngine => format!("containerengine.{region}.oci.{domain}"),
            Self::Notifications => format!("notification.{region}.{domain}"),
        }
    }
}

/// The variable that moves the endpoints of all services.
pub const ALL: &str = "HOLDFAST_OCI_ENDPOINT";

/// Stands for the region in a moved endpoint.
const REGION: &str = "{region}";

const ALLOWED: &str =
    "https://HOST[:PORT][/PATH], or http:// with a loopback address; {region} in it stands for the region";

/// A variable that moves an endpoint to where it must not be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} is not allowed: it must be {ALLOWED}")]
pub struct BadEndpoint {
    /// The variable.
    pub name: &'static str,
}

impl BadEndpoint {
    /// What would be allowed.
    pub const ALLOWED: &'static str = ALLOWED;
}

/// Endpoints that were moved away from OCI's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved([Option<String>; 5]);

impl Moved {
    /// Reads the variables: the service's own, else [`ALL`]. An empty value counts as not set.
    ///
    /// # Errors
    /// [`BadEndpoint`]: plain `http` is taken for loopback addresses only, where tests are.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadEndpoint> {
        let set = |name: &'static str| {
            let value = variable(name).map(|value| value.trim().trim_end_matches('/').to_owned());
            match value.filter(|value| !value.is_empty()) {
                Some(value) if is_allowed(&value) => Ok(Some(value)),
                Some(_) => Err(BadEndpoint { name }),
                None => Ok(None),
            }
        };
        let common = set(ALL)?;
        let mut moved = Self::default();
        for (place, service) in moved.0.iter_mut().zip(Service::ALL) {
            *place = set(service.variable())?.or_else(|| common.clone());
        }
        if moved.0.iter().any(Option::is_some) {
            tracing::warn!("endpoints of OCI are overridden by the environment");
        }
        Ok(moved)
    }

    fn of(&self, service: Service) -> Option<&str> {
        self.0.get(service as usize)?.as_deref()
    }
}

fn is_allowed(text: &str) -> bool {
    let Ok(uri) = text.replace(REGION, "region").parse::<Uri>() else { return false };
    let clean = uri.query().is_none() && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => clean,
        Some(scheme) if *scheme == Scheme::HTTP => clean && is_loopback(&uri),
        _ => false,
    }
}

/// True for an address of this machine; a name is none.
pub(crate) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where the services of one realm are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    realm: String,
    moved: Moved,
}

impl Endpoints {
    /// Those of `realm`, such as `oc1`, but for what was moved.
    pub fn new(realm: impl Into<String>, moved: Moved) -> Self {
        Self { realm: realm.into(), moved }
    }

    /// The beginning of the addresses of `service` in `region`.
    ///
    /// # Errors
    /// [`Invalid`](FaultClass::Invalid) for a realm that is not known.
    pub fn of(&self, call: &'static str, service: Service, region: &str) -> Result<String, Fault> {
        if let Some(moved) = self.moved.of(service) {
            return Ok(moved.replace(REGION, region));
        }
        Ok(format!("https://{}", service.host(region, self.domain(call)?)))
    }

    /// The domain of the realm.
    ///
    /// # Errors
    /// [`Invalid`](FaultClass::Invalid) for a realm that is not known.
    pub fn domain(&self, call: &'static str) -> Result<&'static str, Fault> {
        region::domain(&self.realm).ok_or_else(|| {
            let message = format!("the realm {:?} is not known; known are oc1 to oc4", self.realm);
            Fault::new(FaultClass::Invalid, call, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Moved, BadEndpoint> {
        Moved::read(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn each_service_has_its_host_in_each_region() {
        let endpoints = Endpoints::new("oc1", Moved::default());
        for (service, host) in Service::ALL.into_iter().zip([
            "https://dns.us-chicago-1.oci.oraclecloud.com",
            "https://telemetry.us-chicago-1.oraclecloud.com",
            "https://healthchecks.us-chicago-1.oci.oraclecloud.com",
            "https://containerengine.us-chicago-1.oci.oraclecloud.com",
            "https://notification.us-chicago-1.oraclecloud.com",
        ]) {
            assert_eq!(endpoints.of("t", service, "us-chicago-1").expect("a host"), host);
        }
        let unknown = Endpoints::new("oc77", Moved::default()).of("t", Service::Dns, "r").expect_err("unknown");
        assert_eq!(unknown.class, FaultClass::Invalid);
    }

    #[test]
    fn a_services_own_variable_wins_over_the_common_one_and_may_name_the_region() {
        let set = [(ALL, "http://127.0.0.1:1/{region}/"), ("HOLDFAST_OCI_ENDPOINT_DNS", "https://dns.test:8443")];
        let endpoints = Endpoints::new("oc77", read(&set).expect("allowed"));
        assert_eq!(endpoints.of("t", Service::Dns, "r").expect("moved"), "https://dns.test:8443");
        assert_eq!(endpoints.of("t", Service::Monitoring, "a-b-1").expect("moved"), "http://127.0.0.1:1/a-b-1");
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for allowed in ["http://127.0.0.1:4000", "http://[::1]:4000", "https://oci.test", ""] {
            assert!(read(&[(ALL, allowed)]).is_ok(), "{allowed}");
        }
        for refused in [
            "http://oci.test",
            "http://10.0.0.1",
            "http://localhost:1",
            "ftp://x",
            "x",
            "https://me:pw@h",
            "https://h?q",
        ] {
            let error = read(&[(ALL, refused)]).expect_err(refused);
            assert!(error.to_string().contains("loopback") && !error.to_string().contains("pw"), "{error}");
        }
    }
}
