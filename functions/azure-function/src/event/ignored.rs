//! Why an event is not acted upon.

use std::fmt;

use holdfast_site::json::Unreadable;

/// Why an event is not acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    /// More than Azure would deliver.
    TooLarge,
    /// No content at all.
    NoBody,
    /// Content that is no JSON object.
    NotJson,
    /// Content that is nested too deep.
    TooDeep,
    /// A message of the queue that we did not write.
    UnreadableWork,
    /// A notification of another kind, or none.
    OtherSchema {
        /// What it says that it is.
        schema: String,
    },
    /// An alert without a name.
    NoName,
    /// An alert on something other than a metric.
    OtherSignal {
        /// The alert rule.
        alarm: String,
        /// What it is on.
        signal: String,
    },
    /// An alert on something other than our profile. The test button of an action group sends such a one.
    OtherTarget {
        /// The alert rule.
        alarm: String,
        /// What it is on; the first, where it is on several.
        target: String,
    },
    /// An alert on another endpoint of the profile. The standby's is degraded by design.
    OtherEndpoint {
        /// The alert rule.
        alarm: String,
        /// The endpoint that it names; the first, where it names several.
        endpoint: String,
    },
    /// An alert that names no endpoint and is not listed.
    NotListed {
        /// The alert rule.
        alarm: String,
    },
    /// An alert of ours that is over. Worth a line in the log, and no reason to fail back.
    Resolved {
        /// The alert rule.
        alarm: String,
    },
    /// An alert of ours in a state that we do not know.
    OtherState {
        /// The alert rule.
        alarm: String,
        /// Its state.
        state: String,
    },
    /// A call through a door that does not admit it.
    NotAdmitted {
        /// What was asked for, the door, and what it admits.
        why: String,
    },
    /// A manual call that makes no sense.
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong, and what is allowed.
        why: String,
    },
}

impl IgnoredReason {
    /// A stable name, for answers and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NoBody => "no_body",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::UnreadableWork => "unreadable_work",
            Self::OtherSchema { .. } => "other_schema",
            Self::NoName => "no_name",
            Self::OtherSignal { .. } => "other_signal",
            Self::OtherTarget { .. } => "other_target",
            Self::OtherEndpoint { .. } => "other_endpoint",
            Self::NotListed { .. } => "alarm_not_listed",
            Self::Resolved { .. } => "resolved",
            Self::OtherState { .. } => "state_unknown",
            Self::NotAdmitted { .. } => "not_admitted",
            Self::Invalid { .. } => "invalid_request",
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the event is larger than 1 MiB"),
            Self::NoBody => f.write_str("the event has no content"),
            Self::NotJson => f.write_str("the event is no JSON object"),
            Self::TooDeep => write!(f, "{}", Unreadable::TooDeep),
            Self::UnreadableWork => f.write_str("the message is none that Holdfast put into the queue"),
            Self::OtherSchema { schema } => {
                write!(f, "the schema {schema:?} is neither azureMonitorCommonAlertSchema nor AzureMonitorMetricAlert")
            }
            Self::NoName => f.write_str("the alert names no rule"),
            Self::OtherSignal { alarm, signal } => {
                write!(f, "alert {alarm} is on {signal:?} and not on a metric; HOLDFAST_ALARM_NAMES may list it")
            }
            Self::OtherTarget { alarm, target } => {
                write!(f, "alert {alarm} is on {target:?} and not on HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID")
            }
            Self::OtherEndpoint { alarm, endpoint } => {
                write!(f, "alert {alarm} is on the endpoint {endpoint:?} and not on HOLDFAST_PRIMARY_ENDPOINT")
            }
            Self::NotListed { alarm } => {
                write!(f, "alert {alarm} names no endpoint whose health it watches and is not in HOLDFAST_ALARM_NAMES")
            }
            Self::Resolved { alarm } => write!(f, "alert {alarm} is resolved; nothing fails back by itself"),
            Self::OtherState { alarm, state } => write!(f, "alert {alarm} is in the unknown state {state:?}"),
            Self::NotAdmitted { why } => f.write_str(why),
            Self::Invalid { field, why } => write!(f, "{field} {why}"),
        }
    }
}

impl From<Unreadable> for IgnoredReason {
    fn from(why: Unreadable) -> Self {
        match why {
            Unreadable::Empty => Self::NoBody,
            Unreadable::TooDeep => Self::TooDeep,
            Unreadable::NotText | Unreadable::NotJson => Self::NotJson,
        }
    }
}
