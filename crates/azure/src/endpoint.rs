//! An endpoint of Traffic Manager: where it is, and how it is found.

use std::sync::Arc;

use azure_core::http::Method;
use holdfast_core::{Call, Fault, FaultClass};
use serde::Deserialize;
use serde_json::json;

use crate::{
    arm::{Azure, Sent},
    resource::ResourceId,
};

/// The kind of resource that a profile is.
pub const PROFILE: &str = "Microsoft.Network/trafficManagerProfiles";

/// The version of the interface: stable, and the first with `alwaysServe`.
pub(crate) const VERSION: &str = "2022-04-01";

const GET: &str = "arm:GetEndpoint";
pub(crate) const PATCH: &str = "arm:UpdateEndpoint";

/// Which of a profile's lists an endpoint is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointKind {
    /// An address or a name outside Azure's resources: what the reference makes.
    #[default]
    External,
    /// A resource of Azure.
    Azure,
    /// Another profile.
    Nested,
}

impl EndpointKind {
    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::External => "externalEndpoints",
            Self::Azure => "azureEndpoints",
            Self::Nested => "nestedEndpoints",
        }
    }
}

/// The primary's endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointName {
    /// The profile that it is in.
    pub profile: ResourceId,
    /// Its kind.
    pub kind: EndpointKind,
    /// Its name in the profile.
    pub name: String,
}

/// An endpoint as it was found. Unknown words stay as they are: Azure adds some over the years.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    /// Its name in the profile.
    pub name: String,
    /// What is known of it.
    pub properties: Properties,
}

/// What is known of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Properties {
    /// What it answers with: an address or a name.
    pub target: Option<String>,
    /// `Enabled` or `Disabled`: what an operator wants, and the lock.
    pub endpoint_status: Option<String>,
    /// What the probes see: `Online`, `Degraded` and more.
    pub endpoint_monitor_status: Option<String>,
    /// 1 is served first.
    pub priority: Option<i64>,
    /// `Enabled`: never probed, and served whatever happens to it.
    pub always_serve: Option<String>,
}

impl Endpoint {
    /// True when it is out of service: not probed, and in no answer.
    pub fn is_disabled(&self) -> bool {
        is(self.properties.endpoint_status.as_deref(), "Disabled")
    }

    /// True when it is never probed, so that no metric ever tells of its failure.
    pub fn is_always_served(&self) -> bool {
        is(self.properties.always_serve.as_deref(), "Enabled")
    }

    /// What was found, for the record.
    pub fn describe(&self) -> String {
        let Properties { target, endpoint_status, endpoint_monitor_status, priority, .. } = &self.properties;
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut words = format!("endpoint {} ({}): {}", self.name, word(target), word(endpoint_status));
        words.push_str(&format!(", probes say {}", word(endpoint_monitor_status)));
        if let Some(priority) = priority {
            words.push_str(&format!(", priority {priority}"));
        }
        if self.is_always_served() {
            words.push_str(", always served");
        }
        words
    }
}

pub(crate) fn is(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Reads and writes the one endpoint.
#[derive(Clone)]
pub(crate) struct Endpoints {
    azure: Arc<Azure>,
    name: EndpointName,
}

impl Endpoints {
    pub(crate) fn new(azure: Arc<Azure>, name: EndpointName) -> Self {
        Self { azure, name }
    }

    fn path(&self) -> String {
        let EndpointName { profile, kind, name } = &self.name;
        format!("{profile}/{}/{name}?api-version={VERSION}", kind.word())
    }

    pub(crate) async fn get(&self, call: &Call) -> Result<Endpoint, Fault> {
        found(GET, &self.azure.manage(call, GET, Sent::new(Method::Get, self.path())).await?)
    }

    /// Sets the status and nothing else. The answer must show it, and is returned.
    pub(crate) async fn set_status(&self, call: &Call, status: &str) -> Result<Endpoint, Fault> {
        let body = json!({"properties": {"endpointStatus": status}});
        let answer = self.azure.manage(call, PATCH, Sent::new(Method::Patch, self.path()).json(&body)).await?;
        let endpoint = found(PATCH, &answer)?;
        if is(endpoint.properties.endpoint_status.as_deref(), status) {
            return Ok(endpoint);
        }
        let message = format!("the update was accepted and the endpoint still differs: {}", endpoint.describe());
        Err(Fault::new(FaultClass::Server, PATCH, message))
    }
}

fn found(call: &'static str, answer: &crate::arm::Answer) -> Result<Endpoint, Fault> {
    let endpoint: Endpoint = answer.json()?;
    if endpoint.properties.endpoint_status.is_none() {
        return Err(Fault::new(FaultClass::Server, call, "the answer holds no endpoint"));
    }
    Ok(endpoint)
}
