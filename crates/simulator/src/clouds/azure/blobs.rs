//! The blob service: small block blobs with their ETags, which make compare-and-set (docs/reference/azure.md#blob-storage).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, Bytes};
use http::{HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;

use super::storage::{StorageError, StorageRequest, http_date, xml};
use crate::time;

/// One blob.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Blob {
    bytes: Bytes,
    etag: String,
    modified: Timestamp,
}

#[derive(Debug, Default)]
struct Account {
    /// Container to name to blob.
    containers: BTreeMap<String, BTreeMap<String, Blob>>,
    writes: u64,
}

/// All containers. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Blobs(Arc<Mutex<Account>>);

impl Blobs {
    fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.lock().expect("no code panics while it holds this lock")
    }

    /// Makes a container. False when there is one already.
    pub fn create_container(&self, container: &str) -> bool {
        let mut account = self.lock();
        let is_new = !account.containers.contains_key(container);
        account.containers.entry(container.to_owned()).or_default();
        is_new
    }

    /// A blob's text.
    pub fn text(&self, container: &str, blob: &str) -> Option<String> {
        let account = self.lock();
        let found = account.containers.get(container)?.get(blob)?;
        Some(String::from_utf8_lossy(&found.bytes).into_owned())
    }

    /// Writes a blob without an API call. Its container is made when it is not there.
    pub fn put_text(&self, container: &str, blob: &str, text: &str) {
        self.create_container(container);
        self.lock().put(container, blob, Bytes::from(text.to_owned()));
    }
}

impl Account {
    fn put(&mut self, container: &str, blob: &str, bytes: Bytes) -> Blob {
        self.writes += 1;
        let stored = Blob { bytes, etag: format!("\"0x8DD{:012X}\"", self.writes), modified: time::now() };
        if let Some(blobs) = self.containers.get_mut(container) {
            blobs.insert(blob.to_owned(), stored.clone());
        }
        stored
    }
}

