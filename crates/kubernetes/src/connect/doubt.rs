//! Watches for what may mean that a client looks for its cluster in the wrong place: a cluster that was made anew has
//! another address and another CA, and knows none of the old certificates.

use std::{
    error::Error as StdError,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use holdfast_core::{Timestamp, clock::later};
use http::{Request, Response, StatusCode};
use hyper_util::client::legacy::Error as ClientError;
use kube::client::Body;
use tower::{BoxError, Layer, Service};

/// A place is looked up again at most this often, however often it is doubted.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Raised when no connection could be made, when the certificate was not trusted, and by a 401. Belongs to one client, so
/// that a late answer of an old one says nothing of the new one.
#[derive(Clone, Debug, Default)]
pub struct Doubt(Arc<AtomicBool>);

impl Doubt {
    /// True when the place should be looked up again now; `last` is when that was last done. Lowers it then.
    pub fn is_due(&self, last: Option<Timestamp>, now: Timestamp) -> bool {
        last.is_none_or(|last| now >= later(last, AGAIN_AFTER)) && self.0.swap(false, Ordering::Relaxed)
    }

    pub(super) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Adds [`Doubting`] to a stack.
pub(super) struct DoubtLayer(pub(super) Doubt);

impl<S> Layer<S> for DoubtLayer {
    type Service = Doubting<S>;

    fn layer(&self, inner: S) -> Doubting<S> {
        Doubting { inner, doubt: self.0.clone() }
    }
}

/// Looks at each answer, and changes nothing.
pub(super) struct Doubting<S> {
    inner: S,
    doubt: Doubt,
}

impl<S, B> Service<Request<Body>> for Doubting<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let doubt = self.doubt.clone();
        let answered = self.inner.call(request).map(move |result| {
            let result = result.map_err(Into::into);
            let astray = match &result {
                Ok(answer) => answer.status() == StatusCode::UNAUTHORIZED,
                Err(error) => did_not_connect(error.as_ref()),
            };
            if astray {
                doubt.raise();
            }
            result
        });
        answered.boxed()
    }
}

/// True when no connection was made, an untrusted certificate included. One that broke later says nothing of the place.
fn did_not_connect(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| cause.downcast_ref().is_some_and(ClientError::is_connect))
}
