//! What is asked of Monitoring, and where.

use crate::ocid::Ocid;

/// Stands in a query where the interval belongs.
const MINUTE: &str = "[1m]";

/// Longest query that is taken, in bytes.
const LONGEST: usize = 4000;

/// A metric, and the place where it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The region whose Monitoring records it: of a load balancer its own; of a health check the one where it was made.
    pub region: String,
    /// The compartment of the resource.
    pub compartment: Ocid,
    /// What is asked for.
    pub metric: Metric,
}

/// One query. Its value for a period is how much of the primary was well at best in it: 0 proves that nothing was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    namespace: String,
    query: String,
    resource: Option<String>,
}

/// A query or a resource that cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadMetric(&'static str);

/// True for what can be the name of a backend set, and cannot end a quoted text in a query.
pub fn is_backend_set(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=255).contains(&name.len()) && name.chars().all(allowed)
}

impl Metric {
    /// What a health check's probes saw, from all vantage points together: 1 where one of them had a good answer.
    pub fn health_check(monitor: &Ocid) -> Self {
        Self {
            namespace: "oci_healthchecks".to_owned(),
            // The streams of a check change their dimensions when it fails: `errorMessage` is one of them.
            query: format!("HTTP.isHealthy{MINUTE}{{resourceId = \"{monitor}\"}}.groupBy(resourceId).max()"),
            resource: Some(monitor.to_string()),
        }
    }

    /// How many backends of a load balancer's backend set were healthy at most. One sick backend of several is no outage.
    ///
    /// # Errors
    /// A resource that is no load balancer (a network load balancer has other metrics); a name that no backend set has.
    pub fn load_balancer(balancer: &Ocid, backend_set: &str) -> Result<Self, BadMetric> {
        if balancer.kind() != "loadbalancer" {
            return Err(BadMetric("it must be the OCID of a load balancer: ocid1.loadbalancer...."));
        }
        if !is_backend_set(backend_set) {
            return Err(BadMetric("a backend set has letters, digits and -_. in its name"));
        }
        // `lbHostId` changes without our doing, so the streams are grouped (docs/reference/oci.md#metrics).
        let of = |metric: &str, statistic: &str| {
            format!(
                "{metric}{MINUTE}{{resourceId = \"{balancer}\", backendSetName = \"{backend_set}\"}}\
                 .groupBy(backendSetName).{statistic}()"
            )
        };
        Ok(Self {
            namespace: "oci_lbaas".to_owned(),
            query: format!("{} - {}", of("backendServers", "max"), of("unhealthyBackendServers", "min")),
            resource: Some(balancer.to_string()),
        })
    }

    /// Another query, in the words of Monitoring, with `[1m]` as its interval.
    ///
    /// # Errors
    /// A query without that interval, or of more than 4,000 bytes.
    pub fn custom(namespace: &str, query: &str) -> Result<Self, BadMetric> {
        if query.len() > LONGEST || !query.contains(MINUTE) {
            return Err(BadMetric("a query has the interval [1m] in it and at most 4000 bytes"));
        }
        Ok(Self { namespace: namespace.to_owned(), query: query.to_owned(), resource: None })
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn query(&self, interval: &str) -> String {
        self.query.replace(MINUTE, &format!("[{interval}]"))
    }

    pub(super) fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }
}
