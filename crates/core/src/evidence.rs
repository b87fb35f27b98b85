//! What was seen: of the primary, of the standby, of ourselves. Facts with a source and a time, no verdict.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::{later, until},
    fault::NotedFault,
    policy::MOST_AHEAD,
    step::{Direction, Observation},
};

/// One period of the primary's health history. It covers `[start, start + period)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Datapoint {
    /// Start of the period.
    pub start: Timestamp,
    /// The worst sample in it: 1 healthy, 0 failing. One bad sample pulls it to 0, so it proves nothing alone.
    pub minimum: f64,
    /// The best sample in it. Only a maximum of 0 proves that the whole period was failing.
    pub maximum: f64,
}

/// The primary's health history as a metric store gave it, in any order, duplicates included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The points.
    pub points: Vec<Datapoint>,
}

/// What our own probe of the primary found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum ProbeResult {
    /// The primary answered, and with sense.
    Healthy {
        /// What it said of itself.
        said: String,
    },
    /// The primary did not answer, or said that it is down.
    Failing {
        /// What happened instead.
        why: String,
    },
    /// The probe could not tell: the fault may be on our side (no name resolution, a certificate we do not trust).
    Inconclusive {
        /// What stood in the way.
        why: String,
    },
}

/// One probe of the primary's own endpoint, the one that no traffic routing touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// When it was sent.
    pub at: Timestamp,
    /// What came of it.
    #[serde(flatten)]
    pub result: ProbeResult,
    /// What the control targets said in the same observation. A failing probe proves something of the primary only
    /// when one of them answered; else it may only show that we are cut off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
}

/// What one control target said: an address outside that has nothing to do with the primary or the standby, asked by
/// the way that probes take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Its host.
    pub target: String,
    /// True when the exchange came to its end: name, connection, a trusted certificate, an answer of any status.
    pub answered: bool,
    /// What it answered, or what stood in the way.
    pub found: String,
}

/// Where the name that users type leads now, by the DNS service's own checkers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficAnswer {
    /// The site that the answer names.
    pub names: NamedSite,
    /// The answer, in a few words.
    pub found: String,
}

/// A site as a DNS answer names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedSite {
    /// The primary's own addresses or name, and nothing else.
    Primary,
    /// Something that is not the primary's.
    Other,
}

/// How many independent checkers see the primary healthy at this moment. Supporting evidence only: it goes
/// into the record and decides nothing (AWS documents the call as a diagnosis aid).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveStatus {
    /// Checkers that report success.
    pub healthy: usize,
    /// Checkers that reported.
    pub total: usize,
    /// What the source would conclude: `None` when nobody reported.
    pub verdict: Option<bool>,
}

/// One thing that was looked at on the standby, and what it means for a failover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at, in a few stable words.
    pub name: String,
    /// How bad it is.
    pub level: Level,
    /// What was found, for a person.
    pub found: String,
}

/// How a [`Check`] came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing, holds nothing back.
    Warning,
    /// A failover would not succeed.
    Error,
}

/// Whether the standby can take over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// Everything that was looked at.
    pub checks: Vec<Check>,
}

impl Readiness {
    /// The checks that forbid a failover.
    pub fn errors(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.level == Level::Error)
    }
}

/// A reading that may have failed. An error is *unknown*: neither good nor bad.
pub type Reading<T> = Result<T, NotedFault>;

/// A step as it was found before anything was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepSeen {
    /// The step's name.
    pub step: String,
    /// What was observed.
    pub seen: Reading<Observation>,
    /// True for the step that locks traffic.
    #[serde(default, skip_serializing_if = "is_false")]
    pub locks: bool,
    /// Which side of it was looked at.
    #[serde(default)]
    pub direction: Direction,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The server's time, when `ours` is further from it than clocks may be.
pub fn wrong_by(ours: Timestamp, server: Option<Timestamp>) -> Option<Timestamp> {
    server.filter(|server| until(ours, *server).max(until(*server, ours)) > MOST_AHEAD)
}

/// Everything that one look gathered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// When the look began: the decision is about this moment, however long the answers took.
    pub at: Timestamp,
    /// The primary's health over the last minutes. `None` where it was not asked for.
    pub history: Option<Reading<History>>,
    /// Our own probes of this call, oldest first.
    pub probes: Vec<Probe>,
    /// See [`LiveStatus`]. `None` where it was not asked for.
    pub live: Option<Reading<LiveStatus>>,
    /// When a failover last began, where the cloud's operators look for it.
    pub last_failover: Option<Reading<Option<Timestamp>>>,
    /// Whether the standby can take over. `None` where it was not asked for.
    pub fitness: Option<Reading<Readiness>>,
    /// Whether traffic is locked to the standby. `None` when the runbook has no lock or it could not be read.
    pub locked: Option<bool>,
    /// Where users are led now. `None` where no name of theirs is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Reading<TrafficAnswer>>,
    /// The last time that the history saw the primary well, as far back as it reaches. Asked for only while the site
    /// is not armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_well: Option<Reading<Option<Timestamp>>>,
    /// The time of the standby's API server, from its answer: what foreign times are judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_time: Option<Timestamp>,
    /// Why the execution that is open or stands is none that this runbook can have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// Each step of a failover as found, in order.
    pub steps: Vec<StepSeen>,
    /// The steps of the kind that a person asks for, where that is another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kind_steps: Vec<StepSeen>,
}

impl Evidence {
    /// The time of this look by the API server's clock, where ours is wrong by more than clocks may be.
    pub fn clock_is_wrong(&self) -> Option<Timestamp> {
        wrong_by(self.at, self.server_time)
    }

    /// The latest that a time written by somebody else can be and still be one.
    pub fn latest(&self) -> Timestamp {
        let now = self.clock_is_wrong().unwrap_or(self.at);
        later(now.max(self.server_time.unwrap_or(now)), MOST_AHEAD)
    }

    /// A look at `at` that learned nothing.
    pub fn nothing(at: Timestamp) -> Self {
        Self {
            at,
            history: None,
            probes: Vec::new(),
            live: None,
            last_failover: None,
            fitness: None,
            locked: None,
            traffic: None,
            last_well: None,
            server_time: None,
            foreign: None,
            steps: Vec::new(),
            kind_steps: Vec::new(),
        }
    }
}
