//! The wires of Azure, answer by answer, after the samples of docs/reference/azure.md.

mod common;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Caller, text};
use holdfast_simulator::clouds::azure::{self, AKS_AUDIENCE, Azure, OPERATOR_ID, PRINCIPAL_ID, STORAGE_AUDIENCE};
use holdfast_simulator::faults::Fault;
use holdfast_simulator::world::{MetricsMode, Outage, Past, Site};
use holdfast_simulator::{Options, Simulator};
use http::Request;
use serde_json::{Value, json};

const ARM: &str = "https://management.azure.com";
const QUEUE: &str = "holdfast-work";

async fn start(options: Options) -> (Simulator, Caller) {
    let simulator = Simulator::start(Options { cloud: &Azure, ..options }).await.expect("simulator");
    simulator.world().set_scheduler(false);
    let caller = Caller::new(&simulator);
    (simulator, caller)
}

/// A call of Resource Manager as the function: status and document.
async fn arm(simulator: &Simulator, caller: &Caller, method: &str, path: &str, body: &'static str) -> (u16, Value) {
    let azure = simulator.azure().expect("Azure");
    let bearer = format!("Bearer {}", azure.function_token(ARM));
    let request = Request::builder().method(method).uri(format!("{}{path}", azure.arm_endpoint()));
    let answer = caller.send(request.header("authorization", bearer), body).await.expect("answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&text(answer).await).expect("JSON"))
}

fn endpoint() -> String {
    format!("{}/externalEndpoints/primary?api-version=2022-04-01", azure::profile_id())
}

const DISABLE: &str = r#"{"properties":{"endpointStatus":"Disabled"}}"#;

#[tokio::test]
async fn an_endpoint_is_disabled_by_one_patch_and_read_back_in_any_case() {
    let (simulator, caller) = start(Options::default()).await;
    let (status, before) = arm(&simulator, &caller, "GET", &endpoint(), "").await;
    assert_eq!((status, &before["properties"]["endpointMonitorStatus"]), (200, &json!("Online")));
    assert_eq!(before["type"], "Microsoft.Network/trafficManagerProfiles/externalEndpoints");
    let (status, after) = arm(&simulator, &caller, "PATCH", &endpoint(), DISABLE).await;
    assert_eq!((status, &after["properties"]["endpointStatus"]), (200, &json!("Disabled")));
    assert_eq!(after["properties"]["target"], before["properties"]["target"], "the whole object comes back");
    let (_, again) = arm(&simulator, &caller, "GET", &endpoint().to_lowercase(), "").await;
    assert_eq!(again["properties"]["endpointMonitorStatus"], "Disabled");
    let snapshot = simulator.world().snapshot();
    assert_eq!((snapshot.lock.on, snapshot.lock.writes), (true, 1));
    let names: Vec<String> = simulator.calls().all().into_iter().map(|call| call.name).collect();
    assert_eq!(names[1], "arm:PATCH:trafficManagerProfiles/externalEndpoints");
}

#[tokio::test]
async fn the_profile_lists_its_endpoints_and_the_standbys_is_degraded_as_it_should_be() {
    let (simulator, caller) = start(Options::default()).await;
    let (status, profile) =
        arm(&simulator, &caller, "GET", &format!("{}?api-version=2022-04-01", azure::profile_id()), "").await;
    let properties = &profile["properties"];
    assert_eq!((status, &properties["monitorConfig"]["profileMonitorStatus"]), (200, &json!("Degraded")));
    let states: Vec<&Value> = properties["endpoints"]
        .as_array()
        .expect("list")
        .iter()
        .map(|e| &e["properties"]["endpointMonitorStatus"])
        .collect();
    assert_eq!(states, [&json!("Online"), &json!("Degraded")]);
}

#[tokio::test]
async fn what_the_roles_do_not_allow_is_refused_and_noted() {
    let (simulator, caller) = start(Options::default()).await;
    let other = endpoint().replace(azure::PROFILE_NAME, "somebody-elses");
    let (status, error) = arm(&simulator, &caller, "PATCH", &other, DISABLE).await;
    assert_eq!((status, &error["error"]["code"]), (403, &json!("AuthorizationFailed")));
    let (status, _) =
        arm(&simulator, &caller, "PATCH", &format!("{}?api-version=2022-04-01", azure::profile_id()), "{}").await;
    assert_eq!(status, 403);
    assert_eq!(simulator.refused().len(), 2);
    assert!(
        simulator
            .refused()
            .iter()
            .any(|refused| refused.starts_with("Microsoft.Network/trafficManagerProfiles/write on "))
    );
}

#[tokio::test]
async fn a_call_without_version_token_or_resource_is_refused_in_arms_shape() {
    let (simulator, caller) = start(Options::default()).await;
    let code = |answer: (u16, Value)| (answer.0, answer.1["error"]["code"].as_str().expect("code").to_owned());
    let bare = endpoint().replace("?api-version=2022-04-01", "");
    assert_eq!(code(arm(&simulator, &caller, "GET", &bare, "").await), (400, "MissingApiVersionParameter".to_owned()));
    let absent = endpoint().replace("/primary?", "/tertiary?");
    assert_eq!(code(arm(&simulator, &caller, "GET", &absent, "").await), (404, "ResourceNotFound".to_owned()));
    let azure = simulator.azure().expect("Azure");
    let url = format!("{}{}", azure.arm_endpoint(), endpoint());
    assert_eq!(caller.get(&url).await.expect("answer").status(), 401);
    let wrong = format!("Bearer {}", azure.function_token(STORAGE_AUDIENCE));
    let answer = caller.send(Request::get(&url).header("authorization", wrong), "").await.expect("answer");
    assert_eq!(answer.status(), 401, "another service's token");
}

#[tokio::test]
async fn throttling_says_when_to_come_again_and_has_no_effect() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.faults().once("arm:PATCH:*", Fault::throttled_by_arm());
    let (status, error) = arm(&simulator, &caller, "PATCH", &endpoint(), DISABLE).await;
    assert_eq!((status, &error["error"]["code"]), (429, &json!("TooManyRequests")));
    assert!(!simulator.world().snapshot().lock.on);
}

