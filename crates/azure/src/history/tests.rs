use holdfast_core::{FaultClass, evidence::Datapoint};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::{NOW, Reply, Server, at, call, primary};

const MINUTE: Duration = Duration::from_secs(60);

fn minute(number: i64, average: Option<f64>, range: Option<(f64, f64)>) -> Value {
    let mut minute = json!({"timeStamp": at(NOW + number * 60).to_string()});
    if let Some(average) = average {
        minute["average"] = average.into();
    }
    if let Some((minimum, maximum)) = range {
        minute["minimum"] = minimum.into();
        minute["maximum"] = maximum.into();
    }
    minute
}

fn document(name: &str, data: Vec<Value>) -> Value {
    let dimension = json!({"name": {"value": "endpointname", "localizedValue": "endpointname"}, "value": name});
    json!({"cost": 9, "namespace": "Microsoft.Network/trafficManagerProfiles", "value": [{
        "errorCode": "Success", "unit": "Count", "timeseries": [{"metadatavalues": [dimension], "data": data}],
    }]})
}

fn read(document: Value) -> Vec<Datapoint> {
    let document = serde_json::from_value(document).expect("a document");
    series::history(document, "primary", MINUTE).expect("a history").points
}

fn verdicts(data: Vec<Value>) -> Vec<f64> {
    read(document("Primary", data)).iter().map(|point| point.maximum).collect()
}

const UP: Option<(f64, f64)> = Some((1.0, 1.0));
const DOWN: Option<(f64, f64)> = Some((0.0, 0.0));
const MIXED: Option<(f64, f64)> = Some((0.0, 1.0));

#[test]
fn a_minute_without_samples_is_a_hole_and_no_verdict() {
    let data = vec![minute(0, Some(1.0), UP), minute(1, None, None), minute(2, Some(0.0), DOWN)];
    let points = read(document("primary", data));
    assert_eq!(points.iter().map(|point| point.start.as_second() - NOW).collect::<Vec<_>>(), [0, 120]);
    assert_eq!(points[1], Datapoint { start: at(NOW + 120), minimum: 0.0, maximum: 0.0 });
}

#[test]
fn of_a_minute_that_comes_twice_the_value_that_proves_less_failure_counts_in_either_order() {
    let (well, ill) = (minute(1, Some(1.0), UP), minute(1, Some(0.0), DOWN));
    for doubled in [[well.clone(), ill.clone()], [ill, well]] {
        let data = [minute(0, Some(0.0), DOWN)].into_iter().chain(doubled).chain([minute(2, Some(0.0), DOWN)]);
        assert_eq!(verdicts(data.collect()), [0.0, 1.0, 0.0]);
    }
}

#[test]
fn the_majority_of_the_agents_decides() {
    let data = |average| vec![minute(0, Some(0.0), DOWN), minute(1, Some(average), MIXED)];
    assert_eq!(verdicts(data(0.49)), [0.0, 0.0]);
    assert_eq!(verdicts(data(0.5)), [0.0, 1.0]);
}

#[test]
fn the_minute_in_which_the_majority_turned_is_not_failing_time() {
    let data = vec![minute(0, Some(1.0), UP), minute(1, Some(0.3), MIXED), minute(2, Some(0.0), DOWN)];
    assert_eq!(verdicts(data), [1.0, 1.0, 0.0]);
}

