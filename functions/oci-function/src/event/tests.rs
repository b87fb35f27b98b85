use holdfast_core::engine::Action;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const MONITOR: &str = "ocid1.httpmonitor.oc1..aaaamonitor";
const BALANCER: &str = "ocid1.loadbalancer.oc1.iad.aaaalb";
const ALARM: &str = "ocid1.alarm.oc1.iad.aaaaalarm";

fn filter() -> Filter {
    Filter {
        resources: vec![MONITOR.to_owned(), BALANCER.to_owned()],
        alarms: vec!["any-site-down".to_owned(), "ocid1.alarm.oc1.iad.aaaalisted".to_owned()],
        ticks: vec!["ocid1.alarm.oc1.iad.aaaatick".to_owned(), "holdfast-tick".to_owned()],
    }
}

/// The example of the documentation (docs/reference/oci.md#alarms), with its placeholders filled in.
fn example() -> Value {
    json!({
        "dedupeKey": "6b28ce05-0000-4407-b9c0-000000000000", "title": "primary-unhealthy", "body": null,
        "type": "OK_TO_FIRING", "severity": "CRITICAL", "timestampEpochMillis": 1_761_563_100_000_i64,
        "timestamp": "2025-10-27T11:05:00Z",
        "alarmMetaData": [{
            "id": ALARM, "status": "FIRING", "severity": "CRITICAL", "namespace": "oci_healthchecks",
            "query": format!("HTTP.isHealthy[1m]{{resourceId = \"{MONITOR}\"}}.groupBy(resourceId).mean() < 1"),
            "totalMetricsFiring": 1, "dimensions": [{"resourceId": MONITOR}],
            "alarmUrl": "https://cloud.oracle.com/monitoring/alarms/x?region=us-ashburn-1", "alarmSummary": "...",
            "metricValues": [{"HTTP.isHealthy[1m]{...}.mean()": "0.00"}],
        }],
        "notificationType": "Grouped messages across metric streams", "version": 1.5,
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut message = example();
    *message.pointer_mut(path).expect(path) = value;
    message
}

fn without(object: &str, keys: &[&str]) -> Value {
    let mut message = example();
    let fields = message.pointer_mut(object).and_then(Value::as_object_mut).expect(object);
    keys.iter().for_each(|key| drop(fields.remove(*key)));
    message
}

fn parsed(message: &Value) -> Incoming {
    let mut all = parse(message.to_string().as_bytes(), &filter());
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// One word for what comes of a message.
fn word(incoming: &Incoming) -> String {
    match incoming {
        Incoming::Alarm(alarm) if alarm.repeated => format!("alarm {} again", alarm.name),
        Incoming::Alarm(alarm) => format!("alarm {}", alarm.name),
        Incoming::Tick => "tick".to_owned(),
        Incoming::Manual(call) => format!("manual {:?}", call.action),
        Incoming::Ignored(reason) => reason.code().to_owned(),
    }
}

fn of(message: &Value) -> String {
    word(&parsed(message))
}

#[test]
fn an_alarm_of_ours_that_fires_is_understood() {
    let Incoming::Alarm(alarm) = parsed(&example()) else { panic!("ignored") };
    let expected = AlarmEvent {
        name: "primary-unhealthy".to_owned(),
        id: Some(ALARM.to_owned()),
        changed_at: "2025-10-27T11:05:00Z".parse().ok(),
        dedupe_key: Some("6b28ce05-0000-4407-b9c0-000000000000".to_owned()),
        repeated: false,
    };
    assert_eq!(alarm, expected);
}

#[test]
fn whitespace_older_versions_and_the_other_spelling_change_nothing() {
    let pretty = serde_json::to_string_pretty(&example()).expect("JSON").replace('\n', "\r\n\t");
    assert_eq!(parse(pretty.as_bytes(), &filter()), [parsed(&example())]);
    let mut older = without("/alarmMetaData/0", &["alarmSummary", "metricValues", "namespace", "alarmUrl"]);
    older["version"] = json!(1.3);
    older.as_object_mut().expect("an object").remove("notificationType");
    let key = older.as_object_mut().expect("an object").remove("dedupeKey").expect("there");
    older["dedupekey"] = key;
    assert_eq!(parsed(&older), parsed(&example()));
    let millis = without("", &["timestamp"]);
    assert_eq!(parsed(&millis), parsed(&example()));
    let mut more = example();
    more["somethingNew"] = json!({"a": [1, 2]});
    more["version"] = json!("2.0");
    assert_eq!(parsed(&more), parsed(&example()));
}

#[test]
fn only_what_begins_to_fire_or_fires_still_is_acted_upon() {
    for (kind, status, expected) in [
        ("OK_TO_FIRING", "FIRING", "alarm primary-unhealthy"),
        ("ok_to_firing", "firing", "alarm primary-unhealthy"),
        ("REPEAT", "FIRING", "alarm primary-unhealthy again"),
        ("REPEAT", "OK", "state_unknown"),
        ("OK_TO_FIRING", "SUSPENDED", "state_unknown"),
        ("FIRING_TO_OK", "OK", "state_ok"),
        ("FIRING_TO_OK", "FIRING", "state_ok"),
        ("RESET", "OK", "reset"),
        ("RESET", "FIRING", "reset"),
        ("SOMETHING_NEW", "FIRING", "type_unknown"),
    ] {
        let mut message = with("/type", kind.into());
        message["alarmMetaData"][0]["status"] = status.into();
        assert_eq!(of(&message), expected, "{kind} {status}");
    }
    let mut untyped = without("", &["type"]);
    assert_eq!(of(&untyped), "alarm primary-unhealthy");
    untyped["alarmMetaData"][0]["status"] = "OK".into();
    assert_eq!(of(&untyped), "state_ok");
}

#[test]
fn a_reset_is_told_to_be_no_recovery() {
    let Incoming::Ignored(reason) = parsed(&with("/type", "RESET".into())) else { panic!("acted upon") };
    assert!(reason.to_string().contains("no sign of recovery"), "{reason}");
}

#[test]
fn an_alarm_is_ours_by_what_it_watches_or_by_its_name_or_its_id() {
    let other = "ocid1.httpmonitor.oc1..other";
    let query = |resource: &str| json!(format!("m[1m]{{resourceId = '{resource}'}}.max() > 0"));
    let with_both = |resource: &str, dimension: &str| {
        let mut message = with("/alarmMetaData/0/query", query(resource));
        message["alarmMetaData"][0]["dimensions"] = json!([{"resourceId": dimension}]);
        message
    };
    assert_eq!(of(&with_both(BALANCER, other)), "alarm primary-unhealthy");
    assert_eq!(of(&with_both(other, BALANCER)), "alarm primary-unhealthy");
    assert_eq!(of(&with_both(other, other)), "alarm_not_listed");
    let longer = format!("{BALANCER}x");
    assert_eq!(of(&with_both(&longer, &longer)), "alarm_not_listed");
    let mut listed = with_both(other, other);
    listed["alarmMetaData"][0]["id"] = "ocid1.alarm.oc1.iad.aaaalisted".into();
    assert_eq!(of(&listed), "alarm primary-unhealthy");
    let mut named = with_both(other, other);
    named["title"] = "Any-Site-Down".into();
    assert_eq!(of(&named), "alarm Any-Site-Down");
}

#[test]
fn of_several_alarms_in_one_message_those_of_ours_count() {
    let mut message = example();
    let mut foreign = message["alarmMetaData"][0].clone();
    foreign["id"] = "ocid1.alarm.oc1.iad.foreign".into();
    foreign["query"] = "m[1m].max() > 0".into();
    foreign["dimensions"] = json!([]);
    let ours = message["alarmMetaData"][0].clone();
    message["alarmMetaData"] = json!([foreign.clone(), ours]);
    assert_eq!(of(&message), "alarm primary-unhealthy");
    message["alarmMetaData"][1]["status"] = "OK".into();
    assert_eq!(of(&message), "state_unknown", "the foreign one fires");
    message["alarmMetaData"] = json!([foreign]);
    assert_eq!(of(&message), "alarm_not_listed");
    message["alarmMetaData"] = json!([]);
    assert_eq!(of(&message), "alarm_not_listed");
}

#[test]
fn the_alarm_that_always_fires_is_the_tick() {
    let mut tick = with("/alarmMetaData/0/id", "ocid1.alarm.oc1.iad.aaaatick".into());
    tick["type"] = "REPEAT".into();
    assert_eq!(of(&tick), "tick");
    tick["type"] = "OK_TO_FIRING".into();
    assert_eq!(of(&tick), "tick");
    tick["type"] = "RESET".into();
    assert_eq!(of(&tick), "reset");
    assert_eq!(of(&with("/title", "holdfast-tick".into())), "tick");
}

#[test]
fn the_spelling_of_the_reference_is_ours_only_where_it_is_listed() {
    for (name, state, expected) in [
        ("any-site-down", "FIRING", "alarm any-site-down"),
        ("holdfast-tick", "FIRING", "tick"),
        ("any-site-down", "OK", "state_ok"),
        ("any-site-down", "PENDING", "state_unknown"),
        ("another", "FIRING", "alarm_not_listed"),
    ] {
        assert_eq!(
            of(&json!({"alarm-name": name, "alarm-state": state, "severity": "CRITICAL"})),
            expected,
            "{name} {state}"
        );
    }
    assert_eq!(of(&json!({"alarm-state": "FIRING"})), "not_an_alarm");
}

#[test]
fn each_message_of_a_list_is_understood() {
    let list = json!([example(), with("/type", "RESET".into()), 7, {"action": "failover"}, null]);
    let words: Vec<String> = parse(list.to_string().as_bytes(), &filter()).iter().map(word).collect();
    assert_eq!(words, ["alarm primary-unhealthy", "reset", "not_an_alarm", "not_an_alarm", "not_an_alarm"]);
    assert_eq!(of(&json!([])), "no_records");
    assert_eq!(of(&json!(vec![example(); 101])), "too_many");
}

#[test]
fn an_operators_action_is_understood_by_the_house_and_refused_where_it_makes_no_sense() {
    let Incoming::Manual(call) = parsed(&json!({"action": "plan"})) else { panic!("ignored") };
    assert_eq!(call.action, Action::Plan);
    for body in [
        "{\"action\":\"falover\"}",
        "{\"action\":\"plan\",\"dry_run\":true}",
        "{\"action\":\"plan\",\"action\":\"failover\"}",
    ] {
        assert_eq!(word(&parse(body.as_bytes(), &filter())[0]), "invalid_request", "{body}");
    }
}

#[test]
fn any_text_that_somebody_publishes_has_its_reason() {
    for (body, code) in [
        (&b""[..], "no_content"),
        (b" \n", "no_content"),
        (b"the primary is down", "not_json"),
        (b"{\"title\":", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"null", "not_an_alarm"),
        (b"\"{}\"", "not_an_alarm"),
        (b"{}", "not_an_alarm"),
        (b"{\"alarmMetaData\":{}}", "not_an_alarm"),
        (b"{\"alarmMetaData\":[7,null]}", "alarm_not_listed"),
    ] {
        assert_eq!(word(&parse(body, &filter())[0]), code, "{}", body.escape_ascii());
    }
    assert_eq!(word(&parse("[".repeat(1000).as_bytes(), &filter())[0]), "too_deep");
}

#[test]
fn no_text_of_a_message_is_shown_at_length_or_with_what_looks_like_a_credential() {
    let mut message = with("/title", format!("x{}\nSECOND", "y".repeat(100_000)).into());
    message["alarmMetaData"][0]["status"] = format!("z\u{7}{}", "w".repeat(100_000)).into();
    let Incoming::Ignored(reason) = parsed(&message) else { panic!("acted upon") };
    let said = reason.to_string();
    assert!(said.len() < 1000 && !said.contains("SECOND") && !said.contains('\u{7}'), "{}", said.len());
}

proptest! {
    #[test]
    fn any_bytes_are_understood_or_ignored(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!parse(&body, &filter()).is_empty());
    }

    #[test]
    fn a_message_with_a_field_of_another_type_is_understood_or_ignored(
        field in prop::sample::select(vec!["/title", "/type", "/timestamp", "/alarmMetaData", "/alarmMetaData/0", "/alarmMetaData/0/id",
            "/alarmMetaData/0/status", "/alarmMetaData/0/query", "/alarmMetaData/0/dimensions", "/dedupeKey"]),
        value in prop::sample::select(vec![json!(null), json!(7), json!("x"), json!([]), json!({}), json!([null]), json!(true)]),
    ) {
        let _ = parsed(&with(field, value));
    }
}
