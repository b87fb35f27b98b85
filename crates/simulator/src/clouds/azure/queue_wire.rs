//! The queue service's messages on the wire.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Method, Response, StatusCode};

use super::queues::{Message, Miss};
use super::storage::{Storage, StorageError, StorageRequest, escape, http_date, xml};
use crate::timeline::EventKind;

/// For how long a message that was got is out of sight, unless the caller says otherwise.
const DEFAULT_HIDE: Duration = Duration::from_secs(30);
/// Longest time out of sight: seven days.
const LONGEST_HIDE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The operation's name, and the data action that it needs.
pub(super) fn operation(request: &StorageRequest) -> (&'static str, &'static str) {
    match (&request.method, request.path.len()) {
        (&Method::POST, 2) => {
            ("PutMessage", "Microsoft.Storage/storageAccounts/queueServices/queues/messages/add/action")
        }
        (&Method::GET, 2) if request.query.contains_key("peekonly") => {
            ("PeekMessages", "Microsoft.Storage/storageAccounts/queueServices/queues/messages/read")
        }
        (&Method::GET, 2) => {
            ("GetMessages", "Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action")
        }
        (&Method::PUT, 3) => ("UpdateMessage", "Microsoft.Storage/storageAccounts/queueServices/queues/messages/write"),
        (&Method::DELETE, 3) => {
            ("DeleteMessage", "Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete")
        }
        (&Method::PUT, 1) => ("CreateQueue", "Microsoft.Storage/storageAccounts/queueServices/queues/write"),
        _ => ("Unknown", "Unknown"),
    }
}

pub(super) fn answer(storage: &Storage, request: &StorageRequest, name: &str) -> Result<Response<Body>, StorageError> {
    let queue = request.path.first().map(String::as_str).unwrap_or_default();
    match name {
        "CreateQueue" => {
            let is_new = storage.queues.create(queue);
            Ok(xml(if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT }, ""))
        }
        _ if !storage.queues.has(queue) => {
            Err(StorageError::new(404, "QueueNotFound", "The specified queue does not exist."))
        }
        "PutMessage" => put(storage, request, queue),
        "GetMessages" => {
            let most = request.query.get("numofmessages").and_then(|text| text.parse().ok()).unwrap_or(1);
            let hide = request.seconds("visibilitytimeout")?.unwrap_or(DEFAULT_HIDE);
            Ok(list(&storage.queues.get(queue, most, hide), true))
        }
        "PeekMessages" => {
            let mut seen = storage.queues.messages(queue);
            seen.retain(|message| message.visible <= crate::time::now());
            Ok(list(&seen, false))
        }
        "DeleteMessage" => {
            let receipt = request.query.get("popreceipt").map(String::as_str).unwrap_or_default();
            storage.queues.delete(queue, &request.path[2], receipt).map_err(missed)?;
            Ok(xml(StatusCode::NO_CONTENT, ""))
        }
        "UpdateMessage" => update(storage, request, queue),
        _ => Err(StorageError::new(400, "UnsupportedHttpVerb", "The simulator does not know this operation.")),
    }
}

fn missed(miss: Miss) -> StorageError {
    match miss {
        Miss::NotFound => StorageError::new(404, "MessageNotFound", "The specified message does not exist."),
        Miss::Receipt => StorageError::new(400, "PopReceiptMismatch", "The specified pop receipt did not match."),
    }
}

/// The text in `<QueueMessage><MessageText>`.
fn text_of(body: &[u8]) -> Result<String, StorageError> {
    let malformed = || StorageError::new(400, "InvalidXmlDocument", "XML specified is not syntactically valid.");
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let document = roxmltree::Document::parse(text).map_err(|_| malformed())?;
    let message = document.descendants().find(|node| node.has_tag_name("MessageText")).ok_or_else(malformed)?;
    Ok(message.text().unwrap_or_default().to_owned())
}

fn put(storage: &Storage, request: &StorageRequest, queue: &str) -> Result<Response<Body>, StorageError> {
    let hidden = request.seconds("visibilitytimeout")?.unwrap_or_default();
    if hidden > LONGEST_HIDE {
        return Err(StorageError::new(
            400,
            "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible range.",
        ));
    }
    let message = storage.queues.put(queue, &text_of(&request.body)?, hidden, request.seconds("messagettl")?);
    storage.gate.timeline.record_event(EventKind::Queued { queue: queue.to_owned(), in_ms: hidden.as_millis() as u64 });
    let inner = format!("<QueueMessagesList><QueueMessage>{}</QueueMessage></QueueMessagesList>", head(&message, true));
    Ok(xml(StatusCode::CREATED, &inner))
}

fn update(storage: &Storage, request: &StorageRequest, queue: &str) -> Result<Response<Body>, StorageError> {
    let receipt = request.query.get("popreceipt").map(String::as_str).unwrap_or_default();
    let hide = request.seconds("visibilitytimeout")?.ok_or_else(|| {
        StorageError::new(
            400,
            "MissingRequiredQueryParameter",
            "A query parameter that's mandatory for this request is not specified.",
        )
    })?;
    let text = if request.body.is_empty() { None } else { Some(text_of(&request.body)?) };
    let message = storage.queues.update(queue, &request.path[2], receipt, hide, text).map_err(missed)?;
    let mut answer = xml(StatusCode::NO_CONTENT, "");
    for (name, value) in [("x-ms-popreceipt", message.receipt), ("x-ms-time-next-visible", http_date(message.visible))]
    {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

fn head(message: &Message, held: bool) -> String {
    let held = if held {
        format!(
            "<PopReceipt>{}</PopReceipt><TimeNextVisible>{}</TimeNextVisible>",
            message.receipt,
            http_date(message.visible)
        )
    } else {
        String::new()
    };
    format!(
        "<MessageId>{}</MessageId><InsertionTime>{}</InsertionTime><ExpirationTime>{}</ExpirationTime>{held}",
        message.id,
        http_date(message.inserted),
        http_date(message.expires)
    )
}

fn list(messages: &[Message], held: bool) -> Response<Body> {
    let one = |message: &Message| {
        format!(
            "<QueueMessage>{}<DequeueCount>{}</DequeueCount><MessageText>{}</MessageText></QueueMessage>",
            head(message, held),
            message.count,
            escape(&message.text)
        )
    };
    let inner: String = messages.iter().map(one).collect();
    xml(StatusCode::OK, &format!("<QueueMessagesList>{inner}</QueueMessagesList>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_message_is_read_out_of_its_document() {
        let body = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessage><MessageText>a &lt; b</MessageText></QueueMessage>";
        assert_eq!(text_of(body).expect("text"), "a < b");
        assert_eq!(text_of(b"{}").expect_err("no XML").code, "InvalidXmlDocument");
    }
}
