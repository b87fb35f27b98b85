use holdfast_core::engine::Action;
use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Instant,
};

use holdfast_site::manual::ManualCall;
use serde_json::json;

use super::*;
use crate::event::{AlarmEvent, AlarmKind};

/// Nobody listens there.
const NOWHERE: &str = "https://127.0.0.1:1";

const OURS: &str = "11111111-2222-4333-8444-555555555555";

fn function(more: &[(&str, &str)]) -> Function {
    let least = [
        ("CLUSTER_NAME", "dr"),
        ("CLUSTER_REGION", "us-east-2"),
        ("PRIMARY_HEALTH_CHECK_ID", OURS),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "SESSION-TOKEN"),
        ("AWS_ENDPOINT_URL", NOWHERE),
        ("HOLDFAST_OBSERVE_SECONDS", "0.5"),
        ("HOLDFAST_POLL_SECONDS", "0.2"),
        ("HOLDFAST_MARGIN_SECONDS", "0.5"),
        ("MAX_RETRIES", "0"),
    ];
    let pairs = least.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Function::new(&pairs.collect())
}

fn context(arn: &str, now: Timestamp, left: Duration) -> Context {
    let mut context = Context::default();
    context.request_id = "request-1".to_owned();
    context.invoked_function_arn = arn.to_owned();
    context.deadline = u64::try_from((now + left).as_millisecond()).expect("after 1970");
    context
}

async fn invoke(function: &Function, payload: &str, arn: &str) -> Result<Value, Diagnostic> {
    let context = context(arn, function.clock.now(), Duration::from_secs(3));
    function.invoke(LambdaEvent::new(Some(payload.to_owned()), context)).await
}

fn alarm(name: &str) -> Incoming {
    Incoming::Alarm(AlarmEvent {
        name: name.to_owned(),
        arn: None,
        region: None,
        changed_at: None,
        health_check_ids: Vec::new(),
        topic_arn: None,
        message_id: None,
        kind: AlarmKind::Metric,
    })
}

fn notification(name: &str) -> String {
    let message = json!({"AlarmName": name, "NewStateValue": "ALARM", "UNKNOWN": "PAYLOAD-MARK",
        "Trigger": {"Dimensions": [{"name": "HealthCheckId", "value": OURS}]}});
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": "t", "Message": message.to_string()}}]})
        .to_string()
}

