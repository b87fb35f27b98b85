//! A request to Azure Resource Manager, taken apart: which resource, which operation, in which version of the API.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::Value;

use super::error::ArmError;

/// The types of resources that there are, as their names stand in documents.
pub(crate) const PROFILES: &str = "Microsoft.Network/trafficManagerProfiles";
pub(crate) const CLUSTERS: &str = "Microsoft.ContainerService/managedClusters";
const ENDPOINT_KINDS: [&str; 3] = ["externalEndpoints", "azureEndpoints", "nestedEndpoints"];

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct ArmRequest {
    pub(crate) method: Method,
    /// The parts of the path, as they were sent.
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Bytes,
    pub(crate) target: Target,
}

/// What a path names. ARM compares names without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/metadata/endpoints`, which needs no login.
    Metadata,
    /// `/subscriptions`
    Subscriptions,
    /// A resource group.
    Group { group: String },
    /// All profiles of a group, or of the subscription.
    Profiles,
    /// A Traffic Manager profile.
    Profile { profile: String },
    /// One of its endpoints.
    Endpoint { profile: String, kind: &'static str, endpoint: String },
    /// The metrics of a profile.
    Metrics { profile: String },
    /// An AKS cluster, or an operation on it.
    Cluster { cluster: String, operation: Option<String> },
    /// Nothing that is known here.
    Unknown,
}

impl ArmRequest {
    pub(crate) fn read(head: &Parts, body: Bytes) -> Self {
        let path: Vec<String> = head.uri.path().split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let target = Target::of(&path);
        Self { method: head.method.clone(), path, query: query_of(&head.uri), body, target }
    }

    /// The name in the log and in fault rules: `arm:PATCH:trafficManagerProfiles/externalEndpoints`.
    pub(crate) fn name(&self) -> String {
        let what = match &self.target {
            Target::Metadata => "metadata",
            Target::Subscriptions => "subscriptions",
            Target::Group { .. } => "resourceGroups",
            Target::Profiles | Target::Profile { .. } => "trafficManagerProfiles",
            Target::Endpoint { kind, .. } => return format!("arm:{}:trafficManagerProfiles/{kind}", self.method),
            Target::Metrics { .. } => "metrics",
            Target::Cluster { operation: Some(operation), .. } => operation,
            Target::Cluster { operation: None, .. } => "managedClusters",
            Target::Unknown => "unknown",
        };
        format!("arm:{}:{what}", self.method)
    }

    /// The resource's id as it was sent: the path without an operation at its end.
    pub(crate) fn scope(&self) -> String {
        let operation = match &self.target {
            Target::Cluster { operation: Some(_), .. } => 1,
            Target::Metrics { .. } => 3,
            _ => 0,
        };
        format!("/{}", self.path[..self.path.len().saturating_sub(operation)].join("/"))
    }

    /// The action that a role must hold; `None` when none is needed.
    pub(crate) fn action(&self) -> Option<String> {
        let verb = match self.method {
            Method::GET | Method::HEAD => "read",
            Method::DELETE => "delete",
            _ => "write",
        };
        match &self.target {
            Target::Metadata | Target::Subscriptions => None,
            Target::Group { .. } => Some(format!("Microsoft.Resources/subscriptions/resourceGroups/{verb}")),
            Target::Profiles | Target::Profile { .. } => Some(format!("{PROFILES}/{verb}")),
            Target::Endpoint { kind, .. } => Some(format!("{PROFILES}/{kind}/{verb}")),
            Target::Metrics { .. } => Some(format!("Microsoft.Insights/metrics/{verb}")),
            Target::Cluster { operation: Some(operation), .. } => Some(format!("{CLUSTERS}/{operation}/action")),
            Target::Cluster { operation: None, .. } => Some(format!("{CLUSTERS}/{verb}")),
            Target::Unknown => Some(format!("Unknown/{verb}")),
        }
    }

