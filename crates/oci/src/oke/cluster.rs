//! A cluster as OKE describes it, and which of its endpoints is used. Pure.

use holdfast_core::fault::quoted;
use serde::Deserialize;

/// One of the ways to a cluster's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// Within the cluster's network.
    Private,
    /// Within the cluster's network, by a name.
    VcnHostname,
    /// From everywhere.
    Public,
    /// Of clusters that were made before endpoints lay in the customer's network; empty on others.
    Legacy,
}

impl EndpointKind {
    /// The order in which they are tried unless configuration has another: the nearest first.
    pub const ORDER: [Self; 4] = [Self::Private, Self::VcnHostname, Self::Public, Self::Legacy];

    /// The word of `CreateKubeconfig`, and of configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "PRIVATE_ENDPOINT",
            Self::VcnHostname => "VCN_HOSTNAME",
            Self::Public => "PUBLIC_ENDPOINT",
            Self::Legacy => "LEGACY_KUBERNETES",
        }
    }

    /// The kind that a word names, in any case.
    pub fn named(word: &str) -> Option<Self> {
        Self::ORDER.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// The cluster in OKE's words, as far as it is used. What is empty is null there, or an empty text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cluster {
    lifecycle_state: String,
    #[serde(default)]
    endpoints: Option<Endpoints>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Endpoints {
    kubernetes: Option<String>,
    public_endpoint: Option<String>,
    private_endpoint: Option<String>,
    vcn_hostname_endpoint: Option<String>,
}

impl Cluster {
    /// The first endpoint in `order` that the cluster has, as an address.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(super) fn endpoint(&self, order: &[EndpointKind]) -> Result<(EndpointKind, String), String> {
        // A cluster that is being updated answers as before.
        if !matches!(self.lifecycle_state.as_str(), "ACTIVE" | "UPDATING") {
            let state = quoted(&self.lifecycle_state);
            return Err(format!("the cluster is {state}; usable are ACTIVE and UPDATING"));
        }
        let found = order.iter().find_map(|kind| Some((*kind, self.text(*kind)?)));
        let (kind, text) = found.ok_or_else(|| {
            let words: Vec<&str> = order.iter().map(|kind| kind.word()).collect();
            format!("the cluster has none of the endpoints {}", words.join(", "))
        })?;
        Ok((kind, address(text)))
    }

    fn text(&self, kind: EndpointKind) -> Option<&str> {
        let endpoints = self.endpoints.as_ref()?;
        let text = match kind {
            EndpointKind::Private => &endpoints.private_endpoint,
            EndpointKind::VcnHostname => &endpoints.vcn_hostname_endpoint,
            EndpointKind::Public => &endpoints.public_endpoint,
            EndpointKind::Legacy => &endpoints.kubernetes,
        };
        text.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// An endpoint as an address: OKE writes most of them without a scheme.
pub(super) fn address(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("https://{text}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chosen(endpoints: serde_json::Value, order: &[EndpointKind]) -> Result<(EndpointKind, String), String> {
        let cluster = json!({"id": "c", "lifecycleState": "ACTIVE", "endpoints": endpoints});
        serde_json::from_value::<Cluster>(cluster).expect("a cluster").endpoint(order)
    }

    #[test]
    fn the_first_endpoint_of_the_order_that_there_is_is_used_with_or_without_a_scheme() {
        let all = || {
            json!({"kubernetes": "c.example:6443", "publicEndpoint": "https://130.162.254.48:6443",
                "privateEndpoint": "10.0.3.30:6443", "vcnHostnameEndpoint": "k.vcn.example:6443", "ipv6Endpoint": null})
        };
        let first = chosen(all(), &EndpointKind::ORDER).expect("an endpoint");
        assert_eq!(first, (EndpointKind::Private, "https://10.0.3.30:6443".to_owned()));
        let public = chosen(all(), &[EndpointKind::Public]).expect("an endpoint");
        assert_eq!(public, (EndpointKind::Public, "https://130.162.254.48:6443".to_owned()));
        // What OKE usually answers, the other way round.
        let found = chosen(json!({"kubernetes": "", "publicEndpoint": "1.2.3.4:6443"}), &EndpointKind::ORDER);
        assert_eq!(found.expect("an endpoint").0, EndpointKind::Public);
        let legacy = chosen(json!({"kubernetes": "https://c.example:6443"}), &EndpointKind::ORDER);
        assert_eq!(legacy.expect("an endpoint"), (EndpointKind::Legacy, "https://c.example:6443".to_owned()));
    }

    #[test]
    fn a_cluster_without_an_endpoint_of_the_order_says_so() {
        let why = chosen(json!({"publicEndpoint": "1.2.3.4:6443"}), &[EndpointKind::Private]).expect_err("none");
        assert!(why.contains("PRIVATE_ENDPOINT"), "{why}");
        assert!(chosen(json!(null), &EndpointKind::ORDER).is_err());
    }

    #[test]
    fn a_cluster_that_is_going_away_is_named_so() {
        let cluster: Cluster = serde_json::from_value(json!({"lifecycleState": "DELETING"})).expect("a cluster");
        assert!(cluster.endpoint(&EndpointKind::ORDER).expect_err("going").contains("DELETING"));
        let cluster = json!({"lifecycleState": "UPDATING", "endpoints": {"privateEndpoint": "10.0.0.1:6443"}});
        assert!(serde_json::from_value::<Cluster>(cluster).expect("a cluster").endpoint(&EndpointKind::ORDER).is_ok());
    }

    #[test]
    fn each_kind_has_a_word_that_names_it() {
        for kind in EndpointKind::ORDER {
            assert_eq!(EndpointKind::named(&format!(" {} ", kind.word().to_lowercase())), Some(kind));
        }
        assert_eq!(EndpointKind::named("IPV6"), None);
    }
}
