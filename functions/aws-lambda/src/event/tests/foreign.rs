//! What strangers send: no documents, records of other services, endless names, and the cases that went wrong.

use super::*;

#[test]
fn a_megabyte_of_junk_is_not_looked_at() {
    let long = "x".repeat(1024 * 1024 + 1);
    for junk in [
        json!({"action": "failover", "reason": long}).to_string(),
        json!(vec![0; 1024 * 1024]).to_string(),
        " ".repeat(1024 * 1024 + 1),
    ] {
        assert_eq!(word(&crate::event::parse(junk.as_bytes(), &filter())[0]), "too_large");
    }
    let many = json!({"Records": vec![json!({}); 101]});
    assert_eq!(word(&parse(&many, &filter())[0]), "too_large");
}

#[test]
fn bytes_that_are_no_document_are_ignored_with_their_reason() {
    for (bytes, code) in [
        (&b""[..], "no_content"),
        (b" \n", "no_content"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        ("[".repeat(128).as_bytes(), "too_deep"),
        ("{\"a\":".repeat(5000).as_bytes(), "too_deep"),
    ] {
        assert_eq!(
            word(&crate::event::parse(bytes, &filter())[0]),
            code,
            "{}",
            bytes[..bytes.len().min(20)].escape_ascii()
        );
    }
}

#[test]
fn a_record_of_another_service_is_named_however_its_key_is_written() {
    for (record, says) in [
        (json!({"eventSource": "aws:sqs", "body": "{}"}), "from aws:sqs"),
        (json!({"EVENTSOURCE": "aws:kinesis"}), "from aws:kinesis"),
        (json!({"eventSource": "aws:s3", "Sns": {}}), "from aws:s3"),
        (json!({"eventSource": format!("x\n{}", "y".repeat(100_000))}), "from x"),
        (json!({"EventSource": "aws:sns"}), "holds no notification"),
        (json!({"EventSource": 7, "Sns": {}}), "does not say"),
        (json!({}), "does not say"),
        (json!(null), "does not say"),
    ] {
        let said = sentence(&json!({"Records": [record]}));
        assert!(said.contains(says) && said.len() < 500, "{said}");
    }
    let mut lower = fixture("sns-metric-alarm");
    let record = lower["Records"][0].take();
    let lower = json!({"Records": [{"eventSource": "aws:sns", "sns": record["Sns"]}]});
    assert_eq!(word(&parse(&lower, &filter())[0]), "metric");
}

#[test]
fn the_case_of_an_alarm_wrapped_by_sqs_says_where_it_is_from() {
    let said = sentence(&case("sqs-wrapped-alarm"));
    assert!(said.contains("the record is from aws:sqs"), "{said}");
}

#[test]
fn the_case_of_a_listed_alarm_on_a_calculated_parent_is_work() {
    let mine = Filter { topic_arn: None, alarm_names: vec!["p-site-down".to_owned()], ..filter() };
    assert_eq!(word(&parse(&case("alarm-listed-calculated-parent"), &mine)[0]), "metric");
    let unlisted = Filter { alarm_names: vec!["another".to_owned()], ..mine };
    match &parse(&case("alarm-listed-calculated-parent"), &unlisted)[0] {
        Incoming::Ignored(reason) => {
            assert_eq!(reason.code(), "other_health_check");
            let said = reason.to_string();
            assert!(
                said.contains("\"99999999-2222-4333-8444-555555555555\"") && said.contains("p-site-down"),
                "{said}"
            );
        }
        other => panic!("{other:?}"),
    }
}

/// A case of `tests/cases`.
fn case(name: &str) -> Value {
    let path = format!("{}/../../tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect(name)).expect(name)
}

fn notified(name: &str, arn: &str, health_check: &str) -> Value {
    let message = json!({"AlarmName": name, "AlarmArn": arn, "NewStateValue": "ALARM",
        "Trigger": {"Dimensions": [{"name": "HealthCheckId", "value": health_check}]}});
    json!({"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": TOPIC, "Message": message.to_string()}}]})
}

