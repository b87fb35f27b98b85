//! What can go wrong, told apart by whose fault it may be.

use std::{error::Error, io, sync::Arc};

use http::StatusCode;

type Cause = Arc<dyn Error + Send + Sync>;

/// Why no answer came. [`with_causes`](holdfast_core::fault::with_causes) puts it into words.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// There is no way to the other side that we know of: no name resolution, or no connection to the proxy. Says
    /// nothing of the other side.
    #[error("no way out: {0}")]
    NoWay(String),
    /// The request makes no sense, and was not sent.
    #[error("the request makes no sense")]
    Unsendable(#[source] Cause),
    /// No connection could be made to any address: the error that says most about the other side.
    #[error("no connection")]
    NotConnected(#[source] Arc<io::Error>),
    /// The other side's certificate or protocol was not accepted, or ours was not.
    #[error("no trusted connection")]
    NoTrust(#[source] Cause),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] Cause),
    /// The proxy says that it has no connection to the other side.
    #[error("the proxy has no connection to it: HTTP {}", .0.as_u16())]
    NotReachedByProxy(StatusCode),
    /// The proxy did not let us through, which says nothing of the other side.
    #[error("the proxy did not let us through: {0}")]
    ProxyRefused(String),
    /// The answer is longer than was wanted.
    #[error("the answer is longer than {longest} bytes")]
    TooLong {
        /// The most bytes that were read.
        longest: usize,
    },
}

impl Failure {
    /// What a broken connection is: a matter of trust where TLS says so, in the handshake or later. A server that wants
    /// a certificate of ours says so only when we believe the handshake over.
    pub(crate) fn of_connection(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause: Cause = Arc::from(error.into());
        // What our own connector found comes back inside the pool's error.
        let known = causes(&*cause).find_map(|cause| cause.downcast_ref::<Self>()).cloned();
        let of_trust = causes(&*cause).any(is_tls);
        known.unwrap_or(if of_trust { Self::NoTrust(cause) } else { Self::Broken(cause) })
    }

    /// Whether an error of a connection's beginning arose on this side, before anything reached the other side's
    /// network.
    pub fn is_ours(kind: io::ErrorKind) -> bool {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, TimedOut};
        !matches!(kind, ConnectionRefused | ConnectionReset | TimedOut | HostUnreachable)
    }

    pub(crate) fn unsendable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unsendable(Arc::from(error.into()))
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// An `io::Error` hides the error that it wraps from `source`.
fn is_tls(cause: &(dyn Error + 'static)) -> bool {
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || wrapped.is_some_and(|inner| inner.is::<rustls::Error>())
}
