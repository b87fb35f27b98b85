use holdfast_core::{
    FaultClass,
    evidence::Datapoint,
    holdoff::{Health, judge_history},
    policy::Policy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    ocid::Ocid,
    testing::{NOW, Reply, Seen, Server, at, call},
};

const MINUTE: Duration = Duration::from_secs(60);
const MONITOR: &str = "ocid1.httpmonitor.oc1..aaaamonitor";

fn id(text: &str) -> Ocid {
    Ocid::parse(text).expect("an id")
}

fn watched(metric: Metric) -> Watched {
    Watched { region: "us-chicago-1".to_owned(), compartment: id("ocid1.compartment.oc1..aaaatest"), metric }
}

/// Minutes from [`NOW`], each with its value.
fn document(points: &[(i64, f64)]) -> Value {
    let point = |(minute, value): &(i64, f64)| json!({"timestamp": at(NOW + minute * 60).to_string(), "value": value});
    json!([{
        "namespace": "oci_healthchecks", "resourceGroup": null, "compartmentId": "c", "name": "HTTP.isHealthy",
        "dimensions": {"resourceId": MONITOR}, "metadata": {}, "resolution": null,
        "aggregatedDatapoints": points.iter().map(point).collect::<Vec<_>>(),
    }])
}

fn read(document: Value) -> Vec<Datapoint> {
    Points::of(serde_json::from_value(document).expect("an answer"), Some(MONITOR)).periods(MINUTE)
}

/// Minute and verdict of each period.
fn verdicts(points: &[(i64, f64)]) -> Vec<(i64, f64)> {
    read(document(points)).iter().map(|point| ((point.start.as_second() - NOW) / 60, point.maximum)).collect()
}

#[test]
fn failing_points_prove_the_time_between_the_first_and_the_last_of_them() {
    assert_eq!(verdicts(&[(-4, 0.0), (-3, 0.0), (-2, 0.0)]), [(-4, 0.0), (-3, 0.0)]);
    assert!(verdicts(&[(-2, 0.0)]).is_empty(), "one point proves no time");
}

#[test]
fn a_healthy_point_is_healthy_time_on_both_sides_of_it() {
    assert_eq!(verdicts(&[(-3, 0.0), (-2, 0.0), (-1, 1.0)]), [(-3, 0.0), (-2, 1.0), (-1, 1.0)]);
    assert_eq!(verdicts(&[(-3, 1.0), (-2, 0.0), (-1, 0.0)]), [(-4, 1.0), (-3, 1.0), (-2, 0.0)]);
}

#[test]
fn a_minute_without_a_point_is_a_hole_and_no_verdict() {
    assert_eq!(verdicts(&[(-5, 0.0), (-4, 0.0), (-2, 0.0), (-1, 0.0)]), [(-5, 0.0), (-2, 0.0)]);
    assert!(read(json!([])).is_empty());
    assert!(read(json!([{"aggregatedDatapoints": []}])).is_empty());
}

#[test]
fn silence_is_neither_failure_nor_health() {
    for document in [json!([]), document(&[]), document(&[(-300, 1.0)])] {
        let history = History { points: read(document) };
        let health = judge_history(&history, None, &Policy::default(), at(NOW));
        assert!(matches!(health, Health::Silent { .. }), "{health:?}");
    }
}

#[test]
fn of_two_streams_the_one_that_proves_less_failure_counts_and_another_resources_counts_not_at_all() {
    let mut streams = document(&[(-3, 0.0), (-2, 0.0)]);
    streams.as_array_mut().expect("a list").push(document(&[(-2, 1.0)])[0].clone());
    assert_eq!(read(streams.clone()).iter().map(|point| point.maximum).collect::<Vec<_>>(), [1.0, 1.0]);
    streams[1]["dimensions"]["resourceId"] = "ocid1.httpmonitor.oc1..other".into();
    assert_eq!(read(streams).iter().map(|point| point.maximum).collect::<Vec<_>>(), [0.0]);
}

#[test]
fn what_is_no_number_is_left_out() {
    let mut document = document(&[(-3, 0.0), (-2, 0.0), (-1, 0.0)]);
    document[0]["aggregatedDatapoints"][1]["value"] = Value::Null;
    assert!(read(document).is_empty());
}

async fn asked(metric: Metric, window: Duration) -> (Seen, Value) {
    let server = Server::start(vec![Reply::json(200, &document(&[(-2, 0.0), (-1, 0.0)]))]).await;
    let history = MonitoringHistory::new(server.oci(), watched(metric), MINUTE);
    history.history(&call(), window).await.expect("a history");
    let seen = server.requests().remove(0);
    let body = serde_json::from_str(&seen.body).expect("JSON");
    (seen, body)
}

