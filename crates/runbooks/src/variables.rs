//! Typed reading of environment variables. All faults are collected; none stops the reading.

use std::{collections::BTreeMap, fmt, ops::RangeInclusive, time::Duration};

use serde::Serialize;
use thiserror::Error;

/// One variable that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VariableFault {
    /// Its name.
    pub name: String,
    /// Its value; `None` when it is not set.
    pub value: Option<String>,
    /// What would be allowed.
    pub allowed: String,
}

impl fmt::Display for VariableFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={} is not allowed: it must be {}", self.name, shown(value), self.allowed),
            None => write!(f, "{} is not set: it must be {}", self.name, self.allowed),
        }
    }
}

/// How much of a value is shown.
const SHOWN: usize = 120;

/// A value as it may be shown: not too long, and no address that may hold a password or a signature.
fn shown(value: &str) -> String {
    if value.contains("://") && value.contains(['@', '?']) {
        return "(not shown: it may hold a secret)".to_owned();
    }
    format!("{:?}", value.chars().take(SHOWN).collect::<String>())
}

/// Every fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ConfigurationFaults(pub Vec<VariableFault>);

/// Reads variables and remembers what was wrong.
pub struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    faults: Vec<VariableFault>,
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

    /// Notes that `name` cannot be used.
    pub fn fault(&mut self, name: &str, allowed: &str) {
        let value = self.variables.get(name).cloned();
        self.faults.push(VariableFault { name: name.to_owned(), value, allowed: allowed.to_owned() });
    }

    /// Notes that `name` cannot be used, without its value: it may hold a password.
    pub fn hidden_fault(&mut self, name: &str, allowed: &str) {
        let value = self.variables.get(name).map(|_| "(not shown: it may hold a secret)".to_owned());
        self.faults.push(VariableFault { name: name.to_owned(), value, allowed: allowed.to_owned() });
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

    /// A list separated by commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
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
        assert!(text.len() < 500 && !text.contains("hunter2"), "{text}");
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
        assert_eq!(reader.list("L"), ["a", "b", "c"]);
        assert!(reader.finish(()).is_ok());
    }
}
