//! Refusals, each in the shape of its protocol.

use axum::body::Body;
use http::{Response, StatusCode};

use super::request::Protocol;
use super::route53_xml::{Element, NAMESPACE};
use super::tree::Node;

/// A refusal as every protocol needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl AwsError {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }

    pub(crate) fn unknown_operation(name: &str) -> Self {
        Self::new(400, "UnknownOperationException", &format!("The simulator does not know the operation {name}."))
    }

    /// Whose fault it is, as Route 53, STS and the query-error header name it.
    fn side(&self) -> &'static str {
        if self.status < 500 { "Sender" } else { "Receiver" }
    }

    /// The answer in the shape of the protocol (docs/reference/aws.md#wire-samples).
    pub(crate) fn answer(&self, protocol: Protocol) -> Response<Body> {
        let fields = |message: &'static str| {
            Node::map([("__type", Node::text(&self.code)), (message, Node::text(&self.message))])
        };
        let answer = match protocol {
            Protocol::RestXml => self.xml("ErrorResponse", Some(NAMESPACE)),
            Protocol::Query => self.xml("ErrorResponse", Some("https://sts.amazonaws.com/doc/2011-06-15/")),
            Protocol::Cbor => {
                return self.with_headers(
                    fields("message").cbor_response(self.http_status()),
                    &[("x-amzn-query-error", format!("{};{}", self.code, self.side()))],
                );
            }
            Protocol::Json10 => fields("message").json_response(self.http_status(), "application/x-amz-json-1.0"),
            Protocol::Json11 => fields("message").json_response(self.http_status(), "application/x-amz-json-1.1"),
            Protocol::RestJson => Node::map([("message", Node::text(&self.message))])
                .json_response(self.http_status(), "application/json"),
        };
        self.with_headers(answer, &[("x-amzn-errortype", self.code.clone())])
    }

    fn http_status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn with_headers(&self, mut answer: Response<Body>, headers: &[(&'static str, String)]) -> Response<Body> {
        for (name, value) in headers {
            if let Ok(value) = value.parse() {
                answer.headers_mut().insert(*name, value);
            }
        }
        answer
    }

    fn xml(&self, root: &'static str, namespace: Option<&'static str>) -> Response<Body> {
        let error =
            Element::new("Error").text("Type", self.side()).text("Code", &self.code).text("Message", &self.message);
        let root = Element::new(root)
            .namespace(namespace)
            .child(error)
            .text("RequestId", "00000000-0000-4000-8000-000000000000");
        root.response(self.http_status())
    }
}