#[tokio::test]
async fn the_question_names_the_metric_the_resource_and_a_window_that_late_points_fit_into() {
    let (seen, body) = asked(Metric::health_check(&id(MONITOR)), MINUTE).await;
    let path =
        "/us-chicago-1/20180401/metrics/actions/summarizeMetricsData?compartmentId=ocid1.compartment.oc1..aaaatest";
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", path));
    let expected = json!({
        "namespace": "oci_healthchecks", "resolution": "1m",
        "query": format!("HTTP.isHealthy[1m]{{resourceId = \"{MONITOR}\"}}.groupBy(resourceId).max()"),
        "startTime": "2025-12-31T23:54:00Z", "endTime": "2026-01-01T00:02:00Z",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn minutes_are_asked_for_as_far_back_as_they_reach_and_no_further() {
    let (_, body) = asked(Metric::health_check(&id(MONITOR)), Duration::from_secs(30 * 86_400)).await;
    assert_eq!(body["startTime"], "2025-12-25T01:00:00Z");
}

#[tokio::test]
async fn of_a_load_balancer_the_healthy_backends_are_asked_for_and_not_the_sick_ones() {
    let balancer = id("ocid1.loadbalancer.oc1.iad.aaaalb");
    let (_, body) = asked(Metric::load_balancer(&balancer, "TCP-443").expect("a metric"), MINUTE).await;
    let of =
        "{resourceId = \"ocid1.loadbalancer.oc1.iad.aaaalb\", backendSetName = \"TCP-443\"}.groupBy(backendSetName)";
    assert_eq!(body["query"], format!("backendServers[1m]{of}.max() - unhealthyBackendServers[1m]{of}.min()"));
    assert_eq!(body["namespace"], "oci_lbaas");
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    let network = id("ocid1.networkloadbalancer.oc1.iad.aaaa");
    assert!(Metric::load_balancer(&network, "TCP-443").is_err());
    for name in ["", "a\"b", "a b", &"x".repeat(300)] {
        assert!(Metric::load_balancer(&id("ocid1.loadbalancer.oc1.iad.aaaa"), name).is_err(), "{name}");
    }
    assert!(Metric::custom("n", "m[5m].max()").is_err());
    assert_eq!(Metric::custom("n", "m[1m].max()").expect("a query").query("1h"), "m[1h].max()");
}

#[test]
fn periods_are_named_as_monitoring_names_them() {
    assert_eq!([60, 3600, 300, 1, 90].map(interval), ["1m", "1h", "5m", "1s", "90s"]);
    let (start, end) = span(at(NOW + 61), Duration::from_secs(120), 60);
    assert_eq!((start.as_second() - NOW, end.as_second() - NOW), (-60, 180));
}

#[tokio::test]
async fn an_answer_that_is_no_list_of_streams_is_worth_a_retry() {
    for body in ["", "<html>", "{}", "[1]", "[{}]", "[{\"aggregatedDatapoints\":[{\"timestamp\":\"soon\"}]}]"] {
        let server = Server::start(vec![Reply::text(200, body)]).await;
        let history = MonitoringHistory::new(server.oci(), watched(Metric::health_check(&id(MONITOR))), MINUTE);
        assert_eq!(history.history(&call(), MINUTE).await.expect_err(body).class, FaultClass::Server, "{body}");
    }
}

async fn last_well(replies: Vec<Value>, not_before: Option<i64>) -> (Result<Option<Timestamp>, Fault>, Vec<Value>) {
    let server = Server::start(replies.iter().map(|reply| Reply::json(200, reply)).collect()).await;
    let history = MonitoringHistory::new(server.oci(), watched(Metric::health_check(&id(MONITOR))), MINUTE);
    let well = history.last_well(&call(), not_before.map(at)).await;
    let asked = server.requests().iter().map(|seen| serde_json::from_str(&seen.body).expect("JSON")).collect();
    (well, asked)
}

#[tokio::test]
async fn the_last_healthy_sample_is_known_to_the_minute_where_it_is_recent_and_to_the_hour_further_back() {
    let (well, asked) = last_well(vec![document(&[(-3, 1.0), (-2, 0.0)])], None).await;
    assert_eq!((well.expect("a time"), asked.len()), (Some(at(NOW - 180)), 1));
    let (well, asked) = last_well(vec![document(&[]), document(&[(-6000, 1.0), (-600, 0.0)])], None).await;
    assert_eq!(well.expect("a time"), Some(at(NOW - 360_000)));
    assert_eq!((&asked[0]["startTime"], &asked[0]["resolution"]), (&json!("2025-12-31T21:00:00Z"), &json!("1m")));
    assert_eq!((&asked[1]["startTime"], &asked[1]["resolution"]), (&json!("2025-10-03T01:00:00Z"), &json!("1h")));
    assert!(asked[1]["query"].as_str().is_some_and(|query| query.contains("[1h]")), "{}", asked[1]);
}

#[tokio::test]
async fn never_well_is_none_and_what_began_before_the_cut_does_not_count() {
    let (well, asked) = last_well(vec![document(&[]), document(&[(-120, 0.0)])], None).await;
    assert_eq!((well.expect("never"), asked.len()), (None, 2));
    for (cut, well, questions) in
        [(NOW - 180, Some(at(NOW - 120)), 1), (NOW - 179, None, 1), (NOW - 86_400, Some(at(NOW - 120)), 1)]
    {
        let (found, asked) = last_well(vec![document(&[(-2, 1.0)])], Some(cut)).await;
        assert_eq!((found.expect("an answer"), asked.len()), (well, questions), "{cut}");
    }
    let (well, _) = last_well(vec![document(&[(1, 1.0)])], None).await;
    assert_eq!(well.expect("a time"), Some(at(NOW)), "a running period ends now");
}

proptest! {
    /// Whichever end of a period its timestamp is, no time is called failing in which something was well or nothing was
    /// seen.
    #[test]
    fn no_failing_time_is_made_up_under_either_reading(values in prop::collection::vec(prop::option::of(0..2_i32), 0..30)) {
        let points: Vec<(i64, f64)> =
            (0..).zip(&values).filter_map(|(minute, value)| value.map(|value| (minute, f64::from(value)))).collect();
        for (minute, _) in verdicts(&points).into_iter().filter(|(_, maximum)| *maximum == 0.0) {
            for reading in [minute, minute + 1] {
                let value = usize::try_from(reading).ok().and_then(|reading| values.get(reading).copied().flatten());
                prop_assert_eq!(value, Some(0));
            }
        }
    }
}