/// The question for the endpoint's state in the last few (real) seconds.
fn metrics(interval: &str, endpoint: &str) -> String {
    let now = holdfast_simulator::time::now();
    let at = |seconds: i64| {
        let at = if seconds < 0 {
            now - Duration::from_secs(seconds.unsigned_abs())
        } else {
            now + Duration::from_secs(seconds as u64)
        };
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    format!(
        "{}/providers/Microsoft.Insights/metrics?api-version=2024-02-01&metricnames=ProbeAgentCurrentEndpointStateByProfileResourceId\
         &timespan={}/{}&interval={interval}&aggregation=Average,Minimum,Maximum&$filter=EndpointName%20eq%20'{endpoint}'",
        azure::profile_id(),
        at(-6),
        at(1)
    )
}

#[tokio::test]
async fn a_minute_takes_a_second_and_a_minute_without_samples_has_only_its_time() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.world().set_metrics(MetricsMode::Stale);
    simulator.world().publish_history(&[Past::Healthy, Past::Missing, Past::Failing, Past::Mixed]);
    let (status, document) = arm(&simulator, &caller, "GET", &metrics("PT1S", "primary"), "").await;
    assert_eq!((status, &document["interval"]), (200, &json!("PT1S")));
    let series = &document["value"][0]["timeseries"][0];
    assert_eq!(
        series["metadatavalues"][0],
        json!({"name": {"value": "endpointname", "localizedValue": "endpointname"}, "value": "primary"})
    );
    let data = series["data"].as_array().expect("points");
    let averages: Vec<Option<f64>> = data.iter().map(|point| point["average"].as_f64()).collect();
    let at = averages.windows(4).position(|four| four[0] == Some(1.0) && four[1].is_none() && four[2] == Some(0.0));
    let mixed = &data[at.expect("the history that was published") + 3];
    assert_eq!((&mixed["minimum"], &mixed["maximum"]), (&json!(0.0), &json!(1.0)));
    assert_eq!(data.last().and_then(Value::as_object).map(serde_json::Map::len), Some(1), "the newest has no data yet");
    let (status, whole) = arm(&simulator, &caller, "GET", &metrics("PT1M", "primary"), "").await;
    assert_eq!((status, &whole["interval"]), (200, &json!("PT1M")), "clients may ask for real minutes");
    let (status, error) = arm(&simulator, &caller, "GET", &metrics("PT0.5S", "primary"), "").await;
    assert_eq!((status, &error["error"]["code"]), (400, &json!("BadRequest")));
    let (_, nobody) = arm(&simulator, &caller, "GET", &metrics("PT1S", "somebody"), "").await;
    assert_eq!(nobody["value"][0]["timeseries"], json!([]));
}

