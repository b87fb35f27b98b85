//! Azure Monitor's metrics of the profile (docs/reference/azure.md#traffic-manager-metrics, docs/reference/azure.md#metric-reads).
//!
//! Under a pace a metric's minute is shorter, and so is the finest interval that is served: `PT1S` at pace 60, where a real cloud's is
//! `PT1M`. Longer intervals put points together, so a client that asks for `PT1M` is served as well.

use axum::body::Body;
use http::{Response, StatusCode};
use jiff::{Span, Timestamp};
use serde_json::{Map, Value, json};

use super::error::ArmError;
use super::profile::TrafficManager;
use super::request::{ArmRequest, PROFILES};
use super::{Cloud, PROFILE_NAME, json_answer, profile_id};
use crate::time;
use crate::world::{MetricsMode, Point, State};

const STATE: &str = "ProbeAgentCurrentEndpointStateByProfileResourceId";
const QUERIES: &str = "QpsByEndpoint";
/// The span of time that is shown when none is asked for: an hour.
const DEFAULT_SPAN_S: i64 = 3600;
/// At most so many points of one series.
const MOST_POINTS: i64 = 10_000;

/// What is asked for.
struct Question {
    metrics: Vec<String>,
    from: Timestamp,
    to: Timestamp,
    interval_s: i64,
    aggregations: Vec<String>,
    /// Names of endpoints; empty means all of them together, as one series.
    endpoints: Option<Vec<String>>,
}

pub(super) fn answer(cloud: &Cloud, request: &ArmRequest, profile: &str) -> Result<Response<Body>, ArmError> {
    if !profile.eq_ignore_ascii_case(PROFILE_NAME) {
        return Err(ArmError::not_found(&request.scope()));
    }
    let period = cloud.world.with(|state| state.period);
    let question = read(request, period)?;
    cloud.world.with(|state| {
        if state.metrics == MetricsMode::Failing {
            return Err(ArmError::new(500, "InternalServerError", "The service encountered an internal error."));
        }
        let value: Vec<Value> =
            question.metrics.iter().map(|metric| metric_document(state, &question, metric)).collect();
        let document = json!({
            "cost": (question.to.as_second() - question.from.as_second()) / 60,
            "timespan": format!("{}/{}", question.from, question.to), "interval": duration(question.interval_s),
            "value": value, "namespace": PROFILES, "resourceregion": "global",
        });
        Ok(json_answer(StatusCode::OK, &document))
    })
}

fn bad(message: &str) -> ArmError {
    ArmError::new(400, "BadRequest", message)
}

fn read(request: &ArmRequest, period: i64) -> Result<Question, ArmError> {
    let get = |name: &str| request.query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let list = |text: &str| text.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>();
    let metrics = get("metricnames").map_or_else(|| vec![STATE.to_owned()], list);
    if let Some(unknown) =
        metrics.iter().find(|name| !name.eq_ignore_ascii_case(STATE) && !name.eq_ignore_ascii_case(QUERIES))
    {
        return Err(bad(&format!(
            "Failed to find metric configuration for provider: Microsoft.Network, resource Type: trafficManagerProfiles, metric: {unknown}, Valid metrics: {QUERIES},{STATE}"
        )));
    }
    let (from, to) = timespan(get("timespan"))?;
    let interval_s = match get("interval") {
        None => period,
        Some(text) => seconds(text).filter(|seconds| *seconds >= period && seconds % period == 0).ok_or_else(|| {
            bad(&format!("Detected invalid time grain input: {text}. Valid time grains are {},PT1H.", duration(period)))
        })?,
    };
    if (to.as_second() - from.as_second()) / interval_s > MOST_POINTS {
        return Err(bad("The time range and the time grain ask for too many points."));
    }
    let aggregations = get("aggregation").map_or_else(|| vec!["Average".to_owned()], list);
    let endpoints = match get("$filter").or(get("filter")) {
        None => None,
        Some(text) => Some(filter(text)?),
    };
    Ok(Question { metrics, from, to, interval_s, aggregations, endpoints })
}

fn timespan(text: Option<&str>) -> Result<(Timestamp, Timestamp), ArmError> {
    let Some(text) = text else {
        let now = time::now();
        return Ok((Timestamp::from_second(now.as_second() - DEFAULT_SPAN_S).unwrap_or(now), now));
    };
    let instants = text.split_once('/').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match instants {
        Some((from, to)) if from < to => Ok((from, to)),
        _ => Err(bad(&format!("Invalid time interval input: {text}"))),
    }
}

/// `EndpointName eq 'primary' or EndpointName eq '*'`; the dimension's name without regard to case.
fn filter(text: &str) -> Result<Vec<String>, ArmError> {
    let one = |clause: &str| {
        let (name, value) = clause.split_once(" eq ")?;
        let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        name.trim().eq_ignore_ascii_case("EndpointName").then(|| value.to_owned())
    };
    let found: Option<Vec<String>> = text.split(" or ").map(one).collect();
    found.ok_or_else(|| bad(&format!("Invalid filter expression: {text}")))
}

