//! Typed reading of environment variables. All faults are collected; none stops the reading.

use std::{collections::BTreeMap, fmt, ops::RangeInclusive, time::Duration};

use holdfast_core::fault::quoted;
use serde::Serialize;
use thiserror::Error;

use crate::shape;

/// Where a setting was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In an environment variable of the process.
    Environment,
}

/// One setting that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingFault {
    /// Its name.
    pub name: String,
    /// Its value; `None` when it is not set.
    pub value: Option<String>,
    /// What would be allowed.
    pub allowed: String,
    /// Where it was set, or would be.
    pub source: Source,
}

impl SettingFault {
    /// The environment variable `name` has this value, or none, and that is not `allowed`.
    pub fn of_variable(name: impl Into<String>, value: Option<String>, allowed: impl Into<String>) -> Self {
        Self { name: name.into(), value, allowed: allowed.into(), source: Source::Environment }
    }
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={} is not allowed: it must be {}", self.name, shown(value), self.allowed),
            None => write!(f, "{} is not set: it must be {}", self.name, self.allowed),
        }
    }
}

/// A value as it may be shown: [`quoted`], and no address that may hold a password or a signature.
fn shown(value: &str) -> String {
    if value.contains("://") && value.contains(['@', '?']) {
        return "(not shown: it may hold a secret)".to_owned();
    }
    format!("{:?}", quoted(value))
}

/// Every fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ConfigurationFaults(pub Vec<SettingFault>);

/// Reads variables and remembers what was wrong.
pub struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    faults: Vec<SettingFault>,
}

