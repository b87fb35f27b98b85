//! Secrets, with everything that must stay secret dropped while they are read.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use sha2::{Digest, Sha256};

use crate::{api::Weight, humio::or_default};

/// The certificates of a secret; public by nature. Of every other entry only a digest is kept.
const PUBLIC: [&str; 2] = ["ca.crt", "tls.crt"];

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
pub struct Secret {
    /// Name, identity and marks.
    pub metadata: Meta,
    /// The entries.
    #[serde(default, deserialize_with = "entries")]
    pub data: BTreeMap<String, Entry>,
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
        let marks = self.labels.iter().chain(&self.annotations).map(|(name, value)| name.len() + value.len());
        self.name.len() + self.uid.len() + self.resource_version.len() + marks.sum::<usize>()
    }
}

/// Labels or annotations, as far as they are short.
fn marks<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<String, String>, D::Error> {
    let all: BTreeMap<String, String> = or_default(text)?;
    Ok(all.into_iter().filter(|(name, value)| name.len() + value.len() <= LONGEST_MARK).take(MARKS).collect())
}

/// An entry of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A certificate, as it stands there.
    Public(Vec<u8>),
    /// Anything else: enough to compare two of them, nothing to use one.
    Sealed([u8; 32]),
}

impl Weight for Secret {
    fn weight(&self) -> usize {
        let entries = self.data.iter().map(|(name, entry)| match entry {
            Entry::Public(text) => name.len() + text.len(),
            Entry::Sealed(digest) => name.len() + digest.len(),
        });
        self.metadata.weight() + entries.sum::<usize>()
    }
}

impl Secret {
    /// The certificate text under `key`.
    pub fn certificate(&self, key: &str) -> Option<&[u8]> {
        match self.data.get(key)? {
            Entry::Public(text) => Some(text),
            Entry::Sealed(_) => None,
        }
    }

    /// The digest of the entry `key`; equal digests are equal entries.
    pub fn digest(&self, key: &str) -> Option<[u8; 32]> {
        match self.data.get(key)? {
            Entry::Public(text) => Some(digest(text)),
            Entry::Sealed(digest) => Some(*digest),
        }
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
            while let Some((key, text)) = map.next_entry::<String, std::borrow::Cow<str>>()? {
                // The text itself must not get into the error.
                let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| A::Error::custom("an entry is not base64"))?;
                let entry =
                    if PUBLIC.contains(&key.as_str()) { Entry::Public(bytes) } else { Entry::Sealed(digest(&bytes)) };
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
        assert_eq!(secret.certificate("tls.crt"), Some(&b"public"[..]));
        assert!(secret.certificate("tls.key").is_none());
        assert_eq!(secret.digest("tls.key"), Some(digest(b"private")));
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
