//! The conditions that a drill sets: which site, how it is down, what the metrics do, how the way out is lost.

use std::fmt;

use serde::Serialize;

/// One of the two places where the service can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// Where the service runs on a normal day.
    Primary,
    /// Where it can be made to run.
    Standby,
}

impl fmt::Display for Site {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        })
    }
}

/// How a site is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    /// Answers 503 with status DOWN.
    Refuse,
    /// Takes connections and never answers.
    Silent,
    /// Resets every connection, as a closed port does.
    Closed,
}

impl fmt::Display for Outage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Refuse => "answers 503",
            Self::Silent => "takes connections and says nothing",
            Self::Closed => "resets connections",
        })
    }
}

/// What the metric store does with the points of the health checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum MetricsMode {
    /// Each period's point is published after the usual delay.
    Normal,
    /// Reads find no points at all, and none are published.
    Lost,
    /// Reads are answered 500 `InternalServiceFault`, and no points are published.
    Failing,
    /// What is published stays readable, and nothing new comes.
    Stale,
    /// The next points are left out, then it is normal again.
    Gap {
        /// How many points are left out.
        periods: u32,
    },
}

impl fmt::Display for MetricsMode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => out.write_str("published again"),
            Self::Lost => out.write_str("lost"),
            Self::Failing => out.write_str("unreadable"),
            Self::Stale => out.write_str("no longer updated"),
            Self::Gap { periods } => write!(out, "missing for {periods} periods"),
        }
    }
}

/// How a way out is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// Packets vanish: every call runs into its time-out.
    Silent,
    /// Something on the way resets every connection.
    Refused,
}

impl fmt::Display for Lost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Silent => "nothing comes back",
            Self::Refused => "every connection is reset",
        })
    }
}
