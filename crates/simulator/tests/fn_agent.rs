//! The Fn agent with real processes: the contract of a container, and how messages of alarms reach it.

use std::path::PathBuf;
use std::time::Duration;

use holdfast_simulator::clouds::oci::{FnAgent, Oci};
use holdfast_simulator::host::{InvocationResult, Outcome};
use holdfast_simulator::timeline::EventKind;
use holdfast_simulator::world::{Outage, Past};
use holdfast_simulator::{Options, Simulator};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// A simulator with the fake function; a minute takes a tenth of a second and nothing calls by itself.
async fn quiet(recipe: &str) -> Simulator {
    let function_env = [("FAKE_RECIPE".to_owned(), recipe.to_owned())].into();
    let options = Options { cloud: &Oci, pace: 600.0, bootstrap: Some(fake()), function_env, ..Options::default() };
    let simulator = Simulator::start(options).await.expect("simulator");
    simulator.world().set_scheduler(false);
    simulator.world().set_alarm(false);
    simulator
}

fn fake() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fake-fn"))
}

fn agent(simulator: &Simulator) -> &FnAgent {
    simulator.fn_agent().expect("OCI")
}

async fn call(simulator: &Simulator, payload: Value) -> InvocationResult {
    simulator.host().operate(payload).await
}

fn kind(result: &InvocationResult) -> &str {
    match &result.outcome {
        Outcome::FunctionError { kind, .. } => kind,
        Outcome::Ok { .. } => "ok",
        Outcome::TimedOut => "timed out",
        _ => "crashed",
    }
}

#[tokio::test]
async fn a_call_comes_in_chunks_with_the_agents_headers_and_one_process_takes_them_in_turn() {
    let simulator = quiet("").await;
    let first = call(&simulator, json!({"do": "echo", "x": 1})).await;
    let answer = first.outcome.answer().expect("an answer").clone();
    assert_eq!(answer["call"], json!({"do": "echo", "x": 1}));
    let headers = &answer["headers"];
    assert_eq!(
        (headers[""].as_str(), headers["transfer-encoding"].as_str()),
        (Some("POST /call HTTP/1.1"), Some("chunked"))
    );
    assert_eq!((headers["host"].as_str(), headers["oci-subject-type"].as_str()), (Some("localhost"), Some("user")));
    assert_eq!(headers["fn-call-id"].as_str().expect("an id").len(), 26);
    let second = call(&simulator, json!({"do": "echo"})).await;
    let again = second.outcome.answer().expect("an answer");
    assert_eq!((&again["process"], &again["connection"]), (&answer["process"], &answer["connection"]));
    assert!(first.log_text().contains("call taken") && simulator.host().cold_starts().len() == 1);
}

#[tokio::test]
async fn an_idle_connection_is_dropped_after_a_second_and_the_process_stays() {
    let simulator = quiet("").await;
    let first = call(&simulator, json!({})).await.outcome.answer().expect("an answer").clone();
    tokio::time::sleep(Duration::from_millis(1300)).await;
    let second = call(&simulator, json!({})).await.outcome.answer().expect("an answer").clone();
    assert_eq!(first["process"], second["process"]);
    assert_ne!(first["connection"], second["connection"]);
}

#[tokio::test]
async fn only_200_502_and_504_leave_the_container_alive() {
    let simulator = quiet("").await;
    for (status, expected, processes) in [
        (502, "FunctionInvokeExecutionFailed", 1),
        (504, "FunctionInvokeTimeout", 1),
        (500, "FunctionInvokeInvalidResponse", 1),
        (200, "ok", 2),
        (404, "FunctionInvokeInvalidResponse", 2),
        (200, "ok", 3),
    ] {
        let result = call(&simulator, json!({"do": "status", "status": status})).await;
        assert_eq!((kind(&result), result.environment), (expected, processes), "{status}");
    }
}

#[tokio::test]
async fn a_process_that_dies_and_one_that_is_late_are_gone() {
    let simulator = quiet("").await;
    assert_eq!(kind(&call(&simulator, json!({"do": "crash"})).await), "crashed");
    // 300 s at this pace are half a second.
    assert_eq!(kind(&call(&simulator, json!({"do": "sleep", "ms": 5000})).await), "timed out");
    assert_eq!(call(&simulator, json!({})).await.environment, 3);
}

#[tokio::test]
async fn a_socket_that_was_not_made_by_the_recipe_is_refused() {
    for (recipe, word) in [("direct", "link"), ("absolute", "folder"), ("private", "write"), ("never", "within 5 s")] {
        let simulator = quiet(recipe).await;
        let result = call(&simulator, json!({})).await;
        let Outcome::Crashed { detail } = &result.outcome else { panic!("{recipe}: {:?}", result.outcome) };
        assert!(detail.contains(word), "{recipe}: {detail}");
    }
    let simulator = quiet("late").await;
    assert_eq!(kind(&call(&simulator, json!({})).await), "ok");
}

