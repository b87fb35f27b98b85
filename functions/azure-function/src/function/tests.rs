use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use holdfast_core::engine::Action;
use serde_json::json;

use super::*;

const PROFILE: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm";
const CLUSTER: &str = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/c";

fn built(more: &[(&str, &str)]) -> Built {
    let least = [
        ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE),
        ("HOLDFAST_PRIMARY_ENDPOINT", "primary"),
        ("HOLDFAST_AKS_CLUSTER_ID", CLUSTER),
    ];
    let pairs = least.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    build(&pairs.collect(), &Arc::default()).expect("a sound configuration")
}

#[test]
fn a_call_ends_before_the_host_or_the_front_end_ends_it_with_a_reserve_for_the_answer() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let deadline = |now, function, built: &Built| deadline(now, function, &built.host, built.site.limits());
    let left = |function, built: &Built| (deadline(now, function, built) - now).total(jiff::Unit::Second);
    for (timeout, call, function, seconds) in [
        ("600", "5", Function::Work, 590.0),
        ("600", "5", Function::Tick, 590.0),
        ("600", "5", Function::Operator, 220.0),
        ("600", "5", Function::Alarm, 220.0),
        ("3600", "15", Function::Operator, 207.0),
        ("60", "5", Function::Operator, 54.0),
        ("60", "0.5", Function::Work, 59.0),
    ] {
        let more = [
            ("HOLDFAST_FUNCTION_TIMEOUT_SECONDS", timeout),
            ("HOLDFAST_CALL_TIMEOUT_SECONDS", call),
            ("HOLDFAST_LEASE_SECONDS", "60"),
        ];
        let left = left(function, &built(&more)).expect("seconds");
        assert!((left - seconds).abs() < 0.001, "{function:?} {timeout} {call}: {left}");
    }
    assert_eq!(deadline(Timestamp::MAX, Function::Tick, &built(&[])), Timestamp::MAX);
}

#[test]
fn a_door_is_a_function_or_one_of_its_keys() {
    let built = built(&[("HOLDFAST_ADMITS", "Operator=status;Operator:on-call=all;Tick=tick;Work=alarm")]);
    let call = |action| Incoming::Manual(ManualCall { action, ..ManualCall::failover() });
    let is_in = |incoming: &Incoming, function, key: Option<&str>| {
        let sender = Sender { key: key.map(str::to_owned), principal: None };
        match admitted(incoming.clone(), built.site.doors(), function, &sender) {
            Incoming::Ignored(IgnoredReason::NotAdmitted { .. }) => false,
            other => other == *incoming,
        }
    };
    assert!(is_in(&call(Action::Status), Function::Operator, None));
    assert!(!is_in(&call(Action::FailOver), Function::Operator, None));
    assert!(is_in(&call(Action::FailOver), Function::Operator, Some("on-call")));
    assert!(!is_in(&call(Action::FailOver), Function::Operator, Some("other")));
    assert!(is_in(&Incoming::Tick, Function::Tick, None));
    let work = Work { alarm: "a".to_owned(), changed_at: None, alert_id: None, first_seen: None, attempt: 0 };
    assert!(is_in(&Incoming::Work(work.clone()), Function::Work, None));
    assert!(!is_in(&Incoming::Work(work), Function::Alarm, None), "a door without an entry admits nothing");
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

/// A site whose calls all end in a refused connection, at once.
fn unreachable() -> App {
    let set = [
        ("WEBSITE_SITE_NAME", "dr-functions"),
        ("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID", PROFILE),
        ("HOLDFAST_PRIMARY_ENDPOINT", "primary"),
        ("HOLDFAST_AKS_CLUSTER_ID", CLUSTER),
        ("HOLDFAST_ARM_ENDPOINT", "https://127.0.0.1:1"),
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:1"),
        ("IDENTITY_HEADER", "h"),
        ("HOLDFAST_OBSERVE_SECONDS", "0.5"),
        ("MAX_RETRIES", "0"),
    ];
    App::new(&set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn call(path: &str, body: &Value, id: &str) -> Arrival {
    Arrival { path: path.to_owned(), body: body.to_string().into(), id: id.to_owned(), headers: HeaderMap::new() }
}

#[tokio::test]
async fn each_line_of_two_invocations_side_by_side_says_which_it_belongs_to() {
    let lines = Lines::default();
    let writer = lines.clone();
    let guard = tracing::subscriber::set_default(log::subscriber("debug", move || writer.clone()));
    let app = unreachable();
    let status = json!({"action": "status", "reason": "r"});
    let tick = json!({"Data": {"timer": {}}, "Metadata": {}});
    tokio::join!(app.invoke(call("/api/operator", &status, "id-one")), app.invoke(call("/Tick", &tick, "id-two")));
    drop(guard);
    let log = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: Vec<&str> = lines.iter().map(|line| line["span"]["invocation"].as_str().unwrap_or("none")).collect();
    let places = |id: &str| (ids.iter().position(|one| *one == id), ids.iter().rposition(|one| *one == id));
    let ((Some(first), Some(last)), (Some(begin), Some(end))) = (places("id-one"), places("id-two")) else {
        panic!("{log}")
    };
    assert!(first < end && begin < last, "they ran side by side: {ids:?}");
    assert!(!ids.contains(&"none"), "{log}");
    for line in &lines {
        let (id, trigger) = (line["span"]["invocation"].as_str(), line["span"]["trigger"].as_str());
        let expected = if id == Some("id-one") { "operator" } else { "tick" };
        assert_eq!((trigger, line["span"]["site"].as_str()), (Some(expected), Some("dr-functions")), "{line}");
        if let Some(caller) = line["caller"].as_str() {
            assert!(caller.contains(id.unwrap_or("none")), "{line}");
        }
    }
}

#[tokio::test]
async fn each_event_that_is_ignored_has_a_line_that_can_be_counted_by_its_reason() {
    let lines = Lines::default();
    let writer = lines.clone();
    let guard = tracing::subscriber::set_default(log::subscriber("info", move || writer.clone()));
    let app = unreachable();
    app.invoke(call("/api/operator", &json!({"action": "dance"}), "id-one")).await;
    app.invoke(call("/Work", &json!({"Data": {"work": "\"none of ours\""}, "Metadata": {}}), "id-two")).await;
    drop(guard);
    let log = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told = lines.iter().filter(|line| line["outcome"] == "ignored");
    let codes: Vec<_> = told.map(|line| line["code"].as_str().unwrap_or("none")).collect();
    assert_eq!(codes.len(), 2, "{log}");
    assert_eq!(codes[0], "invalid_request", "{log}");
}
