use serde_json::json;

use super::*;
use crate::json;

fn refused(call: &Value) -> String {
    parse(&Document { value: call.clone(), repeated: None }).expect_err("refused").to_string()
}

fn taken(call: &Value) -> ManualCall {
    parse(&Document { value: call.clone(), repeated: None }).unwrap_or_else(|why| panic!("{call}: {why}"))
}

#[test]
fn waiving_needs_a_reason_that_can_be_seen() {
    let invisible =
        ["", " ", "\n\t", "\u{200b}", "\u{202e}\u{2066}", "\u{feff} \u{ad}", "\u{0}\u{1b}", "\u{3164}", "\u{a0}"];
    for action in ["failover", "plan"] {
        let all: Vec<_> = Gate::ALL.map(Gate::name).into();
        let said = refused(&json!({"action": action, "waive": all}));
        assert!(said.starts_with("reason is required with waive") && said.contains("400"), "{said}");
        for nothing in invisible {
            let call = json!({"action": action, "waive": ["holdoff"], "reason": nothing});
            assert!(refused(&call).starts_with("reason is required"), "{nothing:?}");
        }
        assert!(refused(&json!({"action": action, "waive": ["holdoff"], "reason": null})).starts_with("reason"));
        let call = taken(&json!({"action": action, "waive": ["holdoff"], "reason": "r"}));
        assert_eq!((call.reason.as_deref(), call.overrides), (Some("r"), vec![Gate::Holdoff]));
    }
    assert_eq!(taken(&json!({"action": "failover", "waive": []})).reason, None, "nothing is waived");
}

#[test]
fn an_approval_names_its_question_and_its_reason_and_nobody_else_names_a_question() {
    let said = refused(&json!({"action": "approve", "reason": "the region is gone"}));
    assert!(said.starts_with("question is required with approve"), "{said}");
    let said = refused(&json!({"action": "approve", "question": "q1"}));
    assert!(said.starts_with("reason is required with approve"), "{said}");
    let said = refused(&json!({"action": "approve", "question": "q1", "reason": "r", "waive": ["holdoff"]}));
    assert!(said.starts_with("waive belongs to"), "{said}");
    assert_eq!(refused(&json!({"action": "failover", "question": "q1"})), "question belongs to approve");
    let call = taken(&json!({"action": "approve", "question": " q1\n", "reason": "the region is gone"}));
    assert_eq!((call.action, call.question.as_deref()), (Action::Approve, Some("q1")));
}

#[test]
fn a_reason_is_kept_on_one_line_without_what_cannot_be_seen() {
    let reason = |text: &str| taken(&json!({"action": "pause", "reason": text})).reason;
    assert_eq!(reason("  the \n\tcable\u{200b} is \u{202e}cut\u{1b}[31m "), Some("the cable is cut[31m".to_owned()));
    assert_eq!(reason("\u{200b}"), None);
    assert_eq!(reason("Ærø — ☎ 汉字 ✓"), Some("Ærø — ☎ 汉字 ✓".to_owned()));
}

#[test]
fn a_reason_that_nobody_can_read_is_none() {
    for nothing in [
        "\u{301}",
        "\u{1d159}",
        "\u{e000}",
        "\u{ffff}",
        "\u{10ffff}",
        "\u{f0000}",
        ".",
        "- -",
        "...",
        "\u{2026}",
        "\u{fffc}",
        "\u{fffd}",
        "\u{1f3fb}",
        "\u{2800}",
        "\u{3000}",
        "\u{180e}",
        "\u{2063}",
        "\u{e0100}",
        "\u{20e3}",
        "\u{fdd0}",
    ] {
        let call = json!({"action": "failover", "waive": ["holdoff"], "reason": nothing});
        assert!(refused(&call).starts_with("reason is required"), "{nothing:?}");
    }
    for words in ["r", "7", "e\u{301}", "\u{2713}", "\u{1f44d}\u{1f3fb}", "\u{6771}\u{4eac}", "#42", "\u{43e}\u{43a}."]
    {
        let call = taken(&json!({"action": "failover", "waive": ["holdoff"], "reason": words}));
        assert_eq!(call.reason.as_deref(), Some(words));
    }
}

#[test]
fn a_reason_of_400_characters_is_kept_whole_and_a_longer_one_refused_with_its_length_and_without_its_text() {
    for action in ["failover", "pause", "resume", "acknowledge", "status"] {
        let kept = taken(&json!({"action": action, "reason": "é".repeat(400)})).reason.expect("a reason");
        assert_eq!(kept, "é".repeat(400));
        for length in [401, 800_000] {
            let said = refused(&json!({"action": action, "reason": "x".repeat(length)}));
            assert_eq!(said, format!("reason has {length} characters; at most 400 are allowed"));
        }
    }
    assert_eq!(
        refused(&json!({"action": "pause", "reason": ["r"]})),
        "reason must be text of at most 400 characters, not a list"
    );
}

