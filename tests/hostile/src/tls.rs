//! Secrets and certificates of the standby cluster.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_core::Timestamp;
use holdfast_kubernetes::{
    meta::Meta,
    secret::{Entry, Secret, Text},
};
use holdfast_logscale::tls::{Judgement, Material, OwnSecret, judge, out_of_date, own_secret, used_secrets};

use crate::said;

/// What stands between the parts of the input of [`judgement`].
const SEPARATOR: &[u8] = b"=====\n";

fn material(secrets: &[Secret]) -> Material<'_> {
    Material {
        cluster: "logging",
        enabled: None,
        ca_secret_name: None,
        secrets,
        pods: BTreeSet::from(["logging-core-used"]),
    }
}

fn judged(secrets: &[Secret]) {
    for unconditional in [false, true] {
        let material = material(secrets);
        match judge(&material, unconditional) {
            Judgement::Clean { found } | Judgement::CannotTell { found } => said(&found),
            Judgement::Blocked { why } => said(&why),
            Judgement::Stale { doomed, found, kept } => {
                kept.iter().for_each(said);
                assert!(!found.is_empty() && !doomed.is_empty() && doomed.len() <= secrets.len());
                assert!(
                    doomed
                        .iter()
                        .all(|secret| secret.name != "logging-ca-keypair" && secret.name != "logging-core-used")
                );
            }
        }
        if let Ok(OwnSecret::Matching { ca }) = own_secret(&material) {
            assert!(ca.starts_with("sha256:"), "{ca}");
        }
        let used = used_secrets(&material).unwrap_or_default();
        assert!(used.iter().all(|(name, _)| *name == "logging-core-used"));
        let now = Timestamp::UNIX_EPOCH;
        out_of_date(&material, now).iter().for_each(said);
    }
}

/// A list of secrets as the API server gives it. Of a private key only a digest may be left.
pub fn secret(bytes: &[u8]) {
    if let Ok(secrets) = serde_json::from_slice::<Vec<Secret>>(bytes) {
        for secret in &secrets {
            assert_eq!(secret.certificate("tls.key"), Text::Absent);
        }
        judged(&secrets);
    }
}

fn named(name: &str, entries: &[(&str, &[u8])]) -> Secret {
    let annotations = BTreeMap::from([("cert-manager.io/issuer-name".to_owned(), "logging".to_owned())]);
    let metadata = Meta { name: name.to_owned(), annotations, ..Meta::default() };
    let entry = |(key, text): &(&str, &[u8])| ((*key).to_owned(), Entry::Public(text.to_vec()));
    Secret { metadata, kind: None, data: entries.iter().map(entry).collect() }
}

/// Certificates as bytes: the CA's, the secret's CA, the secret's own, and those of a node.
pub fn judgement(bytes: &[u8]) {
    let mut parts = split(bytes).into_iter();
    let mut part = || parts.next().unwrap_or_default();
    let (ca, trusted, leaf, node) = (part(), part(), part(), part());
    let own = named("logging", &[("ca.crt", trusted), ("tls.crt", leaf)]);
    let nodes =
        ["logging-core-used", "logging-core-unused"].map(|name| named(name, &[("ca.crt", trusted), ("tls.crt", node)]));
    let [used, unused] = nodes;
    let secrets = [named("logging-ca-keypair", &[("tls.crt", ca), ("tls.key", b"key")]), own, used, unused];
    judged(&secrets);
    judged(secrets.get(1..).unwrap_or_default());
    if ca != trusted && !ca.is_empty() {
        let broken = named("logging", &[("ca.crt", b"nothing"), ("tls.crt", leaf)]);
        let judgement =
            judge(&material(&[named("logging-ca-keypair", &[("tls.crt", ca), ("tls.key", b"key")]), broken]), false);
        assert!(!matches!(judgement, Judgement::Clean { .. }), "a secret without a CA is not kept");
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        let (part, more) = rest.split_at(at);
        parts.push(part);
        rest = more.get(SEPARATOR.len()..).unwrap_or_default();
        if parts.len() == 3 {
            break;
        }
    }
    parts.push(rest);
    parts
}
