//! The Functions host with real processes: HTTP, queue and timer, and the alert that reaches them.

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::{Caller, text};
use holdfast_simulator::clouds::azure::functions::FunctionsHost;
use holdfast_simulator::clouds::azure::{Azure, Condition};
use holdfast_simulator::host::{InvocationResult, Outcome};
use holdfast_simulator::timeline::EventKind;
use holdfast_simulator::world::Outage;
use holdfast_simulator::{Options, Simulator};
use http::Request;
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(20);

/// A simulator with the fake handler under the shipped app; a minute takes a tenth of a second and nothing calls by itself.
async fn quiet() -> Simulator {
    let options = Options { cloud: &Azure, pace: 600.0, bootstrap: Some(fake()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("simulator");
    simulator.world().set_scheduler(false);
    simulator.world().set_alarm(false);
    simulator
}

fn fake() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fake-handler"))
}

fn host(simulator: &Simulator) -> &FunctionsHost {
    simulator.functions().expect("Azure")
}

/// What a result came to, in a word.
fn word(result: &InvocationResult) -> String {
    result
        .outcome
        .answer()
        .map_or_else(|| result.outcome.describe(), |answer| answer["outcome"].as_str().unwrap_or("?").to_owned())
}

/// Puts an order into the queue by way of the function that takes alarms.
async fn order(simulator: &Simulator, order: serde_json::Value) {
    assert_eq!(word(&host(simulator).deliver_alarm(&order).await), "accepted");
}

#[tokio::test]
async fn an_alarm_is_answered_at_once_and_its_work_is_done_from_the_queue() {
    let simulator = quiet().await;
    order(&simulator, json!({"do": "echo", "x": 1})).await;
    assert!(host(&simulator).results_reach(2, PATIENCE).await);
    let results = host(&simulator).results();
    assert_eq!(results[1].outcome.answer().expect("an answer")["order"], json!({"do": "echo", "x": 1}));
    assert!(results[1].log_text().contains("event taken") && results[1].max_rss.is_some(), "{results:?}");
    assert!(host(&simulator).settled(PATIENCE).await);
    assert!(host(&simulator).queues().messages("holdfast-work").is_empty(), "a message that was worked on is deleted");
}

#[tokio::test]
async fn a_failed_message_comes_again_with_its_count_after_its_pause() {
    let simulator = quiet().await;
    order(&simulator, json!({"do": "fail"})).await;
    assert!(host(&simulator).results_reach(4, PATIENCE).await);
    let work: Vec<_> = host(&simulator).results().into_iter().skip(1).collect();
    assert_eq!(work.iter().map(|result| result.attempt).take(3).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(work.iter().all(|result| result.request_id == work[0].request_id));
    let waits: Vec<i128> =
        work.windows(2).map(|pair| pair[1].started.duration_since(pair[0].ended).as_millis()).collect();
    assert!(waits.iter().all(|wait| *wait >= 50), "half a minute, paced: {waits:?}");
}

#[tokio::test]
async fn a_crashed_handler_is_replaced_and_its_message_comes_again() {
    let simulator = quiet().await;
    order(&simulator, json!({"do": "crash"})).await;
    assert!(host(&simulator).results_reach(3, PATIENCE).await);
    let results = host(&simulator).results();
    assert!(matches!(results[1].outcome, Outcome::Crashed { .. }), "{results:?}");
    assert_ne!(results[1].environment, results[2].environment);
}

#[tokio::test]
async fn a_restarted_host_forgets_what_ran_and_the_lease_brings_it_back() {
    let simulator = quiet().await;
    order(&simulator, json!({"do": "sleep", "ms": 400})).await;
    while host(&simulator).running() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    host(&simulator).restart("a test").await;
    assert!(host(&simulator).results_reach(3, PATIENCE).await);
    let results = host(&simulator).results();
    assert!(matches!(results[1].outcome, Outcome::Crashed { .. }));
    assert_eq!((word(&results[2]).as_str(), results[2].attempt), ("slept", 2));
    let wait = results[2].started.duration_since(results[1].ended).as_millis();
    assert!(wait >= 400, "ten minutes of lease, paced: {wait}");
}

#[tokio::test]
async fn a_lost_lease_has_one_message_worked_on_twice_at_once() {
    let simulator = quiet().await;
    host(&simulator).lose_leases(1);
    order(&simulator, json!({"do": "sleep", "ms": 500})).await;
    assert!(host(&simulator).results_reach(3, PATIENCE).await);
    let results = host(&simulator).results();
    assert_eq!(results[1].request_id, results[2].request_id);
    assert!(results[2].started < results[1].ended, "side by side");
}

#[tokio::test]
async fn an_operator_is_answered_with_the_handlers_own_status_and_words() {
    let simulator = quiet().await;
    let (caller, azure) = (Caller::new(&simulator), simulator.azure().expect("Azure"));
    let url = format!("{}/api/operator", azure.function_url());
    let call =
        |key: &str| caller.send(Request::post(&url).header("x-functions-key", key.to_owned()), r#"{"do":"fail"}"#);
    assert_eq!(call("guess").await.expect("answer").status(), 401);
    let answer = call(azure.function_key()).await.expect("answer");
    assert_eq!(answer.status(), 500, "the handler's own status");
    assert_eq!(text(answer).await, r#"{"outcome":"failed"}"#);
    assert_eq!(caller.get(&url).await.expect("answer").status(), 404, "only POST is bound");
}

#[tokio::test]
async fn a_line_on_stderr_counts_as_an_error() {
    let simulator = quiet().await;
    host(&simulator).operate(json!({"do": "warn"})).await;
    assert_eq!(host(&simulator).error_lines(), 1);
}

#[tokio::test]
async fn a_dead_primary_calls_once_and_its_return_once_more() {
    let options = Options { cloud: &Azure, pace: 300.0, bootstrap: Some(fake()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("simulator");
    simulator.world().set_scheduler(false);
    let delivered = |simulator: &Simulator, wanted: Condition| {
        let events = simulator.events();
        events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::AlarmDelivered { state, .. } if state == wanted.as_str()))
            .count()
    };
    simulator.world().break_primary(Outage::Closed);
    while delivered(&simulator, Condition::Fired) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(delivered(&simulator, Condition::Fired), 1, "a stateful rule acts once");
    simulator.world().heal_primary();
    while delivered(&simulator, Condition::Resolved) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
