//! One request on one new connection.

use futures_util::future::{Either, select};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::{body::Bytes, client::conn::http1};

use crate::{Failure, Inner, Wanted, connect::Way, origin::Origin, read};

/// Goes the way, sends the request and reads the answer, while the connection is driven beside it.
pub(crate) async fn ask(
    inner: &Inner,
    way: Way,
    request: Request<Bytes>,
    wanted: Wanted,
) -> Result<Response<Bytes>, Failure> {
    let origin = Origin::of(request.uri())?;
    let request = sent(request)?;
    let stream = inner.open(inner.reach(way).await?, &origin).await?;
    let (mut sender, connection) = http1::handshake(stream).await.map_err(Failure::of_connection)?;
    let exchange = std::pin::pin!(async move {
        read(sender.send_request(request).await.map_err(Failure::of_connection)?, wanted).await
    });
    match select(exchange, std::pin::pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        // The other side has closed; what it said before is still to be read.
        Either::Right((_, exchange)) => exchange.await,
    }
}

/// The request as it is sent: its address is the path, its host a header.
fn sent(request: Request<Bytes>) -> Result<Request<Full<Bytes>>, Failure> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    // What stands before `@` is a name and a password, which are no part of the host.
    let host = authority.rsplit('@').next().unwrap_or_default();
    head.headers.insert(header::HOST, HeaderValue::from_str(host).map_err(Failure::unsendable)?);
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let path = head.uri.path_and_query().cloned();
    head.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    Ok(Request::from_parts(head, Full::new(body)))
}
