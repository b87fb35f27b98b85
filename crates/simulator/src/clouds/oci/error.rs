//! Refusals in OCI's shape (docs/reference/oci.md#request-signatures).

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OciError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl OciError {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// What is not there, and what may not be seen: OCI does not tell them apart.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
    }

    pub(crate) fn invalid(message: &str) -> Self {
        Self::new(400, "InvalidParameter", message)
    }

    /// A request whose signature is not accepted. The service does not say why.
    pub(crate) fn not_authenticated() -> Self {
        let message = "The required information to complete authentication was not provided or was incorrect.";
        Self::new(401, "NotAuthenticated", message)
    }

    pub(crate) fn answer(&self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json_answer(status, &json!({"code": self.code, "message": self.message}))
    }
}

/// An answer in JSON, with the header that support asks for.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("opc-request-id", HeaderValue::from_static("0123456789ABCDEF0123456789ABCDEF/simulated"));
    answer
}
