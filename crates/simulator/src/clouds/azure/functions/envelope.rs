//! The JSON in which the host and a custom handler speak (docs/reference/azure.md#handler-envelope).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::host::Outcome;

/// A request to a function over HTTP.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpCall {
    pub(crate) method: String,
    pub(crate) url: String,
    /// Pairs of the query, without the key.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What an HTTP caller gets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: String,
}

impl HttpAnswer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: Vec::new(), content_type: "text/plain".to_owned() }
    }
}

fn sys(method: &str, now: Timestamp, guid: &str) -> Value {
    json!({"MethodName": method, "UtcNow": now.to_string(), "RandGuid": guid})
}

/// The envelope around a request over HTTP. The body is text, and left out when it is empty.
pub(crate) fn http(function: &str, binding: &str, call: &HttpCall, now: Timestamp, guid: &str) -> Value {
    let query: Map<String, Value> = call.query.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let headers: Map<String, Value> = call.headers.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    let mut request = json!({
        "Url": call.url, "Method": call.method, "Query": query, "Headers": headers, "Params": {},
        "Identities": identities(),
    });
    if !call.body.is_empty() {
        request["Body"] = json!(String::from_utf8_lossy(&call.body));
    }
    json!({
        "Data": {binding: request},
        "Metadata": {"Query": query, "Headers": headers, "sys": sys(function, now, guid)},
    })
}

/// What opened the door, as the host tells it: JSON in text, with the name of the key among the claims
/// (Azure/azure-functions-host, `HttpRequestExtensions` and `SecurityConstants`). All callers here have the same key.
fn identities() -> String {
    let claim = |kind: &str, value: &str| json!({"Type": format!("http://schemas.microsoft.com/2017/07/functions/claims/{kind}"), "Value": value});
    let claims = [claim("authlevel", "Function"), claim("keyid", "default")];
    json!([{"AuthenticationType": "WebJobsAuthLevel", "IsAuthenticated": true, "Claims": claims}]).to_string()
}

/// A message as the host hands it over.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) count: u32,
    pub(crate) inserted: Timestamp,
    pub(crate) receipt: String,
}

/// The envelope around a queue message. The text is encoded as JSON once more: a string that holds JSON.
pub(crate) fn queue(function: &str, binding: &str, message: &Delivery, now: Timestamp, guid: &str) -> Value {
    let text = json!(message.text).to_string();
    json!({
        "Data": {binding: text},
        "Metadata": {
            "QueueTrigger": text, "DequeueCount": message.count.to_string(), "Id": json!(message.id).to_string(),
            "InsertionTime": json!(message.inserted.to_string()).to_string(),
            "PopReceipt": json!(message.receipt).to_string(), "sys": sys(function, now, guid),
        },
    })
}

/// The envelope around a timer's tick.
pub(crate) fn timer(function: &str, binding: &str, last: Option<Timestamp>, now: Timestamp, guid: &str) -> Value {
    let last = last.unwrap_or(now).to_string();
    json!({
        "Data": {binding: {
            "Schedule": {"AdjustForDST": true},
            "ScheduleStatus": {"Last": last, "LastUpdated": last, "Next": now.to_string()},
            "IsPastDue": false,
        }},
        "Metadata": {"sys": sys(function, now, guid)},
    })
}

/// What the handler answered, after the host has read it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) outcome: Outcome,
    /// For the caller over HTTP.
    pub(crate) http: HttpAnswer,
    /// Output name to text.
    pub(crate) outputs: Vec<(String, String)>,
}

/// Reads an envelope's answer. `http_output` is the name of the HTTP answer's binding, for a function that has one.
pub(crate) fn read(status: u16, body: &[u8], http_output: Option<&str>) -> Read {
    let failed = |kind: &str, message: String| Read {
        outcome: Outcome::FunctionError { kind: kind.to_owned(), message },
        http: HttpAnswer::empty(500),
        outputs: Vec::new(),
    };
    if !(200..300).contains(&status) {
        return failed(
            "HandlerStatus",
            format!("the handler answered {status}: {:.300}", String::from_utf8_lossy(body)),
        );
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return failed("HandlerAnswer", "the handler's answer is no JSON".to_owned());
    };
    let outputs = answer["Outputs"].as_object().cloned().unwrap_or_default();
    let http = http_output.and_then(|name| outputs.get(name)).map_or(HttpAnswer::empty(200), http_answer);
    let queued = outputs.iter().filter(|(name, value)| Some(name.as_str()) != http_output && !value.is_null());
    let queued = queued.map(|(name, value)| (name.clone(), text_of(value))).collect();
    let returned = match (&answer["ReturnValue"], http_output) {
        (Value::Null, Some(_)) => serde_json::from_slice(&http.body).unwrap_or(Value::Null),
        (Value::String(text), _) => serde_json::from_str(text).unwrap_or(Value::String(text.clone())),
        (other, _) => other.clone(),
    };
    Read { outcome: Outcome::Ok { answer: returned }, http, outputs: queued }
}

/// An output as text: a string as it is, anything else as JSON.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn http_answer(value: &Value) -> HttpAnswer {
    let status = &value["statusCode"];
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok()).unwrap_or(200);
    let headers = value["headers"].as_object();
    let content_type =
        headers.and_then(|headers| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")));
    HttpAnswer {
        status: u16::try_from(status).unwrap_or(500),
        body: if value["body"].is_null() { Vec::new() } else { text_of(&value["body"]).into_bytes() },
        content_type: content_type.map_or("text/plain".to_owned(), |(_, value)| text_of(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_is_left_out() {
        let call = HttpCall { method: "POST".to_owned(), ..HttpCall::default() };
        let envelope = http("F", "req", &call, Timestamp::UNIX_EPOCH, "g");
        assert!(envelope["Data"]["req"].get("Body").is_none());
        let call = HttpCall { body: b"{}".to_vec(), ..call };
        assert_eq!(http("F", "req", &call, Timestamp::UNIX_EPOCH, "g")["Data"]["req"]["Body"], "{}");
    }

    #[test]
    fn outputs_of_a_failed_answer_are_ignored() {
        let read = read(503, br#"{"Outputs": {"work": "x"}}"#, Some("res"));
        assert_eq!((read.http.status, read.outputs.len()), (500, 0));
        assert!(matches!(read.outcome, Outcome::FunctionError { .. }));
    }

    #[test]
    fn the_answer_over_http_has_its_status_as_text_or_number() {
        let body =
            br#"{"Outputs": {"res": {"statusCode": "202", "body": "{\"outcome\":\"queued\"}"}, "work": {"a": 1}}}"#;
        let read = read(200, body, Some("res"));
        assert_eq!((read.http.status, read.http.body.as_slice()), (202, br#"{"outcome":"queued"}"#.as_slice()));
        assert_eq!(read.outputs, [("work".to_owned(), r#"{"a":1}"#.to_owned())]);
        assert_eq!(read.outcome.answer(), Some(&json!({"outcome": "queued"})));
    }

    #[test]
    fn a_message_is_a_string_that_holds_json() {
        let message = Delivery {
            id: "i".to_owned(),
            text: r#"{"a":1}"#.to_owned(),
            count: 1,
            inserted: Timestamp::UNIX_EPOCH,
            receipt: "r".to_owned(),
        };
        let envelope = queue("W", "item", &message, Timestamp::UNIX_EPOCH, "g");
        assert_eq!(envelope["Data"]["item"], r#""{\"a\":1}""#);
        assert_eq!(envelope["Metadata"]["DequeueCount"], "1");
    }
}
