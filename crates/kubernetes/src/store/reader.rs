//! From the text of the record to a state. What does not fit is told by field, value and what is allowed. Pure.

use holdfast_core::{
    fault::{Limit, quoted, quoted_within},
    record::{KEPT_NOTES, KEPT_OPERATOR_NOTES, KEPT_SUMMARIES, OLDEST_SCHEMA, SCHEMA, State},
};
use serde_json::Value;

mod once;

use once::Once;

/// Reads the document in the entry `state`. Nothing of a newer schema is guessed at; fields that this version does not
/// know are carried along.
///
/// # Errors
/// Why it cannot be used, in a few words: the field, its value and what is allowed.
pub fn read(text: &str) -> Result<State, String> {
    let no_json = |error: serde_json::Error| format!("is not JSON ({})", quoted(&error.to_string()));
    let value: Value = serde_json::from_str(text).map_err(no_json)?;
    // Which of the two counts is not guessed at: whoever wrote it was not Holdfast.
    if let Once::Twice(key) = serde_json::from_str(text).map_err(no_json)? {
        return Err(format!("holds the key `{}` twice in one object; each key may stand once", quoted(&key)));
    }
    schema(&value)?;
    let state: State = serde_path_to_error::deserialize(&value).map_err(|error| {
        let path = error.path().to_string();
        refusal(&value, &path, &error.into_inner().to_string())
    })?;
    Ok(cut(state))
}

/// The lists no longer than we keep them.
fn cut(mut state: State) -> State {
    state.operators.truncate(KEPT_OPERATOR_NOTES);
    state.past.truncate(KEPT_SUMMARIES);
    if let Some(current) = &mut state.current {
        current.notes.truncate(KEPT_NOTES);
    }
    state
}

fn schema(value: &Value) -> Result<(), String> {
    if !value.is_object() {
        return Err(format!("is {}; allowed is a JSON object with the field `schema`", shown(value)));
    }
    let found = value.get("schema").unwrap_or(&Value::Null);
    let whole =
        |number: f64| (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u64);
    match found.as_u64().or_else(|| found.as_f64().and_then(whole)) {
        Some(schema) if (u64::from(OLDEST_SCHEMA)..=u64::from(SCHEMA)).contains(&schema) => Ok(()),
        Some(schema) if schema > u64::from(SCHEMA) => Err(format!(
            "has `schema` {schema}, and this version of Holdfast knows {OLDEST_SCHEMA} to {SCHEMA}: a newer version wrote \
             what this one would lose, so it stops. Go on with the newer version"
        )),
        Some(schema) => {
            Err(format!("has `schema` {schema}; this version of Holdfast knows {OLDEST_SCHEMA} to {SCHEMA}"))
        }
        None if found.is_null() => Err(format!("has no field `schema`; allowed is {OLDEST_SCHEMA} to {SCHEMA}")),
        None => Err(format!("has `schema` {}; allowed is {OLDEST_SCHEMA} to {SCHEMA}", shown(found))),
    }
}

/// What the parser says, with the place and the value that it is about.
fn refusal(value: &Value, path: &str, said: &str) -> String {
    let said = quoted(said);
    let found = at(value, path);
    // A field that carries the kind of its object is read before its own place is known.
    let (field, found) = match named(found, &said) {
        Some((name, inner)) => (format!("{path}.{name}"), inner),
        None => (path.to_owned(), found),
    };
    let newer = if said.starts_with("unknown variant") {
        ". A newer version may have written it: this one stops and writes nothing. Go on with the newer version"
    } else {
        ""
    };
    format!(
        "does not fit its schema: field `{}` is {}: {said}{newer}",
        quoted_within(&field, Limit::Phrase),
        shown(found)
    )
}

/// The value at a path such as `current.steps[0].need`; as far as it leads.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.fold(value, |value, part| {
        let inner = match value {
            Value::Array(items) => part.parse::<usize>().ok().and_then(|number| items.get(number)),
            other => other.get(part),
        };
        inner.unwrap_or(value)
    })
}

/// The field of the object whose text the parser did not expect: "unknown variant `halfway`, expected ...".
fn named<'a>(found: &'a Value, said: &str) -> Option<(&'a str, &'a Value)> {
    let unknown = said.strip_prefix("unknown variant `")?.split_once('`')?.0;
    let fields = found.as_object()?;
    fields.iter().find(|(_, value)| value.as_str() == Some(unknown)).map(|(name, value)| (name.as_str(), value))
}

