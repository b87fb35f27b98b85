//! The two spellings of one alert, and whether it is ours.
//!
//! Keys are found in any case (Azure Monitor writes `context` and `Context`), and where a list is expected one value may
//! stand. What is compared is compared whole: what is shown of two long names may be the same.

use holdfast_core::{Timestamp, fault::quoted};
use holdfast_site::json;
use serde_json::Value;

use super::{
    Filter, Work,
    ignored::{self, IgnoredReason},
    text, whole,
};

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
    let Some(spelling) = known else { return Err(ignored::other_schema(&schema)) };
    let Some(alarm) = text(event, spelling.name) else { return Err(ignored::no_name()) };
    spelling.ours(event, &alarm, filter)?;
    match text(event, spelling.state) {
        Some(state) if state.eq_ignore_ascii_case(spelling.fired) => {}
        Some(state) if state.eq_ignore_ascii_case(spelling.resolved) => return Err(ignored::resolved(&alarm)),
        other => return Err(ignored::other_state(&alarm, &other.unwrap_or_default())),
    }
    let changed_at: Option<Timestamp> = whole(event, spelling.changed_at).and_then(|time| time.parse().ok());
    Ok(Work { alarm, changed_at, alert_id: text(event, spelling.id), first_seen: None, attempt: 0 })
}

impl Spelling {
    /// An alert on the primary's endpoint is ours; any other must be listed.
    fn ours(&self, event: &Value, alarm: &str, filter: &Filter) -> Result<(), IgnoredReason> {
        let named = [self.name, self.rule].map(|at| whole(event, at).unwrap_or_default());
        let listed = |name: &String| named.iter().any(|one| is_same_rule(name, one));
        if filter.alarm_names.iter().any(listed) {
            return Ok(());
        }
        let signal = self.signal.map_or_else(|| "Metric".to_owned(), |at| text(event, at).unwrap_or_default());
        if !signal.eq_ignore_ascii_case("Metric") {
            return Err(ignored::other_signal(alarm, &signal));
        }
        let targets = texts(json::at(event, self.target));
        if !targets.iter().any(|target| filter.profile.is(target)) {
            return Err(ignored::other_target(alarm, &first(&targets)));
        }
        let endpoints = self.endpoints(event);
        if endpoints.is_empty() {
            return Err(ignored::not_listed(alarm));
        }
        let ours = endpoints.iter().any(|endpoint| endpoint.eq_ignore_ascii_case(&filter.endpoint));
        if ours { Ok(()) } else { Err(ignored::other_endpoint(alarm, &first(&endpoints))) }
    }

    /// Endpoints whose health the rule watches. Other metrics of the profile say nothing about health.
    fn endpoints<'a>(&self, event: &'a Value) -> Vec<&'a str> {
        let health = items(json::at(event, self.criteria))
            .filter(|one| whole(one, "/metricName").is_some_and(|name| name.eq_ignore_ascii_case(METRIC)));
        health.filter_map(|one| json::at(one, "/dimensions")).flat_map(endpoints).collect()
    }
}

/// A rule's id may end in a slash.
fn is_same_rule(listed: &str, named: &str) -> bool {
    listed.trim_end_matches('/').eq_ignore_ascii_case(named.trim_end_matches('/'))
}

/// Endpoints in one set of dimensions: a map, or a list of `name` and `value`.
fn endpoints(dimensions: &Value) -> Vec<&str> {
    match json::at(dimensions, DIMENSION).filter(|_| dimensions.is_object()) {
        Some(values) => texts(Some(values)),
        None => {
            let named = items(Some(dimensions))
                .filter(|one| whole(one, "/name").is_some_and(|name| name.eq_ignore_ascii_case(DIMENSION)));
            named.flat_map(|one| texts(json::at(one, "/value"))).collect()
        }
    }
}

/// The items of a list; any other value is its own only item.
fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Some(Value::Array(items)) => (items.as_slice(), None),
        other => (&[][..], other),
    };
    list.iter().chain(one)
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    items(value).filter_map(|one| whole(one, "")).collect()
}

fn first(texts: &[&str]) -> String {
    texts.first().map(|text| quoted(text)).unwrap_or_default()
}
