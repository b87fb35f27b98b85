//! The patch formats that the API takes.

use json_patch::{AddOperation, PatchOperation};
use serde_json::Value;

use super::failure::Failure;
use super::kinds::Kind;
use super::validate::json_type;

/// A decoded patch.
#[derive(Clone, Debug)]
pub(super) enum Patch {
    /// RFC 7396. Also stands for a strategic merge patch: the fields that clients patch here have no list with a merge key.
    Merge(Value),
    /// RFC 6902: its operations, not yet decoded.
    Json(Vec<Value>),
}

impl Patch {
    /// Decodes a body by its media type. Server-side apply is not offered.
    pub(super) fn decode(kind: &Kind, media_type: &str, body: &[u8]) -> Result<Patch, Failure> {
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        match media_type {
            "application/merge-patch+json" => merge(body),
            "application/strategic-merge-patch+json" if !kind.custom => merge(body),
            "application/json-patch+json" => operations(body),
            _ if kind.custom => Err(Failure::unsupported_media(
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            )),
            _ => Err(Failure::unknown_media()),
        }
    }

    /// The document after the patch.
    pub(super) fn apply(&self, before: &Value) -> Result<Value, Failure> {
        let mut after = before.clone();
        match self {
            Patch::Merge(patch) => json_patch::merge(&mut after, patch),
            Patch::Json(operations) => {
                for operation in operations {
                    step(&mut after, operation).ok_or_else(Failure::patch_does_not_apply)?;
                }
            }
        }
        Ok(after)
    }
}

/// One operation, or nothing when it does not apply. Unlike RFC 6902 the real server's library lets `replace` set a field
/// that is not there, as long as its parent is an object that is (seen with kube-apiserver 1.36).
fn step(document: &mut Value, operation: &Value) -> Option<()> {
    let mut operation: PatchOperation = serde_json::from_value(operation.clone()).ok()?;
    if let PatchOperation::Replace(replace) = &operation {
        let (parent, _) = replace.path.as_str().rsplit_once('/')?;
        if document.pointer(parent)?.is_object() {
            operation = PatchOperation::Add(AddOperation { path: replace.path.clone(), value: replace.value.clone() });
        }
    }
    json_patch::patch(document, &[operation]).ok()
}

fn operations(body: &[u8]) -> Result<Patch, Failure> {
    match decode(body)? {
        Value::Array(operations) if operations.iter().all(Value::is_object) => Ok(Patch::Json(operations)),
        other => Err(wrong_shape(&other, "[]handlers.jsonPatchOp")),
    }
}

fn merge(body: &[u8]) -> Result<Patch, Failure> {
    match decode(body)? {
        patch @ Value::Object(_) => Ok(Patch::Merge(patch)),
        other => Err(wrong_shape(&other, "map[string]interface {}")),
    }
}

fn decode(body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))
}

fn wrong_shape(found: &Value, wanted: &str) -> Failure {
    let found = json_type(found);
    Failure::bad_request(format!("error decoding patch: json: cannot unmarshal {found} into Go value of type {wanted}"))
}
