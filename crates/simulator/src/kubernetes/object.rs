//! What the real server adds to an object, and drops, before it is stored.

use serde_json::{Value, json};

use super::kinds::Kind;
use super::validate::micro_time;

/// Drops nulls, which Go's decoder takes for absent fields, and fields that the server owns.
pub(super) fn normalise(object: &mut Value) {
    drop_nulls(object);
    if let Some(fields) = object.as_object_mut() {
        // `omitempty`: an empty map is not written out.
        fields.retain(|name, value| !(matches!(name.as_str(), "data" | "binaryData") && *value == json!({})));
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        metadata.retain(|_, value| *value != json!({}) && *value != json!([]) && *value != json!(""));
    }
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Fills in the defaults that clients rely on.
pub(super) fn set_defaults(kind: &Kind, object: &mut Value) {
    match kind.plural {
        "secrets" => {
            merge_string_data(object);
            default(object, "type", json!("Opaque"));
        }
        "deployments" => {
            default(&mut object["spec"], "replicas", json!(1));
            default(object, "status", json!({}));
        }
        "leases" => {
            for field in ["acquireTime", "renewTime"] {
                if let Some(time) = object["spec"][field].as_str().and_then(micro_time) {
                    object["spec"][field] = time.into();
                }
            }
        }
        "namespaces" => {
            let name = object["metadata"]["name"].clone();
            default(object, "status", json!({"phase": "Active"}));
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        }
        _ => {}
    }
}

fn default(object: &mut Value, field: &str, value: Value) {
    if object[field].is_null() {
        object[field] = value;
    }
}

fn merge_string_data(secret: &mut Value) {
    use base64::Engine as _;
    let Some(Value::Object(plain)) = secret.as_object_mut().and_then(|fields| fields.remove("stringData")) else {
        return;
    };
    for (key, value) in plain {
        let text = value.as_str().unwrap_or_default();
        secret["data"][key] = base64::engine::general_purpose::STANDARD.encode(text).into();
    }
}

/// Whether a new state must raise `metadata.generation`: anything but metadata and status has changed
/// (for a Deployment its annotations count as well).
pub(super) fn counts_as_new_generation(kind: &Kind, before: &Value, after: &Value) -> bool {
    let body = |object: &Value| {
        let mut copy = object.clone();
        if let Some(fields) = copy.as_object_mut() {
            fields.remove("metadata");
            fields.remove("status");
        }
        copy
    };
    let annotations =
        kind.plural == "deployments" && before["metadata"]["annotations"] != after["metadata"]["annotations"];
    kind.generation && (annotations || body(before) != body(after))
}
