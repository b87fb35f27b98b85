//! One request on one new connection.

use std::{io, sync::OnceLock};

use futures_util::future::{Either, select};
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
use std::sync::Arc;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::target::Target;
use crate::fault::chain;

/// A status is a few hundred bytes; what is longer is another thing.
const LONGEST_BODY: usize = 64 * 1024;

const USER_AGENT: &str = concat!("holdfast/", env!("CARGO_PKG_VERSION"));

/// What came of one request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// An answer, whatever it says.
    Answered { status: StatusCode, body: Bytes },
    /// The answer was longer than a status can be.
    TooLong,
    /// The name could not be resolved.
    NoAddress(String),
    /// No connection could be made to any address: the last error.
    NotConnected(io::Error),
    /// The other side's certificate or protocol was not accepted, or ours was not.
    NoTrust(String),
    /// The connection broke.
    Broken(String),
}

/// Makes requests. Keeps the trust anchors, and no connection.
#[derive(Default)]
pub(super) struct Exchange {
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Exchange {
    /// One `GET`; redirections are answers like others.
    pub(super) async fn get(&self, target: &Target) -> Outcome {
        self.attempt(target).await.unwrap_or_else(|outcome| outcome)
    }

    async fn attempt(&self, target: &Target) -> Result<Outcome, Outcome> {
        let stream = connect(target).await?;
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
            if of_tls { Outcome::NoTrust(chain(&error)) } else { Outcome::Broken(chain(&error)) }
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

/// A connection to the first address that takes one.
async fn connect(target: &Target) -> Result<TcpStream, Outcome> {
    let addresses = lookup_host((target.host.as_str(), target.port));
    let addresses = addresses.await.map_err(|error| Outcome::NoAddress(chain(&error)))?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| Outcome::NoAddress("the name has no address".to_owned()), Outcome::NotConnected))
}

/// Sends the request and reads the answer, while the connection is driven beside it.
async fn ask(stream: impl Read + Write + Unpin, target: &Target) -> Result<Outcome, Outcome> {
    let broken = |error: hyper::Error| Outcome::Broken(chain(&error));
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
            Err(error) => Err(Outcome::Broken(chain(error.as_ref()))),
        }
    });
    match select(exchange, std::pin::pin!(connection)).await {
        Either::Left((outcome, _)) => outcome,
        // The other side has closed; what it said before is still to be read.
        Either::Right((_, exchange)) => exchange.await,
    }
}
