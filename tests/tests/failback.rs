//! The way back, by calls of the functions as shipped, on all simulated clouds: failover, failback, rest, and an outage
//! in between. Nothing is refused by the permissions that we ship.

use std::{path::PathBuf, time::Duration};

use holdfast_core::{
    kind::Kind,
    record::{State, Status},
};
use holdfast_simulator::{
    Options, Simulator,
    backend::CloudBackend,
    clouds::{aws::Aws, azure::Azure, oci::Oci},
    world::Outage,
};
use holdfast_tests::function::{bootstrap, handler, oci_function};
use serde_json::{Value, json};

/// Numbers that a busy machine can keep; the primary has to fail, and to be well, for seconds only.
const VARIABLES: [(&str, &str); 10] = [
    ("HOLDFAST_CALL_TIMEOUT_SECONDS", "2"),
    ("HOLDFAST_OBSERVE_SECONDS", "4"),
    ("HOLDFAST_LEASE_SECONDS", "10"),
    ("HOLDFAST_MARGIN_SECONDS", "1"),
    ("HOLDFAST_VERIFY_SECONDS", "20"),
    ("HOLDFAST_POLL_SECONDS", "0.5"),
    ("HOLDFAST_WELL_SECONDS", "3"),
    ("PRE_FAILOVER_FAILURE_SECONDS", "3"),
    ("BASE_DELAY_SECONDS", "0.1"),
    ("MAX_DELAY_SECONDS", "1"),
];

/// A cloud on which a failover was completed and the primary is well again. Nobody calls by himself.
async fn failed_over(cloud: &'static dyn CloudBackend) -> Simulator {
    let bootstrap: PathBuf = match cloud.name() {
        "azure" => handler().await,
        "oci" => oci_function().await,
        _ => bootstrap().await,
    };
    let options = Options {
        bootstrap: Some(bootstrap),
        function_env: VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        function_timeout: Duration::from_secs(60),
        // The time-out of a call on OCI is that of func.yaml, at the pace of the world.
        pace: if cloud.name() == "oci" { 12.0 } else { Options::on(cloud).pace },
        ..Options::on(cloud)
    };
    let simulator = Simulator::start(options).await.expect("a simulator");
    simulator.world().set_scheduler(false);
    simulator.world().set_alarm(false);
    simulator.world().break_primary(Outage::Refuse);
    let waive = ["primary-failing", "holdoff", "armed"];
    let mut answer = call(&simulator, json!({"action": "failover", "reason": "a test", "waive": waive})).await;
    // A standby that takes longer than one call is verified by the next.
    for _ in 0..3 {
        if answer["outcome"] == "owed" {
            answer = call(&simulator, json!({"action": "finish", "reason": "a test"})).await;
        }
    }
    assert_eq!(answer["outcome"], "completed", "{answer}");
    simulator.world().heal_primary();
    simulator
}

/// An operator's call, which must be answered.
async fn call(simulator: &Simulator, payload: Value) -> Value {
    let called = simulator.host().operate(payload.clone()).await;
    called.outcome.answer().cloned().unwrap_or_else(|| panic!("{payload}: {}", called.outcome.describe()))
}

fn state(simulator: &Simulator) -> State {
    let record = simulator.cluster().get("configmaps", "holdfast").expect("a record");
    serde_json::from_str(record["data"]["state"].as_str().expect("text")).expect("a state")
}

fn replicas(simulator: &Simulator) -> Value {
    simulator.cluster().get("deployments", "humio-operator").expect("an operator")["spec"]["replicas"].clone()
}

/// Until a person confirms that the standby is to rest, traffic is back and the standby as it was.
async fn unlocked(simulator: &Simulator) {
    let failback = json!({"action": "failback", "reason": "a test", "data": "the primary has it all"});
    let mut answer = call(simulator, failback).await;
    // An update of a steering policy comes about after its answer, and later than a call repeats its look.
    for _ in 0..3 {
        if answer["outcome"] == "failed" {
            answer = call(simulator, json!({"action": "finish", "reason": "a test"})).await;
        }
    }
    assert_eq!((&answer["outcome"], &answer["step"]), (&json!("unconfirmed"), &json!("rest-operator")), "{answer}");
    let state = state(simulator);
    assert!(state.unlocked.is_some() && state.armed.is_some(), "{state:?}");
    assert_eq!(replicas(simulator), 1);
}

