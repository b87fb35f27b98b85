//! Why a message is not acted upon: what only OCI sends.

pub use holdfast_site::ignored::IgnoredReason;

/// A call of more content than the platform would deliver.
pub fn too_large() -> IgnoredReason {
    IgnoredReason::TooLarge { limit: "6 MB" }
}

/// A list without a message.
pub(super) fn nothing() -> IgnoredReason {
    IgnoredReason::foreign("no_records", "the list holds no message")
}

/// A list of more messages than are looked at.
pub(super) fn too_many() -> IgnoredReason {
    IgnoredReason::foreign("too_many", "the list holds more than 100 messages")
}

/// No alarm message, and no operator's action.
pub(super) fn not_an_alarm() -> IgnoredReason {
    IgnoredReason::foreign("not_an_alarm", "the content is neither an alarm message nor an operator's action")
}

/// An alarm that watches nothing of ours and is not listed; with its OCID, where the message has one.
pub(super) fn not_ours(alarm: &str, id: Option<&str>) -> IgnoredReason {
    let id = id.unwrap_or("without an id");
    let says = format!("alarm {alarm} ({id}) watches nothing of ours; HOLDFAST_ALARM_NAMES may list it");
    IgnoredReason::foreign("alarm_not_listed", says)
}

/// An alarm of ours that is over. Worth a line in the log, and no reason to fail back.
pub(crate) fn over(alarm: &str) -> IgnoredReason {
    IgnoredReason::foreign("state_ok", format!("alarm {alarm} is over; nothing fails back by itself"))
}

/// An alarm of ours that was reset because nothing was heard of the resource any more. That is no recovery.
pub(super) fn reset(alarm: &str) -> IgnoredReason {
    let says = format!("alarm {alarm} was reset because its metric is silent; that is no sign of recovery");
    IgnoredReason::foreign("reset", says)
}

/// A message of a type that we do not know.
pub(super) fn other_type(alarm: &str, word: &str) -> IgnoredReason {
    let says = format!("alarm {alarm} sent a message of type {word}; acted upon are OK_TO_FIRING and REPEAT");
    IgnoredReason::foreign("type_unknown", says)
}

/// An alarm of ours in a state that contradicts the message.
pub(super) fn other_state(alarm: &str, state: &str) -> IgnoredReason {
    IgnoredReason::foreign("state_unknown", format!("alarm {alarm} is in state {state} and not FIRING"))
}
