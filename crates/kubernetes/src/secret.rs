//! Secrets, with everything that must stay secret dropped while they are read.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use sha2::{Digest, Sha256};

/// The certificates of a secret; public by nature. Of every other entry only a digest is kept.
const PUBLIC: [&str; 2] = ["ca.crt", "tls.crt"];

/// Leaves out the records of Helm releases: up to a megabyte each, and nothing of them is wanted.
pub(crate) const WITHOUT_RELEASES: &str = "fieldSelector=type!=helm.sh/release.v1";

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
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An entry of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A certificate, as it stands there.
    Public(Vec<u8>),
    /// Anything else: enough to compare two of them, nothing to use one.
    Sealed([u8; 32]),
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
    fn a_secret_without_entries_is_empty_and_not_an_error() {
        let secret: Secret = serde_json::from_value(json!({"metadata": {"name": "s"}})).expect("a secret");
        assert!(secret.data.is_empty());
        let secret: Secret =
            serde_json::from_value(json!({"metadata": {"name": "s"}, "data": null})).expect("a secret");
        assert!(secret.data.is_empty());
    }
}
