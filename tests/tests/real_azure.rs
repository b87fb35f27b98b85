//! The Azure SDK for Python against the wire of the simulator: Resource Manager, Azure Monitor, AKS and the managed
//! identity. Storage is in `real_azurite.rs`.

use std::time::Duration;

use holdfast_simulator::{
    Options, Simulator,
    clouds::azure::{
        self, AKS_AUDIENCE, CLUSTER_NAME, GROUP, PROFILE_NAME, STORAGE_AUDIENCE, SUBSCRIPTION, profile_id,
    },
    world::{PRIMARY_NAME, Past, STANDBY_NAME},
};
use holdfast_testbed::{Venv, required_or_skipped};
use holdfast_tests::clients::Azure;
use serde_json::{Value, json};

const SCRIPT: &str = "azure_operations.py";
const ARM: &str = "https://management.azure.com";

/// A simulator at the pace of the cloud, with periods of a minute: nothing moves while a slow client looks.
async fn simulator() -> Simulator {
    let options = Options { cloud: &azure::Azure, pace: 1.0, ..Options::default() };
    let simulator = Simulator::start(options).await.expect("a simulator");
    simulator.world().set_metric_delay(Duration::ZERO);
    simulator
}

fn given(simulator: &Simulator, parts: &[&str]) -> Value {
    json!({
        "arm": simulator.azure().expect("Azure").arm_endpoint(), "subscription": SUBSCRIPTION, "group": GROUP,
        "profile": PROFILE_NAME, "profile_id": profile_id(), "cluster": CLUSTER_NAME, "window": 600, "parts": parts,
    })
}

/// What the function's identity sees of these parts.
async fn seen(venv: &Venv, simulator: &Simulator, parts: &[&str]) -> Value {
    let function = Azure::function(simulator, simulator.ca_file());
    function.python(venv, SCRIPT, &given(simulator, parts)).await.json()
}

#[tokio::test]
async fn the_sdk_locks_and_unlocks_the_endpoint_as_the_function_does_and_raises_its_own_exceptions() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let seen = seen(&venv, &simulator, &["traffic"]).await;

    let traffic = &seen["traffic"];
    let primary = |status: &str, monitor: &str| json!(["primary", status, monitor, 1, PRIMARY_NAME]);
    assert_eq!(traffic["profile"], json!([PROFILE_NAME, "Enabled", "Priority", 60]));
    assert_eq!(traffic["monitor"], json!(["Degraded", "/api/v1/status"]));
    let secondary = json!(["secondary", "Enabled", "Degraded", 2, STANDBY_NAME]);
    assert_eq!(traffic["endpoints"], json!([primary("Enabled", "Online"), secondary]));
    assert_eq!(traffic["before"], primary("Enabled", "Online"));
    for locked in ["locked", "read_back", "put_disabled"] {
        assert_eq!(traffic[locked], primary("Disabled", "Disabled"), "{locked}");
    }
    for unlocked in ["put_enabled", "unlocked"] {
        assert_eq!(traffic[unlocked], primary("Enabled", "CheckingEndpoint"), "{unlocked}");
    }
    assert_eq!(traffic["absent"], json!([404, "ResourceNotFound"]));
    assert_eq!(traffic["update_absent"], json!([404, "ResourceNotFound"]));
    assert_eq!(traffic["invalid"], json!([400, "BadRequest"]));
    let lock = simulator.world().snapshot().lock;
    assert_eq!((lock.on, lock.writes), (false, 4), "what was refused has changed nothing");
    assert_eq!(simulator.refused(), Vec::<String>::new());
}

