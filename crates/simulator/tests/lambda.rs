//! The Lambda service with real processes, and the alarm and the tick that reach them.

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::{Caller, text};
use holdfast_simulator::clouds::aws::AlarmState;
use holdfast_simulator::host::{InvocationResult, Outcome};
use holdfast_simulator::world::Outage;
use holdfast_simulator::{Options, Simulator};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// A simulator with the fake function; a minute takes a tenth of a second and nothing calls the function by itself.
async fn quiet(timeout: Duration) -> Simulator {
    let options = Options { pace: 600.0, function_timeout: timeout, bootstrap: Some(fake()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("simulator");
    simulator.world().set_scheduler(false);
    simulator.world().set_alarm(false);
    simulator
}

fn fake() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fake-bootstrap"))
}

fn answer(result: &InvocationResult) -> &Value {
    result.outcome.answer().unwrap_or_else(|| panic!("no answer: {result:?}"))
}

#[tokio::test]
async fn a_call_gets_the_answer_the_log_and_the_memory() {
    let simulator = quiet(PATIENCE).await;
    let result = simulator.lambda().invoke(json!({"do": "echo", "x": 1})).await;
    assert_eq!(answer(&result)["event"], json!({"do": "echo", "x": 1}));
    assert!(result.log_text().contains("event taken"), "{result:?}");
    assert!(result.max_rss.is_some_and(|bytes| bytes > 100_000), "{result:?}");
    let deadline: i64 = answer(&result)["deadline_ms"].as_str().expect("text").parse().expect("number");
    assert_eq!(deadline, result.started.as_millisecond() + 20_000);
    assert_eq!(simulator.lambda().cold_starts().len(), 1);
}

#[tokio::test]
async fn a_process_is_reused_when_idle_and_not_when_busy() {
    let simulator = quiet(PATIENCE).await;
    let first = simulator.lambda().invoke(json!({"do": "echo"})).await;
    let second = simulator.lambda().invoke(json!({"do": "echo"})).await;
    assert_eq!(answer(&first)["process"], answer(&second)["process"]);
    let sleep = || simulator.lambda().invoke(json!({"do": "sleep", "ms": 200}));
    let (left, right) = tokio::join!(sleep(), sleep());
    assert_ne!(answer(&left)["process"], answer(&right)["process"]);
    assert_eq!(simulator.lambda().cold_starts().len(), 2);
}

#[tokio::test]
async fn a_failing_event_is_tried_three_times_under_one_request_id_and_then_given_up() {
    let simulator = quiet(PATIENCE).await;
    let id = simulator.lambda().invoke_async(json!({"do": "fail"}));
    assert!(simulator.lambda().settled(PATIENCE).await);
    let results = simulator.lambda().results();
    assert_eq!(results.iter().map(|result| result.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(results.iter().all(|result| result.request_id == id));
    let waits: Vec<i64> =
        results.windows(2).map(|pair| pair[1].started.as_millisecond() - pair[0].ended.as_millisecond()).collect();
    assert!(waits[0] >= 100 && waits[1] >= 200, "a minute and two, paced: {waits:?}");
    let given_up = simulator.lambda().given_up();
    assert_eq!((given_up.len(), given_up[0].attempts, &given_up[0].payload), (1, 3, &json!({"do": "fail"})));
}

#[tokio::test]
async fn an_answered_event_is_not_tried_again() {
    let simulator = quiet(PATIENCE).await;
    simulator.lambda().invoke_async(json!({"do": "echo"}));
    assert!(simulator.lambda().settled(PATIENCE).await);
    assert_eq!((simulator.lambda().results().len(), simulator.lambda().given_up().len()), (1, 0));
}

#[tokio::test]
async fn a_crashed_process_is_replaced() {
    let simulator = quiet(PATIENCE).await;
    let result = simulator.lambda().invoke(json!({"do": "crash"})).await;
    assert!(matches!(result.outcome, Outcome::Crashed { .. }), "{result:?}");
    assert!(simulator.lambda().invoke(json!({"do": "echo"})).await.outcome.answer().is_some());
}

#[tokio::test]
async fn the_time_limit_kills_the_process() {
    let simulator = quiet(Duration::from_millis(150)).await;
    let result = simulator.lambda().invoke(json!({"do": "sleep", "ms": 60_000})).await;
    assert_eq!(result.outcome, Outcome::TimedOut);
    assert!(simulator.lambda().invoke(json!({"do": "echo"})).await.outcome.answer().is_some());
    assert_eq!(simulator.lambda().cold_starts().len(), 2);
}

#[tokio::test]
async fn beyond_the_reserved_concurrency_a_call_is_refused_and_an_event_waits() {
    let simulator = quiet(PATIENCE).await;
    simulator.lambda().set_concurrency(1);
    let lambda = simulator.lambda().clone();
    let busy = tokio::spawn(async move { lambda.invoke(json!({"do": "sleep", "ms": 300})).await });
    while simulator.lambda().running() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(simulator.lambda().invoke(json!({"do": "echo"})).await.outcome, Outcome::Throttled);
    simulator.lambda().invoke_async(json!({"do": "echo"}));
    assert!(simulator.lambda().settled(PATIENCE).await);
    assert!(busy.await.expect("task").outcome.answer().is_some());
    let last = simulator.lambda().results().pop().expect("results");
    assert_eq!((last.attempt, last.outcome.answer().is_some()), (1, true));
}

#[tokio::test]
async fn the_process_inherits_its_path_and_nothing_else() {
    let simulator = quiet(PATIENCE).await;
    let result = simulator.lambda().invoke(json!({"do": "environment"})).await;
    let mut expected = simulator.function_env();
    let mut got: std::collections::BTreeMap<String, String> =
        serde_json::from_value(answer(&result).clone()).expect("map");
    for differing in ["AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API"] {
        assert_ne!(expected.remove(differing), got.remove(differing));
    }
    assert_eq!(got, expected);
}

#[tokio::test]
async fn an_executable_that_never_asks_for_an_event_is_a_crash() {
    let options = Options { bootstrap: Some("/bin/false".into()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("simulator");
    let result = simulator.lambda().invoke(json!({})).await;
    assert!(
        matches!(&result.outcome, Outcome::Crashed { detail } if detail.contains("before its first event")),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_dead_primary_reaches_the_function_as_one_sns_notification() {
    let options = Options { bootstrap: Some(fake()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("simulator");
    simulator.world().set_scheduler(false);
    simulator.world().break_primary(Outage::Refuse);
    assert!(simulator.lambda().results_reach(1, PATIENCE).await);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let results = simulator.lambda().results();
    assert_eq!(results.len(), 1, "an alarm that lasts is not repeated");
    let sns = &answer(&results[0])["event"]["Records"][0]["Sns"];
    let message: Value = serde_json::from_str(sns["Message"].as_str().expect("text")).expect("JSON");
    assert_eq!(message["NewStateValue"], "ALARM");
    assert_eq!(message["Trigger"]["Dimensions"][0]["value"], json!(simulator.world().health_check().id));
    assert_eq!(simulator.world().alarm_state(), Some(AlarmState::Alarm));
}

#[tokio::test]
async fn the_tick_comes_every_simulated_minute_with_its_input() {
    let options = Options { pace: 300.0, bootstrap: Some(fake()), ..Options::default() };
    let simulator = Simulator::start(options).await.expect("simulator");
    assert!(simulator.lambda().results_reach(3, PATIENCE).await);
    for result in simulator.lambda().results() {
        assert_eq!(answer(&result)["event"], json!({"source": "failover.schedule"}));
    }
}

#[tokio::test]
async fn an_operator_can_call_the_function_through_the_service_and_the_function_itself_cannot() {
    let simulator = quiet(PATIENCE).await;
    let caller = Caller::new(&simulator);
    let name = &simulator.function_env()["AWS_LAMBDA_FUNCTION_NAME"];
    let url = format!("{}/2015-03-31/functions/{name}/invocations", simulator.aws_endpoint());
    let request = |key: &str| {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260101/us-west-2/lambda/aws4_request, SignedHeaders=host, Signature=0"
        );
        http::Request::post(&url).header("authorization", scope)
    };
    let operator = simulator.admin_credentials().access_key;
    let answer = caller.send(request(&operator), r#"{"do": "echo"}"#).await.expect("answer");
    assert!(!answer.headers().contains_key("x-amz-function-error"));
    assert!(text(answer).await.contains(r#""event":{"do":"echo"}"#));
    let answer = caller.send(request(&operator), r#"{"do": "fail"}"#).await.expect("answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-amz-function-error"]),
        (200, &http::HeaderValue::from_static("Unhandled"))
    );
    assert_eq!(text(answer).await, r#"{"errorMessage":"not yet","errorType":"Later"}"#);
    let function = simulator.function_credentials().access_key;
    assert_eq!(caller.send(request(&function), "{}").await.expect("answer").status(), 403);
}
