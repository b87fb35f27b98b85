//! The wires, answer by answer, after the samples of docs/reference/aws.md#wire-samples.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::backend;
use super::iam::Authority;
use super::lambda::{LambdaHost, Settings};
use super::request::AwsRequest;
use super::{Cloud, ClusterView};
use crate::calls::CallLog;
use crate::faults::Faults;
use crate::gate::Gate;
use crate::host::HostSlot;
use crate::people::People;
use crate::time::{self, Pace};
use crate::timeline::Timeline;
use crate::world::{MetricsMode, Past, World};

const ADMIN: &str = "ADMIN";
const FUNCTION: &str = "FUNCTION";

fn cloud() -> Cloud {
    let (pace, timeline) = (Pace::new(1.0), Timeline::new());
    let settings =
        Settings { bootstrap: None, function_arn: "arn".to_owned(), timeout: Duration::ZERO, concurrency: 1, pace };
    let lambda = LambdaHost::new(settings, 1, timeline.clone());
    let state = backend::world(time::now(), pace, 1, "HC");
    let values = BTreeMap::from([
        ("account_id", "111122223333".to_owned()),
        ("standby_region", "us-west-2".to_owned()),
        ("primary_health_check_id", "HC".to_owned()),
        ("cooldown_parameter", "dr/last".to_owned()),
        ("cluster_name", "standby".to_owned()),
        ("notify_topic_arn", super::sns::topic_arn()),
    ]);
    Cloud {
        gate: Gate {
            calls: CallLog::default(),
            faults: Faults::default(),
            timeline: timeline.clone(),
            host: HostSlot::default(),
            way_out: crate::way_out::WayOut::default(),
            delay: Duration::ZERO,
        },
        lambda,
        world: World::new(state, timeline, pace),
        parameters: Default::default(),
        authority: Authority::new(FUNCTION, ADMIN, &values).expect("the shipped policy"),
        cluster: ClusterView {
            name: "standby".to_owned(),
            endpoint: "https://127.0.0.1:6443".to_owned(),
            ca_pem: "PEM".to_owned(),
        },
        region: "us-west-2".to_owned(),
        people: People::default(),
    }
}

/// Sends one request signed with `key` for `region`, and gives the answer, errors in their protocol's shape.
fn call(cloud: &Cloud, key: &str, region: &str, request: http::request::Builder, body: &[u8]) -> Response<Body> {
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/x/aws4_request, SignedHeaders=host, Signature=0");
    let (head, ()) = request.header("authorization", authorization).body(()).expect("request").into_parts();
    let request = AwsRequest::read(&head, Bytes::copy_from_slice(body));
    cloud.answer(&request).unwrap_or_else(|error| error.answer(request.protocol))
}

async fn text(answer: Response<Body>) -> (u16, String) {
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("body");
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

async fn route53(cloud: &Cloud, request: http::request::Builder, body: &str) -> (u16, String) {
    let (status, text) = text(call(cloud, ADMIN, "us-east-1", request, body.as_bytes())).await;
    (status, text.replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""))
}

async fn ssm(cloud: &Cloud, key: &str, operation: &str, body: Value) -> (u16, Value) {
    let request = http::Request::post("/").header("x-amz-target", format!("AmazonSSM.{operation}"));
    let (status, text) = text(call(cloud, key, "us-west-2", request, body.to_string().as_bytes())).await;
    (status, serde_json::from_str(&text).expect("JSON"))
}

const GET: &str = "/2013-04-01/healthcheck/HC";

