//! An answer of OCI, read with care.

use std::fmt;

use holdfast_core::{Fault, FaultClass};
use http::{HeaderMap, Response};
use hyper::body::Bytes;
use serde::de::DeserializeOwned;

use crate::fault;

/// One answer, whatever it says.
pub struct Answer {
    name: &'static str,
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("name", &self.name).field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    pub(super) fn new(name: &'static str, answer: Response<Bytes>) -> Self {
        let (head, body) = answer.into_parts();
        let answer = Self { name, status: head.status.as_u16(), headers: head.headers, body };
        // Oracle's support asks for it.
        let request_id = answer.header("opc-request-id").unwrap_or_default();
        tracing::debug!(call = name, status = answer.status, request_id, "OCI answered");
        answer
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The header `name`, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The version of the resource in it, as it stands there, quotes included.
    ///
    /// # Errors
    /// An answer that names none: then nothing could be written safely.
    pub fn etag(&self) -> Result<String, Fault> {
        let missing = || Fault::new(FaultClass::Server, self.name, "the answer names no version (ETag)");
        self.header("etag").map(str::to_owned).ok_or_else(missing)
    }

    /// The content as text, without what is no UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// This answer if it is a success.
    ///
    /// # Errors
    /// Its fault.
    pub fn success(self) -> Result<Self, Fault> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(fault::of_answer(self.name, self.status, &self.headers, &self.body))
    }

    /// The content, read as JSON. What does not fit is told by its place, never by its content.
    ///
    /// # Errors
    /// [`Server`](FaultClass::Server): a success that is not in the service's words was given by something in between,
    /// and a later attempt may get through.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (status, line, column) = (self.status, error.line(), error.column());
            let message =
                format!("HTTP {status} with an answer that cannot be understood at line {line}, column {column}");
            Fault::new(FaultClass::Server, self.name, message)
        })
    }
}
