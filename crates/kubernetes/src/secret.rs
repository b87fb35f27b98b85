//! Secrets, with everything that must stay secret dropped while they are read.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use sha2::{Digest, Sha256};

use crate::{
    api::{Weight, total},
    humio::or_default,
    tls::{Block, blocks},
};

/// The certificates of a secret; public by nature. Of every other entry only a digest is kept.
const PUBLIC: [&str; 2] = ["ca.crt", "tls.crt"];
/// The types of secrets whose certificates are looked at: what cert-manager issues, and the CA pair that the operator
/// makes. Of all others only digests are kept, so that a namespace full of secrets does not fill the memory.
const WITH_CERTIFICATES: [&str; 3] = [TLS_TYPE, "Opaque", ""];
/// Longer texts of certificates are not kept. A chain has about 6 kB, a bundle of every public CA 200 kB.
const LONGEST: usize = 64 * 1024;
/// Who asked cert-manager for a secret: the only annotation that is looked at. One of the others may hold the whole
/// secret, keys included (`kubectl.kubernetes.io/last-applied-configuration`).
pub(crate) const ISSUER: &str = "cert-manager.io/issuer-name";
/// What kind of issuer that is: the operator makes an `Issuer`, which is also what is meant where nothing is said.
const ISSUER_KIND: &str = "cert-manager.io/issuer-kind";
/// The type of what cert-manager issues.
const TLS_TYPE: &str = "kubernetes.io/tls";
/// A label of what the operator makes itself, such as its CA pair.
const MADE_BY_OPERATOR: &str = "humio.com/secret-identifier";

/// The secrets that cert-manager issues: the cluster's own and those of its nodes.
pub(crate) const TLS: &str = "fieldSelector=type=kubernetes.io/tls";

/// The others, without the records of Helm releases: up to a megabyte each, and nothing of them is wanted.
pub(crate) const OTHERS: &str = "fieldSelector=type!=kubernetes.io/tls,type!=helm.sh/release.v1";

/// Labels and annotations of one object that are kept, and the longest value of one in bytes. What is longer is some
/// tool's copy of the whole object, its secrets included.
const MARKS: usize = 64;
const LONGEST_MARK: usize = 1024;

/// A secret as far as it is looked at.
#[derive(Clone, Deserialize)]
#[serde(from = "Raw")]
pub struct Secret {
    /// Name, identity and marks.
    pub metadata: Meta,
    /// The entries.
    pub data: BTreeMap<String, Entry>,
}

/// A secret as it is read, before what is not needed of it is dropped.
#[derive(Deserialize)]
struct Raw {
    metadata: Meta,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default, deserialize_with = "entries")]
    data: BTreeMap<String, Entry>,
}

impl From<Raw> for Secret {
    fn from(raw: Raw) -> Self {
        let Raw { mut metadata, kind, mut data } = raw;
        let issued = is_issued(&metadata, kind.as_deref());
        metadata.annotations.retain(|name, _| issued && name == ISSUER);
        metadata.labels.clear();
        if !WITH_CERTIFICATES.contains(&kind.unwrap_or_default().as_str()) {
            data.values_mut().for_each(Entry::seal);
        }
        Self { metadata, data }
    }
}

/// Whether cert-manager can have issued it for a HumioCluster. The admission policy `holdfast-tls-secrets` goes by the
/// same: a secret that it does not let us delete, planted or by mistake, must not leave a step undone.
fn is_issued(metadata: &Meta, kind: Option<&str>) -> bool {
    kind.is_none_or(|kind| kind == TLS_TYPE)
        && metadata.annotations.get(ISSUER_KIND).is_none_or(|kind| kind == "Issuer")
        && !metadata.labels.contains_key(MADE_BY_OPERATOR)
}

/// The part of an object's metadata that is used.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// The name, unique in its namespace for its kind.
    pub name: String,
    /// The identity: another object of the same name has another one.
    pub uid: String,
    /// Changes with every write; the fence of an effect.
    pub resource_version: String,
    /// Changes when the wanted state does.
    pub generation: Option<i64>,
    /// When the object was made, RFC 3339.
    pub creation_timestamp: Option<jiff::Timestamp>,
    /// Set while the object is being taken away.
    pub deletion_timestamp: Option<jiff::Timestamp>,
    /// Labels.
    #[serde(deserialize_with = "marks")]
    pub labels: BTreeMap<String, String>,
    /// Annotations, without long ones.
    #[serde(deserialize_with = "marks")]
    pub annotations: BTreeMap<String, String>,
}