#[test]
fn a_refusal_names_the_field_the_value_and_what_is_allowed() {
    let gates = Gate::ALL.map(Gate::name).join(", ");
    for (call, field, value, allowed) in [
        (json!({"action": "failover", "waive": ["cooldwn"], "reason": "r"}), "waive", "\"cooldwn\"", gates.as_str()),
        (json!({"action": "plan", "waive": ["holdoff", 7], "reason": "r"}), "waive", "7", &gates),
        (json!({"action": "plan", "waive": "holdoff", "reason": "r"}), "waive", "\"holdoff\"", &gates),
        (json!({"action": "plan", "waive": {"holdoff": true}, "reason": "r"}), "waive", "an object", &gates),
        (json!({"action": "plan", "waive": [["holdoff"]], "reason": "r"}), "waive", "a list", &gates),
        (json!({"action": "failovr"}), "action", "\"failovr\"", "failover, approve, switchover, failback"),
        (json!({"action": 7}), "action", "7", "failover, approve, switchover, failback"),
        (json!({"reason": "r"}), "action", "is missing", "failover, approve, switchover, failback"),
        (json!({"action": "status", "abort": "yes"}), "abort", "\"yes\"", "true or false"),
        (
            json!({"action": "status", "dry_run": true}),
            "a field",
            "\"dry_run\"",
            "action, reason, waive, abort, for, data, rest, question",
        ),
        (json!(["failover"]), "the call", "a list", "a JSON object with an action"),
    ] {
        let said = refused(&call);
        assert!(said.starts_with(field) && said.contains(value) && said.contains(allowed), "{call}: {said}");
    }
}

#[test]
fn what_is_quoted_is_short_and_on_one_line() {
    let long = format!("x\u{1b}[31m{}", "y".repeat(100_000));
    for call in [
        json!({"action": long}),
        json!({"action": "status", long.clone(): 1}),
        json!({"action": "plan", "waive": [long], "reason": "r"}),
        json!({"action": "plan", "waive": long, "reason": "r"}),
        json!({"action": "status", "abort": long}),
        json!({"action": vec![0; 100_000]}),
    ] {
        let said = refused(&call);
        assert!(said.len() < 700 && !said.contains(['\n', '\u{1b}']), "{} bytes", said.len());
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_wherever_it_stands() {
    for (text, key) in [
        (r#"{"action":"plan","action":"failover","waive":["holdoff"],"reason":"r"}"#, "action"),
        (r#"{"action":"failover","reason":"r","reason":"s"}"#, "reason"),
        (r#"{"action":"failover","waive":[],"waive":["holdoff"],"reason":"r"}"#, "waive"),
        (r#"{"action":"acknowledge","abort":false,"abort":true}"#, "abort"),
        (r#"{"action":"plan","reason":{"a":1,"a":2}}"#, "a"),
    ] {
        let said = parse(&json::read(text.as_bytes()).expect("JSON")).expect_err(text).to_string();
        assert!(said.contains(&format!("the key {key:?} twice")), "{said}");
    }
}

#[test]
fn every_action_is_taken_under_its_name_and_has_it() {
    for rule in ACTIONS {
        let mut call = json!({"action": rule.name});
        if rule.action == Action::Approve {
            (call["question"], call["reason"]) = ("q1".into(), "r".into());
        }
        assert_eq!(taken(&call).action, rule.action);
    }
    let abort = taken(&json!({"action": "acknowledge", "abort": true})).action;
    assert_eq!((abort, abort.name()), (Action::Acknowledge { abort: true }, "acknowledge"));
    assert_eq!(refused(&json!({"action": "pause", "abort": true})), "abort belongs to acknowledge");
    let waived = refused(&json!({"action": "pause", "waive": ["holdoff"], "reason": "r"}));
    assert_eq!(waived, "waive belongs to failover and switchover and failback and rehearse and plan");
    assert_eq!(refused(&json!({"action": "resume", "for": "2h"})), "for belongs to pause");
}

#[test]
fn a_failback_takes_a_word_on_the_data_and_whether_to_rest_and_waives_its_own_gate_only() {
    let call = taken(
        &json!({"action": "failback", "data": " all  there ", "rest": true, "reason": "r", "waive": ["well-for"]}),
    );
    assert_eq!((call.action, call.data.as_deref()), (Action::Failback { rest: true }, Some("all there")));
    assert_eq!(call.overrides, [Gate::WellFor]);
    let other = refused(&json!({"action": "failback", "waive": ["holdoff"], "reason": "r"}));
    assert_eq!(other, "waive holdoff is no gate of failback, which waives well-for");
    let other = refused(&json!({"action": "failover", "waive": ["well-for"], "reason": "r"}));
    assert!(other.starts_with("waive well-for is no gate of failover"), "{other}");
    assert_eq!(refused(&json!({"action": "failover", "data": "x"})), "data belongs to failback");
    assert_eq!(refused(&json!({"action": "rehearse", "rest": true})), "rest belongs to failback");
    assert!(refused(&json!({"action": "failback", "data": "x".repeat(401)})).starts_with("data has 401 characters"));
}

#[test]
fn a_pause_lasts_for_as_long_as_is_said() {
    let lasts = |text: &str| match taken(&json!({"action": "pause", "for": text})).action {
        Action::Pause { lasts } => lasts.expect("an end").as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        ["2h", "90m", "1h 30m", "1h30m", "30s", "PT2H", " 720h "].map(lasts),
        [7200, 5400, 5400, 5400, 30, 7200, 2_592_000]
    );
    assert_eq!(taken(&json!({"action": "pause", "for": null})).action, Action::Pause { lasts: None });
    for nothing in [
        json!("2"),
        json!("soon"),
        json!(""),
        json!("-2h"),
        json!("0s"),
        json!("721h"),
        json!(7200),
        json!("99999999999999h"),
    ] {
        let said = refused(&json!({"action": "pause", "for": nothing}));
        assert!(said.starts_with("for must be a time such as \"2h\"") && said.contains("30 days"), "{said}");
    }
}

#[test]
fn a_gate_that_is_named_twice_is_waived_once() {
    let call = taken(&json!({"action": "plan", "waive": ["holdoff", "holdoff"], "reason": "r"}));
    assert_eq!(call.overrides, [Gate::Holdoff]);
}
