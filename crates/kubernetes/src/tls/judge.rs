//! The decision table. Pure: secrets and pod names in, verdict out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::certificate::{bundle, fingerprint, is_signed_by};
use crate::{humio::HumioCluster, secret::Secret};

/// Who asked cert-manager for a secret.
const ISSUER: &str = "cert-manager.io/issuer-name";
/// In a per-node secret's name, between its pool and its six random letters.
const NODE_MARK: &str = "-core-";

/// Everything that the judgement depends on.
pub struct Material<'a> {
    /// The HumioCluster's name; its own secret has the same.
    pub cluster: &'a str,
    /// Whether TLS is declared on or off. Where nothing is declared it is on if the operator uses cert-manager, which
    /// shows only in what there is.
    pub enabled: Option<bool>,
    /// The user's own CA, if one is named.
    pub ca_secret_name: Option<&'a str>,
    /// The secrets of the namespace.
    pub secrets: &'a [Secret],
    /// Names of the cluster's pods; a per-node secret has the name of the pod that uses it.
    pub pods: BTreeSet<&'a str>,
}

impl<'a> Material<'a> {
    /// What is declared, together with what there is.
    pub fn of(cluster: &'a HumioCluster, secrets: &'a [Secret], pods: &'a [crate::humio::Pod]) -> Self {
        Self {
            cluster: &cluster.metadata.name,
            enabled: cluster.tls_enabled(),
            ca_secret_name: cluster.ca_secret_name(),
            secrets,
            pods: pods.iter().map(|pod| pod.metadata.name.as_str()).collect(),
        }
    }

    fn secret(&self, name: &str) -> Option<&'a Secret> {
        self.secrets.iter().find(|secret| secret.metadata.name == name)
    }

    /// Per-node secrets of this cluster that no pod uses.
    fn unused_node_secrets(&self) -> impl Iterator<Item = &'a Secret> {
        self.secrets.iter().filter(|secret| {
            let Secret { metadata, .. } = secret;
            let rest = metadata.name.strip_prefix(self.cluster).unwrap_or_default();
            let of_a_node = rest.starts_with('-') && rest.contains(NODE_MARK);
            let ours = metadata.annotations.get(ISSUER).is_some_and(|issuer| issuer == self.cluster);
            of_a_node && ours && !self.pods.contains(metadata.name.as_str())
        })
    }
}

/// A secret that is to go, as it was seen. It goes in exactly this version or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Doomed {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: String,
    /// Its version.
    pub resource_version: String,
}

/// The verdict on all TLS secrets together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing is in the way.
    Clean {
        /// What was seen.
        found: String,
    },
    /// These would break the failover.
    Stale {
        /// The secrets to delete.
        doomed: Vec<Doomed>,
        /// Which and why, with fingerprints of CAs.
        found: String,
    },
    /// Deleting cannot help.
    Blocked {
        /// What a person must put right.
        why: String,
    },
}

/// The state of the secret that has the cluster's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnSecret {
    /// TLS is off: declared so, or neither declared nor any sign of it.
    Unused,
    /// There is none; cert-manager issues it when asked.
    Absent,
    /// The current CA signed it.
    Matching {
        /// The CA's fingerprint.
        ca: String,
    },
    /// The current CA did not sign it.
    Stale {
        /// How that shows.
        why: String,
    },
}

/// The CA that signs from now on.
enum Authority {
    /// There is none yet; the operator will make one, which no existing certificate can be from.
    New,
    /// Its certificates, the signing one first.
    Known(Vec<Vec<u8>>),
}