fn shown(value: &Value) -> String {
    quoted_within(&value.to_string(), Limit::Value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A record with an execution in it.
    fn record() -> Value {
        serde_json::from_str(include_str!("../../../../tests/hostile/seeds/record/1.json")).expect("JSON")
    }

    /// Why it is refused with `value` at `place`.
    fn refused(place: &str, value: Value) -> String {
        let mut record = record();
        *record.pointer_mut(place).expect(place) = value;
        let why = read(&record.to_string()).expect_err(place);
        assert!(why.len() < 600 && !why.chars().any(char::is_control), "{why}");
        why
    }

    #[test]
    fn a_record_is_read_and_what_this_version_does_not_know_in_it_is_carried_along() {
        let mut record = record();
        record["added"] = json!({"later": true});
        record["current"]["added"] = json!(1);
        record["current"]["steps"][0]["added"] = json!("x");
        record["current"]["trigger"]["kind"] = json!("schedule");
        record["current"]["decision"]["verdict"] = json!("halfway");
        let state = read(&record.to_string()).expect("read");
        let written = serde_json::to_value(&state).expect("JSON");
        for place in ["/added", "/current/added", "/current/steps/0/added", "/current/trigger", "/current/decision"] {
            assert_eq!(written.pointer(place), record.pointer(place), "{place}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_makes_a_record_that_is_not_ours() {
        for (text, key) in [
            (r#"{"schema":1,"pause":{"at":"2026-01-01T00:00:00Z","reason":"x"},"pause":null}"#, "pause"),
            (r#"{"schema":1,"schema":1}"#, "schema"),
            (r#"{"schema":1,"\u0073chema":99}"#, "schema"),
            (r#"{"schema":1,"operators":null,"added":[{"deep":{"x":1,"x":1}}]}"#, "x"),
        ] {
            let why = read(text).expect_err(text);
            assert!(why.contains(&format!("`{key}` twice")), "{why}");
        }
        assert!(read(r#"{"schema":1,"a":{"x":1},"b":[{"x":1},{"x":1}]}"#).is_ok());
    }

    #[test]
    fn what_other_writers_of_json_make_of_the_same_is_read() {
        for text in
            [r#"{"schema":1.0}"#, r#"{"schema":1e0}"#, r#"{"schema":1,"operators":null,"past":null,"pause":null}"#]
        {
            assert_eq!(read(text), Ok(State { schema: 1, ..State::default() }), "{text}");
        }
        let mut with_null = record();
        with_null["current"]["notes"] = Value::Null;
        assert!(read(&with_null.to_string()).is_ok());
        for schema in ["1.5", "1e99", "-1.0", "99.0"] {
            assert!(read(&format!(r#"{{"schema":{schema}}}"#)).is_err(), "{schema}");
        }
    }

    #[test]
    fn a_schema_that_is_no_number_is_told_with_its_value_and_what_is_wanted() {
        let wanted = "allowed is 1 to 2";
        assert_eq!(read(r#"{"schema": "1"}"#), Err(format!("has `schema` \"1\"; {wanted}")));
        assert_eq!(read(r#"{"state": "halfway"}"#), Err(format!("has no field `schema`; {wanted}")));
        assert_eq!(read(r#"{"schema": -1}"#), Err(format!("has `schema` -1; {wanted}")));
        assert_eq!(read(r#"{"schema": 0}"#), Err("has `schema` 0; this version of Holdfast knows 1 to 2".to_owned()));
        let newer = read(r#"{"schema": 99}"#).expect_err("newer");
        assert!(newer.starts_with("has `schema` 99") && newer.contains("Go on with the newer version"), "{newer}");
        assert!(read("[1]").expect_err("no object").contains("is [1]; allowed is a JSON object"));
    }

    #[test]
    fn a_state_that_does_not_exist_is_told_with_field_value_and_what_is_allowed() {
        for (place, field, allowed) in [
            ("/current/status", "current.status", "`running`"),
            ("/current/steps/0/progress", "current.steps[0].progress", "`pending`"),
            ("/current/steps/0/need", "current.steps[0].need", "`owed`"),
        ] {
            let why = refused(place, json!("halfway"));
            for part in [&format!("field `{field}`"), "\"halfway\"", allowed, "Go on with the newer version"] {
                assert!(why.contains(part), "{part} in {why}");
            }
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_with_field_value_and_what_is_expected() {
        for (place, value, parts) in [
            ("/current/started_at", json!("soon"), ["current.started_at", "soon"]),
            ("/current/started_at", json!("99999-01-01T00:00:00Z"), ["current.started_at", "99999"]),
            ("/current/fence", json!("7"), ["current.fence", "u64"]),
            ("/current/fence", json!(-7), ["current.fence", "-7"]),
            ("/current/takeovers", json!(u64::MAX), ["current.takeovers", "18446744073709551615"]),
            ("/current/steps", json!({}), ["current.steps", "sequence"]),
            ("/current", json!(7), ["current", "7"]),
        ] {
            let why = refused(place, value);
            assert!(parts.iter().all(|part| why.contains(part)), "{parts:?} in {why}");
        }
        let long = refused("/current/status", json!("x\n\u{202e}".repeat(100_000)));
        assert!(long.contains("current.status"), "{long}");
    }
}
