use ciborium::Value;

use super::*;
use crate::{
    sdk::Environment,
    testing::{NOW, Reply, Server, at, call, environment, options, xml},
};

/// CBOR tag 1 (RFC 8949, 3.4.2).
const EPOCH_TIME: u64 = 1;

/// A time as the protocol writes it: tag 1, epoch seconds.
fn time(second: f64) -> Value {
    Value::Tag(EPOCH_TIME, Box::new(Value::Float(second)))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn series(id: &str, status: &str, points: &[(f64, f64)]) -> Value {
    let times = points.iter().map(|(second, _)| time(*second)).collect();
    let values = points.iter().map(|(_, value)| Value::Float(*value)).collect();
    Value::Map(vec![
        (text("Id"), text(id)),
        (text("Label"), text("x")),
        (text("Timestamps"), Value::Array(times)),
        (text("Values"), Value::Array(values)),
        (text("StatusCode"), text(status)),
    ])
}

fn page(results: Vec<Value>, token: Option<&str>) -> Reply {
    let mut map = vec![(text("MetricDataResults"), Value::Array(results)), (text("Messages"), Value::Array(vec![]))];
    map.extend(token.map(|token| (text("NextToken"), text(token))));
    let mut body = Vec::new();
    ciborium::into_writer(&Value::Map(map), &mut body).expect("writes to memory");
    Reply::of_type(200, "application/cbor", body).with("smithy-protocol", "rpc-v2-cbor")
}

fn both(points: &[(f64, f64)]) -> Vec<Value> {
    vec![series("minimum", "Complete", points), series("maximum", "Complete", points)]
}

async fn read(answers: Vec<Reply>) -> (Result<History, Fault>, Server) {
    let server = Server::start(answers).await;
    let source = CloudWatchHistory::new(Arc::new(server.sdk()), "hc", Duration::from_secs(60));
    let history = source.history(&call(), Duration::from_secs(600)).await;
    (history, server)
}

const START: f64 = NOW as f64;

#[tokio::test]
async fn both_series_are_joined_by_their_time() {
    let results = vec![
        series("minimum", "Complete", &[(START - 60.0, 0.0), (START - 120.0, 0.0)]),
        series("maximum", "Complete", &[(START - 120.0, 1.0), (START - 60.0, 0.0)]),
    ];
    let history = read(vec![page(results, None)]).await.0.expect("a history");
    let points = [(NOW - 120, 0.0, 1.0), (NOW - 60, 0.0, 0.0)];
    let expected = points.map(|(start, minimum, maximum)| Datapoint { start: at(start), minimum, maximum });
    assert_eq!(history.points, expected);
}

use holdfast_core::evidence::Datapoint;

#[tokio::test]
async fn a_point_without_its_best_sample_is_a_hole_and_proves_nothing() {
    let results = vec![
        series("minimum", "Complete", &[(START - 60.0, 0.0), (START - 120.0, 0.0)]),
        series("maximum", "Complete", &[(START - 120.0, 0.0)]),
    ];
    let history = read(vec![page(results, None)]).await.0.expect("a history");
    assert_eq!(history.points.iter().map(|point| point.start).collect::<Vec<_>>(), [at(NOW - 120)]);
}

#[tokio::test]
async fn a_point_without_its_worst_sample_claims_no_failure() {
    let results = vec![series("minimum", "Complete", &[]), series("maximum", "Complete", &[(START - 60.0, 1.0)])];
    let history = read(vec![page(results, None)]).await.0.expect("a history");
    assert_eq!((history.points[0].minimum, history.points[0].maximum), (1.0, 1.0));
}

#[tokio::test]
async fn fractions_of_a_second_are_kept() {
    let history = read(vec![page(both(&[(START - 59.5, 0.0)]), None)]).await.0.expect("a history");
    assert_eq!(history.points[0].start.as_millisecond(), NOW * 1000 - 59_500);
}

#[tokio::test]
async fn no_data_is_an_empty_history_and_no_error() {
    let history = read(vec![page(both(&[]), None)]).await.0.expect("a history");
    assert_eq!(history, History::default());
}

#[tokio::test]
async fn pages_are_followed_until_the_series_are_complete() {
    let first = vec![
        series("minimum", "PartialData", &[(START - 60.0, 0.0)]),
        series("maximum", "PartialData", &[(START - 60.0, 0.0)]),
    ];
    let (history, server) = read(vec![page(first, Some("more")), page(both(&[(START - 120.0, 0.0)]), None)]).await;
    assert_eq!(history.expect("a history").points.len(), 2);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn partial_data_without_a_next_page_is_a_fault_and_not_a_short_history() {
    let results = vec![series("minimum", "PartialData", &[]), series("maximum", "Complete", &[])];
    let fault = read(vec![page(results, None)]).await.0.expect_err("not complete");
    assert_eq!(fault.class, FaultClass::Server);
}

#[tokio::test]
async fn pages_without_an_end_are_given_up() {
    let endless = (0..9).map(|_| page(both(&[]), Some("more"))).collect();
    let (history, server) = read(endless).await;
    assert_eq!(history.expect_err("endless").class, FaultClass::Server);
    assert_eq!(server.requests().len(), MOST_PAGES);
}

#[tokio::test]
async fn a_series_that_is_missing_altogether_is_a_fault() {
    let fault = read(vec![page(vec![series("minimum", "Complete", &[])], None)]).await.0.expect_err("half an answer");
    assert_eq!(fault.class, FaultClass::Server);
}

#[tokio::test]
async fn what_cloudwatch_may_not_show_is_denied_and_what_it_cannot_read_is_its_own_fault() {
    for (status, class) in
        [("Forbidden", FaultClass::Denied), ("InternalError", FaultClass::Server), ("New", FaultClass::Server)]
    {
        let results = vec![series("minimum", status, &[]), series("maximum", "Complete", &[])];
        assert_eq!(read(vec![page(results, None)]).await.0.expect_err(status).class, class, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_the_protocol_is_worth_a_retry() {
    for answer in [Reply::of_type(404, "text/html", "<html>"), Reply::of_type(200, "application/cbor", [0xff, 0x00])] {
        let fault = read(vec![answer]).await.0.expect_err("no cbor");
        assert_eq!(fault.class, FaultClass::Server, "{fault}");
    }
}

#[tokio::test]
async fn throttling_and_silence_are_told_apart() {
    let throttled = Reply::of_type(400, "application/cbor", cbor_error("ThrottlingException"))
        .with("smithy-protocol", "rpc-v2-cbor");
    assert_eq!(read(vec![throttled]).await.0.expect_err("throttled").class, FaultClass::Throttled);
    assert_eq!(read(vec![Reply::Hang]).await.0.expect_err("silent").class, FaultClass::Timeout);
}

fn cbor_error(code: &str) -> Vec<u8> {
    let mut body = Vec::new();
    let map = Value::Map(vec![(text("__type"), text(code)), (text("message"), text("Rate exceeded"))]);
    ciborium::into_writer(&map, &mut body).expect("writes to memory");
    body
}

#[test]
fn what_is_asked_for_begins_and_ends_with_a_period_and_holds_the_one_that_runs() {
    let span = |now: i64, window: u64, period: i64| {
        let span = Span::before(at(now), Duration::from_secs(window), period);
        (span.start, span.end)
    };
    assert_eq!(span(605, 300, 60), (300, 660));
    assert_eq!(span(600, 300, 60), (300, 660));
    assert_eq!(span(605, 7, 1), (598, 606));
    assert_eq!(span(607, 10, 5), (595, 610));
    assert_eq!(span(5, 300, 60), (0, 60));
}

#[tokio::test]
async fn one_request_asks_for_both_statistics() {
    let (_, server) = read(vec![page(both(&[]), None)]).await;
    let body: Value = ciborium::from_reader(server.requests()[0].body.as_ref()).expect("cbor");
    let shown = format!("{body:?}");
    for word in ["Minimum", "Maximum", "AWS/Route53", "HealthCheckStatus", "HealthCheckId", "TimestampDescending"] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
}

async fn last_well(answers: Vec<Reply>, not_before: Option<i64>) -> (Result<Option<Timestamp>, Fault>, Server) {
    let server = Server::start(answers).await;
    let source = CloudWatchHistory::new(Arc::new(server.sdk()), "hc", Duration::from_secs(60));
    let well = source.last_well(&call(), not_before.map(at)).await;
    (well, server)
}

fn best(points: &[(f64, f64)]) -> Reply {
    page(vec![series("maximum", "Complete", points)], None)
}

#[tokio::test]
async fn the_last_healthy_sample_is_known_to_the_minute_where_it_is_recent_and_to_the_hour_further_back() {
    let (well, server) =
        last_well(vec![best(&[(START - 60.0, 0.0), (START - 120.0, 1.0), (START - 180.0, 1.0)])], None).await;
    assert_eq!(well.expect("a time"), Some(at(NOW - 60)));
    assert_eq!(server.requests().len(), 1);
    let day = 86_400.0;
    let long_ago = best(&[(START - day, 0.0), (START - 400.0 * day, 1.0), (START - 401.0 * day, 1.0)]);
    let (well, server) = last_well(vec![best(&[(START - 60.0, 0.0)]), long_ago], None).await;
    assert_eq!(well.expect("a time"), Some(at(NOW - 400 * 86_400 + 3600)));
    let asked: Vec<String> = server
        .requests()
        .iter()
        .map(|request| format!("{:?}", ciborium::from_reader::<Value, _>(request.body.as_ref()).expect("cbor")))
        .collect();
    assert_eq!(asked.len(), 2, "two questions, however far back");
    for (body, period) in asked.iter().zip(["Integer(Integer(60))", "Integer(Integer(3600))"]) {
        let period =
            body.contains(period) || body.contains(&period.replace("Integer(Integer(", "Integer(").replace("))", ")"));
        assert!(period && body.contains("Maximum") && !body.contains("Minimum"), "{body}");
    }
}

#[tokio::test]
async fn never_well_is_none_and_a_running_period_ends_now() {
    let (well, _) = last_well(vec![best(&[]), best(&[(START - 7200.0, 0.0)])], None).await;
    assert_eq!(well.expect("never"), None);
    let (well, _) = last_well(vec![best(&[(START, 1.0)])], None).await;
    assert_eq!(well.expect("a time"), Some(at(NOW)));
    let (well, _) = last_well(vec![best(&[(START + 86_400.0, 1.0)]), best(&[])], None).await;
    assert_eq!(well.expect("never"), None, "a period of tomorrow is none");
}

#[tokio::test]
async fn periods_that_begin_before_the_cut_do_not_count() {
    let points = [(START - 120.0, 1.0), (START - 60.0, 0.0)];
    for (cut, well) in [(NOW - 120, Some(at(NOW - 60))), (NOW - 119, None)] {
        let answers = vec![best(&points), best(&[(START - 3600.0, 1.0)])];
        assert_eq!(last_well(answers, Some(cut)).await.0.expect("an answer"), well, "{cut}");
    }
}

#[tokio::test]
async fn a_last_healthy_sample_that_could_not_be_looked_for_is_a_fault_and_not_never() {
    let partial = page(vec![series("maximum", "PartialData", &[])], None);
    assert_eq!(last_well(vec![partial], None).await.0.expect_err("not complete").class, FaultClass::Server);
    let (well, _) = last_well(vec![best(&[]), Reply::Hang], None).await;
    assert_eq!(well.expect_err("silent").class, FaultClass::Timeout);
    let endless = (0..9).map(|_| page(vec![series("maximum", "Complete", &[])], Some("more"))).collect();
    let (well, server) = last_well(endless, None).await;
    assert_eq!(well.expect_err("endless").class, FaultClass::Server);
    assert_eq!(server.requests().len(), MOST_PAGES);
}

/// The history of a health check that watches `fqdn`; `None`: Route 53 does not say.
async fn of_primary(fqdn: Option<&str>) -> (Result<History, Fault>, Result<Option<Timestamp>, Fault>) {
    let metrics = || page(both(&[(START - 120.0, 1.0)]), None);
    let metrics = Server::start(vec![metrics(), metrics()]).await;
    let check = |fqdn: &str| {
        xml(&format!(
            "<GetHealthCheckResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HealthCheck><Id>hc</Id>\
             <CallerReference>r</CallerReference><HealthCheckConfig><Type>HTTPS</Type>\
             <FullyQualifiedDomainName>{fqdn}</FullyQualifiedDomainName></HealthCheckConfig>\
             <HealthCheckVersion>1</HealthCheckVersion></HealthCheck></GetHealthCheckResponse>"
        ))
    };
    let route53 = Server::start(fqdn.map_or_else(Vec::new, |fqdn| vec![check(fqdn), check(fqdn)])).await;
    let environment = Environment::read(&|name| match name {
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("AKIDEXAMPLE".to_owned()),
        "AWS_ENDPOINT_URL" => Some(metrics.url()),
        "AWS_ENDPOINT_URL_ROUTE_53" => Some(route53.url()),
        _ => None,
    });
    let sdk = Arc::new(Sdk::new(&environment.expect("credentials"), &options()));
    let lock = LockConfig {
        health_check_id: "hc".to_owned(),
        primary_fqdn: Some("p.example.com".to_owned()),
        lock_fqdn: "failover-locked.invalid".to_owned(),
    };
    let source = CloudWatchHistory::new(sdk, "hc", Duration::from_secs(60)).of_primary(lock);
    let history = source.history(&call(), Duration::from_secs(600)).await;
    (history, source.last_well(&call(), None).await)
}

#[tokio::test]
async fn the_metrics_of_a_check_that_watches_another_name_are_not_the_primarys() {
    for other in ["q.example.com", "other.invalid", "p.example.com.evil.org"] {
        let (history, last_well) = of_primary(Some(other)).await;
        for fault in [history.expect_err(other), last_well.expect_err(other)] {
            assert!(fault.class == FaultClass::Invalid && fault.message.contains(other), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn the_metrics_count_while_the_check_watches_the_primary_or_our_lock_and_where_that_is_not_known() {
    for fqdn in [Some("P.example.com."), Some("failover-locked.invalid"), None] {
        let (history, last_well) = of_primary(fqdn).await;
        assert_eq!(history.expect("a history").points.len(), 1, "{fqdn:?}");
        assert!(last_well.expect("a history").is_some(), "{fqdn:?}");
    }
}

#[test]
fn the_name_is_asked_for_again_after_ten_minutes_and_whenever_the_metrics_are_not_well() {
    let history = |maximum| History { points: vec![Datapoint { start: at(NOW), minimum: maximum, maximum }] };
    let source = CloudWatchHistory::new(
        Arc::new(Sdk::new(&environment("http://127.0.0.1:1"), &options())),
        "hc",
        Duration::from_secs(60),
    );
    assert!(!source.is_known_as_own(at(NOW)), "nothing was seen");
    source.keep_as_own(&history(1.0), false, at(NOW));
    assert!(!source.is_known_as_own(at(NOW)), "Route 53 did not say");
    source.keep_as_own(&history(1.0), true, at(NOW));
    assert!(source.is_known_as_own(at(NOW + 599)) && !source.is_known_as_own(at(NOW + 600)));
    source.keep_as_own(&history(0.0), true, at(NOW + 60));
    assert!(!source.is_known_as_own(at(NOW + 60)), "failing metrics are never believed without the name");
}
