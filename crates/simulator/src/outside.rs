//! The world outside of both sites: control targets that answer anybody, and the function's own way out to them.
//!
//! The function stands in the network of the standby. When its way out is lost (a NAT, a route, a firewall), it reaches
//! neither the clouds' global services nor the primary nor any control target, while the API of the standby cluster,
//! the regional services by their private endpoints, and the platform itself are there as before. Health checkers and
//! users have ways of their own and see nothing of it.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use tokio_rustls::TlsAcceptor;

pub use crate::conditions::Lost;

use crate::gate::Gate;
use crate::net::{Cut, Handler, Listener};

/// What the control targets answer, one each: whatever a public endpoint says to one who asks for nothing.
const ANSWERS: [StatusCode; 3] = [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];

/// Opens the control targets, each on a port of its own. Their calls are named `control-1:...` and so on: faults on
/// these names steer what they say.
pub(crate) async fn serve_controls(gate: &Gate, acceptor: &TlsAcceptor) -> io::Result<Vec<Listener>> {
    let mut controls = Vec::new();
    for (index, status) in (1..).zip(ANSWERS) {
        let (way_out, gate) = (gate.way_out.clone(), gate.clone());
        let handler: Handler = Arc::new(move |request| {
            let gate = gate.clone();
            Box::pin(async move { answer(index, status, &gate, request).await })
        });
        controls.push(Listener::tls_behind(acceptor.clone(), handler, Arc::new(move || way_out.entry())).await?);
    }
    Ok(controls)
}

/// Where the control targets are, as the function is told.
pub(crate) fn addresses(ports: impl IntoIterator<Item = u16>) -> String {
    let addresses = ports.into_iter().map(|port| format!("https://localhost:{port}/ping"));
    addresses.collect::<Vec<_>>().join(",")
}

async fn answer(index: u32, status: StatusCode, gate: &Gate, request: Request<Body>) -> Result<Response<Body>, Cut> {
    let name = format!("control-{index}:{} {}", request.method(), request.uri().path());
    gate.pass(&name, None, |refusal| plain(refusal.status), async { plain(status) }).await
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::from(status.canonical_reason().unwrap_or_default()));
    *answer.status_mut() = status;
    answer
}
