//! Puts a fresh token on each request, so that a long wait outlives any one token.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};
use holdfast_core::{Fault, FaultClass};
use http::{HeaderValue, Request, Response, StatusCode, header::AUTHORIZATION};
use kube::client::Body;
use tower::{BoxError, Layer, Service};

use super::TokenSource;

/// Adds [`Bearer`] to a stack.
pub(super) struct BearerLayer(Arc<dyn TokenSource>);

impl BearerLayer {
    pub(super) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self(source)
    }
}

impl<S> Layer<S> for BearerLayer {
    type Service = Bearer<S>;

    fn layer(&self, inner: S) -> Bearer<S> {
        Bearer { inner, source: Arc::clone(&self.0) }
    }
}

/// Asks for a token before each request.
pub(super) struct Bearer<S> {
    inner: S,
    source: Arc<dyn TokenSource>,
}

impl<S, B> Service<Request<Body>> for Bearer<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.source.token().and_then(|token| header(&token)) {
            Ok(value) => {
                request.headers_mut().insert(AUTHORIZATION, value);
                let source = Arc::clone(&self.source);
                let answered = self.inner.call(request).map(move |result| {
                    if result.as_ref().is_ok_and(|answer| answer.status() == StatusCode::UNAUTHORIZED) {
                        source.refused();
                    }
                    result.map_err(Into::into)
                });
                answered.boxed()
            }
            Err(fault) => ready(Err(BoxError::from(fault))).boxed(),
        }
    }
}

fn header(token: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Fault::new(FaultClass::Invalid, super::CALL, "the token holds a character that no header may"))?;
    value.set_sensitive(true);
    Ok(value)
}
