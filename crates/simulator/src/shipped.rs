//! What ships with the function and is enforced here: policies and roles, with placeholders.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

/// Reads JSON, with these values in the place of its `${placeholders}`.
///
/// # Errors
/// A placeholder that stays without a value, or a text that is something else.
pub(crate) fn read<T: DeserializeOwned>(text: &str, values: &BTreeMap<&str, String>) -> Result<T, String> {
    let filled =
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
    if let Some(at) = filled.find("${") {
        return Err(format!("no value for {}", filled[at..].split('}').next().unwrap_or_default()));
    }
    serde_json::from_str(&filled).map_err(|error| error.to_string())
}
