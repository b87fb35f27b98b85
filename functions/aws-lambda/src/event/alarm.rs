//! The three spellings of one alarm, and whether it is ours.

use holdfast_core::Timestamp;
use serde_json::Value;

use super::{AlarmEvent, AlarmKind, Filter, ignored::IgnoredReason, text};

/// The dimension of Route 53's metrics.
const DIMENSION: &str = "HealthCheckId";

/// An expression has at most ten metrics; an event with more health checks than this is not CloudWatch's.
const MOST_HEALTH_CHECKS: usize = 20;

/// Where things are in one spelling.
struct Spelling {
    /// What only this spelling has.
    mark: &'static str,
    name: &'static str,
    arn: &'static str,
    state: &'static str,
    changed_at: &'static str,
    /// The rule of a composite alarm.
    rule: &'static str,
    /// The dimensions of the only metric.
    dimensions: &'static [&'static str],
    /// The list of metrics and expressions, and where one of them keeps its dimensions and its expression.
    metrics: &'static str,
    metric_dimensions: &'static str,
    expression: &'static str,
    /// What only an alarm on one of many series has, and where its dimensions are.
    contributor: &'static str,
    contributor_dimensions: &'static str,
}

/// A notification, as SNS carries it in `Message`.
const NOTIFICATION: Spelling = Spelling {
    mark: "/AlarmName",
    name: "/AlarmName",
    arn: "/AlarmArn",
    state: "/NewStateValue",
    changed_at: "/StateChangeTime",
    rule: "/AlarmRule",
    dimensions: &["/Trigger/Dimensions"],
    metrics: "/Trigger/Metrics",
    metric_dimensions: "/MetricStat/Metric/Dimensions",
    expression: "/Expression",
    contributor: "/AlarmContributorId",
    contributor_dimensions: "/AlarmContributorAttributes",
};

/// A call by the alarm itself.
const DIRECT: Spelling = Spelling {
    mark: "/alarmData",
    name: "/alarmData/alarmName",
    arn: "/alarmArn",
    state: "/alarmData/state/value",
    changed_at: "/alarmData/state/timestamp",
    rule: "/alarmData/configuration/alarmRule",
    dimensions: &[],
    metrics: "/alarmData/configuration/metrics",
    metric_dimensions: "/metricStat/metric/dimensions",
    expression: "/expression",
    contributor: "/alarmData/alarmContributor",
    contributor_dimensions: "/alarmData/alarmContributor/attributes",
};

/// An event of EventBridge.
const BRIDGE: Spelling = Spelling {
    mark: "/detail/alarmName",
    name: "/detail/alarmName",
    arn: "/resources/0",
    state: "/detail/state/value",
    changed_at: "/detail/state/timestamp",
    rule: "/detail/configuration/alarmRule",
    dimensions: &[],
    metrics: "/detail/configuration/metrics",
    metric_dimensions: "/metricStat/metric/dimensions",
    expression: "/expression",
    contributor: "/detail/alarmContributor",
    contributor_dimensions: "/detail/alarmContributor/attributes",
};

/// The alarm in `event`, when it is ours and in ALARM.
pub(super) fn parse(event: &Value, filter: &Filter) -> Result<AlarmEvent, IgnoredReason> {
    let spelling = spelling(event)?;
    let Some(name) = text(event, spelling.name) else {
        return Err(IgnoredReason::NotAnAlarm { what: "an alarm without a name".to_owned() });
    };
    let arn = text(event, spelling.arn);
    let alarm = AlarmEvent {
        region: arn.as_deref().and_then(region),
        changed_at: text(event, spelling.changed_at).and_then(|time| instant(&time)),
        health_check_ids: spelling.health_checks(event),
        topic_arn: None,
        message_id: None,
        kind: spelling.kind(event),
        name,
        arn,
    };
    ours(&alarm, filter)?;
    match text(event, spelling.state).as_deref() {
        Some("ALARM") => Ok(alarm),
        other => {
            let state = other.unwrap_or("unknown").to_owned();
            Err(IgnoredReason::OtherState { alarm: alarm.name, state })
        }
    }
}

