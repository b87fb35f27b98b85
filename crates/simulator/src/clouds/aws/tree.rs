//! A document that can be written as CBOR or as JSON, and the reading of both.

use axum::body::Body;
use ciborium::value::Value as Cbor;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::AwsError;

/// CBOR's tag for seconds since the epoch (RFC 8949, 3.4.2).
const EPOCH_TAG: u64 = 1;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Map(Vec<(&'static str, Node)>),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Time(Timestamp),
}

impl Node {
    pub(crate) fn map(fields: impl IntoIterator<Item = (&'static str, Node)>) -> Self {
        Self::Map(fields.into_iter().collect())
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn cbor(&self) -> Cbor {
        match self {
            Self::Map(fields) => {
                Cbor::Map(fields.iter().map(|(key, value)| (Cbor::Text((*key).to_owned()), value.cbor())).collect())
            }
            Self::List(items) => Cbor::Array(items.iter().map(Self::cbor).collect()),
            Self::Text(text) => Cbor::Text(text.clone()),
            Self::Integer(number) => Cbor::Integer((*number).into()),
            Self::Float(number) => Cbor::Float(*number),
            Self::Bool(flag) => Cbor::Bool(*flag),
            Self::Time(at) => Cbor::Tag(EPOCH_TAG, Box::new(Cbor::Float(epoch(*at)))),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Map(fields) => {
                Value::Object(fields.iter().map(|(key, value)| ((*key).to_owned(), value.json())).collect())
            }
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Text(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Float(number) => json!(number),
            Self::Bool(flag) => json!(flag),
            Self::Time(at) => json!(epoch(*at)),
        }
    }

    /// An answer in RPC v2 CBOR; clients want the protocol named in a header (docs/reference/aws.md#metric-reads).
    pub(crate) fn cbor_response(&self, status: StatusCode) -> Response<Body> {
        let mut bytes = Vec::new();
        ciborium::into_writer(&self.cbor(), &mut bytes).expect("writing to memory cannot fail");
        let mut answer = respond(status, "application/cbor", bytes);
        answer.headers_mut().insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        answer
    }

    /// An answer in JSON under this content type.
    pub(crate) fn json_response(&self, status: StatusCode, content_type: &'static str) -> Response<Body> {
        respond(status, content_type, self.json().to_string().into_bytes())
    }
}

/// An answer of any kind.
pub(crate) fn respond(status: StatusCode, content_type: &'static str, bytes: Vec<u8>) -> Response<Body> {
    let mut answer = Response::new(Body::from(bytes));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert("x-amzn-requestid", HeaderValue::from_static("00000000-0000-4000-8000-000000000000"));
    answer
}

fn epoch(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

/// Reads a CBOR body into JSON; a tagged time becomes its number. Maps and lists of definite and indefinite length are alike. An empty body is an empty map.
pub(crate) fn read_cbor(body: &[u8]) -> Result<Value, AwsError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let value: Cbor = ciborium::from_reader(body).map_err(|_| malformed("the body is not CBOR"))?;
    Ok(plain(value))
}

/// Reads a JSON body. An empty body is an empty object.
pub(crate) fn read_json(body: &[u8]) -> Result<Value, AwsError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|_| malformed("the body is not JSON"))
}

fn malformed(message: &str) -> AwsError {
    AwsError::new(400, "SerializationException", message)
}

fn plain(value: Cbor) -> Value {
    match value {
        Cbor::Map(fields) => {
            let fields = fields.into_iter().filter_map(|(key, value)| Some((key.into_text().ok()?, plain(value))));
            Value::Object(fields.collect())
        }
        Cbor::Array(items) => items.into_iter().map(plain).collect(),
        Cbor::Tag(_, inner) => plain(*inner),
        Cbor::Text(text) => json!(text),
        Cbor::Bool(flag) => json!(flag),
        Cbor::Float(number) => json!(number),
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, |number| json!(number)),
        _ => Value::Null,
    }
}

/// An instant from its number of epoch seconds, or from ISO 8601 text.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => Timestamp::from_millisecond((number.as_f64()? * 1000.0).round() as i64).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_tagged_number_in_cbor_and_a_plain_one_in_json() {
        let at = Node::Time(Timestamp::from_second(1_767_225_600).expect("time"));
        assert_eq!(at.cbor(), Cbor::Tag(1, Box::new(Cbor::Float(1_767_225_600.0))));
        assert_eq!(at.json(), json!(1_767_225_600.0));
    }

    #[test]
    fn definite_and_indefinite_maps_read_alike() {
        // {"a": 1} with a definite and with an indefinite length (RFC 8949, 3.2).
        assert_eq!(read_cbor(&[0xa1, 0x61, 0x61, 0x01]).expect("CBOR"), json!({"a": 1}));
        assert_eq!(read_cbor(&[0xbf, 0x61, 0x61, 0x01, 0xff]).expect("CBOR"), json!({"a": 1}));
    }

    #[test]
    fn rubbish_is_refused_and_nothing_is_an_empty_map() {
        assert_eq!(read_cbor(&[0xff]).expect_err("rubbish").code, "SerializationException");
        assert_eq!(read_cbor(&[]).expect("empty"), json!({}));
    }

    #[test]
    fn times_are_read_from_numbers_and_from_text() {
        let expected = Timestamp::from_second(1_767_225_600).ok();
        assert_eq!(time(&json!(1_767_225_600)), expected);
        assert_eq!(time(&json!("2026-01-01T00:00:00Z")), expected);
    }
}