fn metric_document(state: &State, question: &Question, metric: &str) -> Value {
    let name = if metric.eq_ignore_ascii_case(STATE) { STATE } else { QUERIES };
    let series = if name == STATE && state.metrics != MetricsMode::Lost { series(state, question) } else { Vec::new() };
    let display = if name == STATE { "Endpoint Status by Endpoint" } else { "Queries by Endpoint Returned" };
    json!({
        "id": format!("{}/providers/Microsoft.Insights/metrics/{name}", profile_id()), "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": display}, "displayDescription": display, "unit": "Count",
        "timeseries": series, "errorCode": "Success",
    })
}

/// The endpoints of the profile; other checks are other clouds'.
fn endpoints(state: &State) -> impl Iterator<Item = &str> {
    let profile = state.control::<TrafficManager>().map(|manager| &manager.profile);
    profile.into_iter().flat_map(|profile| &profile.endpoints).map(|endpoint| endpoint.name.as_str())
}

/// One series for each endpoint that the filter names; without a filter all endpoints together.
fn series(state: &State, question: &Question) -> Vec<Value> {
    let Some(wanted) = &question.endpoints else {
        let all: Vec<&str> = endpoints(state).collect();
        return vec![json!({"metadatavalues": [], "data": points(state, question, &all)})];
    };
    let fits = |name: &&str| wanted.iter().any(|wanted| wanted == "*" || wanted.eq_ignore_ascii_case(name));
    let found = endpoints(state).filter(fits);
    found
        .map(|name| {
            let label = json!({"value": "endpointname", "localizedValue": "endpointname"});
            json!({"metadatavalues": [{"name": label, "value": name}], "data": points(state, question, &[name])})
        })
        .collect()
}

/// A point for each interval of the span; one without samples has nothing but its time.
fn points(state: &State, question: &Question, endpoints: &[&str]) -> Vec<Value> {
    let floor = |at: Timestamp| at.as_second().div_euclid(question.interval_s) * question.interval_s;
    let mut sums = std::collections::BTreeMap::<i64, Point>::new();
    for watched in endpoints.iter().filter_map(|name| state.checks.get(*name)) {
        for (start, point) in watched.status.read(question.from, question.to, question.interval_s) {
            sums.entry(start).and_modify(|sum| *sum = sum.with(point)).or_insert(point);
        }
    }
    let starts =
        (floor(question.from)..question.to.as_second()).step_by(usize::try_from(question.interval_s).unwrap_or(60));
    starts.map(|start| point_document(start, sums.get(&start), &question.aggregations)).collect()
}

fn point_document(start: i64, point: Option<&Point>, aggregations: &[String]) -> Value {
    let mut fields = Map::new();
    let stamp = Timestamp::from_second(start).unwrap_or(Timestamp::MIN);
    fields.insert("timeStamp".to_owned(), json!(stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
    for name in aggregations.iter().filter(|_| point.is_some()) {
        let (field, statistic) = match name.to_ascii_lowercase().as_str() {
            "average" => ("average", "Average"),
            "minimum" => ("minimum", "Minimum"),
            "maximum" => ("maximum", "Maximum"),
            "total" => ("total", "Sum"),
            "count" => ("count", "SampleCount"),
            _ => continue,
        };
        if let Some(value) = point.and_then(|point| point.statistic(statistic)) {
            fields.insert(field.to_owned(), json!(value));
        }
    }
    Value::Object(fields)
}

/// Seconds of an ISO 8601 duration.
fn seconds(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    span.total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours())).ok().map(|seconds| seconds as i64)
}

fn duration(seconds: i64) -> String {
    match (seconds % 3600, seconds % 60) {
        (0, _) => format!("PT{}H", seconds / 3600),
        (_, 0) => format!("PT{}M", seconds / 60),
        _ => format!("PT{seconds}S"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_iso_durations() {
        assert_eq!(
            (seconds("PT1M"), seconds("PT1H"), seconds("P1D"), seconds("PT1S")),
            (Some(60), Some(3600), Some(86_400), Some(1))
        );
        assert_eq!(
            (duration(60), duration(3600), duration(1)),
            ("PT1M".to_owned(), "PT1H".to_owned(), "PT1S".to_owned())
        );
        assert_eq!(seconds("FULL"), None);
    }

    #[test]
    fn a_filter_names_endpoints_and_nothing_else() {
        assert_eq!(filter("EndpointName eq 'primary'").expect("filter"), ["primary"]);
        assert_eq!(filter("endpointname eq 'a' or EndpointName eq 'b'").expect("filter"), ["a", "b"]);
        assert!(filter("Color eq 'red'").is_err() && filter("EndpointName eq primary").is_err());
    }
}
