//! Secrets by reference.

use std::collections::BTreeMap;

use holdfast_site_file::Secret;

use super::{exit::Stopped, target};

/// The value of a secret. It is shown nowhere.
///
/// # Errors
/// In one line, where the reference leads to nothing.
pub fn value(secret: &Secret, environment: &BTreeMap<String, String>) -> Result<String, Stopped> {
    let value = match secret {
        Secret::Env(name) => environment.get(name).cloned().ok_or_else(|| {
            Stopped::usage(format!("function.azure-function.key: the variable {name} is not set in your environment"))
        })?,
        Secret::File(path) => target::text(path)?,
    };
    let value = value.trim();
    if value.is_empty() || !value.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Stopped::usage("function.azure-function.key: what it leads to is no key: one word is needed"));
    }
    Ok(value.to_owned())
}
