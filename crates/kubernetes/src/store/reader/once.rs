//! Whether a key stands twice in one object of a JSON document, at any depth.

use std::{collections::HashSet, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// What was found. The content is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Once {
    /// Every key stands once.
    Once,
    /// This one stands twice, the first of them.
    Twice(String),
}

impl Once {
    /// The first of both.
    fn and(self, later: Self) -> Self {
        if self == Self::Once { later } else { self }
    }
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Once, E> {
        Ok(Once::Once)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Once, E> {
        Ok(Once::Once)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Once, E> {
        Ok(Once::Once)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Once, E> {
        Ok(Once::Once)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Once, E> {
        Ok(Once::Once)
    }

    fn visit_str<E>(self, _: &str) -> Result<Once, E> {
        Ok(Once::Once)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Once, A::Error> {
        let mut found = Once::Once;
        while let Some(item) = items.next_element::<Once>()? {
            found = found.and(item);
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Once, A::Error> {
        let (mut found, mut keys) = (Once::Once, HashSet::new());
        while let Some(key) = entries.next_key::<String>()? {
            let own = if keys.contains(&key) { Once::Twice(key.clone()) } else { Once::Once };
            found = found.and(own).and(entries.next_value::<Once>()?);
            keys.insert(key);
        }
        Ok(found)
    }
}
