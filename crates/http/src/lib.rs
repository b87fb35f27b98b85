//! One HTTPS client for all calls that no SDK makes for us: probes, Azure Resource Manager, signed calls of a cloud
//! without an SDK of its own here.
//!
//! # Layout
//!
//! * this file: [`Client`], and how much of an answer it reads ([`Wanted`]).
//! * [`proxies`]: which calls go through a proxy, read once from the usual variables.
//! * [`resolve`]: from a name to addresses.
//! * `connect`: a connection, straight or through a proxy, and TLS on it; `tunnel`: what is said to the proxy; `trust`:
//!   whom TLS believes; `origin`: where a connection ends.
//! * `once`: one request on a connection of its own; `pool`: requests on connections that are kept.
//! * `failure`: what can go wrong, told apart by whose fault it may be.
//!
//! Every answer is bounded in length. No call here ends by itself in a given time, but for the making of a pooled
//! connection: the caller bounds the whole by its deadline ([`holdfast_core::Call::once`]), and what is dropped is
//! stopped. TLS is always verified, against the system's trust anchors or those in the file that `SSL_CERT_FILE` names.
//! Plain `http` is spoken where the address says so: callers allow it on loopback only.

// A dependency of the manifest that is not used is a fault; those of tests are not looked at.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]
// Nothing that others write may stop the process: what can fail is a value here.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::todo
    )
)]

mod connect;
mod failure;
mod once;
mod origin;
mod pool;
pub mod proxies;
pub mod resolve;
mod trust;
mod tunnel;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use http::{Request, Response, StatusCode, Uri, response::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use rustls::{ClientConfig, RootCertStore};

pub use connect::Way;
pub use failure::Failure;
use origin::Origin;
use pool::Pool;
pub use proxies::{BadProxy, Proxies, Proxy};
use resolve::{Resolver, SystemResolver};

/// How much of an answer is read. What is not read is not waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Status and headers.
    Head,
    /// The body too where the status is 200: a page that goes with a refusal may be long, or never end.
    BodyOf200 {
        /// The most bytes that are read.
        longest: usize,
    },
    /// The body too, whatever the status is.
    Body {
        /// The most bytes that are read.
        longest: usize,
    },
}

/// Makes requests by one rule for proxies, one resolver and one set of trust anchors. The anchors are loaded with the
/// first request over TLS: that takes milliseconds, which a start need not pay. Clones share all of it.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    pool: Pool,
}

struct Inner {
    proxies: Proxies,
    resolver: Arc<dyn Resolver>,
    /// `None`: those of the system.
    anchors: Option<RootCertStore>,
    tls: OnceLock<Result<Arc<ClientConfig>, Failure>>,
}

impl Client {
    /// A client that goes out by `proxies`.
    pub fn new(proxies: Proxies) -> Self {
        Self::with(proxies, Arc::new(SystemResolver), None)
    }

    /// A client that asks `resolver` and, where `anchors` are given, trusts those and no others.
    pub fn with(proxies: Proxies, resolver: Arc<dyn Resolver>, anchors: Option<RootCertStore>) -> Self {
        let inner = Arc::new(Inner { proxies, resolver, anchors, tls: OnceLock::new() });
        Self { pool: Pool::new(Arc::clone(&inner)), inner }
    }

    /// Which calls go through a proxy.
    pub fn proxies(&self) -> &Proxies {
        &self.inner.proxies
    }

    /// The way to the host of `uri`, as far as it is ours: the name is resolved, or the proxy is there. For callers that
    /// look at the way, or wait for it with a patience of its own, before they go it ([`once`](Self::once)).
    ///
    /// # Errors
    /// [`Failure::NoWay`], and nothing else.
    pub async fn way(&self, uri: &Uri) -> Result<Way, Failure> {
        self.inner.way(uri, &Origin::of(uri)?).await
    }

    /// One request on one new connection, which is closed after it. `request.uri()` is a whole address. Redirections are
    /// answers like others.
    ///
    /// # Errors
    /// A [`Failure`] when no answer came, or one that is longer than `wanted`.
    pub async fn once(&self, way: Way, request: Request<Bytes>, wanted: Wanted) -> Result<Response<Bytes>, Failure> {
        once::ask(&self.inner, way, request, wanted).await
    }

    /// One request on a connection that is kept for the next one to the same host, for 20 seconds at most.
    /// `request.uri()` is a whole address. Redirections are answers like others.
    ///
    /// # Errors
    /// As [`once`](Self::once), or that there is no way to the host.
    pub async fn pooled(&self, request: Request<Bytes>, wanted: Wanted) -> Result<Response<Bytes>, Failure> {
        self.pool.ask(request, wanted).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("proxies", &self.inner.proxies).finish_non_exhaustive()
    }
}

/// Reads as much of an answer as is wanted. The status decides first.
async fn read(response: Response<Incoming>, wanted: Wanted) -> Result<Response<Bytes>, Failure> {
    let (head, body) = response.into_parts();
    let whole = |head: Parts, body: Bytes| Ok(Response::from_parts(head, body));
    let longest = match wanted {
        Wanted::Body { longest } => longest,
        Wanted::BodyOf200 { longest } if head.status == StatusCode::OK => longest,
        Wanted::Head | Wanted::BodyOf200 { .. } => return whole(head, Bytes::new()),
    };
    match Limited::new(body, longest).collect().await {
        Ok(body) => whole(head, body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::TooLong { longest }),
        Err(error) => Err(Failure::of_connection(error)),
    }
}