#[test]
fn a_call_ends_when_lambda_says_so_and_never_later_than_lambda_allows() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let left = |given: u64| {
        let mut context = Context::default();
        context.deadline = given;
        (deadline(&context, now) - now).get_seconds()
    };
    let after = |seconds: i64| u64::try_from(now.as_millisecond() + 1000 * seconds).expect("after 1970");
    assert_eq!(left(after(60)), 60);
    assert_eq!(left(after(300)), 300);
    for (given, why) in
        [(0, "no header"), (after(3600), "too far"), (u64::MAX, "no time"), (i64::MAX as u64, "no time")]
    {
        assert_eq!(left(given), 900, "{why}");
    }
    let mut context = Context::default();
    context.deadline = 0;
    assert_eq!(deadline(&context, Timestamp::MAX), Timestamp::MAX, "and no time is beyond the last one");
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "how long a call really takes is what is looked at")]
async fn an_alarm_is_answered_before_the_deadline_that_lambda_gave() {
    let begun = Instant::now();
    let error = invoke(&function(&[]), &notification("a"), "").await.expect_err("not decided");
    assert_eq!(error.error_type, "Holdfast.Deferred");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn what_is_asked_of_the_engine_is_what_came() {
    let now = Timestamp::UNIX_EPOCH;
    let ask = |incoming| request(incoming, "who".to_owned(), now);
    let asked = ask(alarm("a"));
    assert_eq!(asked.trigger, Trigger::Alarm { name: "a".to_owned(), changed_at: None });
    assert_eq!((asked.action, asked.caller.as_deref(), asked.deadline), (Action::FailOver, Some("who"), now));
    assert_eq!(ask(Incoming::Tick).trigger, Trigger::Tick);
    for abort in [false, true] {
        let action = Action::Acknowledge { abort };
        let call =
            ManualCall { action, reason: Some("r".to_owned()), overrides: Vec::new(), data: None, question: None };
        let asked = ask(Incoming::Manual(call));
        assert_eq!((asked.trigger, asked.action, asked.reason.as_deref()), (Trigger::Operator, action, Some("r")));
    }
}

#[test]
fn every_record_of_a_batch_is_looked_at_and_each_has_its_word() {
    let function = function(&[]);
    let (site, _) = function.site.as_ref().expect("a site");
    let ignored = || Incoming::Ignored(IgnoredReason::foreign("unreadable_message", "no JSON"));
    let (wanted, others) = sorted(vec![ignored(), alarm("a"), ignored(), alarm("b"), ignored()], site.doors(), "live");
    assert_eq!(wanted, Some(alarm("a")), "one that is ignored does not end the batch");
    let codes: Vec<&str> = others.iter().map(|other| other.code.as_str()).collect();
    assert_eq!(
        codes,
        ["unreadable_message", "unreadable_message", "answered_together", "unreadable_message"],
        "and what comes after the first is told too"
    );
    assert!(others[2].says.starts_with("b is answered together"), "{}", others[2].says);
}

#[tokio::test]
async fn a_door_admits_what_is_configured_and_the_refusal_is_a_value() {
    let function = function(&[("HOLDFAST_ADMITS", "live=alarm,tick;operator=status")]);
    let arn = |alias: &str| format!("arn:aws:lambda:us-east-2:111122223333:function:dr:{alias}");
    let code = |value: Value| value["reasons"][0]["code"].as_str().unwrap_or_default().to_owned();
    let pause = "{\"action\":\"pause\"}";
    for (payload, alias) in [(pause, "live"), (pause, "operator"), (pause, "$LATEST"), (&notification("a"), "operator")]
    {
        let value = invoke(&function, payload, &arn(alias)).await.expect("a value");
        assert_eq!((value["outcome"].as_str(), code(value.clone())), (Some("ignored"), "not_admitted".to_owned()));
    }
    let unqualified = "arn:aws:lambda:us-east-2:111122223333:function:dr";
    let value = invoke(&function, "{\"source\":\"failover.schedule\"}", unqualified).await.expect("a value");
    assert_eq!(code(value), "not_admitted");
    let value = invoke(&function, "{\"source\":\"failover.schedule\"}", &arn("live")).await.expect("a value");
    assert_eq!(value["outcome"], "deferred", "the engine was asked");
}

#[tokio::test]
async fn what_is_no_event_is_ignored_with_its_reason_and_never_an_error() {
    let function = function(&[]);
    let deep = "[".repeat(100_000);
    let huge = format!("{{\"action\":\"pause\",\"reason\":\"{}\"}}", "x".repeat(800_000));
    let twice = "{\"action\":\"plan\",\"action\":\"failover\",\"waive\":[\"holdoff\"],\"reason\":\"r\"}";
    let cases = [
        ("", "no_content"),
        ("{", "not_json"),
        (deep.as_str(), "too_deep"),
        (huge.as_str(), "invalid_request"),
        (twice, "invalid_request"),
        ("{\"action\":\"failover\",\"waive\":[\"holdoff\"]}", "invalid_request"),
        ("[]", "unknown_shape"),
    ];
    for (payload, code) in cases {
        let value = invoke(&function, payload, "").await.expect("a value");
        assert_eq!(value["reasons"][0]["code"], code);
        assert!(value.to_string().len() < 2000, "{code}: {} bytes", value.to_string().len());
    }
    let nothing = LambdaEvent::new(None, context("", function.clock.now(), Duration::from_secs(3)));
    assert_eq!(function.invoke(nothing).await.expect("a value")["reasons"][0]["code"], "not_json");
}

/// Where the log goes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_payload_no_token_and_no_long_line_is_logged() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let function = function(&[]);
    let _ = invoke(&function, &notification("down\n\u{202e}SESSION-TOKEN=abc"), "").await;
    let _ = invoke(&function, &notification(&"x".repeat(100_000)), "").await;
    let marked = format!("{{\"action\":\"status\",\"reason\":\"PAYLOAD-MARK{}\"}}", "x".repeat(500));
    let _ = invoke(&function, &marked, "").await;
    let _ = invoke(&function, "{\"action\":\"status\",\"other\":\"PAYLOAD-MARK\"}", "").await;
    drop(guard);
    let log = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    assert!(log.lines().count() >= 6, "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
        assert!(line.len() < 8192, "{} bytes: {}...", line.len(), &line[..200]);
        for secret in ["PAYLOAD-MARK", "SESSION-TOKEN=abc", "\u{202e}"] {
            assert!(!line.contains(secret), "{secret:?} in {line}");
        }
    }
}

#[tokio::test]
async fn each_line_says_which_invocation_and_once_known_which_execution_it_belongs_to() {
    let lines = Lines::default();
    let writer = lines.clone();
    let guard = tracing::subscriber::set_default(log::subscriber("info", move || writer.clone()));
    let function = function(&[("AWS_LAMBDA_FUNCTION_NAME", "dr")]);
    let start = lines.0.lock().expect("not poisoned").len();
    let _ = invoke(&function, &notification("a"), "").await;
    // The engine on a standby in memory: nothing answers where the function above looks.
    let world = holdfast_core::fakes::World::new();
    world.fail_primary_for(600);
    let mut request = world.request(Trigger::Operator, Action::FailOver);
    request.overrides = holdfast_core::decision::Gate::ALL.into();
    let answer = log::invocation("request-2", "dr").in_scope(|| world.run("w", &request)).expect("the worker lives");
    drop(guard);
    let log = String::from_utf8(lines.0.lock().expect("not poisoned")[start..].to_vec()).expect("UTF-8");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |id: &str| lines.iter().filter(|line| line["span"]["invocation"] == id).collect::<Vec<_>>();
    let (first, second) = (of("request-1"), of("request-2"));
    assert_eq!(first.len() + second.len(), lines.len(), "{log}");
    assert!(first.iter().all(|line| line["span"]["site"] == "dr"), "{log}");
    assert!(first.last().is_some_and(|line| line["span"]["trigger"] == "alarm"), "{log}");
    let id = answer.execution.expect("an execution").id;
    let begins = second.iter().position(|line| line["message"] == "failover begins").expect("it begins");
    assert!(second[begins..].iter().all(|line| line["span"]["execution"] == id.as_str()), "{log}");
}

#[test]
fn all_faults_of_a_configuration_come_at_once_credentials_included() {
    let set = [("CLUSTER_REGION", "us-east-2"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
    let function = Function::new(&set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    let faults = function.site.as_ref().err().expect("faults");
    let said = reply::misconfigured(faults).error_message;
    for name in ["CLUSTER_NAME", "PRIMARY_HEALTH_CHECK_ID", "AWS_ACCESS_KEY_ID"] {
        assert!(faults.0.iter().any(|fault| fault.name == name) && said.contains(name), "{name}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}
