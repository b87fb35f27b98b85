//! CloudWatch (RPC v2 CBOR and AWS JSON 1.0; docs/reference/aws.md#metric-reads): the metrics of the health checks, and the alarm.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::alarm::{Alarm, AlarmState, METRICS_REGION};
use super::error::AwsError;
use super::request::{AwsRequest, Protocol};
use super::tree::{self, Node};
use super::{Cloud, Outcome};
use crate::time;
use crate::world::{MetricsMode, Point};

/// The statistics of GetMetricStatistics.
const STATISTICS: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
/// At most so many queries in one call (docs/reference/aws.md#metric-reads).
const MOST_QUERIES: usize = 500;

pub(super) fn answer(cloud: &Cloud, request: &AwsRequest) -> Outcome {
    let body = match request.protocol {
        Protocol::Cbor => tree::read_cbor(&request.body)?,
        _ => tree::read_json(&request.body)?,
    };
    let answer = match request.operation.as_str() {
        "GetMetricData" => metric_data(cloud, request, &body)?,
        "GetMetricStatistics" => metric_statistics(cloud, request, &body)?,
        "DescribeAlarms" => describe_alarms(cloud, request),
        "SetAlarmState" => set_alarm_state(cloud, request, &body)?,
        "EnableAlarmActions" => switch_actions(cloud, &body, true),
        "DisableAlarmActions" => switch_actions(cloud, &body, false),
        other => return Err(AwsError::unknown_operation(other)),
    };
    Ok(write(&answer, request.protocol))
}

fn write(answer: &Node, protocol: Protocol) -> Response<Body> {
    match protocol {
        Protocol::Cbor => answer.cbor_response(StatusCode::OK),
        _ => answer.json_response(StatusCode::OK, "application/x-amz-json-1.0"),
    }
}

fn invalid(message: &str) -> AwsError {
    AwsError::new(400, "InvalidParameterValue", message)
}

/// One metric over one span of time, as both read operations ask for it.
struct Question<'a> {
    metric: &'a Value,
    from: Timestamp,
    to: Timestamp,
    period: i64,
}

impl<'a> Question<'a> {
    fn new(times: &Value, metric: &'a Value, period: &Value) -> Result<Self, AwsError> {
        let from = tree::time(&times["StartTime"]).ok_or_else(|| invalid("The parameter StartTime is required."))?;
        let to = tree::time(&times["EndTime"]).ok_or_else(|| invalid("The parameter EndTime is required."))?;
        let period = period
            .as_i64()
            .filter(|period| *period > 0)
            .ok_or_else(|| invalid("The parameter Period must be a positive number of seconds."))?;
        if from >= to {
            return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
        }
        Ok(Self { metric, from, to, period })
    }

    fn name(&self) -> &str {
        self.metric["MetricName"].as_str().unwrap_or_default()
    }

    /// The value of the one dimension that health check metrics have.
    fn health_check(&self) -> Option<&str> {
        match self.metric["Dimensions"].as_array()?.as_slice() {
            [only] if only["Name"] == "HealthCheckId" => only["Value"].as_str(),
            _ => None,
        }
    }

    /// The readable points. A metric that does not exist has none, and neither has one asked for in another region
    /// (docs/reference/aws.md#route-53-metrics).
    fn points(&self, cloud: &Cloud, region: &str) -> Result<BTreeMap<i64, Point>, AwsError> {
        cloud.world.with(|state| {
            if state.metrics == MetricsMode::Failing {
                return Err(AwsError::new(
                    500,
                    "InternalServiceFault",
                    "Request processing has failed because of some unknown error, exception or failure.",
                ));
            }
            let readable = region == METRICS_REGION
                && state.metrics != MetricsMode::Lost
                && self.metric["Namespace"] == "AWS/Route53";
            let watched = self.health_check().and_then(|id| state.checks.get(id)).filter(|_| readable);
            let series = watched.and_then(|watched| match self.name() {
                "HealthCheckStatus" => Some(&watched.status),
                "HealthCheckPercentageHealthy" => Some(&watched.percentage),
                _ => None,
            });
            Ok(series.map(|series| series.read(self.from, self.to, self.period)).unwrap_or_default())
        })
    }
}

fn metric_data(cloud: &Cloud, request: &AwsRequest, body: &Value) -> Result<Node, AwsError> {
    let queries = body["MetricDataQueries"].as_array().filter(|queries| (1..=MOST_QUERIES).contains(&queries.len()));
    let queries = queries.ok_or_else(|| invalid("The collection MetricDataQueries must have 1 to 500 members."))?;
    let ascending = body["ScanBy"] == "TimestampAscending";
    let shown = queries.iter().filter(|query| query["ReturnData"].as_bool().unwrap_or(true));
    let results: Result<Vec<Node>, AwsError> =
        shown.map(|query| metric_result(cloud, request.region(), body, query, ascending)).collect();
    Ok(Node::map([("MetricDataResults", Node::List(results?)), ("Messages", Node::List(Vec::new()))]))
}

