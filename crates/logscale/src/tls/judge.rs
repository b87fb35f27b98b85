//! The decision table. Pure: secrets and pods in, verdict out.

use std::collections::BTreeSet;

use holdfast_core::Timestamp;
use holdfast_kubernetes::{pod::Pod, secret::Secret};
use serde::{Deserialize, Serialize};

use super::{
    authority::{Authority, Match, authority, compare},
    cert_manager::CertManager,
    certificate::{Certificate, blocks_of, certificates},
    issued::issuer,
    signature::Checker,
};
use crate::humio::HumioCluster;

/// In a per-node secret's name, between its pool and its six random letters.
const NODE_MARK: &str = "-core-";
/// Findings that are told in one sentence; of further ones only the number.
const TOLD: usize = 5;

/// Everything that the judgement depends on.
pub struct Material<'a> {
    /// The HumioCluster's name; its own secret has the same.
    pub cluster: &'a str,
    /// Whether TLS is on or off. Where nothing is known it is on if the operator uses cert-manager, which shows only
    /// in what there is.
    pub enabled: Option<bool>,
    /// The user's own CA, if one is named.
    pub ca_secret_name: Option<&'a str>,
    /// The secrets of the namespace.
    pub secrets: &'a [Secret],
    /// The secrets that the cluster's pods use: a per-node secret has the name of its pod.
    pub pods: BTreeSet<&'a str>,
}

impl<'a> Material<'a> {
    /// What is declared, together with what there is. The operator's rule is that it uses cert-manager *and* TLS is
    /// not declared off; without cert-manager it makes no CA and no secret, whatever is declared.
    pub fn of(
        cluster: &'a HumioCluster,
        secrets: &'a [Secret],
        pods: impl IntoIterator<Item = &'a Pod>,
        cert_manager: CertManager,
    ) -> Self {
        let declared = cluster.tls_enabled();
        let material = Self {
            cluster: &cluster.metadata.name,
            enabled: declared,
            ca_secret_name: cluster.ca_secret_name(),
            secrets,
            pods: pods.into_iter().flat_map(Pod::secrets).collect(),
        };
        let enabled = match cert_manager {
            CertManager::Unused => Some(false),
            CertManager::Unsaid if !material.has_any() => Some(false),
            CertManager::Used => Some(declared.unwrap_or(true)),
            CertManager::Unsaid | CertManager::Unknown => declared,
        };
        Self { enabled, ..material }
    }

    pub(super) fn secret(&self, name: &str) -> Option<&'a Secret> {
        self.secrets.iter().find(|secret| secret.metadata.name == name)
    }

    /// True when there is a CA, one is named, or the cluster's own secret is there.
    fn has_any(&self) -> bool {
        let made_by_operator = format!("{}-ca-keypair", self.cluster);
        self.ca_secret_name.is_some() || self.secret(&made_by_operator).or(self.secret(self.cluster)).is_some()
    }

    /// Per-node secrets of this cluster.
    fn node_secrets(&self) -> impl Iterator<Item = &'a Secret> {
        self.secrets.iter().filter(|secret| {
            let Secret { metadata, .. } = secret;
            let rest = metadata.name.strip_prefix(self.cluster).unwrap_or_default();
            let of_a_node = rest.starts_with('-') && rest.contains(NODE_MARK);
            let ours = issuer(secret).is_some_and(|issuer| issuer == self.cluster);
            of_a_node && ours
        })
    }

    fn is_used(&self, secret: &Secret) -> bool {
        self.pods.contains(secret.metadata.name.as_str())
    }

    /// Per-node secrets of this cluster that no pod uses.
    fn unused_node_secrets(&self) -> impl Iterator<Item = &'a Secret> {
        self.node_secrets().filter(|secret| !self.is_used(secret))
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
    /// Nothing is proven to be in the way, and something cannot be judged. It is kept.
    CannotTell {
        /// What, and why not.
        found: String,
    },
    /// These would break the failover.
    Stale {
        /// The secrets to delete, the cluster's own first.
        doomed: Vec<Doomed>,
        /// Which and why, with fingerprints of CAs.
        found: String,
        /// What cannot be judged and is kept, if anything.
        kept: Option<String>,
    },
    /// Deleting cannot help.
    Blocked {
        /// What a person must put right.
        why: String,
    },
}

/// The state of a secret of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnSecret {
    /// TLS is off: declared so, or the operator does not use cert-manager, or there is no sign of it.
    Unused,
    /// There is none; cert-manager issues it when asked.
    Absent,
    /// The current CA signed it.
    Matching {
        /// The CA's fingerprint.
        ca: String,
    },
    /// Whether the current CA signed it cannot be told.
    CannotTell {
        /// Why not.
        why: String,
    },
    /// The current CA did not sign it.
    Stale {
        /// How that shows.
        why: String,
    },
}

