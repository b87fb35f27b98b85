//! One request on one new connection.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use futures_util::{
    StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use holdfast_core::fault::with_causes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::{
    body::Bytes,
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_rustls::ConfigBuilderExt;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{target::Target, verdict::is_ours};

/// A status is a few hundred bytes; what is longer is another thing.
const LONGEST_BODY: usize = 64 * 1024;

/// Addresses that are tried; a load balancer has one for each of its zones.
const MOST_ADDRESSES: usize = 8;

const USER_AGENT: &str = concat!("holdfast/", env!("CARGO_PKG_VERSION"));

/// What came of one request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An answer, whatever it says.
    Answered { status: StatusCode, body: Bytes },
    /// The answer was longer than a status can be.
    TooLong,
    /// No connection could be made to any address: the error that says most about the other side.
    NotConnected(io::Error),
    /// The other side's certificate or protocol was not accepted, or ours was not.
    NoTrust(String),
    /// The connection broke.
    Broken(String),
}

/// Makes requests. Keeps the trust anchors, and no connection.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) tls: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Exchange {
    /// One `GET`; redirections are answers like others.
    pub(crate) async fn get(&self, target: &Target, addresses: &[SocketAddr]) -> Outcome {
        self.attempt(target, addresses).await.unwrap_or_else(|outcome| outcome)
    }

    async fn attempt(&self, target: &Target, addresses: &[SocketAddr]) -> Result<Outcome, Outcome> {
        let stream = connect(addresses).await?;
        if target.tls {
            let stream = self.secure(target, stream).await?;
            ask(TokioIo::new(stream), target).await
        } else {
            ask(TokioIo::new(stream), target).await
        }
    }

    async fn secure(&self, target: &Target, stream: TcpStream) -> Result<TlsStream<TcpStream>, Outcome> {
        let config = self.tls.get_or_init(trust).clone().map_err(Outcome::NoTrust)?;
        let name = ServerName::try_from(target.host.clone()).map_err(|error| Outcome::NoTrust(error.to_string()))?;
        TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
            let of_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
            if of_tls { Outcome::NoTrust(with_causes(&error)) } else { Outcome::Broken(with_causes(&error)) }
        })
    }
}

/// Trust in the system's anchors, or in those of `SSL_CERT_FILE`.
fn trust() -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let builder = builder.with_native_roots().map_err(|error| format!("no trust anchors: {error}"))?;
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// The addresses of the target's host; at least one.
pub(crate) async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, String> {
    let found = lookup_host((target.host.as_str(), target.port)).await.map_err(|error| with_causes(&error))?;
    let addresses: Vec<SocketAddr> = found.take(MOST_ADDRESSES).collect();
    if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses) }
}

/// The first connection that comes about. All addresses are tried at once: a load balancer has one in each zone, and
/// the one in a dead zone must not use up the patience that the others would need.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Outcome> {
    let mut attempts: FuturesUnordered<_> = addresses.iter().map(TcpStream::connect).collect();
    let mut told = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(stream) => return Ok(stream),
            Err(error) if is_ours(told.kind()) => told = error,
            Err(_) => {}
        }
    }
    Err(Outcome::NotConnected(told))
}

/// Sends the request and reads the answer, while the connection is driven beside it.
#[expect(clippy::expect_used, reason = "path and authority come from an address that was parsed at the start")]
async fn ask(stream: impl Read + Write + Unpin, target: &Target) -> Result<Outcome, Outcome> {
    let broken = |error: hyper::Error| Outcome::Broken(with_causes(&error));
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    let request = Request::get(&target.path)
        .header(header::HOST, &target.authority)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .expect("path and authority come from a parsed address");
    let exchange = std::pin::pin!(async move {
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        match Limited::new(response.into_body(), LONGEST_BODY).collect().await {
            Ok(body) => Ok(Outcome::Answered { status, body: body.to_bytes() }),
            Err(error) if error.is::<LengthLimitError>() => Ok(Outcome::TooLong),
            Err(error) => Err(Outcome::Broken(with_causes(error.as_ref()))),
        }
    });
    match select(exchange, std::pin::pin!(connection)).await {
        Either::Left((outcome, _)) => outcome,
        // The other side has closed; what it said before is still to be read.
        Either::Right((_, exchange)) => exchange.await,
    }
}
