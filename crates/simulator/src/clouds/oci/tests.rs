//! The wires, answer by answer, with requests that are signed here by hand.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::agent::{FnAgent, Func, Settings};
use super::principals::Seat;
use super::*;
use crate::calls::CallLog;
use crate::faults::Faults;
use crate::host::HostSlot;
use crate::people::People;
use crate::time::{Pace, plus};
use crate::timeline::Timeline;
use crate::world::{Past, Point};

const HOST: &str = "localhost:1";
const POLICY: &str = "/us-chicago-1/20180115/steeringPolicies/ocid1.dnspolicy.oc1..aaaasimulatedpolicy";

fn cloud() -> Cloud {
    let (pace, timeline) = (Pace::new(1.0), Timeline::new());
    let (principals, judge) = (Principals::new().expect("keys"), services::judge().expect("the shipped policy"));
    let func = Func::shipped().expect("the shipped file");
    let settings = Settings { executable: None, timeout: func.timeout(), func, pace };
    let gate = Gate {
        calls: CallLog::default(),
        faults: Faults::default(),
        timeline: timeline.clone(),
        host: HostSlot::default(),
        way_out: crate::way_out::WayOut::default(),
        delay: Duration::ZERO,
    };
    let agent = FnAgent::new(settings, 1, timeline.clone(), principals.clone(), judge.clone());
    let world = World::new(backend::world(time::now(), pace, 1), timeline, pace);
    let server = ExternalCluster { endpoint: "https://localhost:6443".to_owned(), ca_pem: "CA".to_owned() };
    Cloud { gate, world, principals, judge, agent, server, unsigned: Unsigned::default(), people: People::default() }
}

/// Who signs, and when.
struct Signer {
    key_id: String,
    pem: String,
    date: Timestamp,
}

impl Signer {
    fn operator(cloud: &Cloud) -> Self {
        let (key_id, pem) = (cloud.principals.operator_key_id(), cloud.principals.operator_key().to_owned());
        Self { key_id, pem, date: time::now() }
    }

    fn function(seat: &Seat) -> Self {
        let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("a file");
        Self { key_id: format!("ST${}", read(&seat.token)), pem: read(&seat.key), date: time::now() }
    }

