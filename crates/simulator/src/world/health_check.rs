//! A Route 53 health check as its API stores it.

use std::collections::BTreeMap;

/// One health check with its version.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheck {
    /// UUID.
    pub id: String,
    /// The creator's own reference; one reference makes one check.
    pub caller_reference: String,
    /// Starts at 1, one more with every update.
    pub version: u64,
    /// What is checked, and how.
    pub config: HealthCheckConfig,
    /// Key to value.
    pub tags: BTreeMap<String, String>,
}

/// The configuration of a health check. The meaning and ranges are those of the Route 53 API (docs/reference/aws.md#health-checks).
#[derive(Debug, Clone, PartialEq)]
pub struct HealthCheckConfig {
    /// Fixed at creation; when there, the checkers go to this address and the name is only the Host header.
    pub ip_address: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// `HTTP`, `HTTPS`, `HTTP_STR_MATCH`, `HTTPS_STR_MATCH` or `TCP`; fixed at creation.
    pub kind: String,
    /// Path of the request.
    pub resource_path: Option<String>,
    /// The name that the checkers resolve at every check when there is no `ip_address`.
    pub name: Option<String>,
    /// What the body must hold, for the `_STR_MATCH` kinds.
    pub search_string: Option<String>,
    /// Simulated seconds between the checks of one checker: 10 or 30; fixed at creation.
    pub request_interval: u32,
    /// So many equal results in a row change a checker's mind: 1 to 10.
    pub failure_threshold: u32,
    /// Stored and reported, without effect here; fixed at creation.
    pub measure_latency: bool,
    /// Healthy counts as unhealthy and the other way round.
    pub inverted: bool,
    /// Checking stops and the check counts as healthy (unhealthy when inverted as well).
    pub disabled: bool,
    /// Stored and reported, without effect here.
    pub enable_sni: bool,
    /// The regions whose checkers check; empty means all eight.
    pub regions: Vec<String>,
}

impl HealthCheckConfig {
    /// The check that the reference attaches to the primary: HTTPS 443, `/api/v1/status`, by name, every 10 s, three in
    /// a row (docs/reference/aws.md#reference-function).
    pub fn https(name: &str) -> Self {
        Self {
            ip_address: None,
            port: Some(443),
            kind: "HTTPS".to_owned(),
            resource_path: Some("/api/v1/status".to_owned()),
            name: Some(name.to_owned()),
            search_string: None,
            request_interval: 10,
            failure_threshold: 3,
            measure_latency: false,
            inverted: false,
            disabled: false,
            enable_sni: true,
            regions: Vec::new(),
        }
    }
}

impl HealthCheck {
    /// A check at version 1 without tags.
    pub fn new(id: &str, caller_reference: &str, config: HealthCheckConfig) -> Self {
        Self {
            id: id.to_owned(),
            caller_reference: caller_reference.to_owned(),
            version: 1,
            config,
            tags: BTreeMap::new(),
        }
    }
}
