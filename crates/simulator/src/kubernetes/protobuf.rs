//! The few protobuf bodies that `kubectl` sends whatever the server offers: its typed commands
//! (`create configmap`, `auth can-i`) take no JSON.
//!
//! Field numbers are those of the `generated.proto` files of k8s.io/api and k8s.io/apimachinery.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What each body begins with, before the envelope.
const MAGIC: &[u8] = b"k8s\0";

/// How a field's bytes become JSON.
enum Shape {
    Text,
    Texts,
    Number,
    Flag,
    Message(&'static [Field]),
    TextMap,
    BytesMap,
}

/// Number, JSON name, shape.
struct Field(u64, &'static str, Shape);

/// `runtime.Unknown`: what the raw bytes inside are.
const TYPE: &[Field] = &[Field(1, "apiVersion", Shape::Text), Field(2, "kind", Shape::Text)];

const METADATA: Field = Field(
    1,
    "metadata",
    Shape::Message(&[
        Field(1, "name", Shape::Text),
        Field(2, "generateName", Shape::Text),
        Field(3, "namespace", Shape::Text),
        Field(5, "uid", Shape::Text),
        Field(6, "resourceVersion", Shape::Text),
        Field(11, "labels", Shape::TextMap),
        Field(12, "annotations", Shape::TextMap),
    ]),
);

const CONFIG_MAP: &[Field] = &[
    METADATA,
    Field(2, "data", Shape::TextMap),
    Field(3, "binaryData", Shape::BytesMap),
    Field(4, "immutable", Shape::Flag),
];

const SECRET: &[Field] = &[
    METADATA,
    Field(2, "data", Shape::BytesMap),
    Field(3, "type", Shape::Text),
    Field(4, "stringData", Shape::TextMap),
    Field(5, "immutable", Shape::Flag),
];

const ACCESS_REVIEW: &[Field] = &[
    METADATA,
    Field(
        2,
        "spec",
        Shape::Message(&[
            Field(
                1,
                "resourceAttributes",
                Shape::Message(&[
                    Field(1, "namespace", Shape::Text),
                    Field(2, "verb", Shape::Text),
                    Field(3, "group", Shape::Text),
                    Field(4, "version", Shape::Text),
                    Field(5, "resource", Shape::Text),
                    Field(6, "subresource", Shape::Text),
                    Field(7, "name", Shape::Text),
                ]),
            ),
            Field(
                2,
                "nonResourceAttributes",
                Shape::Message(&[Field(1, "path", Shape::Text), Field(2, "verb", Shape::Text)]),
            ),
        ]),
    ),
];

const DELETE_OPTIONS: &[Field] = &[
    Field(1, "gracePeriodSeconds", Shape::Number),
    Field(
        2,
        "preconditions",
        Shape::Message(&[Field(1, "uid", Shape::Text), Field(2, "resourceVersion", Shape::Text)]),
    ),
    Field(4, "propagationPolicy", Shape::Text),
    Field(5, "dryRun", Shape::Texts),
];

/// The body as JSON; nothing when it is malformed or of a type that is not read here.
pub(super) fn decode(body: &[u8]) -> Option<Value> {
    let mut object = json!({});
    let mut raw: &[u8] = &[];
    for (number, wire) in fields(body.strip_prefix(MAGIC)?)? {
        match (number, wire) {
            (1, Wire::Bytes(bytes)) => object = message(bytes, TYPE)?,
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let schema = match object["kind"].as_str()? {
        "ConfigMap" => CONFIG_MAP,
        "Secret" => SECRET,
        "Namespace" | "SelfSubjectReview" => &[METADATA],
        "SelfSubjectAccessReview" => ACCESS_REVIEW,
        "DeleteOptions" => DELETE_OPTIONS,
        _ => return None,
    };
    let content = message(raw, schema)?;
    object.as_object_mut()?.extend(content.as_object()?.clone());
    Some(object)
}

/// A field's content on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn message(bytes: &[u8], schema: &[Field]) -> Option<Value> {
    let mut object = json!({});
    for (number, wire) in fields(bytes)? {
        let Some(Field(_, name, shape)) = schema.iter().find(|field| field.0 == number) else { continue };
        match (shape, wire) {
            (Shape::Number, Wire::Number(value)) => object[name] = value.into(),
            (Shape::Flag, Wire::Number(value)) => object[name] = (value != 0).into(),
            (Shape::Text, Wire::Bytes([])) => {}
            (Shape::Text, Wire::Bytes(bytes)) => object[name] = text(bytes)?.into(),
            (Shape::Texts, Wire::Bytes(bytes)) => match &mut object[name] {
                Value::Array(items) => items.push(text(bytes)?.into()),
                empty => *empty = json!([text(bytes)?]),
            },
            (Shape::Message(inner), Wire::Bytes(bytes)) => object[name] = message(bytes, inner)?,
            (Shape::TextMap | Shape::BytesMap, Wire::Bytes(bytes)) => {
                let (key, value) = entry(bytes)?;
                let value = if matches!(shape, Shape::TextMap) { text(value)? } else { STANDARD.encode(value) };
                object[name][key] = value.into();
            }
            _ => return None,
        }
    }
    Some(object)
}

/// A map entry: key in field 1, value in field 2, either left out when empty.
fn entry(bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut found = (String::new(), &bytes[..0]);
    for (number, wire) in fields(bytes)? {
        match (number, wire) {
            (1, Wire::Bytes(key)) => found.0 = text(key)?,
            (2, Wire::Bytes(value)) => found.1 = value,
            _ => return None,
        }
    }
    Some(found)
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Wire<'_>)>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let wire = match tag & 7 {
            0 => Wire::Number(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (content, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Wire::Bytes(content)
            }
            _ => return None,
        };
        found.push((tag >> 3, wire));
    }
    Some(found)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        out.extend(content);
        out
    }

    fn body(kind: &str, raw: &[u8]) -> Vec<u8> {
        let kind = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &kind), field(2, raw)].concat()
    }

    #[test]
    fn a_secret_is_read_with_its_bytes_in_base64() {
        let entry = [field(1, b"key"), field(2, &[0, 255])].concat();
        let raw = [field(1, &field(1, b"name")), field(2, &entry), field(3, b"Opaque")].concat();
        let expected = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "name"}, "data": {"key": "AP8="}, "type": "Opaque",
        });
        assert_eq!(decode(&body("Secret", &raw)), Some(expected));
    }

    #[test]
    fn repeated_texts_become_a_list() {
        let raw = [field(5, b"All"), field(5, b"More")].concat();
        assert_eq!(decode(&body("DeleteOptions", &raw)).unwrap()["dryRun"], json!(["All", "More"]));
    }

    #[test]
    fn what_is_cut_short_or_unknown_is_refused() {
        let whole = body("ConfigMap", &field(1, &field(1, b"name")));
        assert!(decode(&whole).is_some());
        assert!(
            (0..whole.len()).all(|length| decode(&whole[..length]).is_none_or(|value| value["metadata"].is_null()))
        );
        assert!(decode(&body("Deployment", b"")).is_none());
        assert!(decode(b"{}").is_none());
    }
}