#[tokio::test]
async fn each_container_has_a_token_and_a_key_of_its_own_in_files() {
    let simulator = quiet("").await;
    let result = call(&simulator, json!({"do": "environment"})).await;
    let variables = result.outcome.answer().expect("an answer");
    let file = |name: &str| std::fs::read_to_string(variables[name].as_str().expect("a path")).expect("a file");
    let (token, key) = (file("OCI_RESOURCE_PRINCIPAL_RPST"), file("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"));
    assert!(token.split('.').count() == 3 && key.contains("PRIVATE KEY"));
    assert_eq!((variables["FN_FORMAT"].as_str(), variables["FN_MEMORY"].as_str()), (Some("http-stream"), Some("256")));
    simulator.oci().expect("OCI").principals().rotate().expect("rotated");
    assert_ne!(file("OCI_RESOURCE_PRINCIPAL_RPST"), token);
    assert_ne!(file("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"), key);
}

#[tokio::test]
async fn a_detached_call_has_a_limit_of_its_own() {
    let simulator = quiet("").await;
    agent(&simulator).set_detached_timeout(Duration::from_secs(10));
    agent(&simulator).invoke_detached(&json!({"do": "sleep", "ms": 800}));
    assert!(agent(&simulator).results_reach(1, PATIENCE).await);
    let result = &agent(&simulator).results()[0];
    assert_eq!((kind(result), result.took() > Duration::from_millis(700)), ("ok", true));
}

#[tokio::test]
async fn an_alarm_repeats_while_it_fires() {
    let simulator = quiet("").await;
    simulator.world().set_alarm(true);
    simulator.world().break_primary(Outage::Refuse);
    simulator.world().settle_checkers();
    simulator.world().publish_history(&[Past::Failing; 3]);
    assert!(agent(&simulator).results_reach(3, PATIENCE).await);
    let calls = calls(&simulator);
    assert!(of_type(&calls, "OK_TO_FIRING") <= 1 && of_type(&calls, "REPEAT") >= 2, "{calls:?}");
    assert!(calls.iter().all(|call| call["alarmMetaData"][0]["status"] == "FIRING"));
    let first = agent(&simulator).results()[0].outcome.answer().expect("an answer").clone();
    assert_eq!(first["headers"]["oci-subject-type"], "resource");
    let delivered = |event: &EventKind| matches!(event, EventKind::AlarmDelivered { state: "REPEAT", .. });
    assert!(simulator.events().iter().any(|event| delivered(&event.kind)));
}

#[tokio::test]
async fn ticks_are_messages_of_an_alarm_that_always_fires() {
    let simulator = quiet("").await;
    simulator.world().set_scheduler(true);
    assert!(agent(&simulator).results_reach(4, PATIENCE).await);
    let calls = calls(&simulator);
    assert!(calls.iter().all(|call| call["title"] == "holdfast-tick"));
    assert!(of_type(&calls, "OK_TO_FIRING") <= 1 && of_type(&calls, "REPEAT") >= 3, "{calls:?}");
}

/// What the function was sent so far. Calls that come at once may overtake each other.
fn calls(simulator: &Simulator) -> Vec<Value> {
    let results = agent(simulator).results();
    results.iter().filter_map(|result| Some(result.outcome.answer()?["call"].clone())).collect()
}

fn of_type(calls: &[Value], wanted: &str) -> usize {
    calls.iter().filter(|call| call["type"] == wanted).count()
}

#[tokio::test]
async fn a_message_that_is_not_answered_with_200_comes_again_at_once_and_then_with_growing_pauses() {
    let simulator = quiet("").await;
    // Every process refuses to listen as it must, which is no acknowledgement.
    agent(&simulator).set_variable("FAKE_RECIPE", Some("absolute"));
    simulator.world().set_alarm(true);
    simulator.world().set_alarm_repeats(false);
    simulator.world().break_primary(Outage::Refuse);
    simulator.world().settle_checkers();
    simulator.world().publish_history(&[Past::Failing; 3]);
    assert!(agent(&simulator).results_reach(3, PATIENCE).await);
    let attempts: Vec<u32> = agent(&simulator).results().iter().take(3).map(|result| result.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let pause =
        |event: &EventKind| if let EventKind::RetryScheduled { in_ms, .. } = event { Some(*in_ms) } else { None };
    let pauses: Vec<u64> = simulator.events().iter().filter_map(|event| pause(&event.kind)).take(2).collect();
    assert_eq!(pauses, [0, 100]);
    agent(&simulator).set_variable("FAKE_RECIPE", None);
    assert!(simulator.host().settled(PATIENCE).await);
    assert!(agent(&simulator).given_up().is_empty());
}