#[tokio::test]
async fn lost_and_failing_metrics_look_as_they_should() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.world().set_metrics(MetricsMode::Lost);
    let (status, document) = arm(&simulator, &caller, "GET", &metrics("PT1S", "primary"), "").await;
    assert_eq!((status, &document["value"][0]["timeseries"]), (200, &json!([])));
    simulator.world().set_metrics(MetricsMode::Failing);
    assert_eq!(arm(&simulator, &caller, "GET", &metrics("PT1S", "primary"), "").await.0, 500);
}

#[tokio::test]
async fn a_disabled_endpoint_is_never_answered_though_it_is_well() {
    let (simulator, caller) = start(Options::default()).await;
    arm(&simulator, &caller, "PATCH", &endpoint(), DISABLE).await;
    while simulator.world().resolve_global() == Site::Primary {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(simulator.world().resolve_global(), Site::Standby);
    assert!(simulator.world().snapshot().primary.is_none());
}

async fn kubeconfig(simulator: &Simulator, caller: &Caller) -> String {
    let path = format!("{}/listClusterUserCredential?api-version=2024-09-01", azure::cluster_id());
    let (status, document) = arm(simulator, caller, "POST", &path, "").await;
    assert_eq!((status, &document["kubeconfigs"][0]["name"]), (200, &json!("clusterUser")));
    let value = document["kubeconfigs"][0]["value"].as_str().expect("base64");
    String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text")
}

#[tokio::test]
async fn the_cluster_takes_the_tenants_tokens_for_aks_and_no_others() {
    let (simulator, caller) = start(Options::default()).await;
    let config = kubeconfig(&simulator, &caller).await;
    assert!(config.contains("command: kubelogin") && config.contains(&simulator.kubernetes_endpoint()), "{config}");
    let azure = simulator.azure().expect("Azure");
    let url =
        format!("{}/apis/coordination.k8s.io/v1/namespaces/logging/leases/holdfast", simulator.kubernetes_endpoint());
    let ask = async |token: String| {
        let request = Request::get(&url).header("authorization", format!("Bearer {token}"));
        caller.send(request, "").await.expect("answer").status().as_u16()
    };
    assert_eq!(ask(azure.function_token(AKS_AUDIENCE)).await, 200);
    assert_eq!(ask(azure.function_token(ARM)).await, 401);
    assert_eq!(ask("eyJ.eyJ.x".to_owned()).await, 401);
    azure.identity().issuer().set_life(Duration::ZERO);
    assert_eq!(ask(azure.function_token(AKS_AUDIENCE)).await, 401, "expired");
    assert_eq!(simulator.cluster().audit()[0].user, PRINCIPAL_ID);
    assert_ne!(PRINCIPAL_ID, OPERATOR_ID);
}

#[tokio::test]
async fn a_cluster_without_entra_gives_a_certificate_that_opens_it() {
    let (simulator, caller) = start(Options { client_certificate: true, ..Options::default() }).await;
    let config = kubeconfig(&simulator, &caller).await;
    let part = |name: &str| {
        let line = config.lines().find_map(|line| line.trim().strip_prefix(name)).expect("a line");
        STANDARD.decode(line.trim()).expect("base64")
    };
    let (certificate, key) = (part("client-certificate-data:"), part("client-key-data:"));
    let with = Caller::with_certificate(&simulator, &certificate, &key);
    let url = format!("{}/api/v1/namespaces/logging/secrets", simulator.kubernetes_endpoint());
    assert_eq!(with.get(&url).await.expect("answer").status(), 200);
    assert_eq!(caller.get(&url).await.expect("answer").status(), 403, "anonymous");
    assert_eq!(simulator.cluster().audit()[0].user, "masterclient");
    let token = simulator.azure().expect("Azure").function_token(AKS_AUDIENCE);
    let answer = caller.send(Request::get(&url).header("authorization", format!("Bearer {token}")), "").await;
    assert_eq!(answer.expect("answer").status(), 401, "no Entra here");
}

fn storage(simulator: &Simulator, method: &str, url: String) -> http::request::Builder {
    with(simulator.azure().expect("Azure").function_token(STORAGE_AUDIENCE), method, url)
}

fn with(token: String, method: &str, url: String) -> http::request::Builder {
    let request = Request::builder().method(method).uri(url).header("authorization", format!("Bearer {token}"));
    request.header("x-ms-version", "2024-11-04").header("x-ms-blob-type", "BlockBlob")
}

#[tokio::test]
async fn a_message_can_be_put_with_a_delay_and_nothing_else_is_allowed() {
    let (simulator, caller) = start(Options::default()).await;
    let azure = simulator.azure().expect("Azure");
    let url = format!("{}/{QUEUE}/messages", azure.queue_endpoint());
    let body = "<QueueMessage><MessageText>e30=</MessageText></QueueMessage>";
    let put = caller.send(storage(&simulator, "POST", format!("{url}?visibilitytimeout=3600")), body).await;
    assert_eq!(put.expect("answer").status(), 201);
    let message = &azure.queues().messages(QUEUE)[0];
    assert_eq!((message.text.as_str(), message.count), ("e30=", 0));
    assert!(message.visible.duration_since(message.inserted).as_secs() >= 3600);
    let got = caller.send(storage(&simulator, "GET", url), "").await.expect("answer");
    assert_eq!(
        (got.status().as_u16(), got.headers()["x-ms-error-code"].to_str().expect("text").to_owned()),
        (403, "AuthorizationPermissionMismatch".to_owned())
    );
    let other = format!("{}/other-queue/messages", azure.queue_endpoint());
    assert_eq!(caller.send(storage(&simulator, "POST", other), body).await.expect("answer").status(), 403);
}

#[tokio::test]
async fn a_blob_is_written_by_compare_and_set() {
    let (simulator, caller) = start(Options::default()).await;
    let azure = simulator.azure().expect("Azure");
    let url = format!("{}/{}/last", azure.blob_endpoint(), azure::STATE_CONTAINER);
    let put = |condition: (&'static str, &'static str)| {
        caller.send(storage(&simulator, "PUT", url.clone()).header(condition.0, condition.1), "1")
    };
    assert_eq!(put(("if-none-match", "*")).await.expect("answer").status(), 201);
    assert_eq!(put(("if-none-match", "*")).await.expect("answer").status(), 409);
    assert_eq!(put(("if-match", "\"0x0\"")).await.expect("answer").status(), 412);
    assert_eq!(azure.blobs().text(azure::STATE_CONTAINER, "last").as_deref(), Some("1"));
}

/// The answers are Azurite's, as `real_azurite.rs` sees them.
#[tokio::test]
async fn an_operator_makes_queues_and_containers_and_reads_a_part_of_a_blob() {
    let (simulator, caller) = start(Options::default()).await;
    let azure = simulator.azure().expect("Azure");
    let (queue, container) = (format!("{}/q", azure.queue_endpoint()), format!("{}/c", azure.blob_endpoint()));
    let (make, blob, messages) =
        (format!("{container}?restype=container"), format!("{container}/b"), format!("{queue}/messages"));
    let ask = async |method, url: &String, range: &str| {
        let request = with(azure.operator_token(STORAGE_AUDIENCE), method, url.clone()).header("x-ms-range", range);
        let answer = caller.send(request, "").await.expect("answer");
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        (answer.status().as_u16(), header("x-ms-error-code").or(header("content-range")).unwrap_or_default())
    };
    assert_eq!(ask("GET", &messages, "").await, (404, "QueueNotFound".to_owned()));
    assert_eq!((ask("PUT", &queue, "").await.0, ask("PUT", &queue, "").await.0), (201, 204));
    assert_eq!(ask("GET", &messages, "").await.0, 200);
    assert_eq!(ask("PUT", &make, "").await.0, 201);
    assert_eq!(ask("PUT", &make, "").await, (409, "ContainerAlreadyExists".to_owned()));
    assert_eq!(ask("PUT", &blob, "").await.0, 201);
    assert_eq!(ask("GET", &blob, "bytes=0-99").await, (416, "InvalidRange".to_owned()));
    azure.blobs().put_text("c", "b", "0123456789");
    assert_eq!(ask("GET", &blob, "bytes=2-5").await, (206, "bytes 2-5/10".to_owned()));
    assert_eq!(ask("GET", &blob, "bytes=0-33554431").await, (206, "bytes 0-9/10".to_owned()));
    assert_eq!(ask("GET", &blob, "").await, (200, String::new()));
}

#[tokio::test]
async fn an_outage_degrades_the_endpoint_and_moves_dns_only_to_a_standby_that_serves() {
    let (simulator, caller) = start(Options::default()).await;
    simulator.world().break_primary(Outage::Refuse);
    simulator.world().settle_checkers();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (_, found) = arm(&simulator, &caller, "GET", &endpoint(), "").await;
    assert_eq!(found["properties"]["endpointMonitorStatus"], "Degraded");
    assert_eq!(simulator.world().resolve_global(), Site::Primary, "both are degraded: best effort");
}
