//! What strangers send: keys in any case, single values for lists, endless names, and the cases that went wrong.

use super::*;

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
    let twice = r#"{"action":"plan","action":"failover","waive":["holdoff"],"reason":"r"}"#;
    let waive = r#"{"action":"failover","waive":["cooldwn"],"reason":"r"}"#;
    for (body, code, says) in [
        (deep.as_bytes(), "too_deep", "nested deeper"),
        (b"\xff\xfe", "not_json", "not UTF-8"),
        (b"", "no_content", "no content"),
        (huge.as_bytes(), "invalid_request", "reason has 800000 characters"),
        (twice.as_bytes(), "invalid_request", "the key \"action\" twice"),
        (waive.as_bytes(), "invalid_request", "waive \"cooldwn\" is no gate"),
        (br#"{"action":"failover","waive":["holdoff"]}"#, "invalid_request", "reason is required"),
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
