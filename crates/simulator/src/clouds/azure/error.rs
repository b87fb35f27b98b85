//! Refusals in ARM's shape (docs/reference/azure.md#traffic-manager-api).

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::json_answer;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArmError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl ArmError {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// The resource is not there.
    pub(crate) fn not_found(scope: &str) -> Self {
        let message = format!(
            "The Resource '{}' under resource group '{}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            scope.split_once("/providers/").map_or(scope, |(_, rest)| rest),
            scope.split('/').nth(4).unwrap_or_default()
        );
        Self::new(404, "ResourceNotFound", &message)
    }

    pub(crate) fn answer(&self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = json_answer(status, &json!({"error": {"code": self.code, "message": self.message}}));
        let headers = answer.headers_mut();
        if matches!(self.status, 429 | 503) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Ok(code) = HeaderValue::from_str(&self.code) {
            headers.insert("x-ms-failure-cause", HeaderValue::from_static("gateway"));
            headers.insert("x-ms-error-code", code);
        }
        if self.status == 401 {
            let challenge = "Bearer authorization_uri=\"https://login.microsoftonline.com/\", error=\"invalid_token\"";
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        answer
    }
}
