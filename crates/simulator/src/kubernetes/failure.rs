//! Errors as the real API server words them: `metav1.Status` bodies.
//!
//! The sentences are part of the wire: people and tools match on them. They follow `apimachinery/pkg/api/errors`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::kinds::Kind;

/// A refusal by the API server: HTTP status, machine reason, sentence, and what it is about.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// HTTP status code.
    pub code: u16,
    /// `reason` of the Status, such as `NotFound`; empty when the real server gives none.
    pub reason: &'static str,
    /// The sentence for people.
    pub message: String,
    /// `details` of the Status; null when there are none.
    pub details: Value,
}

impl Failure {
    fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { code: code.as_u16(), reason, message: message.into(), details: Value::Null }
    }

    fn about(mut self, kind: &Kind, name: &str) -> Failure {
        let mut details = json!({"kind": kind.plural});
        if !name.is_empty() {
            details["name"] = name.into();
        }
        if !kind.group.is_empty() {
            details["group"] = kind.group.into();
        }
        self.details = details;
        self
    }

    /// 401: the request carries no credentials that mean anything.
    pub(super) fn unauthorized() -> Failure {
        Failure::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    /// 403, with the sentence built by the caller.
    pub(super) fn forbidden(message: String, details: Value) -> Failure {
        Failure { details, ..Failure::new(StatusCode::FORBIDDEN, "Forbidden", message) }
    }

    /// 404: no such object.
    pub(super) fn not_found(kind: &Kind, name: &str) -> Failure {
        let message = format!("{} \"{name}\" not found", kind.qualified());
        Failure::new(StatusCode::NOT_FOUND, "NotFound", message).about(kind, name)
    }

    /// 404: no such path or resource type.
    pub(super) fn no_such_path() -> Failure {
        let message = "the server could not find the requested resource";
        Failure { details: json!({}), ..Failure::new(StatusCode::NOT_FOUND, "NotFound", message) }
    }

    /// 405: the path exists, the verb does not.
    pub(super) fn no_such_verb() -> Failure {
        let message = "the server does not allow this method on the requested resource";
        Failure { details: json!({}), ..Failure::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message) }
    }

    /// 409: the name is taken.
    pub(super) fn already_exists(kind: &Kind, name: &str) -> Failure {
        let message = format!("{} \"{name}\" already exists", kind.qualified());
        Failure::new(StatusCode::CONFLICT, "AlreadyExists", message).about(kind, name)
    }

    /// 409: a precondition (resourceVersion or uid) is not met.
    pub(super) fn conflict(kind: &Kind, name: &str, why: &str) -> Failure {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified());
        Failure::new(StatusCode::CONFLICT, "Conflict", message).about(kind, name)
    }

    /// 409: somebody else has written since this resourceVersion was read.
    pub(super) fn modified(kind: &Kind, name: &str) -> Failure {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Failure::conflict(kind, name, why)
    }

    /// 409: a patch of a Scale names another uid. Here the real server names the subresource.
    pub(super) fn scale_conflict(name: &str, why: &str) -> Failure {
        let message = format!("Operation cannot be fulfilled on deployments/scale.apps \"{name}\": {why}");
        let details = json!({"name": name, "group": "apps", "kind": "deployments/scale"});
        Failure { details, ..Failure::new(StatusCode::CONFLICT, "Conflict", message) }
    }

    /// 409 of a delete whose precondition fails; here the real server names the kind where it else names the resource.
    pub(super) fn delete_precondition(kind: &Kind, name: &str, why: &str) -> Failure {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified_kind());
        let mut failure = Failure::new(StatusCode::CONFLICT, "Conflict", message).about(kind, name);
        failure.details["kind"] = kind.kind.into();
        failure
    }

    /// 422: a field does not validate. `fault` is the field error's text, such as `spec.x: Required value`.
    pub(super) fn invalid(kind: &Kind, name: &str, field: &str, fault: &str) -> Failure {
        Failure::invalid_as(&kind.qualified_kind(), kind.group, kind.kind, name, field, fault)
    }

    /// 422 for a kind that is not stored (Scale, the unnamed object of a patch).
    pub(super) fn invalid_as(
        qualified: &str,
        group: &str,
        kind: &str,
        name: &str,
        field: &str,
        fault: &str,
    ) -> Failure {
        let message = format!("{qualified} \"{name}\" is invalid: {field}: {fault}");
        let reason = match fault.split(':').next() {
            Some("Required value") => "FieldValueRequired",
            Some("Unsupported value") => "FieldValueNotSupported",
            Some("Too long") => "FieldValueTooLong",
            _ => "FieldValueInvalid",
        };
        let mut details = json!({"causes": [{"reason": reason, "message": fault, "field": field}]});
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details[key] = value.into();
            }
        }
        Failure { details, ..Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message) }
    }

    /// 422: this kind takes no update without a resourceVersion. The real server names the resource where it else names the kind.
    pub(super) fn version_required(kind: &Kind, name: &str) -> Failure {
        let fault = "Invalid value: 0: must be specified for an update";
        Failure::invalid_as(&kind.qualified(), kind.group, kind.plural, name, "metadata.resourceVersion", fault)
    }

    /// 400: a body that is no object of its type.
    pub(super) fn undecodable(kind: &str, version: &str, why: &str) -> Failure {
        Failure::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
    }

    /// 422: the outcome of a patch is no object of its type.
    pub(super) fn patch_undecodable(object: &Value, why: &str) -> Failure {
        let fault = format!("Invalid value: \"{}\": {why}", object.to_string().replace('"', "\\\""));
        Failure::invalid_as("", "", "", "", "patch", &fault)
    }

    /// 500 without a reason: a resourceVersion that is no number. `place` is what the real server puts before it.
    pub(super) fn unparsable_version(place: &str, text: &str) -> Failure {
        let message = format!("{place}strconv.ParseUint: parsing \"{text}\": invalid syntax");
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "", message)
    }

    /// 415: the media type has no place at this path at all.
    pub(super) fn unknown_media() -> Failure {
        let failure =
            Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "415: Unsupported Media Type");
        Failure { details: json!({}), ..failure }
    }

    /// 422 of a JSON patch that does not apply: a `test` that fails, or a path that is not there.
    pub(super) fn patch_does_not_apply() -> Failure {
        let message = "the server rejected our request due to an error in our request";
        Failure { details: json!({}), ..Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message) }
    }

    /// 400.
    pub(super) fn bad_request(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 410: the watch starts before the oldest event that is kept.
    pub(super) fn expired(wanted: u64, oldest: u64) -> Failure {
        Failure::new(StatusCode::GONE, "Expired", format!("too old resource version: {wanted} ({oldest})"))
    }

    /// 410: the state that a continue token is of has been compacted.
    pub(super) fn continue_expired() -> Failure {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
                       list without the continue parameter.";
        Failure::new(StatusCode::GONE, "Expired", message)
    }

    /// 413: the body is larger than the server reads (3 MiB).
    pub(super) fn too_large() -> Failure {
        let message = "Request entity too large: limit is 3145728";
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
    }

    /// 415: a patch format that this kind does not take.
    pub(super) fn unsupported_media(accepted: &str) -> Failure {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
    }

    /// 500 without a reason, as the real server answers a create that names a resourceVersion.
    pub(super) fn version_on_create() -> Failure {
        let message = "resourceVersion should not be set on objects to be created";
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "", message)
    }

    /// The body on the wire.
    pub(super) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).expect("only codes of the http crate are stored");
        (code, axum::Json(self.status())).into_response()
    }
}
