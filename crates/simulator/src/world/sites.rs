//! The two sites and the global name, each an HTTPS port that answers the status question.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use super::World;
use crate::conditions::{Outage, Site};
use crate::gate::Gate;
use crate::net::{Cut, Entry, Handler, Listener};

/// The version in the answer's body, in LogScale's form (docs/reference/logscale.md#status-endpoint).
const VERSION: &str = "1.235.0--build-1--sha-abc";

/// Which door a request came in by.
#[derive(Clone, Copy)]
enum Door {
    Site(Site),
    /// The global name: goes to the site that DNS answers with.
    Global,
}

impl Door {
    fn name(self) -> &'static str {
        match self {
            Self::Site(Site::Primary) => "primary",
            Self::Site(Site::Standby) => "standby",
            Self::Global => "global",
        }
    }

    /// How the site behind this door is down; `None` when it is well.
    fn outage(self, world: &World) -> Option<Outage> {
        world.with(|state| {
            let site = match self {
                Self::Site(site) => site,
                Self::Global if !state.answers => return Some(Outage::Closed),
                Self::Global => state.answer,
            };
            match site {
                Site::Primary => state.primary,
                Site::Standby => (!state.standby_ready).then_some(Outage::Refuse),
            }
        })
    }
}

/// The ports of the sites.
pub(crate) struct Sites {
    pub(crate) primary: Listener,
    pub(crate) standby: Listener,
    pub(crate) global: Listener,
}

/// Opens the three ports.
pub(crate) async fn serve_sites(world: &World, gate: &Gate, acceptor: &TlsAcceptor) -> io::Result<Sites> {
    let open = |door| listener(door, world.clone(), gate.clone(), acceptor.clone());
    Ok(Sites {
        primary: open(Door::Site(Site::Primary)).await?,
        standby: open(Door::Site(Site::Standby)).await?,
        global: open(Door::Global).await?,
    })
}

async fn listener(door: Door, world: World, gate: Gate, acceptor: TlsAcceptor) -> io::Result<Listener> {
    let entry = {
        let (world, way_out) = (world.clone(), gate.way_out.clone());
        Arc::new(move || match door {
            _ if door.outage(&world) == Some(Outage::Closed) => Entry::Reset,
            // The function alone goes there; users go by the global name, and checkers are no clients of the port.
            Door::Site(Site::Primary) => way_out.entry(),
            _ => Entry::Open,
        })
    };
    let handler: Handler = Arc::new(move |request| {
        let (world, gate) = (world.clone(), gate.clone());
        Box::pin(async move { handle(door, &world, &gate, request).await })
    });
    Listener::tls_behind(acceptor, handler, entry).await
}

async fn handle(door: Door, world: &World, gate: &Gate, request: Request<Body>) -> Result<Response<Body>, Cut> {
    let name = format!("{}:{} {}", door.name(), request.method(), request.uri().path());
    let outage = door.outage(world);
    if outage == Some(Outage::Closed) {
        return Err(Cut);
    }
    let answer = status(request.uri().path(), outage);
    let effect = async {
        if outage == Some(Outage::Silent) {
            std::future::pending::<()>().await;
        }
        answer
    };
    gate.pass(&name, None, |refusal| plain(refusal.status, json!({"status": "DOWN"})), effect).await
}

fn status(path: &str, outage: Option<Outage>) -> Response<Body> {
    match outage {
        _ if path != "/api/v1/status" => plain(StatusCode::NOT_FOUND, json!({})),
        None => plain(StatusCode::OK, json!({"status": "OK", "version": VERSION})),
        Some(_) => plain(StatusCode::SERVICE_UNAVAILABLE, json!({"status": "DOWN", "version": VERSION})),
    }
}

fn plain(status: StatusCode, body: serde_json::Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_that_is_down_says_so_with_503() {
        assert_eq!(status("/api/v1/status", Some(Outage::Refuse)).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status("/api/v1/status", None).status(), StatusCode::OK);
        assert_eq!(status("/", None).status(), StatusCode::NOT_FOUND);
    }
}