#[tokio::test]
async fn the_sdk_reads_the_history_that_the_function_reads() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    simulator.world().publish_history(&[Past::Healthy, Past::Missing, Past::Mixed, Past::Failing, Past::Failing]);
    let seen = seen(&venv, &simulator, &["metrics"]).await;

    let metrics = &seen["metrics"];
    let name = "ProbeAgentCurrentEndpointStateByProfileResourceId";
    assert_eq!(metrics["name"], json!([name, "Count", "Success", "Microsoft.Network/trafficManagerProfiles"]));
    assert_eq!(metrics["labels"], json!([["endpointname", "primary"]]));
    assert_eq!((&metrics["interval"], &metrics["aligned"]), (&json!("PT1M"), &json!(true)));
    let points: Vec<[Option<f64>; 3]> = serde_json::from_value(metrics["points"].clone()).expect("numbers");
    // A minute may have passed since the history was written, and the one that runs now has no value yet.
    let extremes: Vec<_> = points.iter().map(|[_, least, most]| (*least, *most)).collect();
    let (up, down) = (Some(1.0), Some(0.0));
    let wanted = [(up, up), (None, None), (down, up), (down, down), (down, down)];
    assert!(extremes.windows(wanted.len()).any(|window| window == wanted), "{metrics}");
    let average = |wanted: fn(f64) -> bool| points.iter().flat_map(|[average, ..]| average).any(|it| wanted(*it));
    assert!(average(|it| it == 1.0) && average(|it| it > 0.0 && it < 1.0) && average(|it| it == 0.0), "{metrics}");
    assert_eq!(metrics["of_nobody"], json!([0]), "an endpoint that is not there has no series");
    for wrong in ["unknown_metric", "bad_interval", "bad_timespan"] {
        assert_eq!(metrics[wrong], json!([400, "BadRequest"]), "{wrong}");
    }
}

#[tokio::test]
async fn the_sdk_gets_a_kubeconfig_that_leads_to_the_cluster() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let seen = seen(&venv, &simulator, &["cluster"]).await;
    let wanted = json!({
        "name": "clusterUser", "server": simulator.kubernetes_endpoint(), "ca": simulator.ca_pem(),
        "command": "kubelogin", "server_id": AKS_AUDIENCE, "is_current": true,
    });
    assert_eq!(seen["cluster"], wanted);
}

#[tokio::test]
async fn the_function_is_refused_what_its_roles_do_not_allow() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let seen = seen(&venv, &simulator, &["outside"]).await;
    let outside = seen["outside"].as_object().expect("refusals");
    for (call, refusal) in outside {
        assert_eq!(*refusal, json!(["HttpResponseError", 403, "AuthorizationFailed"]), "{call}");
    }
    assert_eq!(simulator.refused().len(), outside.len(), "{:?}", simulator.refused());
    let snapshot = simulator.world().snapshot();
    assert!(!snapshot.lock.on && simulator.world().profile().is_some_and(|profile| profile.enabled));
}

#[tokio::test]
async fn an_operator_is_told_what_is_not_there_and_a_token_for_another_service_opens_nothing() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let azure = simulator.azure().expect("Azure");
    let client = Azure::function(&simulator, simulator.ca_file());
    let with = async |token: String| {
        let mut input = given(&simulator, &["outside"]);
        input["token"] = token.into();
        client.python(&venv, SCRIPT, &input).await.json()["outside"].clone()
    };

    let stranger = with(azure.operator_token(STORAGE_AUDIENCE)).await;
    for (call, refusal) in stranger.as_object().expect("refusals") {
        assert_eq!(*refusal, json!(["ClientAuthenticationError", 401, "InvalidAuthenticationToken"]), "{call}");
    }
    assert!(simulator.world().profile().is_some_and(|profile| profile.enabled));

    let absent = |code: &str| json!(["ResourceNotFoundError", 404, code]);
    let wanted = json!({
        "disable_profile": null, "get_cluster": null, "other_profile": absent("ResourceNotFound"),
        "other_group": absent("ResourceGroupNotFound"), "other_kind": absent("ResourceNotFound"),
        "other_cluster": absent("ResourceNotFound"), "admin_credentials": ["HttpResponseError", 400, "BadRequest"],
    });
    assert_eq!(with(azure.operator_token(ARM)).await, wanted);
    assert!(simulator.world().profile().is_some_and(|profile| !profile.enabled));
    assert_eq!(simulator.refused(), Vec::<String>::new());
}