/// Which spelling the event has. EventBridge also tells of alarms that were made, changed or deleted.
fn spelling(event: &Value) -> Result<&'static Spelling, IgnoredReason> {
    if let Some(what) = text(event, "/detail-type").filter(|what| !what.ends_with(" State Change")) {
        return Err(IgnoredReason::NotAnAlarm { what });
    }
    let known = [&NOTIFICATION, &DIRECT, &BRIDGE].into_iter().find(|known| event.pointer(known.mark).is_some());
    known.ok_or_else(|| {
        let what = text(event, "/detail-type").unwrap_or_else(|| "the message".to_owned());
        IgnoredReason::NotAnAlarm { what }
    })
}

/// An alarm that carries a health check must carry ours; one that carries none must be listed.
fn ours(alarm: &AlarmEvent, filter: &Filter) -> Result<(), IgnoredReason> {
    let is = |id: &String| Some(id) == filter.health_check_id.as_ref();
    if alarm.health_check_ids.iter().any(is) {
        return Ok(());
    }
    if !alarm.health_check_ids.is_empty() {
        return Err(IgnoredReason::OtherHealthCheck { alarm: alarm.name.clone() });
    }
    let listed = |name: &String| *name == alarm.name || Some(name) == alarm.arn.as_ref();
    if filter.alarm_names.iter().any(listed) {
        return Ok(());
    }
    Err(IgnoredReason::NotListed { alarm: alarm.name.clone(), kind: alarm.kind })
}

impl Spelling {
    fn kind(&self, event: &Value) -> AlarmKind {
        let metrics = event.pointer(self.metrics).and_then(Value::as_array);
        if event.pointer(self.contributor).is_some_and(|contributor| !contributor.is_null()) {
            AlarmKind::Contributor
        } else if event.pointer(self.rule).is_some_and(|rule| !rule.is_null()) {
            AlarmKind::Composite
        } else if metrics.is_some_and(|all| all.iter().any(|metric| metric.pointer(self.expression).is_some())) {
            AlarmKind::Math
        } else {
            AlarmKind::Metric
        }
    }

    /// Health checks in the dimensions: of the only metric, of any metric of an expression, of the series.
    fn health_checks(&self, event: &Value) -> Vec<String> {
        let metrics = event.pointer(self.metrics).and_then(Value::as_array).into_iter().flatten();
        let of_metrics = metrics.filter_map(|metric| metric.pointer(self.metric_dimensions));
        let alone = self.dimensions.iter().chain([&self.contributor_dimensions]).filter_map(|at| event.pointer(at));
        let mut ids: Vec<String> = alone.chain(of_metrics).flat_map(health_checks).collect();
        ids.sort();
        ids.dedup();
        ids.truncate(MOST_HEALTH_CHECKS);
        ids
    }
}

/// Health checks in one set of dimensions: a map, or a list of `name` and `value` in either case.
fn health_checks(dimensions: &Value) -> Vec<String> {
    let either = |dimension: &Value, lower, upper| text(dimension, lower).or_else(|| text(dimension, upper));
    match dimensions {
        Value::Object(_) => text(dimensions, "/HealthCheckId").into_iter().collect(),
        Value::Array(list) => {
            let ours = list.iter().filter(|one| either(one, "/name", "/Name").as_deref() == Some(DIMENSION));
            ours.filter_map(|one| either(one, "/value", "/Value")).collect()
        }
        _ => Vec::new(),
    }
}

/// The fourth field of an ARN.
fn region(arn: &str) -> Option<String> {
    arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned)
}

/// A time as alarms write it, `2026-01-01T00:00:21.231+0000`.
fn instant(time: &str) -> Option<Timestamp> {
    time.parse().ok()
}
