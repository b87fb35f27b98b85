//! The two spellings of one alarm, and whether it is ours.

use holdfast_core::{Timestamp, fault::quoted};
use serde_json::Value;

use super::{
    AlarmEvent, AlarmKind, Filter,
    ignored::{self, IgnoredReason},
    text, whole,
};

/// The dimension of Route 53's metrics.
const DIMENSION: &str = "HealthCheckId";

/// An expression has at most ten metrics; of an event with more health checks only so many are kept.
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

/// A call by the alarm itself; an event of EventBridge carries the same under other names (`envelope`).
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

/// The alarm in `event`, when it is ours and in ALARM.
pub(super) fn parse(event: &Value, filter: &Filter) -> Result<AlarmEvent, IgnoredReason> {
    let spelling = spelling(event)?;
    let Some(name) = text(event, spelling.name) else {
        return Err(ignored::not_an_alarm("an alarm without a name"));
    };
    let health_checks = spelling.health_checks(event);
    let kind = spelling.kind(event);
    // By the whole texts: what is shown of two long ones may be the same.
    ours(spelling, event, &health_checks, filter).map_err(|other| other.of(&name, kind))?;
    match text(event, spelling.state).as_deref() {
        Some("ALARM") => {}
        other => return Err(ignored::other_state(&name, other.unwrap_or("unknown"))),
    }
    Ok(AlarmEvent {
        region: whole(event, spelling.arn).and_then(region),
        changed_at: whole(event, spelling.changed_at).and_then(instant),
        health_check_ids: health_checks.into_iter().take(MOST_HEALTH_CHECKS).map(quoted).collect(),
        topic_arn: None,
        message_id: None,
        kind,
        name,
        arn: text(event, spelling.arn),
    })
}

/// Which spelling the event has.
fn spelling(event: &Value) -> Result<&'static Spelling, IgnoredReason> {
    let known = [&NOTIFICATION, &DIRECT].into_iter().find(|known| event.pointer(known.mark).is_some());
    known.ok_or_else(|| ignored::not_an_alarm("the message"))
}

/// Why an alarm is somebody else's.
enum Other {
    /// It carries this health check.
    Carries(String),
    /// It carries none and is not listed.
    Unlisted,
}

impl Other {
    fn of(self, alarm: &str, kind: AlarmKind) -> IgnoredReason {
        match self {
            Self::Carries(health_check) => ignored::other_health_check(alarm, &health_check),
            Self::Unlisted => ignored::not_listed(alarm, kind),
        }
    }
}

/// An alarm that is listed is ours, whatever it watches: the operator named it. Any other must carry our health check.
fn ours(spelling: &Spelling, event: &Value, health_checks: &[&str], filter: &Filter) -> Result<(), Other> {
    let named = [spelling.name, spelling.arn].map(|at| whole(event, at));
    let listed = filter.alarm_names.iter().any(|name| named.contains(&Some(name.as_str())));
    let carried = health_checks.iter().any(|id| Some(*id) == filter.health_check_id.as_deref());
    match health_checks.first() {
        _ if listed || carried => Ok(()),
        Some(first) => Err(Other::Carries(quoted(first))),
        None => Err(Other::Unlisted),
    }
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
    fn health_checks<'a>(&self, event: &'a Value) -> Vec<&'a str> {
        let metrics = event.pointer(self.metrics).and_then(Value::as_array).into_iter().flatten();
        let of_metrics = metrics.filter_map(|metric| metric.pointer(self.metric_dimensions));
        let alone = self.dimensions.iter().chain([&self.contributor_dimensions]).filter_map(|at| event.pointer(at));
        let mut ids: Vec<&str> = alone.chain(of_metrics).flat_map(health_checks).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Health checks in one set of dimensions: a map, or a list of `name` and `value` in either case.
fn health_checks(dimensions: &Value) -> Vec<&str> {
    match dimensions {
        Value::Object(_) => whole(dimensions, "/HealthCheckId").into_iter().collect(),
        Value::Array(list) => {
            let ours = list.iter().filter(|one| whole(one, "/name") == Some(DIMENSION));
            ours.filter_map(|one| whole(one, "/value")).collect()
        }
        _ => Vec::new(),
    }
}

/// The fourth field of an ARN.
fn region(arn: &str) -> Option<String> {
    arn.split(':').nth(3).map(quoted).filter(|region| !region.is_empty())
}

/// A time as alarms write it, `2026-01-01T00:00:21.231+0000`.
fn instant(time: &str) -> Option<Timestamp> {
    time.parse().ok()
}
