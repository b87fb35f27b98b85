//! The way to the network: the client that the rest of the house uses, with a bound on every answer.
//!
//! `azure_core` would bring reqwest, a second HTTP client.

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, Body, HttpClient, Request, headers::Headers},
};
use holdfast_http::{Client, Failure, Wanted};
use hyper::body::Bytes;

/// The longest answer that is read. A kubeconfig is some ten kilobytes, a profile of Traffic Manager with its 200
/// endpoints less than half a megabyte.
const LONGEST: usize = 4 * 1024 * 1024;

/// The client behind the port of `azure_core`. Plain HTTP is only for the identity, which is on loopback; the pipeline puts
/// no token on a plain address.
#[derive(Debug)]
pub(super) struct Pooled(pub(super) Client);

#[async_trait]
impl HttpClient for Pooled {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.0.pooled(outgoing(request)?, Wanted::Body { longest: LONGEST }).await;
        Ok(incoming(answer.map_err(unanswered)?))
    }
}

fn outgoing(request: &Request) -> azure_core::Result<http::Request<Bytes>> {
    let broken = |what: &'static str| Error::with_message(ErrorKind::DataConversion, what);
    let Body::Bytes(body) = request.body() else { return Err(broken("a request of ours is never a stream")) };
    let mut builder = http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        let mut value = http::HeaderValue::from_str(value.as_str()).map_err(|_| broken("a header makes no sense"))?;
        value.set_sensitive(name.as_str() == "authorization");
        builder = builder.header(name.as_str(), value);
    }
    builder.body(body.clone()).map_err(|_| broken("the request makes no sense"))
}

fn incoming(answer: http::Response<Bytes>) -> AsyncRawResponse {
    let (head, body) = answer.into_parts();
    let mut headers = Headers::new();
    for (name, value) in &head.headers {
        if let Ok(value) = value.to_str() {
            headers.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    AsyncRawResponse::from_bytes(head.status.as_u16().into(), headers, body)
}

fn unanswered(failure: Failure) -> Error {
    let kind = match failure {
        Failure::Unsendable(_) => ErrorKind::DataConversion,
        // What was received and makes no sense: the network did its part.
        Failure::TooLong { .. } => ErrorKind::Other,
        Failure::NoWay(_)
        | Failure::NotConnected(_)
        | Failure::NoTrust(_)
        | Failure::Broken(_)
        | Failure::NotReachedByProxy(_)
        | Failure::ProxyRefused(_) => ErrorKind::Connection,
    };
    Error::new(kind, failure)
}
