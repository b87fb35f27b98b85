//! What the exit codes mean.

use std::process::ExitCode;

use serde_json::{Value, json};

/// How a verb ended. A known fault beats "cannot tell".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or good.
    Done = 0,
    /// An error that is ours.
    Ours = 1,
    /// Wrong words on the command line or in the site file.
    Usage = 2,
    /// Not done, by the rules.
    NotDone = 3,
    /// Not as it must be.
    NotGood = 4,
    /// Begun and not finished.
    Unfinished = 5,
    /// A part that the answer depends on could not be reached.
    CannotTell = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb ended without an answer: one line for a person, and the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The code.
    pub exit: Exit,
    /// The line.
    pub why: String,
}

impl Stopped {
    /// Wrong words.
    pub fn usage(why: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, why: why.into() }
    }

    /// Something could not be reached.
    pub fn unreached(why: impl Into<String>) -> Self {
        Self { exit: Exit::CannotTell, why: why.into() }
    }

    /// A defect of ours.
    pub fn ours(why: impl Into<String>) -> Self {
        Self { exit: Exit::Ours, why: why.into() }
    }

    /// As JSON.
    pub fn document(&self) -> Value {
        json!({"exit_code": self.exit as u8, "error": self.why})
    }
}

/// Exit codes of verbs that only tell.
pub const TELLS: &str = "Exit codes: 0 told, whatever it says; 2 wrong words here or in the site file; 3 the function does \
not admit it; 4 the function's configuration cannot be used; 6 the function or the standby cluster could not be reached.";

/// Exit codes of `preflight`.
pub const PREFLIGHT: &str = "Exit codes: 0 a failover now would succeed, as far as can be seen; 2 wrong words here or in the \
site file; 3 the function does not admit it; 4 something stands in the way; 6 the function could not be reached.";

/// Exit codes of `guard`.
pub const GUARD: &str = "Exit codes: 0 nothing is open and traffic is not locked; 2 wrong words here or in the site file; \
3 the function does not admit it; 4 an execution is open, or a failover or a lock stands; 6 it cannot be told.";

/// Exit codes of verbs that act.
pub const ACTS: &str = "Exit codes: 0 done; 2 wrong words here or in the site file, or no confirmation without a terminal; \
3 not done, by the rules: the answer says which; 4 the function's configuration cannot be used; 5 begun and not finished, or it \
waits for a person's word; 6 the function could not be reached: what it does meanwhile is not known, ask `holdfast status`.";

/// Exit codes of verbs that write to the record.
pub const NOTES: &str = "Exit codes: 0 noted; 2 wrong words here or in the site file; 3 the function does not admit it; 4 the \
function's configuration cannot be used; 6 the function or the record could not be reached.";

/// Exit codes of verbs that read and write files only.
pub const FILES: &str = "Exit codes: 0 done; 1 it could not be written; 2 wrong words here or in a file; 6 the history could not \
be read.";
