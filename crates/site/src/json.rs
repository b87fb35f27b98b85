//! JSON from outside: bounded, and with an eye for keys that stand twice.

mod mend;

use std::{cell::RefCell, fmt};

use holdfast_core::fault::quoted;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deeper nesting is not read: `serde_json` ends there too, so that no document can exhaust the stack.
const DEEPEST: usize = 127;

/// One document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// What it says. Of a key that stands twice, the last value.
    pub value: Value,
    /// The first key that stands twice in one object, at any depth; [`quoted`].
    pub repeated: Option<String>,
}

/// Why bytes are no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// There are none.
    Empty,
    /// They are not UTF-8.
    NotText,
    /// Lists and objects are nested too deep.
    TooDeep,
    /// They are not JSON.
    NotJson,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the event has no content"),
            Self::NotText => f.write_str("the event is not UTF-8 text"),
            Self::TooDeep => write!(f, "the event is nested deeper than {DEEPEST} levels"),
            Self::NotJson => f.write_str("the event is not JSON"),
        }
    }
}

/// Reads one document. One character that other programs let pass does not lose an alarm: a mark of the byte order
/// before it is skipped, half a character (a lone surrogate) becomes U+FFFD, and a number that is larger than any becomes
/// text.
///
/// # Errors
/// Why the bytes are none.
pub fn read(bytes: &[u8]) -> Result<Document, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    if depth(bytes) > DEEPEST {
        return Err(Unreadable::TooDeep);
    }
    parse(text).or_else(|why| mend::mended(text).map_or(Err(why), |text| parse(&text)))
}

fn parse(text: &str) -> Result<Document, Unreadable> {
    let repeated = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed(&repeated).deserialize(&mut deserializer).map_err(|_| Unreadable::NotJson)?;
    deserializer.end().map_err(|_| Unreadable::NotJson)?;
    Ok(Document { value, repeated: repeated.into_inner() })
}