impl Meta {
    /// About how many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let marks = self.labels.iter().chain(&self.annotations).flat_map(|(name, value)| [name.len(), value.len()]);
        total(marks.chain([self.name.len(), self.uid.len(), self.resource_version.len()]))
    }
}

/// Labels or annotations, as far as they are short.
fn marks<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<String, String>, D::Error> {
    let all: BTreeMap<String, String> = or_default(text)?;
    Ok(all.into_iter().filter(|(name, value)| total([name.len(), value.len()]) <= LONGEST_MARK).take(MARKS).collect())
}

/// An entry of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A certificate, as it stands there.
    Public(Vec<u8>),
    /// Certificates of which the text is longer than is kept: enough to compare two of them.
    Long([u8; 32]),
    /// Anything else: enough to compare two of them, nothing to use one.
    Sealed([u8; 32]),
}

impl Weight for Secret {
    fn weight(&self) -> usize {
        let entries = self.data.iter().map(|(name, entry)| match entry {
            Entry::Public(text) => [name.len(), text.len()],
            Entry::Long(digest) | Entry::Sealed(digest) => [name.len(), digest.len()],
        });
        total(entries.flatten().chain([self.metadata.weight()]))
    }
}

impl Entry {
    fn seal(&mut self) {
        *self = Self::Sealed(self.digest());
    }

    fn digest(&self) -> [u8; 32] {
        match self {
            Self::Public(text) => digest(text),
            Self::Long(digest) | Self::Sealed(digest) => *digest,
        }
    }
}

/// What there is under a key that certificates stand under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'a> {
    /// This.
    Read(&'a [u8]),
    /// More than is looked at.
    TooLong,
    /// Nothing, or nothing that may be looked at.
    Absent,
}

impl Text<'_> {
    /// Its certificates; `None` when they were not looked at.
    pub(crate) fn blocks(self) -> Option<Vec<Block>> {
        match self {
            Self::Read(text) => Some(blocks(text)),
            Self::Absent => Some(Vec::new()),
            Self::TooLong => None,
        }
    }
}

impl Secret {
    /// The certificate text under `key`.
    pub fn certificate(&self, key: &str) -> Text<'_> {
        match self.data.get(key) {
            Some(Entry::Public(text)) => Text::Read(text),
            Some(Entry::Long(_)) => Text::TooLong,
            Some(Entry::Sealed(_)) | None => Text::Absent,
        }
    }

    /// True when there is an entry `key` and it is not empty.
    pub fn is_filled(&self, key: &str) -> bool {
        self.digest(key).is_some_and(|found| found != digest(b""))
    }

    /// The digest of the entry `key`; equal digests are equal entries.
    pub fn digest(&self, key: &str) -> Option<[u8; 32]> {
        self.data.get(key).map(Entry::digest)
    }
}

/// SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Entry>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<String, Entry>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
            formatter.write_str("the entries of a secret")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = BTreeMap::new();
            while let Some((key, text)) = map.next_entry::<String, Option<std::borrow::Cow<str>>>()? {
                // An empty entry may read null.
                let text = text.unwrap_or_default();
                // The text itself must not get into the error.
                let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| A::Error::custom("an entry is not base64"))?;
                let entry = match PUBLIC.contains(&key.as_str()) {
                    true if bytes.len() <= LONGEST => Entry::Public(bytes),
                    true => Entry::Long(digest(&bytes)),
                    false => Entry::Sealed(digest(&bytes)),
                };
                entries.insert(key, entry);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_any(Entries)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_private_key_only_a_digest_is_kept() {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": {"name": "s"},
            "data": {"tls.crt": STANDARD.encode("public"), "tls.key": STANDARD.encode("private")},
        }))
        .expect("a secret");
        assert_eq!(secret.certificate("tls.crt"), Text::Read(b"public"));
        assert_eq!(secret.certificate("tls.key"), Text::Absent);
        assert_eq!(secret.digest("tls.key"), Some(digest(b"private")));
    }

    fn with(kind: &str, crt: &str, key: &serde_json::Value) -> Secret {
        serde_json::from_value(json!({
            "metadata": {
                "name": "s",
                "labels": {"a": "b"},
                "annotations": {
                    ISSUER: "logging",
                    "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"tls.key\":\"cHJpdmF0ZQ==\"}}",
                },
            },
            "type": kind,
            "data": {"tls.crt": STANDARD.encode(crt), "tls.key": key},
        }))
        .expect("a secret")
    }

    #[test]
    fn marks_that_are_not_looked_at_are_dropped_since_one_may_hold_the_whole_secret() {
        let secret = with("kubernetes.io/tls", "public", &json!(""));
        assert_eq!(secret.metadata.annotations, BTreeMap::from([(ISSUER.to_owned(), "logging".to_owned())]));
        assert!(secret.metadata.labels.is_empty());
    }

    #[test]
    fn what_the_admission_policy_would_not_let_go_is_nobodys_issue() {
        let of = |change: fn(&mut serde_json::Value)| {
            let mut secret =
                json!({"metadata": {"name": "s", "annotations": {ISSUER: "logging"}}, "type": "kubernetes.io/tls"});
            change(&mut secret);
            let secret: Secret = serde_json::from_value(secret).expect("a secret");
            secret.metadata.annotations.contains_key(ISSUER)
        };
        assert!(of(|_| {}));
        assert!(of(|it| it["metadata"]["annotations"][ISSUER_KIND] = "Issuer".into()));
        assert!(!of(|it| it["metadata"]["annotations"][ISSUER_KIND] = "ClusterIssuer".into()));
        assert!(!of(|it| it["type"] = "Opaque".into()));
        assert!(!of(|it| it["metadata"]["labels"] = json!({MADE_BY_OPERATOR: "s"})));
    }

    #[test]
    fn certificates_are_kept_of_those_types_of_secrets_that_are_judged_and_only_up_to_a_length() {
        let empty = json!("");
        for kind in ["kubernetes.io/tls", "Opaque", ""] {
            assert_eq!(with(kind, "public", &empty).certificate("tls.crt"), Text::Read(b"public"), "{kind}");
        }
        let other = with("kubernetes.io/dockerconfigjson", "public", &empty);
        assert_eq!(other.certificate("tls.crt"), Text::Absent);
        assert_eq!(other.digest("tls.crt"), Some(digest(b"public")));
        let long = "x".repeat(LONGEST);
        assert_eq!(with("Opaque", &long, &empty).certificate("tls.crt"), Text::Read(long.as_bytes()));
        assert_eq!(with("Opaque", &(long + "x"), &empty).certificate("tls.crt"), Text::TooLong);
    }

    #[test]
    fn of_a_key_it_is_known_whether_it_is_there_and_not_empty() {
        let filled = |key: serde_json::Value| with("Opaque", "public", &key).is_filled("tls.key");
        assert!(filled(json!("cHJpdmF0ZQ==")));
        assert!(!filled(json!("")) && !filled(serde_json::Value::Null));
        assert!(!with("Opaque", "public", &json!("")).is_filled("none"));
    }

    #[test]
    fn a_copy_of_the_object_in_its_own_annotation_is_not_kept() {
        let copy = json!({"data": {"tls.key": STANDARD.encode("private".repeat(200))}}).to_string();
        let annotations =
            json!({"kubectl.kubernetes.io/last-applied-configuration": copy, "cert-manager.io/issuer-name": "c"});
        let secret: Secret =
            serde_json::from_value(json!({"metadata": {"name": "s", "labels": null, "annotations": annotations}}))
                .expect("a secret");
        let kept: Vec<_> = secret.metadata.annotations.keys().collect();
        assert_eq!(kept, ["cert-manager.io/issuer-name"]);
        assert!(secret.weight() < 100, "{}", secret.weight());
    }

    #[test]
    fn a_secret_without_entries_is_empty_and_not_an_error() {
        let secret: Secret = serde_json::from_value(json!({"metadata": {"name": "s"}})).expect("a secret");
        assert!(secret.data.is_empty());
        let secret: Secret =
            serde_json::from_value(json!({"metadata": {"name": "s"}, "data": null})).expect("a secret");
        assert!(secret.data.is_empty());
    }
}
