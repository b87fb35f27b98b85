//! Which secrets cert-manager can have issued for a HumioCluster.

use holdfast_kubernetes::secret::{ISSUER, ISSUER_KIND, Secret, TLS_TYPE};

/// A label of what the operator makes itself, such as its CA pair.
const MADE_BY_OPERATOR: &str = "humio.com/secret-identifier";

/// The issuer that cert-manager can have issued it by; `None` when it cannot have issued it for a HumioCluster. The
/// admission policy `holdfast-tls-secrets` goes by the same: a secret that it does not let us delete, planted or by
/// mistake, must not leave a step undone.
pub(super) fn issuer(secret: &Secret) -> Option<&str> {
    let (metadata, kind) = (&secret.metadata, secret.kind.as_deref());
    let issued = kind.is_none_or(|kind| kind == TLS_TYPE)
        // The operator makes an `Issuer`, which is also what is meant where nothing is said.
        && metadata.annotations.get(ISSUER_KIND).is_none_or(|kind| kind == "Issuer")
        && !metadata.labels.contains_key(MADE_BY_OPERATOR);
    metadata.annotations.get(ISSUER).filter(|_| issued).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_admission_policy_would_not_let_go_is_nobodys_issue() {
        let of = |change: fn(&mut serde_json::Value)| {
            let mut secret =
                json!({"metadata": {"name": "s", "annotations": {ISSUER: "logging"}}, "type": "kubernetes.io/tls"});
            change(&mut secret);
            let secret: Secret = serde_json::from_value(secret).expect("a secret");
            issuer(&secret).is_some()
        };
        assert!(of(|_| {}));
        assert!(of(|it| it["metadata"]["annotations"][ISSUER_KIND] = "Issuer".into()));
        assert!(!of(|it| it["metadata"]["annotations"][ISSUER_KIND] = "ClusterIssuer".into()));
        assert!(!of(|it| it["type"] = "Opaque".into()));
        assert!(!of(|it| it["metadata"]["labels"] = json!({MADE_BY_OPERATOR: "s"})));
    }
}
