//! What a cloud brings into the world: the rule that calls the function, and the control that switches traffic. Each may be of
//! another cloud. No clock and no I/O: time is an argument, and what is to be done outside is returned.

use std::any::Any;
use std::fmt::Debug;

use jiff::Timestamp;

use super::metrics::Series;
use super::watched::{Checks, Effect};
use crate::conditions::Site;

/// What a rule sees of the primary's metric when a period has been published.
pub(crate) struct MetricView<'a> {
    /// The points that can be read.
    pub(crate) series: &'a Series,
    /// Start of the newest period, epoch seconds. It may have no point.
    pub(crate) newest: i64,
    /// Length of a period in seconds.
    pub(crate) period: i64,
}

/// The rule that watches the primary's metric and has the function called.
pub(crate) trait AlarmRule: Any + Debug + Send {
    /// Judges the metric after each period; gives what the rule records and notifies.
    fn evaluate(&mut self, metric: &MetricView<'_>, now: Timestamp) -> Vec<Effect>;

    /// Switches the rule on or off. Off it is never evaluated, as when its region is gone.
    fn set_enabled(&mut self, on: bool);

    /// Has each notification delivered so many times more than once.
    fn set_duplicates(&mut self, copies: u32);
}

/// What decides with which site the global name answers, and can be locked.
pub(crate) trait TrafficControl: Any + Debug + Send {
    /// The site that DNS answers with; `None` is no such name. `verdict`: whether the check of an id is well.
    fn answer(&self, verdict: &dyn Fn(&str) -> bool, now: Timestamp) -> Option<Site>;

    /// How the lock stands.
    fn lock(&self, checks: &Checks) -> Lock;

    /// Locks or unlocks without an API call, as a person in a portal does.
    fn switch_by_hand(&mut self, checks: &mut Checks, locked: bool, now: Timestamp);
}

/// What keeps traffic away from the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Whether it is on.
    pub on: bool,
    /// How the locked thing stands, in words.
    pub summary: String,
    /// How often the API has written it.
    pub writes: u64,
}
