//! Records of other versions.

use serde_json::{Value, json};

use super::*;
use crate::transition::{Event, next};

/// A record as schema 1 wrote it: an open execution without a kind, in the old words.
const SCHEMA_1: &str = include_str!("../../fixtures/record-schema-1.json");

fn read(value: &Value) -> State {
    serde_json::from_value(value.clone()).expect("a record")
}

#[test]
fn what_another_version_wrote_is_carried_along_through_reading_changing_and_writing() {
    let mut written: Value = serde_json::from_str(SCHEMA_1).expect("JSON");
    let places = ["/later", "/current/later", "/current/steps/0/later"];
    written["later"] = json!({"a": [1, {"b": null}]});
    written["current"]["later"] = json!("x");
    written["current"]["steps"][0]["later"] = json!(7);
    let state = read(&written);
    let changed = next(&state, Event::Armed { at: Timestamp::UNIX_EPOCH }).expect("allowed");
    let changed = serde_json::to_value(&changed).expect("JSON");
    for place in places {
        assert_eq!(changed.pointer(place), written.pointer(place), "{place}");
    }
    assert_eq!(changed["current"]["steps"][0]["progress"], written["current"]["steps"][0]["progress"]);
    assert_eq!(read(&changed), next(&state, Event::Armed { at: Timestamp::UNIX_EPOCH }).expect("allowed"));
    assert_eq!(serde_json::to_string(&changed).expect("text").matches("\"later\"").count(), places.len());
}

#[test]
fn no_more_than_so_many_unknown_fields_are_carried_along() {
    let mut written: Value = serde_json::from_str(SCHEMA_1).expect("JSON");
    for number in 0..10 * KEPT_UNKNOWN {
        written[format!("later{number}")] = json!(number);
    }
    assert_eq!(read(&written).unknown.len(), KEPT_UNKNOWN);
}

#[test]
fn a_record_of_schema_1_is_a_failovers_and_is_written_as_this_schema() {
    let state = read(&serde_json::from_str(SCHEMA_1).expect("JSON"));
    let run = state.open().expect("open");
    assert_eq!((state.schema, run.kind, run.overrides.len()), (1, Kind::Failover, 1));
    assert!(state.unknown.is_empty() && run.unknown.is_empty());
    assert!(run.steps.iter().all(|step| step.unknown.is_empty()));
    let changed = next(&state, Event::Armed { at: Timestamp::UNIX_EPOCH }).expect("allowed");
    assert_eq!(changed.schema, SCHEMA);
}

/// The record of schema 1 with accounts that a later version wrote: what it saw, why it decided so, what called it.
fn of_a_later_version() -> Value {
    let mut written: Value = serde_json::from_str(SCHEMA_1).expect("JSON");
    let run = &mut written["current"];
    run["trigger"] = json!({"kind": "schedule", "every": "week"});
    run["decision"]["reasons"][0] = json!({"code": "unheard_of", "more": 1});
    run["evidence"]["fault_plan"] = json!("rain");
    run["policy"]["missing"] = json!("is_asked_for");
    run["waived"] = json!(["cooldown", "unheard-of"]);
    run.as_object_mut().expect("an object").remove("overrides");
    run["steps"][1] = json!({"step": "scale", "need": "required", "progress": "failing", "attempts": 1,
        "why": {"cause": "quota", "left": 0}});
    written["past"] = json!([{"id": "p", "kind": "promotion", "started_at": "2026-01-01T00:00:00Z", "status": "gone"}]);
    written
}

#[test]
fn accounts_of_another_version_stop_nobody_and_are_carried_along() {
    let written = of_a_later_version();
    let state = read(&written);
    let run = state.open().expect("open");
    assert!(run.trigger.known().is_none() && run.evidence.known().is_some() && run.policy.known().is_none());
    assert!(state.earlier().next().is_none());
    let noted = Event::Noted(Note { at: Timestamp::UNIX_EPOCH, text: "n".to_owned() });
    let changed = serde_json::to_value(next(&state, noted).expect("allowed")).expect("JSON");
    for place in ["trigger", "decision", "evidence", "policy", "waived"] {
        assert_eq!(changed["current"][place], written["current"][place], "{place}");
    }
    assert_eq!(changed["current"]["steps"][1]["why"], written["current"]["steps"][1]["why"]);
    assert_eq!(changed["past"], written["past"]);
}

#[test]
fn what_a_version_cannot_go_on_with_makes_the_record_unreadable_for_it() {
    for (place, value) in [
        ("/current/kind", "promotion"),
        ("/current/status", "halfway"),
        ("/current/steps/0/progress", "skipped"),
        ("/current/steps/0/need", "wanted"),
        ("/current/steps/0/direction", "sideways"),
    ] {
        let mut written = of_a_later_version();
        written["current"]["kind"] = json!("failover");
        written["current"]["steps"][0]["direction"] = json!("forward");
        assert!(serde_json::from_value::<State>(written.clone()).is_ok());
        *written.pointer_mut(place).expect(place) = json!(value);
        let why = serde_json::from_value::<State>(written).expect_err(place).to_string();
        assert!(why.contains(value), "{why}");
    }
}