#[tokio::test]
async fn a_health_check_reads_as_the_sample_does() {
    let expected = concat!(
        r#"<GetHealthCheckResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HealthCheck><Id>HC</Id><CallerReference>holdfast-primary</CallerReference>"#,
        "<HealthCheckConfig><Port>443</Port><Type>HTTPS</Type><ResourcePath>/api/v1/status</ResourcePath>",
        "<FullyQualifiedDomainName>primary.logscale.example</FullyQualifiedDomainName>",
        "<RequestInterval>10</RequestInterval><FailureThreshold>3</FailureThreshold><MeasureLatency>false</MeasureLatency>",
        "<Inverted>false</Inverted><Disabled>false</Disabled><EnableSNI>true</EnableSNI></HealthCheckConfig>",
        "<HealthCheckVersion>1</HealthCheckVersion></HealthCheck></GetHealthCheckResponse>",
    );
    assert_eq!(route53(&cloud(), http::Request::get(GET), "").await, (200, expected.to_owned()));
}

/// The lock request of docs/reference/aws.md#wire-samples, for a version.
fn lock(version: u64) -> String {
    format!(
        r#"<UpdateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HealthCheckVersion>{version}</HealthCheckVersion><FullyQualifiedDomainName>failover-locked.invalid</FullyQualifiedDomainName></UpdateHealthCheckRequest>"#
    )
}

#[tokio::test]
async fn the_lock_changes_the_name_alone_and_makes_the_next_version() {
    let cloud = cloud();
    let (status, text) = route53(&cloud, http::Request::post(GET), &lock(1)).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("<FullyQualifiedDomainName>failover-locked.invalid<") && text.contains("<Port>443<"),
        "{text}"
    );
    assert!(text.contains("<HealthCheckVersion>2<"), "{text}");
}