impl<'a> Reader<'a> {
    /// A reader of `variables`. An empty value counts as not set, as Terraform writes `""` for null.
    pub fn new(variables: &'a BTreeMap<String, String>) -> Self {
        Self { variables, faults: Vec::new() }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All faults met.
    pub fn finish<T>(self, value: T) -> Result<T, ConfigurationFaults> {
        if self.faults.is_empty() { Ok(value) } else { Err(ConfigurationFaults(self.faults)) }
    }

    /// The text of `name`, trimmed, if set.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The text of `name`; a fault when it is not set.
    pub fn required(&mut self, name: &str, allowed: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.fault(name, allowed);
            String::new()
        })
    }

    /// The text of `name` when `rule` holds for it; a fault when it is set and the rule does not.
    pub fn shaped(&mut self, name: &str, allowed: &str, rule: impl Fn(&str) -> bool) -> Option<String> {
        let text = self.text(name)?;
        if !rule(&text) {
            self.fault(name, allowed);
        }
        Some(text)
    }

    /// As [`shaped`](Self::shaped); a fault too when it is not set.
    pub fn required_shaped(&mut self, name: &str, allowed: &str, rule: impl Fn(&str) -> bool) -> String {
        match self.shaped(name, allowed, rule) {
            Some(text) => text,
            None => self.required(name, allowed),
        }
    }

    /// Notes that `name` cannot be used.
    pub fn fault(&mut self, name: &str, allowed: &str) {
        self.push(SettingFault::of_variable(name, self.variables.get(name).cloned(), allowed));
    }

    /// Notes that `name` cannot be used, without its value: it may hold a password.
    pub fn hidden_fault(&mut self, name: &str, allowed: &str) {
        let value = self.variables.get(name).map(|_| "(not shown: it may hold a secret)".to_owned());
        self.push(SettingFault::of_variable(name, value, allowed));
    }

    /// What several parts read alike is one fault.
    fn push(&mut self, fault: SettingFault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// A whole number in `range`.
    pub fn whole(&mut self, name: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.fault(name, &format!("a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    /// Seconds, with a fraction if wanted, in `range`.
    pub fn seconds(&mut self, name: &str, default: f64, range: RangeInclusive<f64>) -> Duration {
        let value = match self.text(name).map(|text| text.parse::<f64>()) {
            None => default,
            Some(Ok(number)) if range.contains(&number) => number,
            Some(_) => {
                self.fault(name, &format!("seconds from {} to {}", range.start(), range.end()));
                default
            }
        };
        Duration::try_from_secs_f64(value).unwrap_or_default()
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        let Some(text) = self.text(name) else { return default };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => true,
            "false" | "0" | "no" => false,
            _ => {
                self.fault(name, "true or false");
                default
            }
        }
    }

    /// One of several words; the first is the default.
    #[allow(clippy::indexing_slicing, reason = "whoever offers a choice writes its words down, one at least")]
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> T {
        let default = choices[0].1;
        let Some(text) = self.text(name) else { return default };
        if let Some((_, value)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)) {
            return *value;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.fault(name, &format!("one of {}", words.join(", ")));
        default
    }

    /// An address that a token may be sent to. A signature or a password in it would end up in logs, and the identity
    /// needs neither.
    pub fn https(&mut self, name: &str) -> Option<String> {
        self.shaped(name, "an https:// address without user, query or fragment", shape::is_https)
    }

    /// A host name that a site can be at.
    pub fn site_name(&mut self, name: &str) -> Option<String> {
        let allowed =
            "a host name of the primary, without scheme, port, path or blank, and not one that never resolves";
        self.shaped(name, allowed, |host| shape::is_host_name(host) && !shape::never_leads_to_a_site(host))
    }

    /// A name of Kubernetes.
    pub fn object_name(&mut self, name: &str) -> Option<String> {
        self.shaped(name, "a name of Kubernetes: a to z, 0 to 9, - and .", shape::is_object_name)
    }

    /// A list separated by commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// A list separated by commas, of items for which `rule` holds.
    pub fn list_of(&mut self, name: &str, allowed: &str, rule: impl Fn(&str) -> bool) -> Vec<String> {
        let items = self.list(name);
        if items.iter().any(|item| !rule(item)) {
            self.fault(name, allowed);
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn all_faults_are_reported_at_once_with_name_value_and_range() {
        let variables = variables(&[("A", "601"), ("B", "perhaps"), ("C", "-1"), ("D", "sometimes")]);
        let mut reader = Reader::new(&variables);
        reader.whole("A", 180, 0..=600);
        reader.flag("B", false);
        reader.seconds("C", 1.0, 0.1..=10.0);
        reader.choice("D", &[("stale", 1), ("always", 2)]);
        reader.required("E", "a name");
        let faults = reader.finish(()).expect_err("five faults");
        assert_eq!(faults.0.len(), 5);
        let text = faults.to_string();
        assert!(text.contains("A=\"601\" is not allowed: it must be a whole number from 0 to 600"), "{text}");
        assert!(text.contains("D=\"sometimes\" is not allowed: it must be one of stale, always"), "{text}");
        assert!(text.contains("E is not set"), "{text}");
    }

    #[test]
    fn a_value_is_shown_in_part_and_an_address_without_its_secret() {
        let pairs = [
            ("A", "x".repeat(5000)),
            ("B", "http://me:hunter2@host/".to_owned()),
            ("C", "https://h/?sig=hunter2".to_owned()),
        ];
        let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut reader = Reader::new(&variables);
        for (name, _) in pairs {
            reader.fault(name, "something else");
        }
        let text = reader.finish(()).expect_err("three faults").to_string();
        assert!(text.len() < 1000 && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_value_that_breaks_its_rule_is_a_fault_and_a_required_one_must_be_there() {
        let variables = variables(&[("A", "a b"), ("L", "a,b c,d")]);
        let mut reader = Reader::new(&variables);
        reader.shaped("A", "one word", |text| !text.contains(' '));
        reader.required_shaped("B", "one word", |text| !text.contains(' '));
        reader.list_of("L", "single words", |text| !text.contains(' '));
        let text = reader.finish(()).expect_err("three faults").to_string();
        for said in ["A=\"a b\"", "B is not set", "L=\"a,b c,d\""] {
            assert!(text.contains(said), "{text}");
        }
    }

    #[test]
    fn a_value_is_shown_on_one_line() {
        let variables = variables(&[("A", "x\ny\u{1b}[31m")]);
        let mut reader = Reader::new(&variables);
        reader.fault("A", "something else");
        let text = reader.finish(()).expect_err("a fault").to_string();
        assert!(!text.contains(['\n', '\u{1b}']), "{text}");
    }

    #[test]
    fn nan_and_infinity_are_no_seconds() {
        for value in ["NaN", "inf", "1e400", "1,5", "0x10"] {
            let variables = variables(&[("A", value)]);
            let mut reader = Reader::new(&variables);
            reader.seconds("A", 1.0, 0.0..=10.0);
            assert!(reader.finish(()).is_err(), "{value}");
        }
    }

    #[test]
    fn an_empty_value_is_as_good_as_none() {
        let variables = variables(&[("A", "  "), ("L", "a, b,,c ")]);
        let mut reader = Reader::new(&variables);
        assert_eq!(reader.whole("A", 7, 0..=9), 7);
        assert_eq!(reader.list_of("L", "letters", |_| true), ["a", "b", "c"]);
        assert_eq!(reader.shaped("A", "something", |_| false), None);
        assert!(reader.finish(()).is_ok());
    }
}
