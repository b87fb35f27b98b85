//! What other tools make of a document when they write it again: an empty list as `null`, a whole number with a fraction
//! of zero. Neither says anything else, so a record is not unreadable for it.

use serde::{Deserialize, Deserializer, de::Error};

/// A list; `null` is an empty one.
///
/// # Errors
/// Those of the entries.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A whole number of 0 to 2^32 - 1, also where it is written as `1.0`.
///
/// # Errors
/// Any other number, and what is none.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let whole = number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "looked at just above")]
    let whole = whole.map(|number| number as u32);
    whole.ok_or_else(|| D::Error::custom(format!("{number} is no whole number")))
}

#[cfg(test)]
mod tests {
    use crate::record::State;

    fn read(text: &str) -> Result<State, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn what_other_tools_make_of_an_empty_list_and_of_a_whole_number_is_read() {
        let plain = read(r#"{"schema":1}"#).expect("a record");
        for text in [r#"{"schema":1.0}"#, r#"{"schema":1,"operators":null,"past":null}"#] {
            assert_eq!(read(text).expect(text), plain);
        }
    }

    #[test]
    fn a_schema_that_is_no_whole_number_and_a_field_that_stands_twice_are_refused() {
        for text in [
            r#"{"schema":1.5}"#,
            r#"{"schema":-1}"#,
            r#"{"schema":"1"}"#,
            r#"{"schema":4294967296}"#,
            r#"{"schema":1,"schema":1}"#,
            r#"{"schema":1,"pause":null,"pause":{"at":"2026-01-01T00:00:00Z","reason":"works"}}"#,
            r#"{"schema":1,"operators":{}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
