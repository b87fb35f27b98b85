//! The host's own JSON around an event, or the event as it came.
//!
//! A function with nothing but an HTTP trigger and an HTTP answer is *forwarded*: the request comes with its own path
//! and body. All others come as `POST /<function>` with the event in `Data`. Which of the two it is depends on the
//! function's bindings and on the host's configuration, so both are understood for each.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Function, IgnoredReason};

/// What is larger was not made by Azure: an alert has at most 256 KB, a message of a queue 64.
const LARGEST: usize = 1024 * 1024;

/// Text within text within text: a message of a queue is JSON in JSON, some libraries put one more around it.
const DEEPEST: usize = 4;

/// How the host wants its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Wrapped, with its outputs.
    Envelope,
    /// As the caller gets it.
    Forwarded,
}

/// Opens what came to `path`.
pub(super) fn open(function: Function, path: &str, body: &[u8]) -> (Mode, Result<Value, IgnoredReason>) {
    let own_path = path.split('/').filter(|part| !part.is_empty()).count() == 1;
    if body.len() > LARGEST {
        return (if own_path { Mode::Envelope } else { Mode::Forwarded }, Err(IgnoredReason::TooLarge));
    }
    let document = serde_json::from_slice::<Value>(body).ok();
    let data = document.as_ref().and_then(|document| document.get("Data")).filter(|data| data.is_object());
    match data {
        // The host writes to a path of one part, `/Alarm`; what a caller sends to a route, `/api/alarm`, is not its own.
        Some(data) if own_path => (Mode::Envelope, inner(function, data)),
        _ => (Mode::Forwarded, document.ok_or(IgnoredReason::NotJson).and_then(object)),
    }
}

/// The event in `Data`: the only binding that comes in, whatever it is called.
fn inner(function: Function, data: &Value) -> Result<Value, IgnoredReason> {
    if function == Function::Tick {
        return Ok(Value::Null);
    }
    let binding = data.as_object().into_iter().flatten().next().map(|(_, binding)| binding);
    let binding = binding.ok_or(IgnoredReason::NoBody)?;
    match function {
        Function::Work => object(binding.clone()),
        // Absent when the request had no content.
        _ => object(binding.get("Body").cloned().ok_or(IgnoredReason::NoBody)?),
    }
}

/// The object in `value`, which may be JSON in text, and in base64 when its sender called it a stream of octets.
fn object(value: Value) -> Result<Value, IgnoredReason> {
    let mut value = value;
    for _ in 0..DEEPEST {
        let Value::String(text) = &value else { break };
        value = serde_json::from_str(text).or_else(|_| from_base64(text)).map_err(|()| IgnoredReason::NotJson)?;
    }
    match value {
        Value::Object(_) => Ok(value),
        Value::Null => Err(IgnoredReason::NoBody),
        _ => Err(IgnoredReason::NotJson),
    }
}

fn from_base64(text: &str) -> Result<Value, ()> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_| ())?;
    serde_json::from_slice(&bytes).map_err(|_| ())
}
