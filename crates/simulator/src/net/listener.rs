//! An HTTP/1.1 listener on loopback, with or without TLS, whose handler may also refuse to answer.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// The handler's wish that the connection ends without one byte of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is cut on purpose")]
pub(crate) struct Cut;

/// The certificate (DER) that a client has shown and the TLS layer has verified; an extension of each of its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerCertificate(pub(crate) Arc<[u8]>);

/// Answers one request, or cuts its connection.
pub(crate) type Handler = Arc<dyn Fn(Request<Body>) -> BoxFuture<'static, Result<Response<Body>, Cut>> + Send + Sync>;

/// What becomes of a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is served.
    Open,
    /// It is reset before a byte is read, as by a closed port.
    Reset,
    /// Not a byte comes back on it, as where packets vanish on the way.
    Silent,
}

/// Decides for each connection.
pub(crate) type Door = Arc<dyn Fn() -> Entry + Send + Sync>;

/// A bound port and the task that serves it. Dropping it closes the port and every connection.
pub(crate) struct Listener {
    address: SocketAddr,
    task: JoinHandle<Infallible>,
}

impl Listener {
    /// Plain HTTP on a free port of 127.0.0.1.
    pub(crate) async fn plain(handler: Handler) -> io::Result<Self> {
        Self::start(None, handler, Arc::new(|| Entry::Open)).await
    }

    /// HTTPS on a free port of 127.0.0.1.
    pub(crate) async fn tls(acceptor: TlsAcceptor, handler: Handler) -> io::Result<Self> {
        Self::start(Some(acceptor), handler, Arc::new(|| Entry::Open)).await
    }

    /// HTTPS on a free port of 127.0.0.1, behind a door.
    pub(crate) async fn tls_behind(acceptor: TlsAcceptor, handler: Handler, door: Door) -> io::Result<Self> {
        Self::start(Some(acceptor), handler, door).await
    }

    async fn start(acceptor: Option<TlsAcceptor>, handler: Handler, door: Door) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let task = tokio::spawn(accept(socket, acceptor, handler, door));
        Ok(Self { address, task })
    }

    /// The port that was found.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(socket: TcpListener, acceptor: Option<TlsAcceptor>, handler: Handler, door: Door) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = socket.accept().await else { continue };
        match door() {
            Entry::Open => drop(connections.spawn(connection(stream, acceptor.clone(), handler.clone()))),
            Entry::Reset => reset(stream),
            Entry::Silent => drop(connections.spawn(keep(stream))),
        }
    }
}

/// Holds a connection on which nothing is ever said.
async fn keep(stream: TcpStream) {
    std::future::pending::<()>().await;
    drop(stream);
}

/// Ends a connection the way a closed port or a crashed host does: with a reset, not with an orderly goodbye.
fn reset(stream: TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "connection could not be set to reset");
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, handler: Handler) {
    let unset = stream.set_nodelay(true).err();
    let Some(acceptor) = acceptor else { return serve(stream, None, handler).await };
    match acceptor.accept(stream).await {
        Ok(stream) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let peer = shown.map(|certificate| PeerCertificate(Arc::from(certificate.as_ref())));
            serve(stream, peer, handler).await;
        }
        Err(error) => tracing::debug!(%error, ?unset, "TLS handshake failed"),
    }
}

async fn serve<S>(stream: S, peer: Option<PeerCertificate>, handler: Handler)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        if let Some(peer) = peer.clone() {
            request.extensions_mut().insert(peer);
        }
        handler(request)
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn exchange(listener: &Listener) -> Vec<u8> {
        let mut stream = TcpStream::connect(listener.address).await.expect("connect");
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("write");
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer).await;
        assert!(ended.is_ok() || answer.is_empty());
        answer
    }

    #[tokio::test]
    async fn an_answer_reaches_the_client() {
        let handler: Handler = Arc::new(|_| Box::pin(async { Ok(Response::new(Body::from("well"))) }));
        let listener = Listener::plain(handler).await.expect("listener");
        assert!(exchange(&listener).await.ends_with(b"well"));
    }

    #[tokio::test]
    async fn a_cut_connection_gives_not_one_byte() {
        let handler: Handler = Arc::new(|_| Box::pin(async { Err(Cut) }));
        let listener = Listener::plain(handler).await.expect("listener");
        assert_eq!(exchange(&listener).await, b"");
    }
}