fn metric_result(cloud: &Cloud, region: &str, times: &Value, query: &Value, ascending: bool) -> Result<Node, AwsError> {
    let id = query["Id"].as_str().filter(|id| id.starts_with(|first: char| first.is_ascii_lowercase()));
    let id = id.ok_or_else(|| {
        invalid("The value for parameter MetricDataQueries.member.Id must begin with a lower-case letter.")
    })?;
    let wanted = &query["MetricStat"];
    if wanted.is_null() {
        return Err(invalid("The simulator computes no expressions."));
    }
    let question = Question::new(times, &wanted["Metric"], &wanted["Period"])?;
    let statistic = wanted["Stat"].as_str().unwrap_or_default();
    if !STATISTICS.contains(&statistic) {
        return Err(invalid(&format!("The value {statistic} for parameter Stat is not supported.")));
    }
    let points = question.points(cloud, region)?;
    let mut points: Vec<(Node, Node)> = points
        .iter()
        .filter_map(|(start, point)| Some((instant(*start)?, Node::Float(point.statistic(statistic)?))))
        .collect();
    if !ascending {
        points.reverse();
    }
    let (timestamps, values) = points.into_iter().unzip();
    Ok(Node::map([
        ("Id", Node::text(id)),
        ("Label", Node::text(query["Label"].as_str().unwrap_or(question.name()))),
        ("Timestamps", Node::List(timestamps)),
        ("Values", Node::List(values)),
        ("StatusCode", Node::text("Complete")),
    ]))
}

fn instant(second: i64) -> Option<Node> {
    Timestamp::from_second(second).ok().map(Node::Time)
}

fn metric_statistics(cloud: &Cloud, request: &AwsRequest, body: &Value) -> Result<Node, AwsError> {
    let question = Question::new(body, body, &body["Period"])?;
    let asked: Vec<&str> = body["Statistics"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let points = question.points(cloud, request.region())?;
    let datapoints = points.iter().filter_map(|(start, point)| {
        let mut fields = vec![("Timestamp", instant(*start)?), ("Unit", Node::text("None"))];
        let statistics = STATISTICS.into_iter().filter(|name| asked.contains(name));
        fields.extend(statistics.filter_map(|name| Some((name, Node::Float(point.statistic(name)?)))));
        Some(Node::Map(fields))
    });
    Ok(Node::map([("Label", Node::text(question.name())), ("Datapoints", Node::List(datapoints.collect()))]))
}

fn describe_alarms(cloud: &Cloud, request: &AwsRequest) -> Node {
    let here = request.region() == METRICS_REGION;
    let alarms = cloud.world.with(|state| state.rule::<Alarm>().filter(|_| here).map(|alarm| document(alarm)));
    Node::map([("MetricAlarms", Node::List(alarms.into_iter().collect())), ("CompositeAlarms", Node::List(Vec::new()))])
}

fn document(alarm: &Alarm) -> Node {
    let (settings, channel) = (&alarm.settings, &alarm.channel);
    let actions = |wanted| {
        let topic = settings.notified_states.contains(&wanted).then(|| Node::Text(channel.topic_arn()));
        Node::List(topic.into_iter().collect())
    };
    let dimension = Node::map([("Name", Node::text("HealthCheckId")), ("Value", Node::text(&alarm.health_check))]);
    Node::map([
        ("AlarmName", Node::text(&channel.alarm)),
        ("AlarmArn", Node::Text(channel.alarm_arn())),
        ("ActionsEnabled", Node::Bool(settings.actions_enabled)),
        ("OKActions", actions(AlarmState::Ok)),
        ("AlarmActions", actions(AlarmState::Alarm)),
        ("InsufficientDataActions", actions(AlarmState::InsufficientData)),
        ("StateValue", Node::text(alarm.state.as_str())),
        ("StateReason", Node::text(&alarm.reason)),
        ("StateUpdatedTimestamp", Node::Time(alarm.since)),
        ("MetricName", Node::text("HealthCheckStatus")),
        ("Namespace", Node::text("AWS/Route53")),
        ("Statistic", Node::text("Minimum")),
        ("Dimensions", Node::List(vec![dimension])),
        ("Period", Node::Integer(alarm.period)),
        ("EvaluationPeriods", Node::Integer(settings.evaluation_periods as i64)),
        ("DatapointsToAlarm", Node::Integer(settings.datapoints_to_alarm as i64)),
        ("Threshold", Node::Float(1.0)),
        ("ComparisonOperator", Node::text("LessThanThreshold")),
        ("TreatMissingData", Node::text(settings.missing.as_str())),
    ])
}

/// Fires the action when the state differs; the next evaluation puts the alarm back to its true state (docs/reference/aws.md#alarms).
fn set_alarm_state(cloud: &Cloud, request: &AwsRequest, body: &Value) -> Result<Node, AwsError> {
    let to = body["StateValue"]
        .as_str()
        .and_then(AlarmState::parse)
        .ok_or_else(|| invalid("The parameter StateValue must be OK, ALARM or INSUFFICIENT_DATA."))?;
    let reason = body["StateReason"].as_str().unwrap_or_default().to_owned();
    let effects = cloud.world.with(|state| {
        let named = |alarm: &&mut Alarm| request.region() == METRICS_REGION && body["AlarmName"] == alarm.channel.alarm;
        let alarm = state.rule::<Alarm>().filter(named);
        alarm.map(|alarm| alarm.go_to(to, reason, time::now()))
    });
    let effects =
        effects.ok_or_else(|| AwsError::new(404, "ResourceNotFound", "The named resource does not exist."))?;
    crate::world::carry_out(&cloud.world, &cloud.lambda, effects);
    Ok(Node::map([]))
}

fn switch_actions(cloud: &Cloud, body: &Value, on: bool) -> Node {
    cloud.world.with(|state| {
        let names = body["AlarmNames"].as_array();
        let named =
            |alarm: &&mut Alarm| names.is_some_and(|names| names.iter().any(|name| *name == alarm.channel.alarm));
        if let Some(alarm) = state.rule::<Alarm>().filter(named) {
            alarm.settings.actions_enabled = on;
        }
    });
    Node::map([])
}
