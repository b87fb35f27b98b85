//! HTTP over the socket, and the runtime that it runs on (docs/reference/oci.md#function-contract).
//!
//! The agent sends one call at a time over one connection, closes it after a second without one, and connects again. No
//! time limit of ours is set on a connection; the limit of a call is the platform's.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::UnixListener,
    runtime::{Builder, Runtime},
};
use tracing::Instrument;

use crate::{
    arrival::Arrival,
    frame::Frame,
    function::App,
    reply::{self, LONGEST},
};
use holdfast_site::log;

/// Threads for what blocks, which are look-ups of names. A container has few processes and few files.
const BLOCKING_THREADS: usize = 4;

/// After a connection could not be taken: the cause (too many files) does not go away at once.
const PAUSE: Duration = Duration::from_millis(50);

/// The runtime: one thread that works, and few that wait.
///
/// # Errors
/// Those of the operating system.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build()
}

/// Answers calls until the platform ends us.
pub async fn serve(listener: UnixListener, app: Arc<App>, frame: Frame) {
    let frame = Arc::new(frame);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (app, frame) = (Arc::clone(&app), Arc::clone(&frame));
        let service = service_fn(move |request| answered(Arc::clone(&app), Arc::clone(&frame), request));
        tokio::spawn(async move {
            // How a connection ends is the agent's business.
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!("a connection ended: {error}");
            }
        });
    }
}

/// One request of the agent.
async fn answered(
    app: Arc<App>,
    frame: Arc<Frame>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::POST || request.uri().path() != "/call" {
        return Ok(reply::no_call());
    }
    let (head, body) = request.into_parts();
    frame.write(&head.headers);
    let body = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => Some(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => None,
        // The agent has hung up, and hears nothing of this.
        Err(_) => return Ok(reply::no_call()),
    };
    let arrival = Arrival::new(&head.headers, body, app.clock.now(), app.margins);
    let span = log::invocation(&arrival.id, &app.name);
    Ok(reply::of_ending(app.invoke(arrival).instrument(span).await))
}

#[cfg(test)]
mod tests;