#[test]
fn a_listed_alarm_is_ours_in_every_spelling_and_whatever_it_watches() {
    let listed = Filter { alarm_names: vec!["p-primary-unhealthy".to_owned()], health_check_id: None, ..filter() };
    for name in ["sns-metric-alarm", "direct-metric-alarm", "bridge-metric-alarm"] {
        assert_eq!(word(&parse(&fixture(name), &listed)[0]), "metric", "{name}");
    }
}

#[test]
fn long_names_are_compared_whole_and_shown_cut() {
    let long = |end: &str| format!("{}{end}", "n".repeat(100_000));
    let mine = Filter { alarm_names: vec![long("a")], health_check_id: Some(long("h")), ..filter() };
    assert_eq!(word(&parse(&notified(&long("a"), "arn", "other"), &mine)[0]), "metric");
    assert_eq!(word(&parse(&notified(&long("b"), "arn", &long("h")), &mine)[0]), "metric");
    let Incoming::Alarm(alarm) = parse(&notified(&long("a"), &long("arn"), "x"), &mine).remove(0) else {
        panic!("none")
    };
    assert!(alarm.name.len() < 400 && alarm.arn.is_some_and(|arn| arn.len() < 400));
    match &parse(&notified("p", "arn", &"x".repeat(100_000)), &filter())[0] {
        Incoming::Ignored(reason) => {
            assert_eq!(reason.code(), "other_health_check");
            let said = reason.to_string();
            assert!(said.contains("xxxx") && said.len() < 600, "{} bytes", said.len());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_health_check_is_found_among_any_number_of_others() {
    let others = (0..500).map(|number| json!({"name": "HealthCheckId", "value": format!("00000000-{number:04}")}));
    let ours = json!({"name": "HealthCheckId", "value": "ffffffff"});
    let dimensions: Vec<Value> = others.chain([ours]).collect();
    let message = json!({"AlarmName": "a", "NewStateValue": "ALARM", "Trigger": {"Dimensions": dimensions}});
    let event = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message.to_string()}}]});
    let mine = Filter { health_check_id: Some("ffffffff".to_owned()), ..Filter::default() };
    let Incoming::Alarm(alarm) = parse(&event, &mine).remove(0) else { panic!("not ours") };
    assert!(alarm.health_check_ids.len() <= 20);
}

/// The calls of `tests/cases/hostile.jsonl` that reach this function, and a word of the right sentence.
#[test]
fn the_short_cases_of_calls_are_answered_as_they_say() {
    let path = format!("{}/../../tests/cases/hostile.jsonl", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(path).expect("the cases");
    let cases = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut seen = 0;
    for case in cases.filter(|case| case["where"] == "event, function call") {
        let what = case["what"].as_str().expect("words");
        let input = case["input"].as_str().map_or_else(|| case["input"].to_string(), str::to_owned);
        let input = input.replace("<800 000 x>", &"x".repeat(800_000)).replace("<100 000 x>", &"x".repeat(100_000));
        let (code, words): (&str, &[&str]) = match what {
            "waive without a reason" => ("invalid_request", &["reason is required"]),
            "gate misspelt" => ("invalid_request", &["waive", "\"cooldwn\"", "cooldown, primary-failing, holdoff"]),
            "same key twice" => ("invalid_request", &["the key \"action\" twice"]),
            "nested deeper than 128" => ("too_deep", &["nested deeper"]),
            "reason of 800 000 characters" => ("invalid_request", &["reason has 800000 characters; at most 400"]),
            "health check id of 100 000 characters in the alarm's dimensions" => ("unknown_shape", &["neither"]),
            other => panic!("no test for the case {other:?}"),
        };
        let incoming = crate::event::parse(input.as_bytes(), &filter()).remove(0);
        let Incoming::Ignored(reason) = incoming else { panic!("{what}: {incoming:?}") };
        let said = reason.to_string();
        assert_eq!(reason.code(), code, "{what}: {said}");
        assert!(words.iter().all(|word| said.contains(word)) && said.len() < 1000, "{what}: {said}");
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} cases were read");
}
