//! Why a message is not acted upon.

use std::fmt;

use holdfast_site::json::Unreadable;

/// Why a message is not acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    /// More than the platform would deliver.
    TooLarge,
    /// No JSON: whoever may publish on the topic may send any text.
    Unreadable(Unreadable),
    /// A list without a message.
    Nothing,
    /// A list of more messages than are looked at.
    TooMany,
    /// No alarm message, and no operator's action.
    NotAnAlarm,
    /// An alarm that watches nothing of ours and is not listed.
    NotOurs {
        /// Its title.
        alarm: String,
        /// Its OCID, where the message has one.
        id: Option<String>,
    },
    /// An alarm of ours that is over. Worth a line in the log, and no reason to fail back.
    Over {
        /// Its title.
        alarm: String,
    },
    /// An alarm of ours that was reset because nothing was heard of the resource any more. That is no recovery.
    Reset {
        /// Its title.
        alarm: String,
    },
    /// A message of a type that we do not know.
    OtherType {
        /// The alarm's title.
        alarm: String,
        /// The type.
        word: String,
    },
    /// An alarm of ours in a state that contradicts the message.
    OtherState {
        /// Its title.
        alarm: String,
        /// Its state.
        state: String,
    },
    /// A caller of a kind that may not ask for this.
    NotAdmitted {
        /// Why not.
        why: String,
    },
    /// An operator's action that makes no sense.
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
            Self::Unreadable(Unreadable::Empty) => "no_body",
            Self::Unreadable(Unreadable::TooDeep) => "too_deep",
            Self::Unreadable(_) => "not_json",
            Self::Nothing => "no_records",
            Self::TooMany => "too_many",
            Self::NotAnAlarm => "not_an_alarm",
            Self::NotOurs { .. } => "alarm_not_listed",
            Self::Over { .. } => "state_ok",
            Self::Reset { .. } => "reset",
            Self::OtherType { .. } => "type_unknown",
            Self::OtherState { .. } => "state_unknown",
            Self::NotAdmitted { .. } => "not_admitted",
            Self::Invalid { .. } => "invalid_request",
        }
    }
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the content is longer than 6 MB"),
            Self::Unreadable(why) => write!(f, "{why}"),
            Self::Nothing => f.write_str("the list holds no message"),
            Self::TooMany => f.write_str("the list holds more than 100 messages"),
            Self::NotAnAlarm => f.write_str("the content is neither an alarm message nor an operator's action"),
            Self::NotOurs { alarm, id } => {
                let id = id.as_deref().unwrap_or("without an id");
                write!(f, "alarm {alarm} ({id}) watches nothing of ours; HOLDFAST_ALARM_NAMES may list it")
            }
            Self::Over { alarm } => write!(f, "alarm {alarm} is over; nothing fails back by itself"),
            Self::Reset { alarm } => {
                write!(f, "alarm {alarm} was reset because its metric is silent; that is no sign of recovery")
            }
            Self::OtherType { alarm, word } => {
                write!(f, "alarm {alarm} sent a message of type {word}; acted upon are OK_TO_FIRING and REPEAT")
            }
            Self::OtherState { alarm, state } => write!(f, "alarm {alarm} is in state {state} and not FIRING"),
            Self::NotAdmitted { why } => f.write_str(why),
            Self::Invalid { field, why } => write!(f, "{field} {why}"),
        }
    }
}
