//! The host's own JSON around an event, or the event as it came.
//!
//! A function with nothing but an HTTP trigger and an HTTP answer is *forwarded*: the request comes with its own path
//! and body. All others come as `POST /<function>` with the event in `Data`. Which of the two it is depends on the
//! function's bindings and on the host's configuration, so both are understood for each.

use base64::{Engine, engine::general_purpose::STANDARD};
use holdfast_site::json::{self, Document, Unreadable};
use serde_json::Value;

use super::{
    Function,
    ignored::{self, IgnoredReason},
    sender::Sender,
};

/// What is larger was not made by Azure: an alert has at most 256 KB, a message of a queue 64.
const LARGEST: usize = 1024 * 1024;

/// Text within text within text: a message of a queue is JSON in JSON, some libraries put one more around it.
const DEEPEST: usize = 4;

/// A call as it came.
pub(super) struct Opened {
    pub(super) mode: Mode,
    pub(super) payload: Result<Document, IgnoredReason>,
    pub(super) sender: Sender,
}

/// How the host wants its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Wrapped, with its outputs.
    Envelope,
    /// As the caller gets it.
    Forwarded,
}

/// Opens what came to `path`.
pub(super) fn open(function: Function, path: &str, body: &[u8]) -> Opened {
    let own_path = path.split('/').filter(|part| !part.is_empty()).count() == 1;
    let forwarded = |payload| Opened { mode: Mode::Forwarded, payload, sender: Sender::default() };
    if body.len() > LARGEST {
        let mode = if own_path { Mode::Envelope } else { Mode::Forwarded };
        return Opened { mode, ..forwarded(Err(ignored::too_large())) };
    }
    let document = json::read(body);
    let data = document.as_ref().ok().and_then(|document| document.value.get("Data")).filter(|data| data.is_object());
    match data {
        // The host writes to a path of one part, `/Alarm`; what a caller sends to a route, `/api/alarm`, is not its own.
        Some(data) if own_path => {
            let repeated = document.as_ref().ok().and_then(|document| document.repeated.clone());
            let sender = binding(data).map(Sender::of_request).unwrap_or_default();
            Opened { mode: Mode::Envelope, payload: inner(function, data, repeated), sender }
        }
        _ => forwarded(document.map_err(IgnoredReason::from).and_then(object)),
    }
}

/// The only binding that comes in, whatever it is called.
fn binding(data: &Value) -> Option<&Value> {
    data.as_object()?.iter().next().map(|(_, binding)| binding)
}

/// The event in `Data`.
fn inner(function: Function, data: &Value, repeated: Option<String>) -> Result<Document, IgnoredReason> {
    if matches!(function, Function::Tick | Function::Preflight) {
        return Ok(Document::default());
    }
    let binding = binding(data).ok_or(Unreadable::Empty)?;
    let value = match function {
        Function::Work => binding.clone(),
        // Absent when the request had no content.
        _ => binding.get("Body").cloned().ok_or(Unreadable::Empty)?,
    };
    object(Document { value, repeated })
}

/// The object in `document`, which may be JSON in text, and in base64 when its sender called it a stream of octets. A
/// key that stands twice in one layer is remembered.
fn object(document: Document) -> Result<Document, IgnoredReason> {
    let mut document = document;
    for _ in 0..DEEPEST {
        let Value::String(text) = &document.value else { break };
        let inner = match json::read(text.as_bytes()) {
            Err(Unreadable::NotJson) => from_base64(text),
            other => other,
        };
        let inner = inner?;
        document = Document { repeated: document.repeated.or(inner.repeated), value: inner.value };
    }
    match document.value {
        Value::Object(_) => Ok(document),
        Value::Null => Err(Unreadable::Empty.into()),
        _ => Err(ignored::no_object()),
    }
}

fn from_base64(text: &str) -> Result<Document, Unreadable> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_| Unreadable::NotJson)?;
    json::read(&bytes)
}
