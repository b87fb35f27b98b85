//! Reads fields of documents that may have any shape.

use serde_json::Value;

/// The value at a JSON pointer such as `/metadata/resourceVersion`; null where there is none.
pub(crate) fn at<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    document.pointer(pointer).unwrap_or(&Value::Null)
}

/// The field `name` of an object; null where there is none.
pub(crate) fn field<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// The field `name` of an object, to be set. What is no object is replaced by one.
pub(crate) fn field_mut<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    // Of an object this is its entry, made where there is none; only what is no object would panic.
    &mut value[name]
}

/// The `resourceVersion` of an object, where it has one.
pub(crate) fn version(document: &Value) -> Option<&str> {
    at(document, "/metadata/resourceVersion").as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_of_any_shape_are_read_and_set_without_a_panic() {
        for document in [json!(null), json!([1]), json!("x"), json!({"metadata": 7}), json!({"metadata": []})] {
            assert_eq!(
                (version(&document), at(&document, "/a/0/b"), field(&document, "a")),
                (None, &Value::Null, &Value::Null)
            );
            let mut changed = document.clone();
            *field_mut(field_mut(&mut changed, "metadata"), "resourceVersion") = "7".into();
            assert_eq!(version(&changed), Some("7"), "{document}");
        }
    }
}
