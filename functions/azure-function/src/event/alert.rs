//! The two spellings of one alert, and whether it is ours.

use holdfast_core::Timestamp;
use serde_json::Value;

use super::{Filter, IgnoredReason, Work, text};

/// The metric of Traffic Manager that tells of an endpoint's health, and its dimension.
const METRIC: &str = "ProbeAgentCurrentEndpointStateByProfileResourceId";
const DIMENSION: &str = "EndpointName";

/// Where things are in one spelling.
struct Spelling {
    schema: &'static str,
    name: &'static str,
    /// The rule's id.
    rule: &'static str,
    /// The id of this very alert.
    id: &'static str,
    state: &'static str,
    fired: &'static str,
    resolved: &'static str,
    changed_at: &'static str,
    /// What is watched: one id, or a list.
    target: &'static str,
    criteria: &'static str,
    /// What kind of signal it is; absent where only metrics are told of.
    signal: Option<&'static str>,
}

/// The common alert schema.
const COMMON: Spelling = Spelling {
    schema: "azureMonitorCommonAlertSchema",
    name: "/data/essentials/alertRule",
    rule: "/data/essentials/alertRuleId",
    id: "/data/essentials/originAlertId",
    state: "/data/essentials/monitorCondition",
    fired: "Fired",
    resolved: "Resolved",
    changed_at: "/data/essentials/firedDateTime",
    target: "/data/essentials/alertTargetIDs",
    criteria: "/data/alertContext/condition/allOf",
    signal: Some("/data/essentials/signalType"),
};

/// The schema before it, for metric alerts.
const METRIC_ALERT: Spelling = Spelling {
    schema: "AzureMonitorMetricAlert",
    name: "/data/context/name",
    rule: "/data/context/id",
    id: "/data/context/id",
    state: "/data/status",
    fired: "Activated",
    resolved: "Deactivated",
    changed_at: "/data/context/timestamp",
    target: "/data/context/resourceId",
    criteria: "/data/context/condition/allOf",
    signal: None,
};

/// The alert in `event`, when it is ours and has fired.
pub(super) fn parse(event: &Value, filter: &Filter) -> Result<Work, IgnoredReason> {
    let schema = text(event, "/schemaId").unwrap_or_default();
    let known = [&COMMON, &METRIC_ALERT].into_iter().find(|spelling| spelling.schema.eq_ignore_ascii_case(&schema));
    let Some(spelling) = known else { return Err(IgnoredReason::OtherSchema { schema }) };
    let Some(alarm) = text(event, spelling.name) else { return Err(IgnoredReason::NoName) };
    spelling.ours(event, &alarm, filter)?;
    match text(event, spelling.state) {
        Some(state) if state.eq_ignore_ascii_case(spelling.fired) => {}
        Some(state) if state.eq_ignore_ascii_case(spelling.resolved) => return Err(IgnoredReason::Resolved { alarm }),
        other => return Err(IgnoredReason::OtherState { alarm, state: other.unwrap_or_default() }),
    }
    let changed_at: Option<Timestamp> = text(event, spelling.changed_at).and_then(|time| time.parse().ok());
    Ok(Work { alarm, changed_at, alert_id: text(event, spelling.id), first_seen: None, attempt: 0 })
}

impl Spelling {
    /// An alert on the primary's endpoint is ours; any other must be listed.
    fn ours(&self, event: &Value, alarm: &str, filter: &Filter) -> Result<(), IgnoredReason> {
        let rule = text(event, self.rule).unwrap_or_default();
        let listed = |name: &String| name.eq_ignore_ascii_case(alarm) || name.eq_ignore_ascii_case(&rule);
        if filter.alarm_names.iter().any(listed) {
            return Ok(());
        }
        let alarm = || alarm.to_owned();
        let signal = self.signal.map_or_else(|| "Metric".to_owned(), |at| text(event, at).unwrap_or_default());
        if !signal.eq_ignore_ascii_case("Metric") {
            return Err(IgnoredReason::OtherSignal { alarm: alarm(), signal });
        }
        if !self.targets(event).iter().any(|target| filter.profile.is(target)) {
            return Err(IgnoredReason::OtherTarget { alarm: alarm() });
        }
        let endpoints = self.endpoints(event);
        if endpoints.is_empty() {
            return Err(IgnoredReason::NotListed { alarm: alarm() });
        }
        let ours = endpoints.iter().any(|endpoint| endpoint.eq_ignore_ascii_case(&filter.endpoint));
        if ours { Ok(()) } else { Err(IgnoredReason::OtherEndpoint { alarm: alarm() }) }
    }

    fn targets(&self, event: &Value) -> Vec<String> {
        match event.pointer(self.target) {
            Some(Value::Array(targets)) => targets.iter().filter_map(|target| text(target, "")).collect(),
            Some(target) => text(target, "").into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Endpoints whose health the rule watches. Other metrics of the profile say nothing about health.
    fn endpoints(&self, event: &Value) -> Vec<String> {
        let criteria = event.pointer(self.criteria).and_then(Value::as_array).into_iter().flatten();
        let health =
            criteria.filter(|one| text(one, "/metricName").is_some_and(|name| name.eq_ignore_ascii_case(METRIC)));
        let dimensions = health.filter_map(|one| one.get("dimensions").and_then(Value::as_array)).flatten();
        let named =
            dimensions.filter(|one| text(one, "/name").is_some_and(|name| name.eq_ignore_ascii_case(DIMENSION)));
        named.filter_map(|one| text(one, "/value")).collect()
    }
}