/// How deep lists and objects are nested. Brackets in text do not count.
fn depth(bytes: &[u8]) -> usize {
    let (mut open, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => open += 1,
            b']' | b'}' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// The value at `path`, keys and places in lists separated by `/`. A key that is not there as it is written is found
/// in any case.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').filter(|key| !key.is_empty()).try_fold(value, |value, key| match value {
        Value::Object(fields) => fields.get(key).or_else(|| in_any_case(fields, key)),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

fn in_any_case<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

/// Builds a [`Value`] and notes the first key that stands twice.
#[derive(Clone, Copy)]
struct Seed<'a>(&'a RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if fields.contains_key(&name) {
                let mut repeated = self.0.try_borrow_mut().map_err(A::Error::custom)?;
                repeated.get_or_insert_with(|| quoted(&name));
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_read_as_serde_json_reads_it() {
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "1.5e3",
            "\"a\\u0041\\n\"",
            "[1,[2,{}],\"]\"]",
            "{\"a\":{\"b\":[null]},\"c\":\"{\"}",
            " { } ",
        ] {
            let expected: Value = serde_json::from_str(text).expect(text);
            assert_eq!(read(text.as_bytes()), Ok(Document { value: expected, repeated: None }), "{text}");
        }
    }

    #[test]
    fn what_is_no_document_says_why() {
        for (bytes, why) in [
            (&b""[..], Unreadable::Empty),
            (b" \n\t", Unreadable::Empty),
            (b"\xff\xfe{}", Unreadable::NotText),
            (b"{", Unreadable::NotJson),
            (b"{} {}", Unreadable::NotJson),
            (b"[1,]", Unreadable::NotJson),
            (b"NaN", Unreadable::NotJson),
        ] {
            assert_eq!(read(bytes), Err(why), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn one_odd_character_loses_no_document() {
        for (text, expected) in [
            ("\u{feff}{\"a\":1}", json!({"a": 1})),
            ("{\"a\":\"\\ud83d cut\"}", json!({"a": "\u{fffd} cut"})),
            ("{\"a\":\"cut \\uDC00\"}", json!({"a": "cut \u{fffd}"})),
            ("{\"a\":\"\\ud83d\\ud83d\\ude00\"}", json!({"a": "\u{fffd}\u{1f600}"})),
            ("{\"a\":\"\\ud83d\\n\"}", json!({"a": "\u{fffd}\n"})),
            ("{\"\\ud83d\":1}", json!({"\u{fffd}": 1})),
            ("{\"a\":\"\\\\ud83d\",\"b\":1e999}", json!({"a": "\\ud83d", "b": "1e999"})),
            ("{\"a\":[1e999,-1.5E+400,1e5],\"b\":\"1e999\"}", json!({"a": ["1e999", "-1.5E+400", 1e5], "b": "1e999"})),
        ] {
            assert_eq!(read(text.as_bytes()), Ok(Document { value: expected, repeated: None }), "{text}");
        }
        for text in
            ["{\"a\":\"\\ud83\"}", "{\"a\":\"\\ud83d", "{\"a\":NaN,\"b\":1e999}", "{\"a\":1e}", "\u{feff}\u{feff}{}"]
        {
            assert_eq!(read(text.as_bytes()), Err(Unreadable::NotJson), "{text}");
        }
        let both = "{\"a\":\"\\ud83d\",\"x\":1,\"x\":2}";
        assert_eq!(read(both.as_bytes()).expect("JSON").repeated.as_deref(), Some("x"));
    }

    #[test]
    fn nesting_is_read_to_its_bound_and_refused_beyond_it_whatever_it_is_made_of() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
            assert!(read(nested(DEEPEST).as_bytes()).is_ok());
            for levels in [DEEPEST + 1, 200, 100_000] {
                assert_eq!(read(nested(levels).as_bytes()), Err(Unreadable::TooDeep), "{levels}");
            }
        }
        assert!(read(format!("\"{}\"", "[".repeat(5000)).as_bytes()).is_ok(), "brackets in text are text");
        assert!(read(format!("[\"\\\"{}\"]", "[".repeat(5000)).as_bytes()).is_ok(), "behind an escaped quote too");
    }

    #[test]
    fn a_key_that_stands_twice_is_named_wherever_it_stands() {
        for (text, name) in [
            ("{\"action\":\"plan\",\"action\":\"failover\"}", Some("action")),
            ("{\"action\":1,\"\\u0061ction\":2}", Some("action")),
            ("{\"a\":[{\"b\":{\"c\":1,\"c\":1}}]}", Some("c")),
            ("{\"a\":{\"x\":1},\"b\":{\"x\":1}}", None),
            ("[{\"x\":1},{\"x\":1}]", None),
        ] {
            let document = read(text.as_bytes()).expect(text);
            assert_eq!(document.repeated.as_deref(), name, "{text}");
        }
        let long = format!("{{\"{0}\":1,\"{0}\":2}}", "k".repeat(100_000));
        let named = read(long.as_bytes()).expect("JSON").repeated.expect("a key");
        assert!(named.chars().count() <= 400, "{} characters", named.len());
    }

    #[test]
    fn a_key_is_found_in_any_case_and_as_it_is_written_first() {
        let value = json!({"Data": {"context": {"NAME": 1, "name": 2}}});
        assert_eq!(at(&value, "/data/Context/name"), Some(&json!(2)));
        assert_eq!(at(&value, "/data/Context/Name"), Some(&json!(1)));
        assert_eq!(at(&value, "/data/none"), None);
        assert_eq!(at(&value, ""), Some(&value));
        assert_eq!(at(&json!({"resources": [1, {"A": 2}]}), "/Resources/1/a"), Some(&json!(2)));
        for nowhere in ["/0", "/resources/2", "/resources/-1", "/resources/x", "/resources/0/a"] {
            assert_eq!(at(&json!({"resources": [1, {"A": 2}]}), nowhere), None, "{nowhere}");
        }
    }
}
