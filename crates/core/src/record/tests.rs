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
