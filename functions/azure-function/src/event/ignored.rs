//! Events of Azure that are not for us, each with its word and its sentence. Foreign texts come here quoted.

pub use holdfast_site::ignored::IgnoredReason;

/// More than Azure would deliver.
pub(super) fn too_large() -> IgnoredReason {
    IgnoredReason::TooLarge { limit: "1 MiB" }
}

/// JSON that is no object.
pub(super) fn no_object() -> IgnoredReason {
    IgnoredReason::foreign("not_json", "the event is no JSON object")
}

/// A message of the queue that we did not write.
pub(super) fn unreadable_work() -> IgnoredReason {
    IgnoredReason::foreign("unreadable_work", "the message is none that Holdfast put into the queue")
}

/// A notification of another kind, or none.
pub(super) fn other_schema(schema: &str) -> IgnoredReason {
    let says = format!("the schema {schema:?} is neither azureMonitorCommonAlertSchema nor AzureMonitorMetricAlert");
    IgnoredReason::foreign("other_schema", says)
}

/// An alert without a name.
pub(super) fn no_name() -> IgnoredReason {
    IgnoredReason::foreign("no_name", "the alert names no rule")
}

/// An alert on something other than a metric.
pub(super) fn other_signal(alarm: &str, signal: &str) -> IgnoredReason {
    let says = format!("alert {alarm} is on {signal:?} and not on a metric; HOLDFAST_ALARM_NAMES may list it");
    IgnoredReason::foreign("other_signal", says)
}

/// An alert on something other than our profile; the first, where it is on several. The test button of an action group
/// sends such a one.
pub(super) fn other_target(alarm: &str, target: &str) -> IgnoredReason {
    let says = format!("alert {alarm} is on {target:?} and not on HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID");
    IgnoredReason::foreign("other_target", says)
}

/// An alert on another endpoint of the profile; the first, where it names several. The standby's is degraded by design.
pub(super) fn other_endpoint(alarm: &str, endpoint: &str) -> IgnoredReason {
    let says = format!("alert {alarm} is on the endpoint {endpoint:?} and not on HOLDFAST_PRIMARY_ENDPOINT");
    IgnoredReason::foreign("other_endpoint", says)
}

/// An alert that names no endpoint and is not listed.
pub(super) fn not_listed(alarm: &str) -> IgnoredReason {
    let says = format!("alert {alarm} names no endpoint whose health it watches and is not in HOLDFAST_ALARM_NAMES");
    IgnoredReason::foreign("alarm_not_listed", says)
}

/// An alert of ours that is over. Worth a line in the log, and no reason to fail back.
pub(super) fn resolved(alarm: &str) -> IgnoredReason {
    IgnoredReason::foreign("resolved", format!("alert {alarm} is resolved; nothing fails back by itself"))
}

/// An alert of ours in a state that we do not know.
pub(super) fn other_state(alarm: &str, state: &str) -> IgnoredReason {
    IgnoredReason::foreign("state_unknown", format!("alert {alarm} is in the unknown state {state:?}"))
}
