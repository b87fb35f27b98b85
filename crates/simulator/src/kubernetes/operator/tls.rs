//! The TLS objects of a HumioCluster, by the names of docs/reference/logscale.md#tls-objects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::owner_of;
use crate::kubernetes::certificates::{Pair, leaf, same};
use crate::kubernetes::kinds::Kind;
use crate::kubernetes::store::{Key, Store};
use crate::kubernetes::write::text;

/// Labels that humio-operator puts on what it makes for cluster `name`.
pub(super) fn common_labels(name: &str) -> Value {
    json!({
        "app.kubernetes.io/instance": name, "app.kubernetes.io/managed-by": "humio-operator", "app.kubernetes.io/name": "humio",
    })
}

/// Name of the CA key pair's Secret.
pub(in crate::kubernetes) fn ca_secret_name(cluster: &Value) -> String {
    let custom = cluster["spec"]["tls"]["caSecretName"].as_str().filter(|name| !name.is_empty());
    custom.map_or_else(|| format!("{}-ca-keypair", text(cluster, "name")), str::to_owned)
}

/// The CA key pair's Secret, owned by the HumioCluster as the operator makes it.
pub(in crate::kubernetes) fn ca_key_pair(cluster: &Value, ca: &Pair) -> Value {
    let name = ca_secret_name(cluster);
    let mut labels = common_labels(text(cluster, "name"));
    labels["humio.com/secret-identifier"] = name.as_str().into();
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": name, "labels": labels, "ownerReferences": [owner_of(cluster)]},
        "data": {"tls.crt": STANDARD.encode(&ca.certificate), "tls.key": STANDARD.encode(&ca.key)},
    })
}

/// The CA Issuer of a HumioCluster.
pub(in crate::kubernetes) fn issuer(cluster: &Value) -> Value {
    let name = text(cluster, "name");
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Issuer",
        "metadata": {"name": name, "labels": common_labels(name), "ownerReferences": [owner_of(cluster)]},
        "spec": {"ca": {"secretName": ca_secret_name(cluster)}},
    })
}

/// A Certificate of a HumioCluster: the CA bundle (named as the cluster) or a node's.
pub(in crate::kubernetes) fn certificate(cluster: &Value, name: &str) -> Value {
    let (owner, namespace) = (text(cluster, "name"), text(cluster, "namespace"));
    let mut names = vec![
        format!("{owner}.{namespace}"),
        format!("{owner}-headless.{namespace}"),
        format!("{owner}-internal.{namespace}"),
    ];
    if name != owner {
        names.extend([format!("{name}.{owner}-headless.{namespace}"), name.to_owned()]);
    }
    let extra = cluster["spec"]["tls"]["extraHostnames"].as_array().into_iter().flatten();
    names.extend(extra.filter_map(Value::as_str).map(str::to_owned));
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"name": name, "labels": common_labels(owner), "ownerReferences": [owner_of(cluster)]},
        "spec": {"secretName": name, "dnsNames": names, "issuerRef": {"name": owner, "kind": "Issuer"}},
    })
}

/// The Secret that cert-manager makes for a Certificate. `None` when the CA's Secret holds no CA.
pub(in crate::kubernetes) fn issued_secret(certificate: &Value, ca: &Pair) -> Option<Value> {
    let spec = &certificate["spec"];
    let names: Vec<String> =
        spec["dnsNames"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let leaf = leaf(ca, &names)?;
    Some(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {
            "name": spec["secretName"],
            "annotations": {
                "cert-manager.io/issuer-name": spec["issuerRef"]["name"], "cert-manager.io/issuer-kind": "Issuer",
                "cert-manager.io/certificate-name": text(certificate, "name"), "cert-manager.io/common-name": "",
            },
        },
        "data": {
            "ca.crt": STANDARD.encode(&ca.certificate), "tls.crt": STANDARD.encode(&leaf.certificate),
            "tls.key": STANDARD.encode(&leaf.key),
        },
    }))
}

/// A field of a Secret, decoded.
pub(super) fn field(store: &Store, namespace: &str, secret: &str, field: &str) -> Option<String> {
    let kind = Kind::of_plural("secrets").expect("secrets are served");
    let data = &store.get(&Key::new(kind, namespace, secret))?["data"];
    String::from_utf8(STANDARD.decode(data[field].as_str()?).ok()?).ok()
}

/// The key pair in a CA's Secret.
pub(super) fn read_pair(store: &Store, namespace: &str, secret: &str) -> Option<Pair> {
    let certificate = field(store, namespace, secret, "tls.crt")?;
    Some(Pair { certificate, key: field(store, namespace, secret, "tls.key")? })
}

/// Whether the operator's client trusts the node `pod`: the `ca.crt` of the cluster's Secret and of the node's are
/// both the present CA. While they are not, every call of the operator fails, and the node never gets its licence.
pub(super) fn is_trusted(store: &Store, cluster: &Value, pod: &str) -> bool {
    if cluster["spec"]["tls"]["enabled"] == json!(false) {
        return true;
    }
    let (namespace, name) = (text(cluster, "namespace"), text(cluster, "name"));
    let Some(ca) = field(store, namespace, &ca_secret_name(cluster), "tls.crt") else { return false };
    [name, pod].into_iter().all(|secret| field(store, namespace, secret, "ca.crt").is_some_and(|root| same(&root, &ca)))
}
