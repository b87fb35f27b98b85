mod foreign;

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
    ("envelope-without-body", "Alarm Envelope no_content"),
    ("forwarded-common-fired", "Alarm Forwarded work tm-primary-down 0"),
    ("forwarded-common-resolved", "Alarm Forwarded resolved"),
    ("forwarded-envelope-is-no-alert", "Alarm Forwarded other_schema"),
    ("forwarded-older-fired", "Alarm Forwarded work tm-primary-down 0"),
    ("forwarded-other-prefix", "Alarm Forwarded work tm-primary-down 0"),
    ("operator-alert", "Operator Forwarded invalid_request"),
    ("operator-envelope", "Operator Envelope manual Plan []"),
    ("operator-envelope-without-body", "Operator Envelope no_content"),
    ("operator-forwarded", "Operator Forwarded manual FailOver [Holdoff]"),
    ("operator-unknown-action", "Operator Forwarded invalid_request"),
    ("operator-unknown-field", "Operator Forwarded invalid_request"),
    ("preflight-by-a-route", "nothing"),
    ("preflight-timer", "Preflight Envelope manual Preflight []"),
    ("queue-message", "Work Envelope work tm-primary-down 0"),
    ("queue-message-empty", "Work Envelope no_content"),
    ("queue-message-in-text", "Work Envelope work tm-primary-down 0"),
    ("queue-message-in-text-in-text", "Work Envelope work tm-primary-down 0"),
    ("queue-message-minimal", "Work Envelope work a 0"),
    ("queue-message-not-json", "Work Envelope not_json"),
    ("queue-message-null", "Work Envelope no_content"),
    ("queue-message-of-another", "Work Envelope unreadable_work"),
    ("queue-message-of-wrong-types", "Work Envelope unreadable_work"),
    ("queue-message-retried", "Work Envelope work tm-primary-down 3"),
    ("timer", "Tick Envelope tick"),
    ("timer-past-due-without-status", "Tick Envelope tick"),
    ("unknown-list", "Alarm Forwarded not_json"),
    ("unknown-null", "Alarm Forwarded no_content"),
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
    assert!(sentence("operator-unknown-action").contains("failover, approve, switchover, failback"));
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
    prop_oneof!["/(Alarm|Work|Tick|Preflight|Operator)", "/api/(alarm|operator|work)", ".{0,20}"]
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
