//! Oracle's SDK for Python against the wire of the simulator: DNS steering, Monitoring, Health Checks, Container Engine. And
//! its own verifier on our signatures, with a key that was made for this run.

use std::time::Duration;

use holdfast_core::Clock;
use holdfast_oci::signer::{Signer, Unsigned, content_sum, date};
use holdfast_simulator::{
    Options, Simulator,
    clouds::oci::{CLUSTER_ID, COMPARTMENT_ID, MONITOR_ID, Oci, POLICY_ID, STANDBY_REGION},
};
use holdfast_site::clock::SystemClock;
use holdfast_testbed::{Venv, required_or_skipped};
use holdfast_tests::clients::oci;
use serde_json::{Value, json};

/// A simulator at the pace of the cloud, with periods of a minute: nothing moves while a slow client looks.
async fn simulator() -> Simulator {
    let options = Options { cloud: &Oci, pace: 1.0, ..Options::default() };
    let simulator = Simulator::start(options).await.expect("a simulator");
    simulator.world().set_metric_delay(Duration::ZERO);
    simulator
}

/// What an operator sees of these parts.
async fn seen(venv: &Venv, simulator: &Simulator, parts: &[&str], requests: Value) -> Value {
    let services = simulator.oci().expect("OCI");
    let principals = services.principals();
    let given = json!({
        "endpoint": services.endpoint(), "region": STANDBY_REGION, "key_id": principals.operator_key_id(),
        "key": principals.operator_key(), "policy": POLICY_ID, "monitor": MONITOR_ID, "cluster": CLUSTER_ID,
        "compartment": COMPARTMENT_ID, "parts": parts, "requests": requests,
    });
    oci(venv, simulator, "oci_operations.py", &given).await.json()
}

#[tokio::test]
async fn the_sdk_locks_the_policy_as_the_function_does_and_raises_its_own_exceptions() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let traffic = &seen(&venv, &simulator, &["traffic"], Value::Null).await["traffic"];
    assert_eq!(traffic["locked"], json!([["primary", true], ["secondary", false]]));
    assert_eq!((&traffic["template"], &traffic["version_changed"]), (&json!("CUSTOM"), &json!(true)));
    assert_eq!(traffic["rules"], json!(["FILTER", "PRIORITY", "LIMIT"]));
    assert_eq!(traffic["stale"], json!([412, "NoEtagMatch"]));
    assert_eq!(traffic["again"][0], 412, "its version is old by now");
    assert_eq!(traffic["absent"], json!([404, "NotAuthorizedOrNotFound"]));
    let lock = simulator.world().snapshot().lock;
    assert_eq!((lock.on, lock.writes), (true, 1), "what was refused has changed nothing");
    assert_eq!(simulator.oci().expect("OCI").unsigned(), Vec::<String>::new());
}

#[tokio::test]
async fn the_sdk_reads_what_the_function_reads() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let seen = seen(&venv, &simulator, &["history", "probes", "cluster"], Value::Null).await;
    assert_eq!(seen["history"]["names"], json!(["HTTP.isHealthy"]));
    assert_eq!(seen["history"]["values"], json!([1.0]));
    assert_eq!(seen["history"]["tick"], json!([1, true, "PT1M"]));
    assert_eq!(seen["history"]["elsewhere"], json!([404, "NotAuthorizedOrNotFound"]));
    assert_eq!((&seen["probes"]["enabled"], &seen["probes"]["healthy"]), (&json!(true), &json!([true])));
    assert_eq!((&seen["cluster"]["state"], &seen["cluster"]["authority"]), (&json!("ACTIVE"), &json!(true)));
}

/// A request as our signer signs it, in the words of the verifier.
fn signed(signer: &Signer, method: &str, target: &str, body: Option<&str>) -> Value {
    let (host, date) = ("dns.us-chicago-1.oci.oraclecloud.com", date(SystemClock::default().now()));
    let content = body.map(|body| ("application/json", body.as_bytes()));
    let authorization = signer.authorization(&Unsigned { method, target, host, date: &date, content }).expect("signed");
    let mut headers = json!({"authorization": authorization, "date": date, "host": host});
    let mut names = "date (request-target) host".to_owned();
    if let Some(body) = body {
        headers["content-length"] = body.len().to_string().into();
        headers["content-type"] = "application/json".into();
        headers["x-content-sha256"] = content_sum(body.as_bytes()).into();
        names.push_str(" content-length content-type x-content-sha256");
    }
    json!({"method": method, "target": target, "headers": headers, "signed": names})
}

#[tokio::test]
async fn the_sdks_own_verifier_accepts_our_signatures_and_none_that_was_changed() {
    let Some(venv) = required_or_skipped(Venv::find()) else { return };
    let simulator = simulator().await;
    let principals = simulator.oci().expect("OCI").principals();
    let signer = Signer::new(principals.operator_key_id(), principals.operator_key()).expect("a key");
    let policy = format!("/20180115/steeringPolicies/{POLICY_ID}?scope=GLOBAL");
    let requests = json!([
        signed(&signer, "get", &policy, None),
        signed(&signer, "put", &policy, Some(r#"{"answers":[]}"#)),
        signed(&signer, "post", "/20180401/metrics/actions/summarizeMetricsData?compartmentId=x", Some("")),
    ]);
    let seen = seen(&venv, &simulator, &["signatures"], requests).await;
    assert_eq!(seen["signatures"], json!([[true, false], [true, false], [true, false]]));
}