#[test]
fn one_agent_that_still_sees_it_does_not_hold_a_failover_back() {
    let data = (0..4).map(|number| minute(number, Some(0.1), MIXED)).collect();
    assert_eq!(verdicts(data), [1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn an_average_alone_is_enough_when_all_agents_agree() {
    assert_eq!(verdicts(vec![minute(0, Some(0.0), None), minute(1, Some(1.0), None)]), [0.0, 1.0]);
    assert_eq!(verdicts(vec![minute(0, Some(0.2), None)]), [1.0], "it may have been up in a part of it");
}

#[test]
fn values_that_are_no_state_are_left_out() {
    assert!(verdicts(vec![minute(0, Some(-1.0), None), minute(1, Some(7.0), None)]).is_empty());
}

#[test]
fn the_series_of_another_endpoint_is_not_the_primarys() {
    assert!(read(document("secondary", vec![minute(0, Some(0.0), DOWN)])).is_empty());
    assert!(read(json!({"value": []})).is_empty());
    assert!(read(json!({"value": [{"timeseries": []}]})).is_empty());
}

#[test]
fn a_metric_that_could_not_be_read_is_no_empty_history() {
    let document = serde_json::from_value(json!({"value": [{"errorCode": "InternalError", "timeseries": []}]}));
    let fault = series::history(document.expect("a document"), "primary", MINUTE).expect_err("unreadable");
    assert_eq!(fault.class, FaultClass::Server);
}

#[test]
fn periods_are_asked_for_whole_and_named_as_azure_names_them() {
    let (start, end) = span(at(NOW + 61), Duration::from_secs(120), 60);
    assert_eq!((start.as_second() - NOW, end.as_second() - NOW), (-60, 120));
    assert_eq!([60, 3600, 1, 90, 300].map(interval), ["PT1M", "PT1H", "PT1S", "PT90S", "PT5M"]);
}

#[tokio::test]
async fn the_question_names_the_metric_the_endpoint_and_the_time() {
    let server = Server::start(vec![Reply::json(200, &document("primary", vec![minute(-1, Some(0.0), DOWN)]))]).await;
    let history =
        MonitorHistory::new(server.azure(), primary(), MINUTE).history(&call(), MINUTE).await.expect("history");
    assert_eq!(history.points.len(), 1);
    let asked = server.requests().remove(0);
    assert_eq!(asked.method, "GET");
    for part in [
        "/trafficManagerProfiles/tm/providers/Microsoft.Insights/metrics?api-version=2024-02-01",
        "metricnames=ProbeAgentCurrentEndpointStateByProfileResourceId",
        "timespan=2025-12-31T23:59:00Z/2026-01-01T00:01:00Z",
        "interval=PT1M",
        "aggregation=Average,Minimum,Maximum",
        "$filter=EndpointName%20eq%20%27primary%27",
    ] {
        assert!(asked.path.contains(part), "{part} in {}", asked.path);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_document_is_worth_a_retry() {
    for body in ["", "<html>", "[]", "{\"value\": 1}"] {
        let server = Server::start(vec![Reply::text(200, body)]).await;
        let fault = MonitorHistory::new(server.azure(), primary(), MINUTE).history(&call(), MINUTE).await;
        assert_eq!(fault.expect_err(body).class, FaultClass::Server, "{body}");
    }
}

async fn last_well(replies: Vec<Value>, not_before: Option<i64>) -> (Result<Option<Timestamp>, Fault>, Vec<String>) {
    let server = Server::start(replies.iter().map(|reply| Reply::json(200, reply)).collect()).await;
    let well = MonitorHistory::new(server.azure(), primary(), MINUTE).last_well(&call(), not_before.map(at)).await;
    (well, server.requests().into_iter().map(|request| request.path).collect())
}

/// Hours before now, each with its average.
fn hours(averages: &[(i64, f64)]) -> Value {
    let hour = |(ago, average): &(i64, f64)| minute(-ago * 60, Some(*average), None);
    document("primary", averages.iter().map(hour).collect())
}

#[tokio::test]
async fn the_last_healthy_sample_is_known_to_the_minute_where_it_is_recent_and_to_the_hour_further_back() {
    let data = vec![minute(-3, Some(1.0), UP), minute(-2, Some(1.0), UP), minute(-1, Some(0.0), DOWN)];
    let (well, asked) = last_well(vec![document("primary", data)], None).await;
    assert_eq!((well.expect("a time"), asked.len()), (Some(at(NOW - 60)), 1));
    let replies = vec![hours(&[]), hours(&[(1, 0.0)]), hours(&[]), hours(&[(1700, 1.0), (1690, 0.9), (1680, 0.2)])];
    let (well, asked) = last_well(replies, None).await;
    assert_eq!((well.expect("a time"), asked.len()), (Some(at(NOW - 1689 * 3600)), 4));
    for (path, part) in asked.iter().zip([
        "timespan=2025-12-31T21:00:00Z/2026-01-01T00:01:00Z&interval=PT1M",
        "timespan=2025-12-02T00:00:00Z/2026-01-01T01:00:00Z&interval=PT1H",
        "timespan=2025-11-02T00:00:00Z/2025-12-02T01:00:00Z&interval=PT1H",
        "timespan=2025-10-03T00:00:00Z/2025-11-02T01:00:00Z&interval=PT1H",
    ]) {
        assert!(path.contains(part), "{part} in {path}");
    }
}

#[tokio::test]
async fn never_well_is_none_and_so_is_one_agent_that_was_wrong_in_an_hour() {
    let wrong = document("primary", vec![minute(-120, Some(0.02), MIXED)]);
    let (well, asked) = last_well(vec![hours(&[]), wrong, hours(&[]), hours(&[])], None).await;
    assert_eq!((well.expect("never"), asked.len()), (None, 4));
    let (well, _) = last_well(vec![document("primary", vec![minute(0, Some(1.0), UP)])], None).await;
    assert_eq!(well.expect("a time"), Some(at(NOW)), "a running period ends now");
}

#[tokio::test]
async fn periods_that_begin_before_the_cut_do_not_count_and_are_not_asked_for() {
    for (cut, well, questions) in [(NOW - 120, Some(at(NOW - 60)), 1), (NOW - 119, None, 2)] {
        let data = || document("primary", vec![minute(-2, Some(1.0), UP), minute(-1, Some(0.0), DOWN)]);
        let (found, asked) = last_well(vec![data(), hours(&[(1, 1.0)])], Some(cut)).await;
        assert_eq!((found.expect("an answer"), asked.len()), (well, questions), "{cut}");
    }
}

#[tokio::test]
async fn a_last_healthy_sample_that_could_not_be_looked_for_is_a_fault_and_not_never() {
    let (well, _) = last_well(vec![hours(&[]), json!({"value": [{"errorCode": "InternalError"}]})], None).await;
    assert_eq!(well.expect_err("unreadable").class, FaultClass::Server);
}

proptest! {
    #[test]
    fn no_failing_time_is_made_up(averages in prop::collection::vec(prop::option::of(0.0..=1.0_f64), 0..30)) {
        let data: Vec<Value> = averages.iter().zip(0..).map(|(average, number)| minute(number, *average, None)).collect();
        let points = read(document("primary", data));
        prop_assert_eq!(points.len(), averages.iter().flatten().count());
        for point in points.iter().filter(|point| point.maximum == 0.0) {
            let number = usize::try_from((point.start.as_second() - NOW) / 60).expect("in the list");
            prop_assert!(averages[number].is_some_and(|average| average < 0.5));
        }
    }
}
