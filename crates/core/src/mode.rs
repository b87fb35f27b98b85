//! Whether a failover that is due begins by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::policy::seconds;

/// What becomes of a failover that is due. Only the configuration sets it, so that nothing in the cluster can turn the failover
/// of a site off unseen. What is open already is driven on in each mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Mode {
    /// It begins.
    #[default]
    Automatic,
    /// People are asked, and it begins when one of them approves it.
    Ask {
        /// How long the question is open.
        #[serde(with = "seconds", rename = "within_s")]
        within: Duration,
        /// What happens when nobody has answered by then.
        then: Unanswered,
    },
    /// It is judged, recorded and announced, and nothing is done.
    Observe,
}

impl Mode {
    /// Its name, as it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Ask { .. } => "ask",
            Self::Observe => "observe",
        }
    }
}

/// What becomes of a question that nobody has answered in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// Nothing begins in this outage, unless a person begins it.
    #[default]
    Lapse,
    /// The failover begins by itself.
    Begin,
}

impl Unanswered {
    /// Its name, as it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lapse => "lapse",
            Self::Begin => "begin",
        }
    }
}
