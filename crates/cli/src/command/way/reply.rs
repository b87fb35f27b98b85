//! What comes back that is no answer of the engine.

use serde_json::Value;

use crate::command::exit::{Exit, Stopped};

/// Codes of what a function ignores that say that it does not admit the caller to the action.
const NOT_ADMITTED: &str = "not_admitted";

/// The answer of the engine, or what the function said in its place.
///
/// # Errors
/// In one line.
pub fn of_engine(document: Value) -> Result<Value, Stopped> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match document["outcome"].as_str() {
        Some("ignored") => {
            let reason = &document["reasons"][0];
            let why = text(&reason["says"]).unwrap_or_else(|| "no reason was told".to_owned());
            let exit = if reason["code"] == NOT_ADMITTED { Exit::NotDone } else { Exit::Usage };
            Err(Stopped { exit, why: format!("the function does not act on this: {why}") })
        }
        Some("misconfigured") => Err(misconfigured(&text(&document["says"][0]).unwrap_or_default())),
        Some(_) if document["error"].is_string() => {
            let why = text(&document["says"][0]).unwrap_or_default();
            Err(Stopped::unreached(format!("the function failed: {why}")))
        }
        Some(_) => Ok(document),
        None => Err(Stopped::unreached("what answered is no function of Holdfast: its answer names no outcome")),
    }
}

/// A function whose configuration cannot be used.
pub fn misconfigured(why: &str) -> Stopped {
    let why = format!("the function's configuration cannot be used: {}", cut(why));
    Stopped { exit: Exit::NotGood, why }
}

/// A text of somebody else on one line, bounded.
pub fn cut(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    if line.chars().count() > 500 { line.chars().take(500).chain("...".chars()).collect() } else { line }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_answer_ends_with_a_line_and_a_code() {
        let ignored = |code: &str| json!({"outcome": "ignored", "reasons": [{"code": code, "says": "no"}]});
        for (document, exit) in [
            (ignored("not_admitted"), Exit::NotDone),
            (ignored("invalid_request"), Exit::Usage),
            (json!({"outcome": "misconfigured", "says": ["CLUSTER_NAME is not set"]}), Exit::NotGood),
            (json!({"outcome": "failed", "error": "Holdfast.Panic", "says": ["a defect"]}), Exit::CannotTell),
            (json!({"message": "Not Found"}), Exit::CannotTell),
            (json!("hello"), Exit::CannotTell),
        ] {
            let stopped = of_engine(document.clone()).expect_err("no answer");
            assert_eq!(stopped.exit, exit, "{document}");
            assert!(!stopped.why.contains('\n'));
        }
        assert!(of_engine(json!({"outcome": "failed", "step": "status", "why": "no"})).is_ok());
    }
}