    /// The versions of the API that are spoken for this target (docs/reference/azure.md#traffic-manager-api,
    /// docs/reference/azure.md#metric-reads, docs/reference/azure.md#aks-credentials).
    fn versions(&self) -> (&'static str, &'static [&'static str]) {
        match &self.target {
            Target::Profiles | Target::Profile { .. } | Target::Endpoint { .. } => {
                (PROFILES, &["2018-08-01", "2022-04-01", "2022-04-01-preview", "2026-09-01"])
            }
            Target::Metrics { .. } => ("Microsoft.Insights/metrics", &["2018-01-01", "2023-10-01", "2024-02-01"]),
            Target::Cluster { .. } => (CLUSTERS, &["2024-09-01", "2025-01-01", "2026-06-01", "2026-08-01"]),
            _ => ("Microsoft.Resources", &[]),
        }
    }

    /// Refuses a call without a version, or with one that is not spoken here.
    pub(crate) fn check_version(&self) -> Result<(), ArmError> {
        let Some(version) = self.query.get("api-version") else {
            return Err(ArmError::new(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            ));
        };
        let (kind, versions) = self.versions();
        if versions.is_empty() || versions.contains(&version.as_str()) {
            return Ok(());
        }
        let message = format!(
            "The resource type '{kind}' could not be found for api version '{version}'. The supported api-versions are '{}'.",
            versions.join(",")
        );
        Err(ArmError::new(400, "InvalidResourceType", &message))
    }

    /// The body as a JSON object.
    pub(crate) fn json(&self) -> Result<Value, ArmError> {
        let value = serde_json::from_slice::<Value>(&self.body).ok().filter(Value::is_object);
        value.ok_or_else(|| {
            ArmError::new(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized.",
            )
        })
    }
}

impl Target {
    fn of(path: &[String]) -> Self {
        let lower: Vec<String> = path.iter().map(|part| part.to_ascii_lowercase()).collect();
        let at = |index: usize| path[index].clone();
        match lower.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["metadata", "endpoints"] => Self::Metadata,
            ["subscriptions"] => Self::Subscriptions,
            ["subscriptions", _, "resourcegroups", _] => Self::Group { group: at(3) },
            ["subscriptions", _, "providers", "microsoft.network", "trafficmanagerprofiles"]
            | ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.network", "trafficmanagerprofiles"] => {
                Self::Profiles
            }
            ["subscriptions", _, "resourcegroups", _, "providers", namespace, kind, name, rest @ ..] => {
                Self::resource(namespace, kind, &path[7], rest, &path[path.len() - rest.len()..]).unwrap_or_else(|| {
                    debug_assert!(!name.is_empty());
                    Self::Unknown
                })
            }
            _ => Self::Unknown,
        }
    }

    fn resource(namespace: &str, kind: &str, name: &str, rest: &[&str], sent: &[String]) -> Option<Self> {
        let name = name.to_owned();
        match (namespace, kind, rest) {
            ("microsoft.network", "trafficmanagerprofiles", []) => Some(Self::Profile { profile: name }),
            ("microsoft.network", "trafficmanagerprofiles", ["providers", "microsoft.insights", "metrics"]) => {
                Some(Self::Metrics { profile: name })
            }
            ("microsoft.network", "trafficmanagerprofiles", [kind, _]) => {
                let kind = ENDPOINT_KINDS.into_iter().find(|known| known.eq_ignore_ascii_case(kind))?;
                Some(Self::Endpoint { profile: name, kind, endpoint: sent[1].clone() })
            }
            ("microsoft.containerservice", "managedclusters", []) => {
                Some(Self::Cluster { cluster: name, operation: None })
            }
            ("microsoft.containerservice", "managedclusters", [_]) => {
                Some(Self::Cluster { cluster: name, operation: Some(sent[0].clone()) })
            }
            _ => None,
        }
    }
}

/// The pairs of a query. The `az` CLI escapes some values twice (docs/reference/azure.md#metric-reads), so an escape that is left is undone as well.
pub(crate) fn query_of(uri: &http::Uri) -> BTreeMap<String, String> {
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decode(name), decode(&decode(&value.replace('+', " "))))).collect()
}

/// Percent decoding; what is not UTF-8 afterwards is replaced.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|two| hex::decode(two).ok());
        bytes.push(escaped.as_ref().map_or(*first, |byte| byte[0]));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, uri: &str) -> ArmRequest {
        let (head, ()) = http::Request::builder().method(method).uri(uri).body(()).expect("request").into_parts();
        ArmRequest::read(&head, Bytes::new())
    }

    const PROFILE: &str = "/subscriptions/s/resourcegroups/r/providers/microsoft.network/TrafficManagerProfiles/p";

    #[test]
    fn names_and_actions_do_not_depend_on_the_case_of_a_path() {
        let patch = read("PATCH", &format!("{PROFILE}/EXTERNALENDPOINTS/Primary?api-version=2022-04-01"));
        assert_eq!(patch.name(), "arm:PATCH:trafficManagerProfiles/externalEndpoints");
        assert_eq!(patch.action().as_deref(), Some("Microsoft.Network/trafficManagerProfiles/externalEndpoints/write"));
        assert!(matches!(&patch.target, Target::Endpoint { endpoint, .. } if endpoint == "Primary"));
        let metrics = read("GET", &format!("{PROFILE}/providers/Microsoft.Insights/metrics"));
        assert_eq!((metrics.name().as_str(), metrics.scope().as_str()), ("arm:GET:metrics", PROFILE));
    }

    #[test]
    fn an_operation_on_a_cluster_is_an_action() {
        let id = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/c";
        let list = read("POST", &format!("{id}/listClusterUserCredential"));
        assert_eq!(list.name(), "arm:POST:listClusterUserCredential");
        let action = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action";
        assert_eq!((list.action().as_deref(), list.scope().as_str()), (Some(action), id));
    }

    #[test]
    fn a_missing_version_and_an_unknown_one_are_refused() {
        let code = |uri: &str| read("GET", uri).check_version().map_err(|error| error.code);
        assert_eq!(code(PROFILE), Err("MissingApiVersionParameter".to_owned()));
        assert_eq!(code(&format!("{PROFILE}?api-version=2015-11-01")), Err("InvalidResourceType".to_owned()));
        assert_eq!(code(&format!("{PROFILE}?api-version=2022-04-01")), Ok(()));
    }

    #[test]
    fn a_value_that_is_escaped_twice_is_read_like_one_that_is_escaped_once() {
        let twice = query_of(&"/x?timespan=2026-11-21T10%253A00%253A00Z".parse().expect("URI"));
        let once = query_of(&"/x?timespan=2026-11-21T10%3A00%3A00Z".parse().expect("URI"));
        assert_eq!((twice["timespan"].as_str(), &twice), ("2026-11-21T10:00:00Z", &once));
    }
}
