//! Why an event is not acted upon.

use std::fmt;

use holdfast_site::json::Unreadable;

use super::AlarmKind;

/// Why an event is not acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    /// More than Lambda or SNS would deliver.
    TooLarge,
    /// No JSON that we read.
    Unreadable(Unreadable),
    /// None of the shapes that we know.
    UnknownShape,
    /// An SNS event without a record.
    NoRecords,
    /// A record that is not from SNS.
    NotSns {
        /// Where it is from, as far as it says.
        source: Option<String>,
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
        /// The health check that it watches; the first, where it watches several.
        health_check: String,
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
            Self::Unreadable(Unreadable::Empty) => "no_content",
            Self::Unreadable(Unreadable::TooDeep) => "too_deep",
            Self::Unreadable(Unreadable::NotText | Unreadable::NotJson) => "not_json",
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
            Self::NotAdmitted { .. } => "not_admitted",
            Self::Invalid { .. } => "invalid_request",
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the event is larger than 1 MiB, or holds more than 100 records"),
            Self::Unreadable(why) => write!(f, "{why}"),
            Self::UnknownShape => f.write_str(
                "the event is neither an SNS notification, an alarm, a tick ({\"source\":\"failover.schedule\"}) nor a \
                 manual call ({\"action\":\"...\"})",
            ),
            Self::NoRecords => f.write_str("the event holds no record"),
            Self::NotSns { source: Some(source) } if source == "aws:sns" => {
                f.write_str("the record is from aws:sns and holds no notification (Sns)")
            }
            Self::NotSns { source: Some(source) } => {
                write!(
                    f,
                    "the record is from {source} and not from aws:sns; subscribe the function to the topic itself"
                )
            }
            Self::NotSns { source: None } => f.write_str("the record does not say that it is from aws:sns"),
            Self::OtherTopic { topic } => write!(f, "the topic {topic:?} is not the one in HOLDFAST_SNS_TOPIC_ARN"),
            Self::UnreadableMessage => f.write_str("the notification's message is no JSON object that can be read"),
            Self::NotAnAlarm { what } => write!(f, "{what} is no change of an alarm's state"),
            Self::OtherHealthCheck { alarm, health_check } => {
                write!(
                    f,
                    "alarm {alarm} watches health check {health_check:?} and not PRIMARY_HEALTH_CHECK_ID; \
                     HOLDFAST_ALARM_NAMES may list it"
                )
            }
            Self::NotListed { alarm, kind } => {
                write!(f, "{} alarm {alarm} carries no health check and is not in HOLDFAST_ALARM_NAMES", kind.name())
            }
            Self::OtherState { alarm, state } => write!(f, "alarm {alarm} is in state {state}, not ALARM"),
            Self::NotAdmitted { why } => f.write_str(why),
            Self::Invalid { field, why } => write!(f, "{field} {why}"),
        }
    }
}
