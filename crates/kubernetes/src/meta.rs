//! The metadata that all objects have, as far as it is used.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::api::total;

/// Labels and annotations of one object that are kept, and the longest value of one in bytes. What is longer is some
/// tool's copy of the whole object, its secrets included.
const MARKS: usize = 64;
const LONGEST_MARK: usize = 1024;

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
    pub fn weight(&self) -> usize {
        let marks = self.labels.iter().chain(&self.annotations).flat_map(|(name, value)| [name.len(), value.len()]);
        total(marks.chain([self.name.len(), self.uid.len(), self.resource_version.len()]))
    }
}

/// Labels or annotations, as far as they are short.
fn marks<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<String, String>, D::Error> {
    let all: BTreeMap<String, String> = or_default(text)?;
    Ok(all.into_iter().filter(|(name, value)| total([name.len(), value.len()]) <= LONGEST_MARK).take(MARKS).collect())
}

/// The zero value where the text says null, as Go reads it.
///
/// # Errors
/// What is neither null nor a `T`.
pub fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(text: D) -> Result<T, D::Error> {
    Option::deserialize(text).map(Option::unwrap_or_default)
}