/// Judges all TLS secrets of the cluster.
///
/// | CA secret | own secret | verdict |
/// |---|---|---|
/// | there | absent | clean |
/// | absent, none named | absent | clean |
/// | absent, none named | there | stale: a new CA is about to be made |
/// | absent, but named in `spec.tls.caSecretName` | any | blocked: the operator refuses to go on |
/// | there, without `tls.crt` or `tls.key` | any | blocked: the operator refuses to go on |
/// | there, `tls.key` empty or `tls.crt` no certificate | any | blocked: nothing can be issued |
/// | there | proven to be trusted and signed under the CA | clean |
/// | there | proven not to be, or without certificates | stale |
/// | there | neither is proven | cannot tell: kept |
///
/// What is under the CA: see the module `authority`. Per-node secrets that no pod uses are judged in
/// the same way. The CA pair itself is never among the doomed. `unconditional` adds the cluster's own secret
/// whatever is found about it, short of a blocked CA.
pub fn judge(material: &Material<'_>, unconditional: bool) -> Judgement {
    if material.enabled == Some(false) {
        return Judgement::Clean {
            found: "the operator uses no TLS secrets here: TLS is off in the HumioCluster, or USE_CERTMANAGER of the operator is not \"true\""
                .to_owned(),
        };
    }
    let checker = Checker::new();
    let authority = match authority(material, &checker) {
        Ok(authority) => authority,
        Err(why) => return Judgement::Blocked { why },
    };
    let own = material.secret(material.cluster);
    let (mut doomed, mut reasons, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for secret in own.into_iter().chain(material.unused_node_secrets()) {
        let name = &secret.metadata.name;
        let goes = unconditional && name == material.cluster;
        let why = match compare(secret, &authority, &checker) {
            Match::No { why } => why,
            Match::Yes { ca } if goes => format!("is from the current CA {ca}, deleted all the same"),
            Match::CannotTell { why } if goes => format!("{why}, deleted all the same"),
            Match::Yes { .. } => continue,
            Match::CannotTell { why } => {
                kept.push(format!("secret {name} {why}; it is kept"));
                continue;
            }
        };
        reasons.push(format!("secret {name} {why}"));
        doomed.push(seen(secret));
    }
    let kept = (!kept.is_empty()).then(|| told(&kept));
    match (doomed.is_empty(), kept) {
        (true, None) => Judgement::Clean { found: clean(material.cluster, own, &authority) },
        (true, Some(found)) => Judgement::CannotTell { found },
        (false, kept) => Judgement::Stale { doomed, found: told(&reasons), kept },
    }
}

/// The state of the cluster's own secret.
///
/// # Errors
/// What a person must put right first.
pub fn own_secret(material: &Material<'_>) -> Result<OwnSecret, String> {
    if material.enabled == Some(false) {
        return Ok(OwnSecret::Unused);
    }
    let checker = Checker::new();
    let authority = authority(material, &checker)?;
    Ok(match (material.secret(material.cluster), &authority) {
        (None, Authority::New) if material.enabled.is_none() => OwnSecret::Unused,
        (None, _) => OwnSecret::Absent,
        (Some(secret), _) => standing(compare(secret, &authority, &checker)),
    })
}

/// The per-node secrets that the cluster's pods use, by name, and how each stands.
///
/// # Errors
/// What a person must put right first.
pub fn used_secrets<'a>(material: &Material<'a>) -> Result<Vec<(&'a str, OwnSecret)>, String> {
    if material.enabled == Some(false) {
        return Ok(Vec::new());
    }
    let checker = Checker::new();
    let authority = authority(material, &checker)?;
    let used = material.node_secrets().filter(|secret| material.is_used(secret));
    let judged = used.map(|secret| {
        let name = secret.metadata.name.as_str();
        (name, standing(compare(secret, &authority, &checker)))
    });
    Ok(judged.collect())
}

/// What is not valid at `now` of the CA and of the cluster's own secret. No secret is deleted for that: clocks differ,
/// and cert-manager renews what expires.
pub fn out_of_date(material: &Material<'_>, now: Timestamp) -> Option<String> {
    if material.enabled == Some(false) {
        return None;
    }
    let mut found = Vec::new();
    let mut look = |what: String, certificate: &Certificate| {
        if let Some(until) = certificate.not_after.filter(|until| *until < now) {
            found.push(format!("{what} is out of date since {until:.0}"));
        }
        if let Some(from) = certificate.not_before.filter(|from| *from > now) {
            found.push(format!("{what} is not valid before {from:.0}"));
        }
    };
    if let Ok(Authority::Known(chain)) = authority(material, &Checker::new())
        && let Some(signer) = chain.signer()
    {
        look(format!("the CA certificate {}", signer.fingerprint()), signer);
    }
    let own = material.secret(material.cluster)?;
    for entry in ["ca.crt", "tls.crt"] {
        let (read, _) = certificates(blocks_of(own.certificate(entry)).unwrap_or_default());
        if let Some(first) = read.first() {
            look(format!("{entry} of secret {}", material.cluster), first);
        }
    }
    (!found.is_empty()).then(|| told(&found))
}

fn standing(compared: Match) -> OwnSecret {
    match compared {
        Match::Yes { ca } => OwnSecret::Matching { ca },
        Match::No { why } => OwnSecret::Stale { why },
        Match::CannotTell { why } => OwnSecret::CannotTell { why },
    }
}

/// A few of the findings, and how many more there are.
pub(crate) fn told(findings: &[String]) -> String {
    let shown = findings.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join("; ");
    match findings.len().saturating_sub(TOLD) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn clean(cluster: &str, own: Option<&Secret>, authority: &Authority) -> String {
    match (own, authority) {
        (Some(_), Authority::Known(ca)) => {
            format!("secret {cluster} is from the current CA {}, kept", ca.fingerprint())
        }
        (None, Authority::Known(ca)) => {
            format!("secret {cluster} will be issued by the current CA {}", ca.fingerprint())
        }
        (_, Authority::New | Authority::Unclear { .. }) => {
            format!("secret {cluster} will be issued when the operator runs")
        }
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
