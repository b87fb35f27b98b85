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
    meta::Meta,
};

mod list;

pub use list::{delete, few_others, named, of_tls};

/// The certificates of a secret; public by nature. Of every other entry only a digest is kept.
const PUBLIC: [&str; 2] = ["ca.crt", "tls.crt"];
/// The types of secrets whose certificates are looked at: what cert-manager issues, and CA pairs. Of all others only digests are kept, so that a namespace full of secrets does not fill the memory.
const WITH_CERTIFICATES: [&str; 3] = [TLS_TYPE, "Opaque", ""];
/// Longer texts of certificates are not kept. A chain has about 6 kB, a bundle of every public CA 200 kB.
const LONGEST: usize = 64 * 1024;
/// Who asked cert-manager for a secret. Of all annotations only this one and its kind are kept: one of the others may
/// hold the whole secret, keys included (`kubectl.kubernetes.io/last-applied-configuration`).
pub const ISSUER: &str = "cert-manager.io/issuer-name";
/// What kind of issuer that is; an `Issuer` where nothing is said.
pub const ISSUER_KIND: &str = "cert-manager.io/issuer-kind";
/// The type of what cert-manager issues.
pub const TLS_TYPE: &str = "kubernetes.io/tls";
/// A secret as far as it is looked at.
#[derive(Clone, Deserialize)]
#[serde(from = "Raw")]
pub struct Secret {
    /// Name, identity, labels, and who asked cert-manager for it.
    pub metadata: Meta,
    /// Its type; `None` where the answer does not say.
    pub kind: Option<String>,
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
        metadata.annotations.retain(|name, _| name == ISSUER || name == ISSUER_KIND);
        if !WITH_CERTIFICATES.contains(&kind.as_deref().unwrap_or_default()) {
            data.values_mut().for_each(Entry::seal);
        }
        Self { metadata, kind, data }
    }
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
pub fn digest(bytes: &[u8]) -> [u8; 32] {
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
