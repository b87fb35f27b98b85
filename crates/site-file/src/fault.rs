//! What can be wrong with a site file.

use serde_saphyr::{Error, Location};
use thiserror::Error as ThisError;

/// How alike two keys must be (0 to 1, Jaro-Winkler) for one to be offered in place of the other.
const ALIKE: f64 = 0.75;

/// What is wrong with a site file.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum FileFault {
    /// It is no YAML, or holds a key or a value that the schema does not have.
    #[error("line {line}, column {column}: {why}")]
    At {
        /// The line, from 1 on.
        line: u64,
        /// The column, from 1 on.
        column: u64,
        /// What is wrong, and what is allowed.
        why: String,
    },
    /// Its parts do not fit together.
    #[error("{0}")]
    Rule(String),
}

impl FileFault {
    /// The fault of a reader of YAML. Values are not quoted: a secret may stand where none belongs.
    pub(crate) fn of_yaml(error: &Error) -> Self {
        let error = error.without_snippet();
        let why = match error {
            Error::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
            Error::SerdeUnknownVariant { variant, expected, .. } => unknown("kind", variant, expected),
            Error::SerdeMissingField { field, .. } => format!("the key {field} is missing here"),
            other => first_line(&other.to_string()),
        };
        match error.location().filter(|at| *at != Location::UNKNOWN) {
            Some(at) => Self::At { line: at.line(), column: at.column(), why },
            None => Self::Rule(why),
        }
    }
}

fn unknown(what: &str, given: &str, known: &[&'static str]) -> String {
    let given: String = given.chars().filter(|c| !c.is_control()).take(60).collect();
    let score = |name: &&&str| strsim::jaro_winkler(&given, name);
    let nearest = known.iter().max_by(|a, b| score(a).total_cmp(&score(b))).filter(|name| score(name) >= ALIKE);
    match nearest {
        Some(name) => format!("the {what} {given:?} is not known; did you mean {name:?}?"),
        None => format!("the {what} {given:?} is not known; there are {}", known.join(", ")),
    }
}

/// What the reader says, without the place, which stands before it.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let said = line.split(" at line ").next().unwrap_or(line);
    said.chars().take(200).collect()
}