#[tokio::test]
async fn an_old_version_is_a_conflict_and_nothing_is_written() {
    let cloud = cloud();
    route53(&cloud, http::Request::post(GET), &lock(1)).await;
    let (status, text) = route53(&cloud, http::Request::post(GET), &lock(1).replace("failover-locked", "other")).await;
    assert_eq!(status, 409);
    assert!(text.starts_with(r#"<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>HealthCheckVersionMismatch</Code><Message>"#), "{text}");
    assert_eq!(cloud.world.health_check().config.name.as_deref(), Some("failover-locked.invalid"));
    assert_eq!(cloud.world.health_check().version, 2);
}

#[tokio::test]
async fn sixteen_checkers_report_each_in_a_sentence() {
    let (status, text) = route53(&cloud(), http::Request::get(format!("{GET}/status")), "").await;
    assert_eq!(status, 200);
    assert_eq!(text.matches("<Status>Success: HTTP Status Code: 200.").count(), 16);
    assert_eq!(text.matches("<Region>eu-west-1</Region>").count(), 2);
}

#[tokio::test]
async fn an_unknown_check_is_not_found() {
    let (status, text) = route53(&cloud(), http::Request::get("/2013-04-01/healthcheck/none"), "").await;
    assert_eq!(status, 404);
    assert!(text.contains("<Code>NoSuchHealthCheck</Code>"), "{text}");
}

#[tokio::test]
async fn tags_are_added_and_removed() {
    let cloud = cloud();
    let path = "/2013-04-01/tags/healthcheck/HC";
    let add =
        "<R><AddTags><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></AddTags></R>";
    route53(&cloud, http::Request::post(path), add).await;
    route53(&cloud, http::Request::post(path), "<R><RemoveTagKeys><Key>a</Key></RemoveTagKeys></R>").await;
    let (_, text) = route53(&cloud, http::Request::get(path), "").await;
    assert!(text.contains("<Tags><Tag><Key>b</Key><Value>2</Value></Tag></Tags>"), "{text}");
}

#[tokio::test]
async fn a_parameter_is_made_once_and_overwritten_only_when_asked_to() {
    let cloud = cloud();
    let put = |overwrite: bool, value: &str| json!({"Name": "/dr/last", "Value": value, "Type": "String", "Overwrite": overwrite});
    assert_eq!(
        ssm(&cloud, ADMIN, "PutParameter", put(false, "1")).await,
        (200, json!({"Version": 1, "Tier": "Standard"}))
    );
    let (status, refusal) = ssm(&cloud, ADMIN, "PutParameter", put(false, "2")).await;
    assert_eq!((status, &refusal["__type"]), (400, &json!("ParameterAlreadyExists")));
    assert_eq!(ssm(&cloud, ADMIN, "PutParameter", put(true, "2")).await.1["Version"], 2);
    let (_, got) = ssm(&cloud, ADMIN, "GetParameter", json!({"Name": "/dr/last:1"})).await;
    assert_eq!((&got["Parameter"]["Value"], &got["Parameter"]["Selector"]), (&json!("1"), &json!(":1")));
}

#[tokio::test]
async fn the_function_may_do_what_the_policy_says_and_nothing_else() {
    let cloud = cloud();
    let (status, refusal) = ssm(&cloud, FUNCTION, "GetParameter", json!({"Name": "/dr/last"})).await;
    assert_eq!((status, &refusal["__type"]), (400, &json!("ParameterNotFound")), "allowed, and not there");
    let (_, refusal) = ssm(&cloud, FUNCTION, "GetParameter", json!({"Name": "/dr/other"})).await;
    assert_eq!(refusal["__type"], "AccessDeniedException");
    let answer = call(&cloud, FUNCTION, "us-east-1", http::Request::delete(GET), b"");
    assert_eq!(answer.status(), 403);
    let denied: Vec<String> = cloud.authority.denied().into_iter().map(|denied| denied.action).collect();
    assert_eq!(denied, ["route53:DeleteHealthCheck", "ssm:GetParameter"]);
    assert!(cloud.authority.used().contains(&("KeepCooldown".to_owned(), "ssm:GetParameter".to_owned())));
}

#[tokio::test]
async fn an_unknown_key_and_no_signature_are_refused() {
    let cloud = cloud();
    assert_eq!(call(&cloud, "NOBODY", "us-east-1", http::Request::get(GET), b"").status(), 403);
    let (head, ()) = http::Request::get(GET).body(()).expect("request").into_parts();
    let unsigned = AwsRequest::read(&head, Bytes::new());
    assert_eq!(cloud.answer(&unsigned).expect_err("refused").code, "MissingAuthenticationToken");
}

#[tokio::test]
async fn eks_tells_the_endpoint_and_the_authority_of_its_one_cluster() {
    let cloud = cloud();
    let (status, text) = text(call(&cloud, FUNCTION, "us-west-2", http::Request::get("/clusters/standby"), b"")).await;
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(status, 200);
    assert_eq!(body["cluster"]["certificateAuthority"]["data"], "UEVN");
    assert_eq!(
        (&body["cluster"]["endpoint"], &body["cluster"]["status"]),
        (&json!("https://127.0.0.1:6443"), &json!("ACTIVE"))
    );
    let answer = call(&cloud, ADMIN, "us-east-1", http::Request::get("/clusters/standby"), b"");
    assert_eq!(answer.headers()["x-amzn-errortype"], "ResourceNotFoundException");
    assert_eq!(answer.status(), 404);
}

fn query(period: i64) -> Value {
    let now = time::now().as_second();
    let stat = |stat: &str| {
        let metric = json!({"Namespace": "AWS/Route53", "MetricName": "HealthCheckStatus", "Dimensions": [{"Name": "HealthCheckId", "Value": "HC"}]});
        json!({"Id": stat.to_lowercase(), "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}})
    };
    json!({"StartTime": now - 200, "EndTime": now, "ScanBy": "TimestampAscending", "MetricDataQueries": [stat("Minimum"), stat("Maximum")]})
}

fn cbor_bytes(body: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(body, &mut bytes).expect("memory");
    bytes
}

async fn metric_data(cloud: &Cloud, region: &str) -> (u16, Value, http::HeaderMap) {
    let request = http::Request::post("/service/GraniteServiceVersion20100801/operation/GetMetricData");
    let answer = call(cloud, ADMIN, region, request, &cbor_bytes(&query(60)));
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("body");
    (status, super::tree::read_cbor(&bytes).expect("CBOR"), headers)
}

#[tokio::test]
async fn both_statistics_come_in_one_cbor_answer_with_its_protocol_named() {
    let cloud = cloud();
    cloud.world.publish_history(&[Past::Healthy, Past::Mixed, Past::Failing]);
    let (status, body, headers) = metric_data(&cloud, "us-east-1").await;
    assert_eq!((status, &headers["smithy-protocol"]), (200, &http::HeaderValue::from_static("rpc-v2-cbor")));
    let results = body["MetricDataResults"].as_array().expect("results");
    let newest =
        |values: &Value| values.as_array().expect("values").iter().rev().take(2).rev().cloned().collect::<Vec<_>>();
    assert_eq!(newest(&results[0]["Values"]), [json!(0.0), json!(0.0)]);
    assert_eq!(newest(&results[1]["Values"]), [json!(1.0), json!(0.0)]);
    assert_eq!(results[1]["StatusCode"], "Complete");
}

#[tokio::test]
async fn hours_of_more_than_a_year_are_put_together_from_what_there_is() {
    let cloud = cloud();
    cloud.world.publish_history(&[Past::Healthy, Past::Mixed, Past::Failing]);
    let mut asked = query(3600);
    let now = time::now().as_second();
    asked["StartTime"] = (now - 455 * 86_400).into();
    asked["EndTime"] = (now + 3600).into();
    let request = http::Request::post("/").header("x-amz-target", "GraniteServiceVersion20100801.GetMetricData");
    let (status, text) = text(call(&cloud, ADMIN, "us-east-1", request, asked.to_string().as_bytes())).await;
    let body: Value = serde_json::from_str(&text).expect("JSON");
    let best = &body["MetricDataResults"][1];
    let hours = best["Timestamps"].as_array().expect("times");
    assert!(status == 200 && (1..=2).contains(&hours.len()), "{body}");
    assert!(hours.iter().all(|hour| hour.as_f64().expect("number") % 3600.0 == 0.0), "{body}");
    assert!(best["Values"].as_array().expect("values").contains(&json!(1.0)), "{body}");
}

#[tokio::test]
async fn the_same_answer_comes_in_json_with_numbers_for_times() {
    let cloud = cloud();
    let request = http::Request::post("/").header("x-amz-target", "GraniteServiceVersion20100801.GetMetricData");
    let (_, text) = text(call(&cloud, ADMIN, "us-east-1", request, query(60).to_string().as_bytes())).await;
    let body: Value = serde_json::from_str(&text).expect("JSON");
    let newest = body["MetricDataResults"][0]["Timestamps"]
        .as_array()
        .expect("times")
        .last()
        .and_then(Value::as_f64)
        .expect("number");
    let age = time::now().duration_since(Timestamp::from_second(newest as i64).expect("time")).as_secs();
    assert!((60..=121).contains(&age), "{age}");
}

#[tokio::test]
async fn another_region_knows_nothing_of_the_metric() {
    let (_, body, _) = metric_data(&cloud(), "us-west-2").await;
    assert_eq!(body["MetricDataResults"][0]["Values"], json!([]));
}

#[tokio::test]
async fn lost_metrics_are_empty_and_failing_ones_an_error_that_a_cbor_client_understands() {
    let cloud = cloud();
    cloud.world.set_metrics(MetricsMode::Lost);
    assert_eq!(metric_data(&cloud, "us-east-1").await.1["MetricDataResults"][0]["Values"], json!([]));
    cloud.world.set_metrics(MetricsMode::Failing);
    let (status, body, headers) = metric_data(&cloud, "us-east-1").await;
    assert_eq!((status, &body["__type"]), (500, &json!("InternalServiceFault")));
    assert_eq!(headers["x-amzn-query-error"], "InternalServiceFault;Receiver");
}
