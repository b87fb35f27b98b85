//! One request on one new connection, straight or through a proxy.

use std::{
    error::Error,
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
use holdfast_proxies::{Proxies, Proxy};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_rustls::ConfigBuilderExt;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    resolve::{Resolver, SystemResolver},
    target::Target,
    tunnel,
    verdict::is_ours,
};

/// A status is a few hundred bytes; what is longer is another thing.
const LONGEST_BODY: usize = 64 * 1024;

const USER_AGENT: &str = concat!("holdfast/", env!("CARGO_PKG_VERSION"));

/// What came of one request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An answer, whatever it says. The body is read only where it was asked for and the status is 200.
    Answered { status: StatusCode, body: Bytes },
    /// The answer was longer than a status can be.
    TooLong,
    /// No connection could be made to any address: the error that says most about the other side.
    NotConnected(io::Error),
    /// The other side's certificate or protocol was not accepted, or ours was not.
    NoTrust(String),
    /// The connection broke.
    Broken(String),
    /// The proxy says that it has no connection to the other side.
    NotReachedByProxy(StatusCode),
    /// The proxy did not let us through, which says nothing of the other side.
    ProxyRefused(String),
}

/// Where a request is sent.
pub(crate) enum Way {
    /// To one of these addresses; at least one.
    Straight(Vec<SocketAddr>),
    /// Through this connection to a proxy.
    Proxied(TcpStream, Proxy),
}

/// How much of an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The body of a 200.
    Document,
    /// The head, whatever it says.
    Head,
}

/// Makes requests. Keeps the trust anchors, and no connection.
pub(crate) struct Exchange {
    pub(crate) tls: OnceLock<Result<Arc<ClientConfig>, String>>,
    pub(crate) proxies: Proxies,
    pub(crate) resolver: Arc<dyn Resolver>,
}

impl Default for Exchange {
    fn default() -> Self {
        Self { tls: OnceLock::new(), proxies: Proxies::default(), resolver: Arc::new(SystemResolver) }
    }
}

impl Exchange {
    /// The way to the target, as far as it is ours: the name is resolved, or the proxy is there.
    pub(crate) async fn way(&self, target: &Target) -> Result<Way, String> {
        let Some(proxy) = self.proxies.of(&target.uri()) else {
            let resolved = self.resolver.resolve(&target.host).await;
            let addresses = resolved.map_err(|why| format!("the name cannot be resolved: {why}"))?.addresses;
            return Ok(Way::Straight(at_port(addresses, target.port)));
        };
        let resolved = self.resolver.resolve(&proxy.host).await;
        let addresses = resolved.map_err(|why| format!("the proxy's name cannot be resolved: {why}"))?.addresses;
        let stream = connect(&at_port(addresses, proxy.port)).await;
        let stream = stream.map_err(|error| format!("no connection to the proxy: {error}"))?;
        Ok(Way::Proxied(stream, proxy))
    }

    /// One `GET`; redirections are answers like others.
    pub(crate) async fn get(&self, target: &Target, way: Way, wanted: Wanted) -> Outcome {
        self.attempt(target, way, wanted).await.unwrap_or_else(|outcome| outcome)
    }

    async fn attempt(&self, target: &Target, way: Way, wanted: Wanted) -> Result<Outcome, Outcome> {
        match way {
            Way::Straight(addresses) => {
                let stream = connect(&addresses).await.map_err(Outcome::NotConnected)?;
                if target.tls {
                    self.ask_securely(target, stream, wanted).await
                } else {
                    ask(TokioIo::new(stream), target, wanted).await
                }
            }
            Way::Proxied(stream, proxy) => {
                let stream = tunnel::open(stream, &proxy, target).await?;
                self.ask_securely(target, TokioIo::new(stream), wanted).await
            }
        }
    }

    async fn ask_securely<S>(&self, target: &Target, stream: S, wanted: Wanted) -> Result<Outcome, Outcome>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        ask(TokioIo::new(self.secure(target, stream).await?), target, wanted).await
    }

    async fn secure<S>(&self, target: &Target, stream: S) -> Result<TlsStream<S>, Outcome>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self.tls.get_or_init(trust).clone().map_err(Outcome::NoTrust)?;
        let name = ServerName::try_from(target.host.clone()).map_err(|error| Outcome::NoTrust(error.to_string()))?;
        TlsConnector::from(config).connect(name, stream).await.map_err(|error| of_connection(&error))
    }
}

/// Trust in the system's anchors, or in those of `SSL_CERT_FILE`.
fn trust() -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let builder = builder.with_native_roots().map_err(|error| format!("no trust anchors: {error}"))?;
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn at_port(addresses: Vec<std::net::IpAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect()
}

/// The first connection that comes about. All addresses are tried at once: a load balancer has one in each zone, and
/// the one in a dead zone must not use up the patience that the others would need.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, io::Error> {
    let mut attempts: FuturesUnordered<_> = addresses.iter().map(TcpStream::connect).collect();
    let mut told = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(stream) => return Ok(stream),
            Err(error) if is_ours(told.kind()) => told = error,
            Err(_) => {}
        }
    }
    Err(told)
}

/// What a broken connection is: a matter of trust where TLS says so, in the handshake or later. A server that wants a
/// certificate of ours says so only when we believe the handshake over.
fn of_connection(error: &(dyn Error + 'static)) -> Outcome {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    let is_tls = |cause: &(dyn Error + 'static)| {
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause.is::<rustls::Error>() || wrapped.is_some_and(|inner| inner.is::<rustls::Error>())
    };
    if causes.any(is_tls) { Outcome::NoTrust(with_causes(error)) } else { Outcome::Broken(with_causes(error)) }
}

/// Sends the request and reads the answer, while the connection is driven beside it.
async fn ask(stream: impl Read + Write + Unpin, target: &Target, wanted: Wanted) -> Result<Outcome, Outcome> {
    let broken = |error: hyper::Error| of_connection(&error);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    let request = Request::get(&target.path)
        .header(header::HOST, &target.authority)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| Outcome::NoTrust(error.to_string()))?;
    let exchange =
        std::pin::pin!(async move { read(sender.send_request(request).await.map_err(broken)?, wanted).await });
    match select(exchange, std::pin::pin!(connection)).await {
        Either::Left((outcome, _)) => outcome,
        // The other side has closed; what it said before is still to be read.
        Either::Right((_, exchange)) => exchange.await,
    }
}

/// The status decides first: a page that goes with a refusal may be long, or never end.
async fn read(response: http::Response<Incoming>, wanted: Wanted) -> Result<Outcome, Outcome> {
    let status = response.status();
    if wanted == Wanted::Head || status != StatusCode::OK {
        return Ok(Outcome::Answered { status, body: Bytes::new() });
    }
    match Limited::new(response.into_body(), LONGEST_BODY).collect().await {
        Ok(body) => Ok(Outcome::Answered { status, body: body.to_bytes() }),
        Err(error) if error.is::<LengthLimitError>() => Ok(Outcome::TooLong),
        Err(error) => Err(of_connection(error.as_ref())),
    }
}