async fn there_and_back(cloud: &'static dyn CloudBackend) {
    let simulator = failed_over(cloud).await;
    unlocked(&simulator).await;
    let answer = call(&simulator, json!({"action": "failback", "reason": "a test", "rest": true})).await;
    assert_eq!(answer["outcome"], "completed", "{answer}");
    assert_eq!(replicas(&simulator), 0);
    let state = state(&simulator);
    let run = state.current.as_ref().expect("a failback");
    assert_eq!(
        (run.kind, run.status, run.data.as_deref()),
        (Kind::Failback, Status::Completed, Some("the primary has it all"))
    );
    assert!(run.steps.iter().all(|step| step.is_done()));
    let refused = call(&simulator, json!({"action": "failback", "reason": "a test", "data": "again"})).await;
    assert_eq!(refused["outcome"], "refused", "{refused}");
    assert_eq!(simulator.refused(), Vec::<String>::new(), "the permissions of a failover are enough");
}

async fn an_outage_in_between(cloud: &'static dyn CloudBackend) {
    let simulator = failed_over(cloud).await;
    unlocked(&simulator).await;
    simulator.world().break_primary(Outage::Refuse);
    // The metrics of a cloud may say "well" for a minute yet; the failback is over at once.
    let again = json!({"action": "failover", "reason": "it is down again", "waive": ["cooldown"]});
    call(&simulator, again).await;
    assert!(state(&simulator).open().is_none_or(|open| open.kind == Kind::Failover));
    let waive = ["cooldown", "primary-failing", "holdoff"];
    let answer = call(&simulator, json!({"action": "failover", "reason": "it is down again", "waive": waive})).await;
    assert!(["completed", "already_done"].iter().any(|done| answer["outcome"] == *done), "{answer}");
    let state = state(&simulator);
    assert!(state.failed_over(), "{state:?}");
    assert_eq!(state.earlier().next().map(|run| (run.kind, run.status)), Some((Kind::Failback, Status::Closed)));
}

async fn an_ill_primary(cloud: &'static dyn CloudBackend) {
    let simulator = failed_over(cloud).await;
    simulator.world().break_primary(Outage::Refuse);
    let answer = call(&simulator, json!({"action": "failback", "reason": "a test", "data": "x"})).await;
    assert_eq!(answer["outcome"], "refused", "{answer}");
    assert!(answer["reasons"].to_string().contains("primary_not_well"), "{answer}");
    assert!(state(&simulator).failed_over());
    let answer = call(&simulator, json!({"action": "switchover", "reason": "a test"})).await;
    assert!(answer["reasons"].to_string().contains("not_given"), "{answer}");
}

#[tokio::test]
async fn on_aws_a_call_fails_back_and_another_puts_the_standby_to_rest() {
    there_and_back(&Aws).await;
}

#[tokio::test]
async fn on_azure_a_call_fails_back_and_another_puts_the_standby_to_rest() {
    there_and_back(&Azure).await;
}

#[tokio::test]
async fn on_oci_a_call_fails_back_and_another_puts_the_standby_to_rest() {
    there_and_back(&Oci).await;
}

#[tokio::test]
async fn on_aws_an_outage_during_a_failback_is_failed_over() {
    an_outage_in_between(&Aws).await;
}

#[tokio::test]
async fn on_azure_an_outage_during_a_failback_is_failed_over() {
    an_outage_in_between(&Azure).await;
}

#[tokio::test]
async fn on_oci_an_outage_during_a_failback_is_failed_over() {
    an_outage_in_between(&Oci).await;
}

#[tokio::test]
async fn a_failback_to_a_primary_that_is_ill_and_a_kind_that_is_not_given_are_refused() {
    an_ill_primary(&Aws).await;
    an_ill_primary(&Azure).await;
    an_ill_primary(&Oci).await;
}
