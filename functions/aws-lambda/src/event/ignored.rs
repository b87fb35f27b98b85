//! Events of AWS that are not for us, each with its word and its sentence. Foreign texts come here quoted.

pub use holdfast_site::ignored::IgnoredReason;

use super::AlarmKind;

/// More than Lambda or SNS would deliver.
pub(super) fn too_large() -> IgnoredReason {
    IgnoredReason::TooLarge { limit: "1 MiB, or holds more than 100 records" }
}

/// None of the shapes that we know.
pub(super) fn unknown_shape() -> IgnoredReason {
    IgnoredReason::foreign(
        "unknown_shape",
        "the event is neither an SNS notification, an alarm, a tick ({\"source\":\"failover.schedule\"}) nor a manual \
         call ({\"action\":\"...\"})",
    )
}

/// An SNS event without a record.
pub(super) fn no_records() -> IgnoredReason {
    IgnoredReason::foreign("no_records", "the event holds no record")
}

/// A record that is no notification of SNS. `source` is where it is from, as far as it says.
pub(super) fn not_sns(source: Option<&str>) -> IgnoredReason {
    let says = match source {
        Some("aws:sns") => "the record is from aws:sns and holds no notification (Sns)".to_owned(),
        Some(source) => {
            format!("the record is from {source} and not from aws:sns; subscribe the function to the topic itself")
        }
        None => "the record does not say that it is from aws:sns".to_owned(),
    };
    IgnoredReason::foreign("not_sns", says)
}

/// A notification of a topic that is not the configured one.
pub(super) fn other_topic(topic: &str) -> IgnoredReason {
    IgnoredReason::foreign("other_topic", format!("the topic {topic:?} is not the one in HOLDFAST_SNS_TOPIC_ARN"))
}

/// A notification whose message is no JSON object.
pub(super) fn unreadable_message() -> IgnoredReason {
    IgnoredReason::foreign("unreadable_message", "the notification's message is no JSON object that can be read")
}

/// A message that is no change of an alarm's state. `what` is what it is, as far as it says.
pub(super) fn not_an_alarm(what: &str) -> IgnoredReason {
    IgnoredReason::foreign("not_an_alarm", format!("{what} is no change of an alarm's state"))
}

/// An alarm on another health check; the first, where it watches several.
pub(super) fn other_health_check(alarm: &str, health_check: &str) -> IgnoredReason {
    let says = format!(
        "alarm {alarm} watches health check {health_check:?} and not PRIMARY_HEALTH_CHECK_ID; HOLDFAST_ALARM_NAMES may \
         list it"
    );
    IgnoredReason::foreign("other_health_check", says)
}

/// An alarm that carries no health check and is not listed.
pub(super) fn not_listed(alarm: &str, kind: AlarmKind) -> IgnoredReason {
    let kind = kind.name();
    let says = format!("{kind} alarm {alarm} carries no health check and is not in HOLDFAST_ALARM_NAMES");
    IgnoredReason::foreign("alarm_not_listed", says)
}

/// An alarm of ours that is in another state than ALARM.
pub(super) fn other_state(alarm: &str, state: &str) -> IgnoredReason {
    let code = match state {
        "OK" => "state_ok",
        "INSUFFICIENT_DATA" => "state_insufficient_data",
        _ => "state_unknown",
    };
    IgnoredReason::foreign(code, format!("alarm {alarm} is in state {state}, not ALARM"))
}