/// Judges all TLS secrets of the cluster.
///
/// | CA secret | own secret | verdict |
/// |---|---|---|
/// | there | absent | clean |
/// | absent, none named | absent | clean |
/// | absent, none named | there | stale: a new CA is about to be made |
/// | absent, but named in `spec.tls.caSecretName` | any | blocked: the operator refuses to go on |
/// | there, unreadable | any | blocked: nothing can be issued |
/// | there | its `ca.crt` is the CA, and the CA's key verifies its `tls.crt` | clean |
/// | there | anything else, unreadable included | stale |
///
/// Per-node secrets that no pod uses are judged in the same way. The CA pair itself is never among the doomed.
/// `unconditional` adds the cluster's own secret even when it matches.
pub fn judge(material: &Material<'_>, unconditional: bool) -> Judgement {
    if material.enabled == Some(false) {
        return Judgement::Clean { found: "TLS is off in the HumioCluster".to_owned() };
    }
    let authority = match authority(material) {
        Ok(authority) => authority,
        Err(why) => return Judgement::Blocked { why },
    };
    let own = material.secret(material.cluster);
    let (mut doomed, mut reasons) = (Vec::new(), Vec::new());
    for secret in own.into_iter().chain(material.unused_node_secrets()) {
        let is_own = secret.metadata.name == material.cluster;
        let why = match compare(secret, &authority) {
            Err(why) => why,
            Ok(ca) if is_own && unconditional => format!("is from the current CA {ca}, deleted all the same"),
            Ok(_) => continue,
        };
        reasons.push(format!("secret {} {why}", secret.metadata.name));
        doomed.push(seen(secret));
    }
    if doomed.is_empty() {
        return Judgement::Clean { found: clean(material.cluster, own, &authority) };
    }
    Judgement::Stale { doomed, found: reasons.join("; ") }
}

/// The state of the cluster's own secret.
///
/// # Errors
/// What a person must put right first.
pub fn own_secret(material: &Material<'_>) -> Result<OwnSecret, String> {
    if material.enabled == Some(false) {
        return Ok(OwnSecret::Unused);
    }
    let authority = authority(material)?;
    Ok(match (material.secret(material.cluster), &authority) {
        (None, Authority::New) if material.enabled.is_none() => OwnSecret::Unused,
        (None, _) => OwnSecret::Absent,
        (Some(secret), _) => match compare(secret, &authority) {
            Ok(ca) => OwnSecret::Matching { ca },
            Err(why) => OwnSecret::Stale { why },
        },
    })
}

fn authority(material: &Material<'_>) -> Result<Authority, String> {
    let made_by_operator = format!("{}-ca-keypair", material.cluster);
    let name = material.ca_secret_name.unwrap_or(&made_by_operator);
    match (material.secret(name), material.ca_secret_name) {
        (Some(secret), _) => match secret.certificate("tls.crt").and_then(bundle) {
            Some(certificates) => Ok(Authority::Known(certificates)),
            None => Err(format!(
                "the CA secret {name} holds no readable certificate under tls.crt, so no certificate can be issued; \
                 put the CA pair back (it is never deleted by Holdfast)"
            )),
        },
        (None, Some(named)) => Err(format!(
            "spec.tls.caSecretName of HumioCluster {} names the secret {named}, which does not exist; the operator \
             refuses to go on without it. Create the secret, or remove caSecretName",
            material.cluster
        )),
        (None, None) => Ok(Authority::New),
    }
}

/// The CA's fingerprint when it signed the secret, else how it shows that it did not.
fn compare(secret: &Secret, authority: &Authority) -> Result<String, String> {
    let trusted = secret.certificate("ca.crt").and_then(bundle);
    let Authority::Known(authority) = authority else {
        let was = trusted.map_or_else(|| "an unreadable CA".to_owned(), |certificates| fingerprint(&certificates[0]));
        return Err(format!("is from {was}, and the operator will make a new CA"));
    };
    let current = fingerprint(&authority[0]);
    let leaf = secret.certificate("tls.crt").and_then(bundle);
    let (Some(trusted), Some(leaf)) = (trusted, leaf) else {
        return Err(format!("holds no readable ca.crt and tls.crt; the current CA is {current}"));
    };
    if !trusted.iter().any(|certificate| authority.contains(certificate)) {
        return Err(format!("is from CA {}, the current CA is {current}", fingerprint(&trusted[0])));
    }
    if !is_signed_by(&leaf[0], &authority[0]) {
        return Err(format!("names the current CA {current}, which did not sign its certificate"));
    }
    Ok(current)
}

fn clean(cluster: &str, own: Option<&Secret>, authority: &Authority) -> String {
    match (own, authority) {
        (Some(_), Authority::Known(ca)) => {
            format!("secret {cluster} is from the current CA {}, kept", fingerprint(&ca[0]))
        }
        (None, Authority::Known(ca)) => format!("no secret {cluster} yet; the current CA is {}", fingerprint(&ca[0])),
        (_, Authority::New) => format!("no TLS secret of {cluster} yet"),
    }
}

fn seen(secret: &Secret) -> Doomed {
    let metadata = &secret.metadata;
    Doomed {
        name: metadata.name.clone(),
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version.clone(),
    }
}
