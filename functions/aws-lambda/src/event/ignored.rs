//! Why an event is not acted upon.

use std::fmt;

use super::AlarmKind;

/// Why an event is not acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    /// More than Lambda or SNS would deliver.
    TooLarge,
    /// None of the shapes that we know.
    UnknownShape,
    /// An SNS event without a record.
    NoRecords,
    /// A record that is not from SNS.
    NotSns {
        /// Where it is from.
        source: String,
    },
    /// A notification of a topic that is not the configured one.
    OtherTopic {
        /// The topic.
        topic: String,
    },
    /// A notification whose message is no JSON object.
    UnreadableMessage,
    /// A message that is no change of an alarm's state.
    NotAnAlarm {
        /// What it is, as far as it says.
        what: String,
    },
    /// An alarm on another health check.
    OtherHealthCheck {
        /// The alarm.
        alarm: String,
    },
    /// An alarm that carries no health check and is not listed.
    NotListed {
        /// The alarm.
        alarm: String,
        /// What it is made of.
        kind: AlarmKind,
    },
    /// An alarm of ours that is in another state than ALARM.
    OtherState {
        /// The alarm.
        alarm: String,
        /// Its state.
        state: String,
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
            Self::UnknownShape => "unknown_shape",
            Self::NoRecords => "no_records",
            Self::NotSns { .. } => "not_sns",
            Self::OtherTopic { .. } => "other_topic",
            Self::UnreadableMessage => "unreadable_message",
            Self::NotAnAlarm { .. } => "not_an_alarm",
            Self::OtherHealthCheck { .. } => "other_health_check",
            Self::NotListed { .. } => "alarm_not_listed",
            Self::OtherState { state, .. } if state == "OK" => "state_ok",
            Self::OtherState { state, .. } if state == "INSUFFICIENT_DATA" => "state_insufficient_data",
            Self::OtherState { .. } => "state_unknown",
            Self::Invalid { .. } => "invalid_request",
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the event is larger than 1 MiB, or holds more than 100 records"),
            Self::UnknownShape => f.write_str(
                "the event is neither an SNS notification, an alarm, a tick ({\"source\":\"failover.schedule\"}) nor a \
                 manual call ({\"action\":\"...\"})",
            ),
            Self::NoRecords => f.write_str("the event holds no record"),
            Self::NotSns { source } => write!(f, "the record is from {source:?} and not from aws:sns"),
            Self::OtherTopic { topic } => write!(f, "the topic {topic:?} is not the one in HOLDFAST_SNS_TOPIC_ARN"),
            Self::UnreadableMessage => f.write_str("the notification's message is no JSON object"),
            Self::NotAnAlarm { what } => write!(f, "{what} is no change of an alarm's state"),
            Self::OtherHealthCheck { alarm } => {
                write!(f, "alarm {alarm} watches another health check than PRIMARY_HEALTH_CHECK_ID")
            }
            Self::NotListed { alarm, kind } => {
                write!(f, "{} alarm {alarm} carries no health check and is not in HOLDFAST_ALARM_NAMES", kind.name())
            }
            Self::OtherState { alarm, state } => write!(f, "alarm {alarm} is in state {state}, not ALARM"),
            Self::Invalid { field, why } => write!(f, "{field} {why}"),
        }
    }
}
