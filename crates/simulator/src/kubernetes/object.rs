//! What the real server checks of an object and adds to it before it is stored.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::kinds::Kind;

/// Largest total size of a Secret's or ConfigMap's data, in bytes: 1 MiB.
const LARGEST_DATA: usize = 1024 * 1024;

/// Where an object came from, which decides how the real server words a decoding error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The body of a create or update.
    Body,
    /// The outcome of a patch.
    Patch,
}

/// Drops nulls, which Go's decoder takes for absent fields, and fields that the server owns.
pub(super) fn normalise(object: &mut Value) {
    drop_nulls(object);
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
        "deployments" => default(&mut object["spec"], "replicas", json!(1)),
        "namespaces" => default(object, "status", json!({"phase": "Active"})),
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

/// Checks the fields that the code under test writes.
pub(super) fn validate(kind: &Kind, object: &Value, origin: Origin) -> Result<(), Failure> {
    if !object.is_object() || !object["metadata"].is_object() {
        return Err(undecodable(kind, object, origin, "expected an object with metadata"));
    }
    validate_name(kind, object)?;
    match kind.plural {
        "configmaps" | "secrets" => validate_data(kind, object, origin),
        "leases" => validate_lease(kind, object, origin),
        "deployments" => validate_replicas(kind, object, origin),
        _ => Ok(()),
    }
}

fn validate_name(kind: &Kind, object: &Value) -> Result<(), Failure> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let dns = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    // RBAC names may hold anything that fits into a path segment.
    let valid = kind.group.starts_with("rbac.") || name.chars().all(dns);
    if valid && name.len() <= 253 {
        return Ok(());
    }
    let fault = format!(
        "Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"
    );
    Err(Failure::invalid(kind, name, "metadata.name", &fault))
}

fn validate_data(kind: &Kind, object: &Value, origin: Origin) -> Result<(), Failure> {
    use base64::Engine as _;
    let Some(data) = object.get("data") else { return Ok(()) };
    let fields: &Map<String, Value> =
        data.as_object().ok_or_else(|| undecodable(kind, object, origin, "json: cannot unmarshal data into a map"))?;
    let mut size = 0;
    for (key, value) in fields {
        let text = value.as_str().ok_or_else(|| {
            let why = format!(
                "json: cannot unmarshal {} into Go struct field {}.data of type string",
                json_type(value),
                kind.kind
            );
            undecodable(kind, object, origin, &why)
        })?;
        size += key.len() + text.len();
        if kind.plural == "secrets" && base64::engine::general_purpose::STANDARD.decode(text).is_err() {
            return Err(undecodable(kind, object, origin, "illegal base64 data at input byte 0"));
        }
    }
    if size > LARGEST_DATA {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        return Err(Failure::invalid(kind, name, "[]", "Too long: may not be more than 1048576 bytes"));
    }
    Ok(())
}

fn validate_lease(kind: &Kind, object: &Value, origin: Origin) -> Result<(), Failure> {
    let (spec, name) = (&object["spec"], object["metadata"]["name"].as_str().unwrap_or_default());
    for (field, least, fault) in [
        ("leaseDurationSeconds", 1, "must be greater than 0"),
        ("leaseTransitions", 0, "must be greater than or equal to 0"),
    ] {
        let value = &spec[field];
        if value.is_null() {
            continue;
        }
        let number =
            value.as_i64().ok_or_else(|| undecodable(kind, object, origin, "json: cannot unmarshal into an int32"))?;
        if number < least {
            let fault = format!("Invalid value: {number}: {fault}");
            return Err(Failure::invalid(kind, name, &format!("spec.{field}"), &fault));
        }
    }
    for field in ["acquireTime", "renewTime"] {
        if let Some(text) = spec[field].as_str().filter(|text| !is_micro_time(text)) {
            let why = format!("parsing time \"{text}\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse");
            return Err(undecodable(kind, object, origin, &why));
        }
    }
    Ok(())
}

/// MicroTime has exactly six digits of fraction; Go refuses any other number of them.
fn is_micro_time(text: &str) -> bool {
    let fraction = text.split_once('.').map_or(0, |(_, rest)| rest.chars().take_while(char::is_ascii_digit).count());
    fraction == 6 && text.parse::<Timestamp>().is_ok()
}

fn validate_replicas(kind: &Kind, object: &Value, origin: Origin) -> Result<(), Failure> {
    let replicas = &object["spec"]["replicas"];
    let number =
        replicas.as_i64().ok_or_else(|| undecodable(kind, object, origin, "json: cannot unmarshal into an int32"))?;
    if number >= 0 {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let fault = format!("Invalid value: {number}: must be greater than or equal to 0");
    Err(Failure::invalid(kind, name, "spec.replicas", &fault))
}

fn undecodable(kind: &Kind, object: &Value, origin: Origin, why: &str) -> Failure {
    match origin {
        Origin::Body => {
            let message =
                format!("{} in version \"{}\" cannot be handled as a {}: {why}", kind.kind, kind.version, kind.kind);
            Failure::bad_request(message)
        }
        Origin::Patch => {
            let fault = format!("Invalid value: \"{}\": {why}", object.to_string().replace('"', "\\\""));
            Failure::invalid_as("", "", "", "", "patch", &fault)
        }
    }
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(_) => "string",
        Value::Null => "null",
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
