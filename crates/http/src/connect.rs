//! A connection: the way to the host, TCP, the tunnel through a proxy, and TLS.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::{Failure, Inner, Proxy, origin::Origin, resolve::elsewhere, trust, tunnel};

/// Where a request is sent.
pub enum Way {
    /// To one of these addresses; at least one.
    Straight(Vec<SocketAddr>),
    /// Through this connection to a proxy.
    Proxied(TcpStream, Proxy),
}

/// What bytes go over.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(crate) type Stream = TokioIo<Box<dyn Io>>;

/// A connection to the other side, or to the proxy in between.
pub(crate) struct Reached(TcpStream, Option<Proxy>);

impl Inner {
    pub(crate) async fn way(&self, uri: &Uri, origin: &Origin) -> Result<Way, Failure> {
        let Some(proxy) = self.proxies.of(uri) else {
            let addresses = elsewhere(&*self.resolver, &origin.host).await;
            let addresses = addresses.map_err(|why| Failure::NoWay(format!("the name cannot be resolved: {why}")))?;
            return Ok(Way::Straight(at_port(addresses, origin.port)));
        };
        // A proxy may well run beside us, under a name.
        let resolved = self.resolver.resolve(&proxy.host).await;
        let resolved = resolved.map_err(|why| Failure::NoWay(format!("the proxy's name cannot be resolved: {why}")))?;
        let stream = first(&at_port(resolved.addresses, proxy.port)).await;
        let stream = stream.map_err(|error| Failure::NoWay(format!("no connection to the proxy: {error}")))?;
        Ok(Way::Proxied(stream, proxy))
    }

    /// The connection that the way leads over.
    pub(crate) async fn reach(&self, way: Way) -> Result<Reached, Failure> {
        match way {
            Way::Straight(addresses) => {
                let stream = first(&addresses).await;
                stream.map(|stream| Reached(stream, None)).map_err(|error| Failure::NotConnected(Arc::new(error)))
            }
            Way::Proxied(stream, proxy) => Ok(Reached(stream, Some(proxy))),
        }
    }

    /// The same up to the other side, with TLS on it where the address asks for it.
    pub(crate) async fn open(&self, reached: Reached, origin: &Origin) -> Result<Stream, Failure> {
        let stream: Box<dyn Io> = match reached {
            Reached(stream, None) => Box::new(stream),
            Reached(stream, Some(proxy)) => Box::new(TokioIo::new(tunnel::open(stream, &proxy, origin).await?)),
        };
        Ok(TokioIo::new(if origin.secure { self.secure(stream, origin).await? } else { stream }))
    }

    async fn secure(&self, stream: Box<dyn Io>, origin: &Origin) -> Result<Box<dyn Io>, Failure> {
        let config = self.tls.get_or_init(|| trust::config(self.anchors.as_ref())).clone()?;
        let name = ServerName::try_from(origin.host.clone()).map_err(|error| Failure::NoTrust(Arc::new(error)))?;
        let secured = TlsConnector::from(config).connect(name, stream).await;
        Ok(Box::new(secured.map_err(Failure::of_connection)?))
    }
}

fn at_port(addresses: Vec<IpAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect()
}

/// The first connection that comes about. All addresses are tried at once: a load balancer has one in each zone, and
/// the one in a dead zone must not use up the patience that the others would need.
async fn first(addresses: &[SocketAddr]) -> Result<TcpStream, io::Error> {
    let mut attempts: FuturesUnordered<_> = addresses.iter().map(TcpStream::connect).collect();
    let mut told = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(stream) => return stream.set_nodelay(true).map(|()| stream),
            Err(error) if Failure::is_ours(told.kind()) => told = error,
            Err(_) => {}
        }
    }
    Err(told)
}