/// The operation's name, and the data action that it needs.
pub(super) fn operation(request: &StorageRequest) -> (&'static str, &'static str) {
    match (&request.method, request.path.len()) {
        (&Method::GET, 2..) => ("GetBlob", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"),
        (&Method::HEAD, 2..) => {
            ("GetBlobProperties", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read")
        }
        (&Method::PUT, 1) if request.query.get("restype").is_some_and(|kind| kind == "container") => {
            ("CreateContainer", "Microsoft.Storage/storageAccounts/blobServices/containers/write")
        }
        (&Method::PUT, 2..) => ("PutBlob", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"),
        (&Method::DELETE, 2..) => {
            ("DeleteBlob", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete")
        }
        _ => ("Unknown", "Unknown"),
    }
}

pub(super) fn answer(blobs: &Blobs, request: &StorageRequest, name: &str) -> Result<Response<Body>, StorageError> {
    let (container, path) = request.path.split_first().ok_or_else(unknown)?;
    if name == "CreateContainer" {
        return match blobs.create_container(container) {
            true => Ok(xml(StatusCode::CREATED, "")),
            false => Err(StorageError::new(409, "ContainerAlreadyExists", "The specified container already exists.")),
        };
    }
    let blob = path.join("/");
    let mut account = blobs.lock();
    let found = account
        .containers
        .get(container)
        .ok_or_else(|| StorageError::new(404, "ContainerNotFound", "The specified container does not exist."))?;
    let found = found.get(&blob).cloned();
    condition(request, found.as_ref(), name == "PutBlob")?;
    match (name, found) {
        ("PutBlob", _) => {
            if request.header("x-ms-blob-type") != "BlockBlob" {
                return Err(StorageError::new(
                    400,
                    "InvalidHeaderValue",
                    "The value for one of the HTTP headers is not in the correct format.",
                ));
            }
            Ok(answer_of(&account.put(container, &blob, request.body.clone()), StatusCode::CREATED, Bytes::new()))
        }
        (_, None) => Err(StorageError::new(404, "BlobNotFound", "The specified blob does not exist.")),
        ("GetBlob", Some(found)) => ranged(request, &found),
        ("GetBlobProperties", Some(found)) => Ok(answer_of(&found, StatusCode::OK, Bytes::new())),
        ("DeleteBlob", Some(_)) => {
            if let Some(blobs) = account.containers.get_mut(container) {
                blobs.remove(&blob);
            }
            Ok(xml(StatusCode::ACCEPTED, ""))
        }
        _ => Err(unknown()),
    }
}

fn unknown() -> StorageError {
    StorageError::new(400, "UnsupportedHttpVerb", "The simulator does not know this operation.")
}

/// The conditional headers, with the codes that Azurite answers (docs/reference/azure.md#blob-storage).
fn condition(request: &StorageRequest, found: Option<&Blob>, writes: bool) -> Result<(), StorageError> {
    let (wanted, unwanted) = (request.header("if-match"), request.header("if-none-match"));
    let not_met = || {
        StorageError::new(
            412,
            "ConditionNotMet",
            "The condition specified using HTTP conditional header(s) is not met.",
        )
    };
    if !wanted.is_empty() && !found.is_some_and(|found| wanted == "*" || wanted == found.etag) {
        return Err(not_met());
    }
    match found {
        Some(_) if unwanted == "*" && writes => {
            Err(StorageError::new(409, "BlobAlreadyExists", "The specified blob already exists."))
        }
        Some(found) if unwanted == found.etag => Err(not_met()),
        _ => Ok(()),
    }
}

/// A blob, or the part of it that is asked for: SDKs ask for the first megabytes of every blob.
fn ranged(request: &StorageRequest, blob: &Blob) -> Result<Response<Body>, StorageError> {
    let size = blob.bytes.len();
    let asked = [request.header("x-ms-range"), request.header("range")].into_iter().find(|text| !text.is_empty());
    let range = asked.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    let Some((Ok(first), last)) = range.map(|(first, last)| (first.parse::<usize>(), last.parse::<usize>())) else {
        return Ok(answer_of(blob, StatusCode::OK, blob.bytes.clone()));
    };
    if first >= size {
        return Err(StorageError::new(
            416,
            "InvalidRange",
            "The range specified is invalid for the current size of the resource.",
        ));
    }
    let last = last.unwrap_or(size).clamp(first, size - 1);
    let mut answer = answer_of(blob, StatusCode::PARTIAL_CONTENT, blob.bytes.slice(first..=last));
    if let Ok(range) = HeaderValue::from_str(&format!("bytes {first}-{last}/{size}")) {
        answer.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    Ok(answer)
}

fn answer_of(blob: &Blob, status: StatusCode, bytes: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::from(bytes));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert("x-ms-blob-type", HeaderValue::from_static("BlockBlob"));
    headers.insert("x-ms-version", HeaderValue::from_static("2024-11-04"));
    headers.insert("content-type", HeaderValue::from_static("application/octet-stream"));
    for (name, value) in [("etag", blob.etag.clone()), ("last-modified", http_date(blob.modified))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn call(blobs: &Blobs, method: Method, condition: Option<(&'static str, String)>) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-blob-type", HeaderValue::from_static("BlockBlob"));
        if let Some((name, value)) = condition {
            headers.insert(name, value.parse().expect("header"));
        }
        let path = vec!["c".to_owned(), "b".to_owned()];
        let request = StorageRequest { method, path, query: BTreeMap::new(), headers, body: Bytes::from_static(b"1") };
        let (name, _) = operation(&request);
        let etag = |answer: Response<Body>| {
            answer.headers().get("etag").map_or(String::new(), |etag| etag.to_str().expect("text").to_owned())
        };
        answer(blobs, &request, name).map(etag).map_err(|error| format!("{} {}", error.status, error.code))
    }

    /// The table of docs/reference/azure.md#blob-storage, which was measured on Azurite.
    #[test]
    fn conditions_are_answered_as_azurite_answers_them() {
        let blobs = Blobs::default();
        assert_eq!(call(&blobs, Method::GET, None), Err("404 ContainerNotFound".to_owned()));
        blobs.create_container("c");
        assert_eq!(call(&blobs, Method::GET, None), Err("404 BlobNotFound".to_owned()));
        let stale = Some(("if-match", "\"0x0\"".to_owned()));
        assert_eq!(call(&blobs, Method::PUT, stale.clone()), Err("412 ConditionNotMet".to_owned()));
        let etag = call(&blobs, Method::PUT, Some(("if-none-match", "*".to_owned()))).expect("made");
        assert_eq!(
            call(&blobs, Method::PUT, Some(("if-none-match", "*".to_owned()))),
            Err("409 BlobAlreadyExists".to_owned())
        );
        assert_eq!(call(&blobs, Method::PUT, stale), Err("412 ConditionNotMet".to_owned()));
        let second = call(&blobs, Method::PUT, Some(("if-match", etag.clone()))).expect("written");
        assert_ne!(etag, second);
        assert_eq!(call(&blobs, Method::GET, None), Ok(second));
    }
}