    fn date(&self) -> String {
        self.date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn authorization(&self, lines: &[(&str, String)]) -> String {
        let text: Vec<String> = lines.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        let pair = RsaKeyPair::from_pkcs8(pem::parse(&self.pem).expect("PEM").contents()).expect("a key");
        let mut signature = vec![0; pair.public_modulus_len()];
        let text = text.join("\n");
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signed");
        format!(
            "Signature version=\"1\",keyId=\"{}\",algorithm=\"rsa-sha256\",headers=\"{}\",signature=\"{}\"",
            self.key_id,
            names.join(" "),
            STANDARD.encode(signature)
        )
    }

    fn request(&self, method: &str, target: &str, body: Option<&str>) -> Request<Body> {
        let request_target = format!("{} {target}", method.to_lowercase());
        let mut lines = vec![("date", self.date()), ("(request-target)", request_target), ("host", HOST.to_owned())];
        if let Some(body) = body {
            lines.push(("content-length", body.len().to_string()));
            lines.push(("content-type", "application/json".to_owned()));
            lines.push(("x-content-sha256", STANDARD.encode(Sha256::digest(body))));
        }
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in lines.iter().filter(|(name, _)| !name.starts_with('(')) {
            request = request.header(*name, value);
        }
        let request = request.header("authorization", self.authorization(&lines));
        request.body(Body::from(body.unwrap_or_default().to_owned())).expect("a request")
    }
}

async fn send(cloud: &Cloud, request: Request<Body>) -> (u16, Value, Response<()>) {
    let answer = cloud.handle(request).await.expect("an answer");
    let (head, body) = answer.into_parts();
    let text = to_bytes(body, usize::MAX).await.expect("body");
    let said = serde_json::from_slice(&text).unwrap_or_else(|_| String::from_utf8_lossy(&text).into());
    (head.status.as_u16(), said, Response::from_parts(head, ()))
}

async fn ask(cloud: &Cloud, method: &str, target: &str, body: Option<&Value>) -> (u16, Value) {
    let body = body.map(Value::to_string);
    let (status, said, _) = send(cloud, Signer::operator(cloud).request(method, target, body.as_deref())).await;
    (status, said)
}

#[tokio::test]
async fn a_policy_is_read_with_its_version_and_written_only_where_that_is_the_same() {
    let cloud = cloud();
    let signer = Signer::operator(&cloud);
    let (status, policy, head) = send(&cloud, signer.request("GET", POLICY, None)).await;
    let etag = head.headers()["etag"].clone();
    assert_eq!((status, policy["lifecycleState"].as_str()), (200, Some("ACTIVE")));
    assert!(etag.to_str().expect("text").starts_with('"') && head.headers().contains_key("opc-request-id"));
    let mut answers = policy["answers"].clone();
    (answers[0]["isDisabled"], answers[1]["isDisabled"]) = (true.into(), false.into());
    let body = json!({"answers": answers, "rules": policy["rules"], "template": "CUSTOM", "ttl": 60}).to_string();
    let put = |etag: &str| {
        let mut request = signer.request("PUT", POLICY, Some(&body));
        request.headers_mut().insert("if-match", etag.parse().expect("a value"));
        request
    };
    let (status, said, _) = send(&cloud, put("\"another\"")).await;
    assert_eq!((status, said["code"].as_str()), (412, Some("NoEtagMatch")));
    let (status, said, _) = send(&cloud, put(etag.to_str().expect("text"))).await;
    assert_eq!(
        (status, said["lifecycleState"].as_str(), said["answers"][0]["isDisabled"].as_bool()),
        (200, Some("UPDATING"), Some(true))
    );
    assert!(cloud.world.snapshot().lock.on && cloud.world.snapshot().lock.writes == 1);
    let (status, said) = ask(&cloud, "PUT", POLICY, Some(&json!({"ttl": 30}))).await;
    assert_eq!((status, said["code"].as_str()), (409, Some("IncorrectState")));
}

#[tokio::test]
async fn a_request_that_is_not_signed_as_it_must_be_is_401() {
    let cloud = cloud();
    let body = json!({"ttl": 30}).to_string();
    let good = || Signer::operator(&cloud);
    let old = Signer { date: plus(time::now(), Duration::from_secs(301)), ..good() };
    let stranger = Signer { key_id: format!("{TENANCY_ID}/{OPERATOR_ID}/00"), ..good() };
    let other_key = Signer { pem: Signer::function(&cloud.principals.seat(7).expect("a seat")).pem, ..good() };
    let mut changed = good().request("PUT", POLICY, Some(&body));
    *changed.body_mut() = Body::from(body.replace("30", "31"));
    let mut other_sum = good().request("PUT", POLICY, Some(&body));
    other_sum.headers_mut().insert("x-content-sha256", STANDARD.encode(Sha256::digest("x")).parse().expect("a value"));
    let mut elsewhere = good().request("GET", POLICY, None);
    *elsewhere.uri_mut() = format!("{POLICY}?scope=GLOBAL").parse().expect("a target");
    let mut bare = good().request("GET", POLICY, None);
    bare.headers_mut().remove("authorization");
    // Signed as a GET is: the content is not.
    let lines = [("date", good().date()), ("(request-target)", format!("put {POLICY}")), ("host", HOST.to_owned())];
    let mut half = good().request("PUT", POLICY, Some(&body));
    half.headers_mut().insert("authorization", good().authorization(&lines).parse().expect("a value"));
    let bad = [
        old.request("GET", POLICY, None),
        stranger.request("GET", POLICY, None),
        other_key.request("GET", POLICY, None),
        changed,
        other_sum,
        elsewhere,
        bare,
        half,
    ];
    let count = bad.len();
    for (index, request) in bad.into_iter().enumerate() {
        let (status, said, _) = send(&cloud, request).await;
        assert_eq!((status, said["code"].as_str()), (401, Some("NotAuthenticated")), "{index}");
    }
    assert_eq!(cloud.unsigned.all().len(), count);
    assert_eq!(ask(&cloud, "PUT", POLICY, Some(&json!({"ttl": 30}))).await.0, 200);
}

#[tokio::test]
async fn a_key_that_was_replaced_is_refused_and_the_new_one_taken() {
    let cloud = cloud();
    let seat = cloud.principals.seat(1).expect("a seat");
    let before = Signer::function(&seat);
    assert_eq!(send(&cloud, before.request("GET", POLICY, None)).await.0, 200);
    cloud.principals.rotate().expect("rotated");
    assert_eq!(send(&cloud, before.request("GET", POLICY, None)).await.0, 401);
    assert_eq!(send(&cloud, Signer::function(&seat).request("GET", POLICY, None)).await.0, 200);
}

#[tokio::test]
async fn the_function_may_do_what_the_statements_say_and_the_rest_is_not_there() {
    let cloud = cloud();
    let function = Signer::function(&cloud.principals.seat(1).expect("a seat"));
    let cluster = format!("/20180222/clusters/{CLUSTER_ID}");
    let monitor = format!("/20180501/httpMonitors/{MONITOR_ID}");
    let other = "/20180115/steeringPolicies/ocid1.dnspolicy.oc1..another";
    for (target, expected) in [(POLICY, 200), (cluster.as_str(), 200), (monitor.as_str(), 200), (other, 404)] {
        let (status, said, _) = send(&cloud, function.request("GET", target, None)).await;
        assert_eq!(status, expected, "{target}: {said}");
    }
    let metrics = format!("/20180401/metrics/actions/summarizeMetricsData?compartmentId={COMPARTMENT_ID}");
    let body = json!({"namespace": LOAD_BALANCER_NAMESPACE, "query": "backendServers[1m].max()"}).to_string();
    let (status, said, _) = send(&cloud, function.request("POST", &metrics, Some(&body))).await;
    assert_eq!((status, said["code"].as_str()), (404, Some("NotAuthorizedOrNotFound")));
    assert_eq!(cloud.judge.refused().len(), 2, "{:?}", cloud.judge.refused());
    cloud.judge.revoke("move-traffic");
    assert_eq!(send(&cloud, function.request("GET", POLICY, None)).await.0, 404);
    let used: Vec<String> = cloud.judge.used().into_iter().map(|(statement, _)| statement).collect();
    assert!(used.contains(&"find-the-standby-cluster".to_owned()) && used.contains(&"read-probe-results".to_owned()));
}

async fn points(cloud: &Cloud, region: &str, namespace: &str, query: &str) -> Vec<f64> {
    let target = format!("/{region}/20180401/metrics/actions/summarizeMetricsData?compartmentId={COMPARTMENT_ID}");
    let ago = |seconds: i64| Timestamp::from_second(time::now().as_second() - seconds).expect("time").to_string();
    let body = json!({"namespace": namespace, "query": query, "startTime": ago(900), "endTime": ago(-120), "resolution": "1m"});
    let (status, said) = ask(cloud, "POST", &target, Some(&body)).await;
    assert_eq!(status, 200, "{said}");
    let points = said[0]["aggregatedDatapoints"].as_array().cloned().unwrap_or_default();
    points.iter().filter_map(|point| point["value"].as_f64()).collect()
}

fn health_query(statistic: &str) -> String {
    format!("HTTP.isHealthy[1m]{{resourceId = \"{MONITOR_ID}\"}}.groupBy(resourceId).{statistic}()")
}

#[tokio::test]
async fn the_monitors_metric_is_in_its_home_region_and_nowhere_else() {
    let cloud = cloud();
    cloud.world.publish_history(&[Past::Healthy, Past::Mixed, Past::Failing, Past::Missing]);
    let max = points(&cloud, STANDBY_REGION, HEALTH_CHECKS_NAMESPACE, &health_query("max")).await;
    assert_eq!(max[max.len() - 3..], [1.0, 1.0, 0.0]);
    let min = points(&cloud, STANDBY_REGION, HEALTH_CHECKS_NAMESPACE, &health_query("min")).await;
    assert_eq!(min[min.len() - 3..], [1.0, 0.0, 0.0]);
    assert!(points(&cloud, PRIMARY_REGION, HEALTH_CHECKS_NAMESPACE, &health_query("max")).await.is_empty());
    let other = health_query("max").replace(MONITOR_ID, "another");
    assert!(points(&cloud, STANDBY_REGION, HEALTH_CHECKS_NAMESPACE, &other).await.is_empty());
    cloud.world.set_metrics(crate::world::MetricsMode::Lost);
    assert!(points(&cloud, STANDBY_REGION, HEALTH_CHECKS_NAMESPACE, &health_query("max")).await.is_empty());
}

#[tokio::test]
async fn the_balancers_backends_are_counted_in_the_primarys_region() {
    let cloud = cloud();
    let last = time::now().as_second().div_euclid(60) * 60 - 60;
    cloud.world.with(|state| {
        let balancer = state.checks.get_mut(LOAD_BALANCER_ID).expect("watched");
        balancer.status.rewrite(last - 60, Some(Point::flat(1.0, 6)));
        balancer.status.rewrite(last, Some(Point::flat(0.0, 6)));
    });
    let of = |metric: &str, statistic: &str| {
        let dimensions = format!("resourceId = \"{LOAD_BALANCER_ID}\", backendSetName = \"{BACKEND_SET}\"");
        format!("{metric}[1m]{{{dimensions}}}.groupBy(backendSetName).{statistic}()")
    };
    let query = format!("{} - {}", of("backendServers", "max"), of("unhealthyBackendServers", "min"));
    assert_eq!(points(&cloud, PRIMARY_REGION, LOAD_BALANCER_NAMESPACE, &query).await, [2.0, 0.0]);
    assert!(points(&cloud, STANDBY_REGION, LOAD_BALANCER_NAMESPACE, &query).await.is_empty());
}

#[tokio::test]
async fn a_primary_region_that_is_gone_has_no_endpoint_and_a_metric_that_fails_is_500() {
    let cloud = cloud();
    let target =
        format!("/{PRIMARY_REGION}/20180401/metrics/actions/summarizeMetricsData?compartmentId={COMPARTMENT_ID}");
    let body = json!({"namespace": LOAD_BALANCER_NAMESPACE, "query": "backendServers[1m].max()"});
    assert_eq!(ask(&cloud, "POST", &target, Some(&body)).await, (200, json!([])));
    cloud.world.break_primary(Outage::Closed);
    let request = Signer::operator(&cloud).request("POST", &target, Some(&body.to_string()));
    assert!(cloud.handle(request).await.is_err());
    cloud.world.set_metrics(crate::world::MetricsMode::Failing);
    let here = target.replace(PRIMARY_REGION, STANDBY_REGION);
    assert_eq!(ask(&cloud, "POST", &here, Some(&body)).await.0, 500);
    assert_eq!(ask(&cloud, "POST", &here, Some(&json!({"namespace": "n", "query": "q"}))).await.0, 400);
}

#[tokio::test]
async fn each_vantage_point_has_its_newest_result() {
    let cloud = cloud();
    let results = format!("/{STANDBY_REGION}/20180501/httpProbeResults/{MONITOR_ID}");
    cloud.world.break_primary(Outage::Silent);
    cloud.world.settle_checkers();
    let (status, said) = ask(&cloud, "GET", &format!("{results}?limit=180&sortOrder=DESC"), None).await;
    let said = said.as_array().expect("a list").clone();
    assert_eq!((status, said.len()), (200, 16));
    assert!(said.iter().all(|result| result["isHealthy"] == false && result["isTimedOut"] == true));
    let (_, said) = ask(&cloud, "GET", &format!("{results}?startTimeGreaterThanOrEqualTo=99999999999999"), None).await;
    assert_eq!(said, json!([]));
    let elsewhere = results.replace(STANDBY_REGION, PRIMARY_REGION);
    let (status, said) = ask(&cloud, "GET", &elsewhere, None).await;
    assert_eq!((status, said["code"].as_str()), (403, Some("NotAllowed")));
}

#[tokio::test]
async fn a_cluster_has_a_private_endpoint_without_a_scheme_and_a_kubeconfig_for_it() {
    let cloud = cloud();
    let cluster = format!("/20180222/clusters/{CLUSTER_ID}");
    let (_, said) = ask(&cloud, "GET", &cluster, None).await;
    assert_eq!(
        (said["lifecycleState"].as_str(), said["endpoints"]["privateEndpoint"].as_str()),
        (Some("ACTIVE"), Some("localhost:6443"))
    );
    let of = |kind: &str| json!({"tokenVersion": "2.0.0", "endpoint": kind});
    let content = format!("{cluster}/kubeconfig/content");
    let (status, said) = ask(&cloud, "POST", &content, Some(&of("PRIVATE_ENDPOINT"))).await;
    assert!(status == 200 && said.as_str().is_some_and(|text| text.contains("generate-token")), "{said}");
    assert_eq!(ask(&cloud, "POST", &content, Some(&of("PUBLIC_ENDPOINT"))).await.0, 400);
}

/// A token for the cluster, as the CLI makes it.
fn bearer(signer: &Signer, cluster: &str) -> String {
    let host = format!("containerengine.{STANDBY_REGION}.oraclecloud.com");
    let path = format!("/cluster_request/{cluster}");
    let lines = [("date", signer.date()), ("(request-target)", format!("get {path}")), ("host", host.clone())];
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let authorization = encoded(&signer.authorization(&lines));
    URL_SAFE.encode(format!("https://{host}{path}?authorization={authorization}&date={}", encoded(&signer.date())))
}

#[test]
fn a_token_for_the_cluster_says_who_the_function_is_and_which_container_made_it() {
    let cloud = cloud();
    let seat = cloud.principals.seat(3).expect("a seat");
    let signer = Signer::function(&seat);
    let token = bearer(&signer, CLUSTER_ID);
    let review = |token: &str| oke::review(&cloud.principals, &cloud.judge, token, time::now());
    let who = review(&token).expect("known");
    assert_eq!(who.user, FUNCTION_ID);
    assert!(who.groups.iter().any(|group| group == DYNAMIC_GROUP_ID));
    assert_eq!(oke::session(&token), Some(seat.session.clone()));
    assert!(review(&bearer(&signer, "ocid1.cluster.oc1..another")).is_none());
    let old = Signer { date: plus(time::now(), Duration::from_secs(301)), ..Signer::function(&seat) };
    assert!(review(&bearer(&old, CLUSTER_ID)).is_none() && review("admin").is_none());
    cloud.judge.revoke("find-the-standby-cluster");
    assert!(review(&token).is_none(), "no statement lets it use the cluster");
}

/// Facts oci 5.5, V1: made by the Python SDK, with a key that grants nothing.
#[test]
fn the_sdks_own_signature_is_accepted() {
    let authorization = include_str!("sdk_signature.txt").trim();
    let public = STANDARD.decode(include_str!("sdk_public_key.txt").replace('\n', "")).expect("base64");
    let header = |name: &str| match name {
        "date" => Some("Thu, 01 Jan 2026 00:00:00 GMT".to_owned()),
        "host" => Some("dns.us-chicago-1.oci.oraclecloud.com".to_owned()),
        _ => None,
    };
    let target = "/20180115/steeringPolicies/ocid1.dnspolicy.oc1..aaaatestpolicy";
    let at: Timestamp = "2026-01-01T00:04:59Z".parse().expect("time");
    let read = Authorization::read(authorization).expect("an authorization");
    let verify = |method, now| read.verify(&Signed { method, target, header: &header, body: None }, &public, now);
    assert_eq!(verify("GET", at), Ok(()));
    assert!(verify("DELETE", at).is_err());
    assert!(verify("GET", plus(at, Duration::from_secs(2))).is_err());
}
