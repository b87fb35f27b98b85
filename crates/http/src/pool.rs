//! Requests on connections that are kept.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::timeout;
use tower::Service;

use crate::{
    Failure, Inner, Wanted,
    connect::{Io, Stream},
    origin::Origin,
    read,
};

/// How long the way to the other side and the connection may take, without what TLS says on it. A private endpoint that
/// our network cannot reach is silent and never refuses.
const CONNECT: Duration = Duration::from_secs(3);

/// An idle connection is thrown away after this long. Between two ticks a function may be frozen for a minute, and a
/// connection from before may be dead without our knowing.
pub(crate) const IDLE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct Pool(Client<Connector, Full<Bytes>>);

impl Pool {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        Self(builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(Connector(inner)))
    }

    pub(crate) async fn ask(&self, request: Request<Bytes>, wanted: Wanted) -> Result<Response<Bytes>, Failure> {
        let answer = self.0.request(request.map(Full::new)).await;
        read(answer.map_err(Failure::of_connection)?, wanted).await
    }
}

/// Makes the pool's connections.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>);

impl Connector {
    async fn connect(self, uri: Uri) -> Result<Stream, Failure> {
        let Self(inner) = self;
        let origin = Origin::of(&uri)?;
        let reached = timeout(CONNECT, async { inner.reach(inner.way(&uri, &origin).await?).await });
        let silent = |_| Failure::NotConnected(Arc::new(std::io::ErrorKind::TimedOut.into()));
        inner.open(reached.await.map_err(silent)??, &origin).await
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<Stream, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        self.clone().connect(uri).boxed()
    }
}

impl Connection for Box<dyn Io> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
