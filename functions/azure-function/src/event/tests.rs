use std::{collections::BTreeSet, path::PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::*;

const PROFILE: &str = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/dr-global/providers/\
                       Microsoft.Network/trafficManagerProfiles/logs";

fn filter() -> Filter {
    let profile = ResourceId::parse(PROFILE, holdfast_azure::endpoint::PROFILE).expect("an id");
    Filter { profile, endpoint: "primary".to_owned(), alarm_names: vec!["any-site-down".to_owned()] }
}

/// Each fixture, and what comes of it: the function, the mode, and one word.
const EXPECTED: &[(&str, &str)] = &[
    ("elsewhere", "nothing"),
    ("envelope-activity-log-schema", "Alarm Envelope other_schema"),
    ("envelope-body-a-list", "Alarm Envelope not_json"),
    ("envelope-body-not-json", "Alarm Envelope not_json"),
    ("envelope-classic-alert", "Alarm Envelope other_schema"),
    ("envelope-common-activity-log", "Alarm Envelope other_signal"),
    ("envelope-common-dynamic-threshold", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-common-fired", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-common-fired-body-not-in-text", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-common-fired-octets", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-common-fired-query-in-text", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-common-listed", "Alarm Envelope work any-site-down 0"),
    ("envelope-common-log-alert", "Alarm Envelope other_signal"),
    ("envelope-common-lower-case-ids", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-common-no-endpoint", "Alarm Envelope alarm_not_listed"),
    ("envelope-common-number-threshold", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-common-other-endpoint", "Alarm Envelope other_endpoint"),
    ("envelope-common-other-target", "Alarm Envelope other_target"),
    ("envelope-common-queries-metric", "Alarm Envelope alarm_not_listed"),
    ("envelope-common-resolved", "Alarm Envelope resolved"),
    ("envelope-common-unknown-state", "Alarm Envelope state_unknown"),
    ("envelope-common-without-context", "Alarm Envelope alarm_not_listed"),
    ("envelope-older-fired", "Alarm Envelope work tm-primary-down 0"),
    ("envelope-older-other-endpoint", "Alarm Envelope other_endpoint"),
    ("envelope-older-resolved", "Alarm Envelope resolved"),
    ("envelope-test-notification", "Alarm Envelope other_target"),
    ("envelope-without-body", "Alarm Envelope no_body"),
    ("forwarded-common-fired", "Alarm Forwarded work tm-primary-down 0"),
    ("forwarded-common-resolved", "Alarm Forwarded resolved"),
    ("forwarded-envelope-is-no-alert", "Alarm Forwarded other_schema"),
    ("forwarded-older-fired", "Alarm Forwarded work tm-primary-down 0"),
    ("forwarded-other-prefix", "Alarm Forwarded work tm-primary-down 0"),
    ("operator-alert", "Operator Forwarded invalid_request"),
    ("operator-envelope", "Operator Envelope manual Plan []"),
    ("operator-envelope-without-body", "Operator Envelope no_body"),
    ("operator-forwarded", "Operator Forwarded manual FailOver [Holdoff]"),
    ("operator-unknown-action", "Operator Forwarded invalid_request"),
    ("operator-unknown-field", "Operator Forwarded invalid_request"),
    ("queue-message", "Work Envelope work tm-primary-down 0"),
    ("queue-message-empty", "Work Envelope no_body"),
    ("queue-message-in-text", "Work Envelope work tm-primary-down 0"),
    ("queue-message-in-text-in-text", "Work Envelope work tm-primary-down 0"),
    ("queue-message-minimal", "Work Envelope work a 0"),
    ("queue-message-not-json", "Work Envelope not_json"),
    ("queue-message-null", "Work Envelope no_body"),
    ("queue-message-of-another", "Work Envelope unreadable_work"),
    ("queue-message-of-wrong-types", "Work Envelope unreadable_work"),
    ("queue-message-retried", "Work Envelope work tm-primary-down 3"),
    ("timer", "Tick Envelope tick"),
    ("timer-past-due-without-status", "Tick Envelope tick"),
    ("unknown-list", "Alarm Forwarded not_json"),
    ("unknown-null", "Alarm Forwarded no_body"),
    ("work-by-a-route", "nothing"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The path and the body that the host sends.
fn fixture(name: &str) -> (String, Value) {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).expect(name);
    let mut fixture: Value = serde_json::from_str(&text).expect(name);
    (fixture["path"].as_str().expect("a path").to_owned(), fixture["body"].take())
}

fn parsed(name: &str) -> Option<Invocation> {
    let (path, body) = fixture(name);
    parse(&path, body.to_string().as_bytes(), &filter())
}

fn word(invocation: Option<&Invocation>) -> String {
    let Some(Invocation { function, mode, incoming, .. }) = invocation else { return "nothing".to_owned() };
    let word = match incoming {
        Incoming::Work(work) => format!("work {} {}", work.alarm, work.attempt),
        Incoming::Tick => "tick".to_owned(),
        Incoming::Manual(call) => format!("manual {:?} {:?}", call.action, call.overrides),
        Incoming::Ignored(reason) => reason.code().to_owned(),
    };
    format!("{} {mode:?} {word}", function.name())
}

#[test]
fn every_shape_that_is_known_is_understood() {
    for (name, expected) in EXPECTED {
        assert_eq!(word(parsed(name).as_ref()), *expected, "{name}");
    }
}

#[test]
fn no_fixture_is_forgotten() {
    let files = std::fs::read_dir(folder()).expect("fixtures").map(|file| file.expect("a file").file_name());
    let files: BTreeSet<String> =
        files.map(|name| name.to_string_lossy().trim_end_matches(".json").to_owned()).collect();
    let tested: BTreeSet<String> = EXPECTED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, tested);
}

fn alert(name: &str) -> Work {
    match parsed(name).expect(name).incoming {
        Incoming::Work(work) => work,
        other => panic!("{other:?} instead of an alert"),
    }
}

fn sentence(name: &str) -> String {
    match parsed(name).expect(name).incoming {
        Incoming::Ignored(reason) => reason.to_string(),
        other => panic!("{other:?} instead of a reason"),
    }
}

#[test]
fn an_alert_is_read_whole_in_both_spellings() {
    let common = alert("envelope-common-fired");
    assert_eq!(common.changed_at, "2026-11-21T10:00:00Z".parse().ok());
    assert_eq!(common.alert_id.as_deref(), Some("origin-1"));
    let older = alert("envelope-older-fired");
    assert_eq!(older.changed_at.map(|at| at.as_second()), common.changed_at.map(|at| at.as_second()));
    assert!(older.alert_id.is_some_and(|id| id.ends_with("/tm-primary-down")));
}

#[test]
fn what_is_put_into_the_queue_is_what_comes_out_of_it() {
    let work = Work { first_seen: "2026-11-21T10:00:05Z".parse().ok(), attempt: 2, ..alert("envelope-common-fired") };
    let text = serde_json::to_string(&work).expect("JSON");
    let message = json!({"Data": {"work": text}, "Metadata": {"DequeueCount": "2"}}).to_string();
    let invocation = parse("/Work", message.as_bytes(), &filter()).expect("ours");
    assert_eq!(invocation.incoming, Incoming::Work(work));
}

#[test]
fn reasons_say_what_would_help() {
    assert!(sentence("envelope-common-other-endpoint").contains("HOLDFAST_PRIMARY_ENDPOINT"));
    assert!(sentence("envelope-common-no-endpoint").contains("HOLDFAST_ALARM_NAMES"));
    assert!(sentence("envelope-test-notification").contains("HOLDFAST_TRAFFIC_MANAGER_PROFILE_ID"));
    assert!(sentence("envelope-common-resolved").contains("nothing fails back"));
    assert!(sentence("operator-unknown-action").contains("failover, plan, preflight"));
    assert!(sentence("operator-unknown-field").contains("dry_run"));
}

#[test]
fn no_key_of_an_address_is_in_a_reason() {
    for (name, _) in EXPECTED {
        if let Some(Invocation { incoming: Incoming::Ignored(reason), .. }) = parsed(name) {
            assert!(!reason.to_string().contains("KEY"), "{name}: {reason}");
        }
    }
}

#[test]
fn a_megabyte_of_junk_is_not_looked_at() {
    let junk = vec![b' '; 1024 * 1024 + 1];
    for path in ["/Alarm", "/api/alarm", "/Work", "/api/operator"] {
        assert!(word(parse(path, &junk, &filter()).as_ref()).ends_with("too_large"), "{path}");
    }
}

/// A case of `tests/cases`.
fn case(name: &str) -> Value {
    let path = format!("{}/../../tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect(name)).expect(name)
}

/// What comes of an alert that the action group posts.
fn posted(alert: &Value, filter: &Filter) -> String {
    word(parse("/api/alarm", alert.to_string().as_bytes(), filter).as_ref())
}

/// The alert in a fixture, as the action group posts it.
fn alert_of(name: &str) -> Value {
    let body = &fixture(name).1["Data"]["req"]["Body"];
    serde_json::from_str(body.as_str().expect("text")).expect("JSON")
}

/// The same with every key rewritten.
fn with_keys(value: &Value, rewrite: fn(&str) -> String) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (rewrite(name), with_keys(value, rewrite))).collect()
        }
        Value::Array(items) => items.iter().map(|item| with_keys(item, rewrite)).collect(),
        other => other.clone(),
    }
}

fn pascal(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[test]
fn the_case_of_a_metric_alert_in_pascal_case_is_work() {
    assert_eq!(posted(&case("azure-metric-alert-pascal-case"), &filter()), "Alarm Forwarded work tm-primary-down 0");
}

#[test]
fn an_alert_means_the_same_however_its_keys_are_written() {
    for (name, _) in EXPECTED.iter().filter(|(name, _)| name.starts_with("envelope-common-") || name.contains("older"))
    {
        let Some(text) = fixture(name).1["Data"]["req"]["Body"].as_str().map(str::to_owned) else { continue };
        let Ok(alert) = serde_json::from_str::<Value>(&text) else { continue };
        let expected = posted(&alert, &filter());
        for rewrite in [pascal, str::to_ascii_uppercase as fn(&str) -> String, str::to_ascii_lowercase] {
            assert_eq!(posted(&with_keys(&alert, rewrite), &filter()), expected, "{name}");
        }
    }
}

#[test]
fn log_and_activity_log_alerts_that_are_listed_are_work_in_any_case() {
    let listed = Filter { alarm_names: vec!["tm-primary-down".to_owned()], ..filter() };
    for name in ["envelope-common-log-alert", "envelope-common-activity-log"] {
        let mut alert = alert_of(name);
        alert["data"]["essentials"]["alertRule"] = json!("TM-primary-down");
        for alert in [alert.clone(), with_keys(&alert, pascal)] {
            assert!(posted(&alert, &listed).contains("work TM-primary-down"), "{name}");
            assert!(posted(&alert, &filter()).ends_with("other_signal"), "{name}");
        }
    }
}

#[test]
fn where_a_list_is_expected_one_value_may_stand() {
    let alert = alert_of("envelope-common-fired");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut alert = alert.clone();
        change(&mut alert);
        posted(&alert, &filter())
    };
    let ours = "Alarm Forwarded work tm-primary-down 0";
    let criteria = |alert: &mut Value, new: &dyn Fn(&Value) -> Value| {
        let all = &mut alert["data"]["alertContext"]["condition"]["allOf"];
        *all = new(all);
    };
    assert_eq!(changed(&|alert| criteria(alert, &|all| all[0].clone())), ours);
    let dimensions = |new: Value| {
        changed(&|alert| {
            let one = &mut alert["data"]["alertContext"]["condition"]["allOf"][0];
            one["dimensions"] = new.clone();
        })
    };
    assert_eq!(dimensions(json!({"name": "EndpointName", "value": "Primary"})), ours);
    assert_eq!(dimensions(json!({"EndpointName": "primary"})), ours);
    assert_eq!(dimensions(json!([{"Name": "endpointname", "Value": ["standby", "primary"]}])), ours);
    assert!(dimensions(json!({"endpointName": "standby"})).ends_with("other_endpoint"));
    assert!(dimensions(json!({"Region": "primary"})).ends_with("alarm_not_listed"));
    let target = alert["data"]["essentials"]["alertTargetIDs"][0].clone();
    assert_eq!(changed(&|alert| alert["data"]["essentials"]["alertTargetIDs"] = target.clone()), ours);
}

#[test]
fn long_names_are_compared_whole_and_shown_cut() {
    let long = |end: &str| format!("{}{end}", "n".repeat(100_000));
    let mut alert = alert_of("envelope-common-fired");
    alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"][0]["value"] = json!(long("b"));
    alert["data"]["essentials"]["alertRule"] = json!(long("rule"));
    let mine = Filter { endpoint: long("a"), ..filter() };
    let reason =
        |filter: &Filter| match parse("/api/alarm", alert.to_string().as_bytes(), filter).expect("ours").incoming {
            Incoming::Ignored(reason) => reason,
            other => panic!("{other:?}"),
        };
    assert_eq!(reason(&mine).code(), "other_endpoint");
    assert!(reason(&mine).to_string().len() < 1000);
    let listed = Filter { alarm_names: vec![long("other")], ..mine.clone() };
    assert_eq!(reason(&listed).code(), "other_endpoint");
    let listed = Filter { alarm_names: vec![long("rule")], ..mine };
    match parse("/api/alarm", alert.to_string().as_bytes(), &listed).expect("ours").incoming {
        Incoming::Work(work) => assert!(work.alarm.len() < 400),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_of_an_operator_that_makes_no_sense_is_refused_with_its_field() {
    let deep = "[".repeat(5000);
    let huge = json!({"action": "pause", "reason": "x".repeat(800_000)}).to_string();
    let twice = r#"{"action":"plan","action":"failover","force":["holdoff"],"reason":"r"}"#;
    let force = r#"{"action":"failover","force":["cooldwn"],"reason":"r"}"#;
    for (body, code, says) in [
        (deep.as_bytes(), "too_deep", "nested deeper"),
        (b"\xff\xfe", "not_json", "no JSON object"),
        (b"", "no_body", "no content"),
        (huge.as_bytes(), "invalid_request", "reason has 800000 characters"),
        (twice.as_bytes(), "invalid_request", "the key \"action\" twice"),
        (force.as_bytes(), "invalid_request", "force \"cooldwn\" is no gate"),
        (br#"{"action":"failover","force":["holdoff"]}"#, "invalid_request", "reason is required"),
    ] {
        let mut calls = vec![("/api/operator", body.to_vec())];
        // In the host's envelope: the body as text, or as an object.
        if let Ok(text) = std::str::from_utf8(body) {
            calls.push(("/Operator", json!({"Data": {"req": {"Body": text}}, "Metadata": {}}).to_string().into()));
            if code == "invalid_request" {
                calls.push(("/Operator", format!("{{\"Data\":{{\"req\":{{\"Body\":{text}}}}}}}").into_bytes()));
            }
        }
        for (path, body) in calls {
            match parse(path, &body, &filter()).expect("ours").incoming {
                Incoming::Ignored(reason) => {
                    assert_eq!(reason.code(), code, "{path} {reason}");
                    let said = reason.to_string();
                    assert!(said.contains(says) && said.len() < 1000, "{path}: {said}");
                }
                other => panic!("{path}: {other:?}"),
            }
        }
    }
}

#[test]
fn the_host_tells_the_name_of_the_key_beside_the_event() {
    let (path, mut body) = fixture("operator-envelope");
    body["Data"]["req"]["Identities"] = json!([{"Claims": [
        {"Type": "http://schemas.microsoft.com/2017/07/functions/claims/keyid", "Value": "on-call"}]}]);
    let invocation = parse(&path, body.to_string().as_bytes(), &filter()).expect("ours");
    assert_eq!(invocation.sender.key.as_deref(), Some("on-call"));
    assert_eq!(parsed("operator-forwarded").expect("ours").sender, Sender::default());
}

fn any_json() -> impl Strategy<Value = Value> {
    let words =
        "(Data|Body|work|req|schemaId|data|essentials|monitorCondition|Fired|action|failover|alarm|attempt|.{0,8})";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((words, inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_path() -> impl Strategy<Value = String> {
    prop_oneof!["/(Alarm|Work|Tick|Operator)", "/api/(alarm|operator|work)", ".{0,20}"]
}

/// Puts `new` in place of the `at`-th value of the tree, and looks into text that is JSON.
fn graft(tree: &mut Value, at: &mut usize, new: &Value) {
    if *at == 0 {
        *tree = new.clone();
    }
    *at = at.wrapping_sub(1);
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| graft(item, at, new)),
        Value::Object(fields) => fields.values_mut().for_each(|field| graft(field, at, new)),
        Value::String(text) => {
            if let Ok(mut inner @ Value::Object(_)) = serde_json::from_str(text) {
                graft(&mut inner, at, new);
                *tree = Value::String(inner.to_string());
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn nothing_that_is_json_panics(path in any_path(), body in any_json()) {
        let _ = parse(&path, body.to_string().as_bytes(), &filter());
    }

    #[test]
    fn nothing_that_is_not_json_panics_or_is_acted_upon(
        path in any_path(), body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let invocation = parse(&path, &body, &filter());
        let harmless = invocation.is_none_or(|one| matches!(one.incoming, Incoming::Ignored(_)));
        prop_assert!(harmless);
    }

    #[test]
    fn a_damaged_event_does_not_panic(which in 0..EXPECTED.len(), at in 0_usize..60, new in any_json()) {
        let (path, mut body) = fixture(EXPECTED[which].0);
        graft(&mut body, &mut at.clone(), &new);
        let _ = parse(&path, body.to_string().as_bytes(), &filter());
    }

    #[test]
    fn of_another_profile_no_alert_is_ours(which in 0..EXPECTED.len(), at in 0_usize..60, new in any_json()) {
        let (path, mut body) = fixture(EXPECTED[which].0);
        graft(&mut body, &mut at.clone(), &new);
        let profile = PROFILE.replace("/logs", "/other");
        let profile = ResourceId::parse(&profile, holdfast_azure::endpoint::PROFILE).expect("an id");
        let other = Filter { profile, alarm_names: Vec::new(), ..filter() };
        let invocation = parse(&path, body.to_string().as_bytes(), &other);
        let acted = invocation.is_some_and(|one| one.function == Function::Alarm && matches!(one.incoming, Incoming::Work(_)));
        prop_assert!(!acted);
    }
}
