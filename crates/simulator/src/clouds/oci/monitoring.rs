//! Monitoring: `SummarizeMetricsData` (docs/reference/oci.md#metrics).
//!
//! Two namespaces have points: `oci_healthchecks`, in the monitor's home region, which is the standby's, and `oci_lbaas`, in the
//! primary's region and nowhere else. A region that is gone has neither an endpoint nor points. The timestamp of a point is the end of its
//! period, as three pages of the documentation have it.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{OciError, json_answer};
use super::mql::{self, Query};
use super::request::OciRequest;
use super::{
    BACKEND_SET, COMPARTMENT_ID, Cloud, HEALTH_CHECKS_NAMESPACE, LOAD_BALANCER_ID, LOAD_BALANCER_NAMESPACE, MONITOR_ID,
    PRIMARY_REGION, STANDBY_REGION,
};
use crate::time;
use crate::world::{MetricsMode, Point, State};

/// How far back points reach by their interval: up to so many seconds of interval, so many days.
const REACHES: [(i64, i64); 3] = [(60, 7), (300, 30), (i64::MAX, 90)];
/// Backends of the primary's load balancer.
const BACKENDS: f64 = 2.0;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Details {
    namespace: String,
    query: String,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    #[serde(default)]
    resolution: Option<String>,
    #[serde(default)]
    resource_group: Option<String>,
}

/// The namespace of a request, by which IAM judges it; nothing where it has none.
pub(super) fn namespace(request: &OciRequest) -> String {
    let details: Result<Details, _> = serde_json::from_slice(&request.body);
    details.map(|details| details.namespace).unwrap_or_default()
}

pub(super) fn answer(cloud: &Cloud, request: &OciRequest) -> Result<Response<Body>, OciError> {
    if request.query.get("compartmentId").map(String::as_str) != Some(COMPARTMENT_ID) {
        return Err(OciError::not_found());
    }
    let details: Details =
        serde_json::from_slice(&request.body).map_err(|error| OciError::invalid(&error.to_string()))?;
    let queries = mql::parse(&details.query).map_err(|why| OciError::invalid(&why))?;
    let now = time::now();
    let (end, interval) = (details.end_time.unwrap_or(now), queries.first().map_or(60, |query| query.interval_s));
    let start = details.start_time.unwrap_or_else(|| earlier(end, 3 * 3600));
    check(&details, &queries, (start, end), now)?;
    cloud.world.with(|state| {
        if state.metrics == MetricsMode::Failing {
            return Err(OciError::new(500, "InternalServerError", "An internal server error occurred."));
        }
        let terms = queries.iter().map(|query| series(state, &request.region, &details.namespace, query, (start, end)));
        let points = difference(terms.collect());
        Ok(json_answer(StatusCode::OK, &document(&details, &queries, interval, &points)))
    })
}

fn earlier(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(at.as_second() - seconds).unwrap_or(Timestamp::MIN)
}

fn check(
    details: &Details,
    queries: &[Query],
    (start, end): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<(), OciError> {
    if start >= end {
        return Err(OciError::invalid("startTime must be before endTime"));
    }
    let resolution = details.resolution.as_deref().map(|text| mql::seconds(text).unwrap_or_default());
    let finest = queries.iter().map(|query| query.interval_s).min().unwrap_or(60);
    if resolution.is_some_and(|resolution| resolution <= 0) || queries.iter().any(|query| query.interval_s != finest) {
        return Err(OciError::invalid("the resolution or the intervals make no sense"));
    }
    let days = REACHES.iter().find(|(most, _)| finest <= *most).map_or(90, |(_, days)| *days);
    if now.as_second() - start.as_second() > days * 86_400 {
        return Err(OciError::invalid("the time range is longer than the interval allows"));
    }
    Ok(())
}

/// The points of one term by their timestamps; `None` where the metric has no stream here.
fn series(
    state: &State,
    region: &str,
    namespace: &str,
    query: &Query,
    (start, end): (Timestamp, Timestamp),
) -> Option<BTreeMap<i64, f64>> {
    let (home, stream, dimensions): (_, _, &[(&str, &str)]) = match namespace {
        HEALTH_CHECKS_NAMESPACE => (STANDBY_REGION, MONITOR_ID, &[("resourceId", MONITOR_ID), ("protocol", "HTTPS")]),
        LOAD_BALANCER_NAMESPACE => {
            (PRIMARY_REGION, LOAD_BALANCER_ID, &[("resourceId", LOAD_BALANCER_ID), ("backendSetName", BACKEND_SET)])
        }
        _ => return None,
    };
    let fits = |(name, value): &(String, String)| dimensions.iter().any(|(n, v)| n == name && v == value);
    if region != home || state.metrics == MetricsMode::Lost || !query.dimensions.iter().all(fits) {
        return None;
    }
    let watched = state.checks.get(stream)?;
    let interval = query.interval_s;
    // A period is named by its end, so that of the range begins one earlier.
    let (from, to) = (earlier(start, interval), earlier(end, interval));
    let points = watched.status.read(from, to, interval).into_iter();
    let named = points.filter_map(|(period, point)| Some((period + interval, value(query, &point)?)));
    let points: BTreeMap<i64, f64> =
        named.filter(|(at, _)| (start.as_second()..end.as_second()).contains(at)).collect();
    Some(points).filter(|points| !points.is_empty())
}

/// The value that is asked for, from a point of the primary's health; nothing for a metric that is not known.
fn value(query: &Query, point: &Point) -> Option<f64> {
    let of = |low: f64, high: f64| match query.statistic.as_str() {
        "max" => high,
        "min" => low,
        "sum" => point.sum,
        "count" => f64::from(point.count),
        _ => point.sum / f64::from(point.count),
    };
    match query.metric.as_str() {
        "HTTP.isHealthy" => Some(of(point.minimum, point.maximum)),
        "backendServers" => Some(BACKENDS),
        "unhealthyBackendServers" => Some(of(BACKENDS * (1.0 - point.maximum), BACKENDS * (1.0 - point.minimum))),
        _ => None,
    }
}

/// The first term less the others, where all of them have a point.
fn difference(terms: Vec<Option<BTreeMap<i64, f64>>>) -> BTreeMap<i64, f64> {
    let mut terms = terms.into_iter();
    let Some(Some(mut left)) = terms.next() else { return BTreeMap::new() };
    for term in terms {
        let term = term.unwrap_or_default();
        left = left.into_iter().filter_map(|(at, value)| Some((at, value - term.get(&at)?))).collect();
    }
    left
}

fn document(details: &Details, queries: &[Query], interval: i64, points: &BTreeMap<i64, f64>) -> Value {
    let (Some(query), false) = (queries.first(), points.is_empty()) else { return json!([]) };
    let stamp = |at: i64| Timestamp::from_second(at).unwrap_or(Timestamp::MIN).to_string();
    let points: Vec<Value> =
        points.iter().map(|(at, value)| json!({"timestamp": stamp(*at), "value": value})).collect();
    let dimensions: BTreeMap<_, _> = query.dimensions.iter().cloned().collect();
    let resolution = details.resolution.clone().unwrap_or_else(|| format!("{interval}s"));
    json!([{
        "namespace": details.namespace, "resourceGroup": details.resource_group, "compartmentId": COMPARTMENT_ID,
        "name": query.metric, "dimensions": dimensions, "metadata": {}, "resolution": resolution, "aggregatedDatapoints": points,
    }])
}
