//! An answer of Azure, read with care: what it holds may be a secret, so no content of it reaches a message unseen.

use azure_core::http::{
    RawResponse,
    headers::{HeaderName, Headers},
};
use holdfast_core::{Fault, FaultClass};
use serde::de::DeserializeOwned;

use crate::fault;

/// One answer, whatever it says.
pub struct Answer {
    name: &'static str,
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(name: &'static str, raw: RawResponse) -> Self {
        let (status, headers, body) = raw.deconstruct();
        let answer = Self { name, status: status.into(), headers, body: body.as_ref().to_vec() };
        // Azure's support asks for both.
        let id = |header: &'static str| answer.header(header).unwrap_or_default();
        tracing::debug!(
            call = name,
            status = answer.status,
            request_id = id("x-ms-request-id"),
            correlation_id = id("x-ms-correlation-request-id"),
            writes_left = id("x-ms-ratelimit-remaining-subscription-writes"),
            "Azure answered"
        );
        answer
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The header `name`, in lower case.
    pub fn header(&self, name: &'static str) -> Option<&str> {
        self.headers.get_optional_str(&HeaderName::from_static(name))
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
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.fault()) }
    }

    /// The fault of an answer that is no success.
    pub fn fault(&self) -> Fault {
        fault::of_answer(self.name, self.status, &self.headers, &self.body)
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
