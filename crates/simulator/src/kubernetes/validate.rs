//! What the real server checks of an object before it is stored, for the fields that clients here write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::failure::Failure;
use super::kinds::Kind;

/// Largest total size of the values of a Secret or ConfigMap, in bytes: 1 MiB.
const LARGEST_DATA: usize = 1024 * 1024;
/// Go's layout of a MicroTime, which decoding errors quote.
const MICRO_TIME: &str = "2006-01-02T15:04:05.000000Z07:00";
/// Why a name is no subdomain, as the real server says it.
const NO_SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
     and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Where an object came from, which decides how the real server words a decoding error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The body of a create or update.
    Body,
    /// The outcome of a patch.
    Patch,
}

/// Checks an object; `before` is the stored one when there is one.
pub(super) fn validate(kind: &Kind, before: Option<&Value>, object: &Value, origin: Origin) -> Result<(), Failure> {
    let check = Check { kind, object, origin };
    if !object["metadata"].is_object() {
        return Err(check.undecodable("expected an object with metadata"));
    }
    check.name()?;
    match kind.plural {
        "configmaps" => check.data(),
        "secrets" => check.data().and_then(|()| check.secret_type(before)),
        "leases" => check.lease(),
        "deployments" => check.number("DeploymentSpec", "replicas", 0, "must be greater than or equal to 0"),
        _ => Ok(()),
    }
}

/// A valid MicroTime in the form in which the server gives it back: UTC.
pub(super) fn micro_time(text: &str) -> Option<String> {
    let at: Timestamp = text.parse().ok().filter(|_| micro_time_fault(text).is_none())?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
}

struct Check<'a> {
    kind: &'a Kind,
    object: &'a Value,
    origin: Origin,
}

impl Check<'_> {
    fn object_name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap_or_default()
    }

    fn invalid(&self, field: &str, fault: &str) -> Failure {
        Failure::invalid(self.kind, self.object_name(), field, fault)
    }

    fn undecodable(&self, why: &str) -> Failure {
        match self.origin {
            Origin::Body => Failure::undecodable(self.kind.kind, self.kind.version, why),
            Origin::Patch => Failure::patch_undecodable(self.object, why),
        }
    }

    fn name(&self) -> Result<(), Failure> {
        let name = self.object_name();
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let label =
            |part: &str| part.starts_with(inner) && part.ends_with(inner) && part.chars().all(|c| inner(c) || c == '-');
        // RBAC names may hold anything that fits into a path segment.
        if self.kind.group.starts_with("rbac.") || (name.len() <= 253 && name.split('.').all(label)) {
            return Ok(());
        }
        Err(self.invalid("metadata.name", &format!("Invalid value: \"{name}\": {NO_SUBDOMAIN}")))
    }

    fn data(&self) -> Result<(), Failure> {
        let Some(data) = self.object.get("data") else { return Ok(()) };
        let unmarshal = |value: &Value, wanted: &str| {
            let (found, kind) = (json_type(value), self.kind.kind);
            self.undecodable(&format!(
                "json: cannot unmarshal {found} into Go struct field {kind}.data of type {wanted}"
            ))
        };
        let fields = data.as_object().ok_or_else(|| unmarshal(data, "map[string]string"))?;
        let mut size = 0;
        for value in fields.values() {
            let text = value.as_str().ok_or_else(|| unmarshal(value, "string"))?;
            size += match self.kind.plural {
                "secrets" => {
                    STANDARD.decode(text).map_err(|_| self.undecodable("illegal base64 data at input byte 0"))?.len()
                }
                _ => text.len(),
            };
        }
        let field = if self.kind.plural == "secrets" { "data" } else { "[]" };
        if size > LARGEST_DATA {
            return Err(self.invalid(field, "Too long: may not be more than 1048576 bytes"));
        }
        Ok(())
    }

    fn secret_type(&self, before: Option<&Value>) -> Result<(), Failure> {
        let wanted = &self.object["type"];
        match before {
            Some(before) if before["type"] != *wanted => {
                Err(self.invalid("type", &format!("Invalid value: {wanted}: field is immutable")))
            }
            _ => Ok(()),
        }
    }

    fn lease(&self) -> Result<(), Failure> {
        self.number("LeaseSpec", "leaseDurationSeconds", 1, "must be greater than 0")?;
        self.number("LeaseSpec", "leaseTransitions", 0, "must be greater than or equal to 0")?;
        for field in ["acquireTime", "renewTime"] {
            let Some(text) = self.object["spec"][field].as_str() else { continue };
            if let Some(rest) = micro_time_fault(text) {
                let why = format!("parsing time \"{text}\" as \"{MICRO_TIME}\": cannot parse {rest}");
                return Err(self.undecodable(&why));
            }
        }
        Ok(())
    }

    /// An int32 in the spec that must not be less than `least`.
    fn number(&self, go_type: &str, field: &str, least: i64, fault: &str) -> Result<(), Failure> {
        let value = &self.object["spec"][field];
        if value.is_null() {
            return Ok(());
        }
        let Some(number) = value.as_i64().filter(|number| i32::try_from(*number).is_ok()) else {
            let found = json_type(value);
            let why =
                format!("json: cannot unmarshal {found} into Go struct field {go_type}.spec.{field} of type int32");
            return Err(self.undecodable(&why));
        };
        if number < least {
            return Err(self.invalid(&format!("spec.{field}"), &format!("Invalid value: {number}: {fault}")));
        }
        Ok(())
    }
}

/// What Go cannot parse: a MicroTime has exactly six digits of fraction.
fn micro_time_fault(text: &str) -> Option<String> {
    let dot = text.find('.').unwrap_or_else(|| text.find(['Z', '+']).unwrap_or(text.len()));
    let fraction = text[dot..].trim_start_matches('.').chars().take_while(char::is_ascii_digit).count();
    if fraction > 6 {
        return Some(format!("\"{}\" as \"Z07:00\"", &text[dot + 7..]));
    }
    let valid = fraction == 6 && text.parse::<Timestamp>().is_ok();
    (!valid).then(|| format!("\"{}\" as \".000000\"", &text[dot..]))
}

/// The JSON type of a value as Go names it.
pub(super) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(_) => "string",
        Value::Null => "null",
    }
}
