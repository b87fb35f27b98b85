//! The patch formats that the API takes.

use serde_json::Value;

use super::failure::Failure;
use super::kinds::Kind;

/// A decoded patch.
#[derive(Clone, Debug)]
pub(super) enum Patch {
    /// RFC 7396. Also stands for a strategic merge patch: the fields that clients patch here have no list with a merge key.
    Merge(Value),
    /// RFC 6902.
    Json(json_patch::Patch),
}

impl Patch {
    /// Decodes a body by its media type. Server-side apply is not offered.
    pub(super) fn decode(kind: &Kind, media_type: &str, body: &[u8]) -> Result<Patch, Failure> {
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        match media_type {
            "application/merge-patch+json" => merge(body),
            "application/strategic-merge-patch+json" if !kind.custom => merge(body),
            "application/json-patch+json" => serde_json::from_slice(body).map(Patch::Json).map_err(undecodable),
            _ if kind.custom => {
                Err(Failure::unsupported_media("application/json-patch+json, application/merge-patch+json"))
            }
            _ => Err(Failure::unsupported_media(
                "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
            )),
        }
    }

    /// The document after the patch.
    pub(super) fn apply(&self, before: &Value) -> Result<Value, Failure> {
        let mut after = before.clone();
        match self {
            Patch::Merge(patch) => json_patch::merge(&mut after, patch),
            Patch::Json(patch) => json_patch::patch(&mut after, patch).map_err(|_| Failure::patch_does_not_apply())?,
        }
        Ok(after)
    }
}

fn merge(body: &[u8]) -> Result<Patch, Failure> {
    let patch: Value = serde_json::from_slice(body).map_err(undecodable)?;
    if patch.is_object() {
        Ok(Patch::Merge(patch))
    } else {
        Err(Failure::bad_request("error decoding patch: no object"))
    }
}

fn undecodable(error: serde_json::Error) -> Failure {
    Failure::bad_request(format!("error decoding patch: {error}"))
}
