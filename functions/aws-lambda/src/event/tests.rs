mod foreign;

use std::{collections::BTreeSet, path::PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{AlarmEvent, AlarmKind, Filter, Incoming};

const OURS: &str = "11111111-2222-4333-8444-555555555555";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:dr-failover";

fn filter() -> Filter {
    let by_arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:p-site-down-by-arn";
    Filter {
        health_check_id: Some(OURS.to_owned()),
        topic_arn: Some(TOPIC.to_owned()),
        alarm_names: vec!["p-site-down".to_owned(), by_arn.to_owned()],
    }
}

/// Each fixture, and what comes of it: one word for each notification in it.
const EXPECTED: &[(&str, &str)] = &[
    ("bridge-composite-not-listed", "alarm_not_listed"),
    ("bridge-configuration-change", "not_an_alarm"),
    ("bridge-contributor-alarm", "contributor"),
    ("bridge-metric-alarm", "metric"),
    ("bridge-metric-alarm-muted", "metric"),
    ("bridge-metric-insufficient-data", "state_insufficient_data"),
    ("bridge-other-event", "not_an_alarm"),
    ("bridge-scheduled-rule", "tick"),
    ("direct-composite-with-suppressor", "composite"),
    ("direct-composite-without-suppressor", "composite"),
    ("direct-math-alarm", "metric math"),
    ("direct-metric-alarm", "metric"),
    ("direct-metric-ok", "state_ok"),
    ("direct-metric-other-health-check", "other_health_check"),
    ("manual-abort-of-another-action", "invalid_request"),
    ("manual-abort-of-wrong-type", "invalid_request"),
    ("manual-acknowledge", "manual Acknowledge { abort: false } drill []"),
    ("manual-acknowledge-abort", "manual Acknowledge { abort: true }  []"),
    ("manual-action-of-wrong-type", "invalid_request"),
    ("manual-failover", "manual FailOver drill []"),
    ("manual-failover-waived", "manual FailOver primary on fire [Holdoff, Cooldown]"),
    ("manual-finish", "manual Finish drill []"),
    ("manual-pause", "manual Pause { lasts: None } drill []"),
    ("manual-plan", "manual Plan drill []"),
    ("manual-preflight", "manual Preflight drill []"),
    ("manual-reason-of-wrong-type", "invalid_request"),
    ("manual-resume", "manual Resume drill []"),
    ("manual-status", "manual Status drill []"),
    ("manual-unknown-action", "invalid_request"),
    ("manual-unknown-field", "invalid_request"),
    ("manual-unknown-gate", "invalid_request"),
    ("manual-waive-of-another-action", "invalid_request"),
    ("manual-waive-of-wrong-type", "invalid_request"),
    ("schedule-tick", "tick"),
    ("sns-composite-empty-children", "composite"),
    ("sns-composite-listed", "composite"),
    ("sns-composite-listed-by-arn", "composite"),
    ("sns-composite-not-listed", "alarm_not_listed"),
    ("sns-contributor-alarm", "contributor"),
    ("sns-contributor-other-health-check", "other_health_check"),
    ("sns-contributor-promql-not-listed", "alarm_not_listed"),
    ("sns-empty-records", "no_records"),
    ("sns-math-alarm", "metric math"),
    ("sns-math-other-health-check", "other_health_check"),
    ("sns-message-manual-call", "not_an_alarm"),
    ("sns-message-not-an-alarm", "not_an_alarm"),
    ("sns-message-not-an-object", "unreadable_message"),
    ("sns-message-not-json", "unreadable_message"),
    ("sns-message-wrong-types", "state_unknown"),
    ("sns-metric-alarm", "metric"),
    ("sns-metric-alarm-other-message-id", "metric"),
    ("sns-metric-alarm-twice", "metric, metric"),
    ("sns-metric-insufficient-data", "state_insufficient_data"),
    ("sns-metric-null-description", "metric"),
    ("sns-metric-ok", "state_ok"),
    ("sns-metric-old-change", "metric"),
    ("sns-metric-old-spelling", "metric"),
    ("sns-metric-other-health-check", "other_health_check"),
    ("sns-metric-without-datapoints", "metric"),
    ("sns-metric-without-health-check", "alarm_not_listed"),
    ("sns-mixed-records", "unreadable_message, metric, state_ok"),
    ("sns-other-topic", "other_topic"),
    ("sns-without-message", "unreadable_message"),
    ("sqs-record", "not_sns"),
    ("unknown-empty-object", "unknown_shape"),
    ("unknown-list", "unknown_shape"),
    ("unknown-null", "unknown_shape"),
    ("unknown-other-source", "unknown_shape"),
    ("unknown-text", "unknown_shape"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn parse(payload: &Value, filter: &Filter) -> Vec<Incoming> {
    super::parse(payload.to_string().as_bytes(), filter)
}

fn fixture(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).expect(name);
    serde_json::from_str(&text).expect(name)
}

fn word(incoming: &Incoming) -> String {
    match incoming {
        Incoming::Alarm(alarm) => alarm.kind.name().to_owned(),
        Incoming::Tick => "tick".to_owned(),
        Incoming::Manual(call) => {
            format!("manual {:?} {} {:?}", call.action, call.reason.as_deref().unwrap_or_default(), call.overrides)
        }
        Incoming::Ignored(reason) => reason.code().to_owned(),
    }
}

#[test]
fn every_shape_that_is_known_is_understood() {
    for (name, expected) in EXPECTED {
        let words: Vec<String> = parse(&fixture(name), &filter()).iter().map(word).collect();
        assert_eq!(words.join(", "), *expected, "{name}");
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

fn alarm(name: &str) -> AlarmEvent {
    match parse(&fixture(name), &filter()).remove(0) {
        Incoming::Alarm(alarm) => alarm,
        other => panic!("{other:?} instead of an alarm"),
    }
}

fn sentence(payload: &Value) -> String {
    match parse(payload, &filter()).remove(0) {
        Incoming::Ignored(reason) => reason.to_string(),
        other => panic!("{other:?} instead of a reason"),
    }
}

#[test]
fn an_alarm_is_read_whole_from_its_notification() {
    let expected = AlarmEvent {
        name: "p-primary-unhealthy".to_owned(),
        arn: Some("arn:aws:cloudwatch:us-east-1:111122223333:alarm:p-primary-unhealthy".to_owned()),
        region: Some("us-east-1".to_owned()),
        changed_at: Some("2026-01-01T00:00:21.231Z".parse().expect("a time")),
        health_check_ids: vec![OURS.to_owned()],
        topic_arn: Some(TOPIC.to_owned()),
        message_id: Some("6f2c1d3e-0001-5aaa-9bbb-000000000001".to_owned()),
        kind: AlarmKind::Metric,
    };
    assert_eq!(alarm("sns-metric-alarm"), expected);
}

#[test]
fn the_other_spellings_carry_the_same_alarm() {
    for name in ["direct-metric-alarm", "bridge-metric-alarm"] {
        let alarm = alarm(name);
        assert_eq!(alarm.arn, self::alarm("sns-metric-alarm").arn, "{name}");
        assert_eq!(alarm.changed_at, "2026-01-01T00:00:15.486Z".parse().ok(), "{name}");
        assert_eq!((alarm.health_check_ids, alarm.message_id), (vec![OURS.to_owned()], None), "{name}");
    }
}

#[test]
fn two_notifications_of_one_change_differ_in_nothing_but_their_id() {
    let (one, other) = (alarm("sns-metric-alarm"), alarm("sns-metric-alarm-other-message-id"));
    assert_ne!(one.message_id, other.message_id);
    assert_eq!(AlarmEvent { message_id: None, ..one }, AlarmEvent { message_id: None, ..other });
}

#[test]
fn a_change_of_long_ago_says_so() {
    assert!(alarm("sns-metric-old-change").changed_at < alarm("sns-metric-alarm").changed_at);
}

#[test]
fn every_health_check_of_an_expression_is_found() {
    assert_eq!(alarm("sns-math-alarm").health_check_ids.len(), 2);
}

#[test]
fn reasons_say_what_would_help() {
    let said = |name: &str| sentence(&fixture(name));
    assert!(said("sns-composite-not-listed").contains("composite alarm somebody-elses"));
    assert!(said("sns-composite-not-listed").contains("HOLDFAST_ALARM_NAMES"));
    assert!(said("manual-unknown-action").contains("failover, approve, switchover, failback"));
    assert!(said("manual-unknown-gate").contains("cooldown, primary-failing, holdoff, standby-fit"));
    assert!(said("manual-unknown-field").contains("dry_run"));
    assert!(said("sns-metric-ok").contains("OK"));
    assert!(said("bridge-configuration-change").contains("Configuration Change"));
}

#[test]
fn without_a_configured_topic_any_topic_will_do() {
    let any = Filter { topic_arn: None, ..filter() };
    assert_eq!(word(&parse(&fixture("sns-other-topic"), &any)[0]), "metric");
}

#[test]
fn an_answer_holds_no_control_characters_and_no_essay() {
    let sentence = sentence(&json!({"action": "status", "a\nb\u{1b}[31m".repeat(500): 1}));
    assert!(sentence.len() < 700 && !sentence.contains(['\n', '\u{1b}']), "{sentence}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = "(Records|Sns|Message|EventSource|aws:sns|action|failover|force|source|detail|detail-type|alarmData|ALARM|.{0,8})";
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

/// Puts `graft` in place of the `at`-th value of the tree.
fn graft(tree: &mut Value, at: &mut usize, new: &Value) {
    if *at == 0 {
        *tree = new.clone();
    }
    *at = at.wrapping_sub(1);
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| graft(item, at, new)),
        Value::Object(fields) => fields.values_mut().for_each(|field| graft(field, at, new)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn nothing_that_is_json_panics_and_something_always_comes_of_it(payload in any_json()) {
        prop_assert!(!parse(&payload, &filter()).is_empty());
    }

    #[test]
    fn nothing_that_is_not_json_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let message = String::from_utf8_lossy(&bytes).into_owned();
        let record = json!({"EventSource": "aws:sns", "Sns": {"TopicArn": TOPIC, "Message": message}});
        let incoming = parse(&json!({"Records": [record]}), &filter());
        prop_assert!(matches!(incoming[0], Incoming::Ignored(_)));
    }

    #[test]
    fn a_damaged_event_does_not_panic(which in 0..EXPECTED.len(), at in 0_usize..40, new in any_json()) {
        let mut payload = fixture(EXPECTED[which].0);
        graft(&mut payload, &mut at.clone(), &new);
        prop_assert!(!parse(&payload, &filter()).is_empty());
    }

    #[test]
    fn without_a_configuration_no_alarm_is_ours(which in 0..EXPECTED.len(), at in 0_usize..40, new in any_json()) {
        let mut payload = fixture(EXPECTED[which].0);
        graft(&mut payload, &mut at.clone(), &new);
        let alarms = parse(&payload, &Filter::default());
        prop_assert!(!alarms.iter().any(|incoming| matches!(incoming, Incoming::Alarm(_))));
    }
}
