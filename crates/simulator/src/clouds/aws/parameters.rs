//! The SSM parameters of the standby region.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// One parameter as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its full name; a name without hierarchy has no leading slash.
    pub name: String,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// The newest value.
    pub value: String,
    /// Starts at 1, one more with every overwrite.
    pub version: u64,
    /// When the newest value was written.
    pub modified: Timestamp,
    /// The values of earlier versions, for `name:version`; the service keeps 100 versions (docs/reference/aws.md#parameter-store).
    pub(crate) earlier: BTreeMap<u64, String>,
}

/// How many versions are kept (docs/reference/aws.md#parameter-store).
const KEPT_VERSIONS: u64 = 100;

/// All parameters. `/x` and `x` are the same name (docs/reference/aws.md#parameter-store).
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(BTreeMap<String, Parameter>);

/// The key of a name: without its leading slash when that is the only one.
fn key(name: &str) -> &str {
    match name.strip_prefix('/') {
        Some(rest) if !rest.contains('/') => rest,
        _ => name,
    }
}

impl Parameters {
    pub(crate) fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.get(key(name))
    }

    pub(crate) fn delete(&mut self, name: &str) -> bool {
        self.0.remove(key(name)).is_some()
    }

    /// Writes a value, as the next version of what is there. `kind` matters only for a new parameter. Gives the version.
    pub(crate) fn put(&mut self, name: &str, kind: &str, value: &str, now: Timestamp) -> u64 {
        let fresh = || Parameter {
            name: key(name).to_owned(),
            kind: kind.to_owned(),
            value: String::new(),
            version: 0,
            modified: now,
            earlier: BTreeMap::new(),
        };
        let parameter = self.0.entry(key(name).to_owned()).or_insert_with(fresh);
        if parameter.version > 0 {
            parameter.earlier.insert(parameter.version, std::mem::take(&mut parameter.value));
        }
        parameter.version += 1;
        parameter.earlier.retain(|version, _| version + KEPT_VERSIONS > parameter.version);
        parameter.value = value.to_owned();
        parameter.modified = now;
        parameter.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_and_without_its_slash_is_one_parameter() {
        let mut parameters = Parameters::default();
        parameters.put("/x", "String", "1", Timestamp::UNIX_EPOCH);
        assert_eq!(parameters.put("x", "String", "2", Timestamp::UNIX_EPOCH), 2);
        assert_eq!(parameters.get("/x").expect("there").value, "2");
        parameters.put("/a/b", "String", "1", Timestamp::UNIX_EPOCH);
        assert!(parameters.get("a/b").is_none());
    }

    #[test]
    fn a_hundred_versions_are_kept() {
        let mut parameters = Parameters::default();
        for value in 1..=103 {
            parameters.put("p", "String", &value.to_string(), Timestamp::UNIX_EPOCH);
        }
        let parameter = parameters.get("p").expect("there");
        assert_eq!(parameter.earlier.len(), 99);
        assert_eq!(parameter.earlier.first_key_value().map(|(version, _)| *version), Some(4));
    }
}
