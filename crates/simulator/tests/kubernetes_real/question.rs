//! One question, and the part of its answer that must be the same on both servers.

use std::fmt;

use serde_json::{Value, json};

/// One request.
pub(crate) struct Question {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) media: &'static str,
    pub(crate) body: String,
    pub(crate) as_function: bool,
    /// Compare code and reason only: the sentence quotes a parser of another language.
    pub(crate) loose: bool,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body: String = self.body.chars().take(200).collect();
        write!(f, "{} {} {} {body}", self.method, self.path, self.media)
    }
}

impl Question {
    pub(crate) fn loosely(mut self) -> Question {
        self.loose = true;
        self
    }

    pub(crate) fn of_function(mut self) -> Question {
        self.as_function = true;
        self
    }

    /// The part of an answer that must be the same.
    pub(crate) fn view(&self, answer: &Answer) -> Value {
        let mut body = if self.loose { json!({"reason": answer.body["reason"]}) } else { answer.body.clone() };
        strip(&mut body);
        json!({"code": answer.code, "body": body})
    }
}

/// Takes out what differs from server to server (ids, times, versions) and what the simulator leaves out on purpose: managed
/// fields, and defaults that nobody here reads.
fn strip(value: &mut Value) {
    const OWN: [&str; 3] = ["uid", "resourceVersion", "creationTimestamp"];
    const LEFT_OUT: [&str; 7] = [
        "managedFields",
        "template",
        "strategy",
        "progressDeadlineSeconds",
        "revisionHistoryLimit",
        "disableInitContainer",
        "priorityClassName",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
            for (name, field) in fields.iter_mut() {
                if OWN.contains(&name.as_str()) && field.is_string() {
                    *field = "*".into();
                } else {
                    strip(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::String(text) => *text = without_ids(text),
        _ => {}
    }
}

/// Replaces uuids and resourceVersions inside a sentence.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.len() == 36 && word.matches('-').count() == 4 || (word.len() > 1 && word.parse::<u64>().is_ok())
    };
    let words: Vec<&str> = text.split(' ').map(|word| if is_id(word) { "*" } else { word }).collect();
    words.join(" ")
}
