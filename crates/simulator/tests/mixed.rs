//! A mixed site: the function on AWS Lambda beside EKS, its traffic switched by Azure Traffic Manager.

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::{Caller, text};
use holdfast_simulator::clouds::azure::{Azure, CLIENT_ID, profile_id};
use holdfast_simulator::world::{Outage, Site};
use holdfast_simulator::{Options, Simulator, StartError, clouds};
use http::Request;
use serde_json::Value;

const ENDPOINT: &str = "/externalEndpoints/primary?api-version=2022-04-01";

async fn start() -> Simulator {
    let bootstrap = PathBuf::from(env!("CARGO_BIN_EXE_fake-bootstrap"));
    let options =
        Options { traffic: Some(&Azure), bootstrap: Some(bootstrap), pace: 600.0, ..Options::on(&clouds::aws::Aws) };
    Simulator::start(options).await.expect("simulator")
}

/// A token as the function gets one: with the client's secret that its variables hold.
async fn token(simulator: &Simulator, caller: &Caller, scope: &str) -> Value {
    let variables = simulator.function_env();
    let (host, tenant) = (&variables["AZURE_AUTHORITY_HOST"], &variables["AZURE_TENANT_ID"]);
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope={scope}",
        variables["AZURE_CLIENT_ID"], variables["AZURE_CLIENT_SECRET"]
    );
    let request = Request::post(format!("{host}/{tenant}/oauth2/v2.0/token"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = caller.send(request, form.leak()).await.expect("answer");
    serde_json::from_str(&text(answer).await).expect("JSON")
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain: {what}");
}

#[tokio::test]
async fn the_function_is_told_both_clouds() {
    let simulator = start().await;
    let variables = simulator.function_env();
    assert_eq!((simulator.cloud().name(), simulator.traffic_cloud().name()), ("aws", "azure"));
    assert_eq!(variables["HOLDFAST_TRAFFIC_CLOUD"], "azure");
    assert_eq!(variables["HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID"], profile_id());
    assert_eq!(variables["AZURE_CLIENT_ID"], CLIENT_ID);
    assert!(variables.contains_key("AWS_LAMBDA_FUNCTION_NAME") && variables.contains_key("PRIMARY_HEALTH_CHECK_ID"));
    assert!(!variables.contains_key("IDENTITY_ENDPOINT"), "there is no managed identity on AWS");
    assert!(simulator.secrets().contains(&variables["AZURE_CLIENT_SECRET"]));
    assert!(simulator.functions().is_none() && simulator.azure().is_some());
}

#[tokio::test]
async fn traffic_follows_the_profile_and_the_alarm_comes_from_cloudwatch() {
    let simulator = start().await;
    let (world, caller) = (simulator.world(), Caller::new(&simulator));
    world.set_scheduler(false);
    let body = token(&simulator, &caller, "https://management.azure.com/.default").await;
    let bearer = format!("Bearer {}", body["access_token"].as_str().expect("a token"));
    let url = format!("{}{}{ENDPOINT}", simulator.function_env()["HOLDFAST_ARM_ENDPOINT"], profile_id());

    world.break_primary(Outage::Refuse);
    until("SNS has called the function", || !simulator.host().results().is_empty()).await;
    assert_eq!(world.resolve_global(), Site::Primary, "both endpoints are degraded: best effort, unlike Route 53");
    let disable = Request::patch(&url).header("authorization", &bearer).header("content-type", "application/json");
    let answer = caller.send(disable, r#"{"properties": {"endpointStatus": "Disabled"}}"#).await.expect("answer");
    assert_eq!(answer.status(), 200);
    let lock = world.snapshot().lock;
    assert!(lock.on && lock.writes == 1, "{lock:?}");

    until("Traffic Manager answers with the standby", || world.resolve_global() == Site::Standby).await;
    world.heal_primary();
    until("the health check of Route 53 is well", || world.snapshot().healthy).await;
    assert_eq!(world.resolve_global(), Site::Standby, "a disabled endpoint is not answered");
    assert_eq!(simulator.refused(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_token_nothing_is_answered_and_a_token_needs_a_scope() {
    let simulator = start().await;
    let caller = Caller::new(&simulator);
    let url = format!("{}{}{ENDPOINT}", simulator.function_env()["HOLDFAST_ARM_ENDPOINT"], profile_id());
    assert_eq!(caller.get(&url).await.expect("answer").status(), 401);
    let other = token(&simulator, &caller, "nonsense").await;
    assert_eq!(other["error"], "invalid_scope");
}

#[tokio::test]
async fn a_cloud_that_cannot_switch_for_others_is_refused_at_the_start() {
    let options = Options { traffic: Some(&clouds::aws::Aws), ..Options::on(&Azure) };
    let refused = Simulator::start(options).await.err();
    assert!(matches!(refused, Some(StartError::NoForeignTraffic("aws"))), "{refused:?}");
}
