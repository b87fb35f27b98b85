//! What a report is made of.

use holdfast_core::record::Execution;
use jiff::Timestamp;
use serde::Serialize;

/// The most events, calls and promises that a report takes from one source: a page that nobody can open helps nobody.
pub const MOST: usize = 1000;

/// The execution, and what else was seen while it ran.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The site pair, or the scenario of a drill.
    pub name: &'a str,
    /// What happened, in a sentence, where somebody knows it beforehand: a drill.
    pub summary: Option<&'a str>,
    /// The name of the primary.
    pub home: &'a str,
    /// The name of the standby.
    pub standby: &'a str,
    /// The execution as the record keeps it; `None` where nothing was begun.
    pub run: Option<&'a Execution>,
    /// Seconds of the report per second of the times in it: 1, and more for a drill that is faster than life.
    pub pace: f64,
    /// What was seen from outside; `None` where only the record is known.
    pub seen: Option<Seen>,
}

/// What a simulator saw from outside: the world's own account, and not the function's.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// When the primary broke.
    pub broke_at: Option<Timestamp>,
    /// What happened, in any order.
    pub events: Vec<Event>,
    /// API calls that were made.
    pub calls: Vec<Call>,
    /// Promises that were checked.
    pub promises: Vec<Promise>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// To what.
    pub lane: Lane,
    /// In words.
    pub text: String,
}

/// What an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The primary itself.
    Primary,
    /// Health checkers and alarms.
    Detection,
    /// The answer to the name that users type. Their downtime ends when it leads to a standby that serves.
    Dns {
        /// Whether it leads to the standby now.
        to_standby: bool,
    },
    /// Pods of the standby.
    Pods {
        /// Whether the standby serves from now on.
        serves: bool,
    },
}

/// API calls of one form.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Call {
    /// Verb and resource.
    pub call: String,
    /// How often it was sent.
    pub sent: usize,
    /// How many were answered with an error and sent again, or given up.
    pub failed: usize,
}

/// A promise that was checked.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Promise {
    /// In a few words.
    pub promise: String,
    /// Whether it was kept.
    pub kept: bool,
    /// What was seen.
    pub seen: String,
}
