//! Durations, as people write them.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration in seconds: `180s`, `3m`, `2h`, `500ms`, `1.5s`, or a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds(pub f64);

/// Units, the longer names first: `ms` ends in `s`.
const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

impl Seconds {
    /// Reads one; `None` where it is none, negative or not finite.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let with_unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
        let (number, factor) = with_unit.unwrap_or((text, &1.0));
        let is_plain = number.trim_end().chars().all(|c| c.is_ascii_digit() || c == '.');
        let value = number.trim_end().parse::<f64>().ok().filter(|_| is_plain)? * factor;
        value.is_finite().then_some(Self(value))
    }
}

/// As variables hold it: a plain number.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{self}s"))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as 180s, 3m or 2h")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Seconds, E> {
                Seconds::read(text).ok_or_else(|| E::custom("this is no duration; write one such as 180s, 3m or 2h"))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a duration such as 180s, 3m, 2h or 500ms, or a number of seconds",
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? *(ms|s|m|h)?$"}
            ]
        })
    }
}
