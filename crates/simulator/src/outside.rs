//! The world outside of both sites: control targets that answer anybody, and the function's own way out to them.
//!
//! The function stands in the network of the standby. When its way out is lost (a NAT, a route, a firewall), it reaches
//! neither the clouds' global services nor the primary nor any control target, while the API of the standby cluster,
//! the regional services by their private endpoints, and the platform itself are there as before. Health checkers and
//! users have ways of their own and see nothing of it.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use tokio_rustls::TlsAcceptor;

use crate::faults::Fault;
use crate::gate::Gate;
use crate::net::{Cut, Entry, Handler, Listener};
use crate::timeline::{Timeline, What};

/// What the control targets answer, one each: whatever a public endpoint says to one who asks for nothing.
const ANSWERS: [StatusCode; 3] = [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];

/// The services that are reached by the way out: Route 53's control plane and metrics, Resource Manager and Monitor.
const BEYOND: [&str; 3] = ["route53:", "cloudwatch:", "arm:"];

/// How a way out is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// Packets vanish: every call runs into its time-out.
    Silent,
    /// Something on the way resets every connection.
    Refused,
}

impl fmt::Display for Lost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Silent => "nothing comes back",
            Self::Refused => "every connection is reset",
        })
    }
}

/// The function's way out of the standby's network. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct WayOut(Arc<Mutex<Option<Lost>>>);

impl WayOut {
    fn lost(&self) -> Option<Lost> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the way out, or gives it back, and tells so.
    pub(crate) fn set(&self, lost: Option<Lost>, timeline: &Timeline) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != lost {
            *now = lost;
            timeline.tell(lost.map_or(What::WayOutBack, |how| What::WayOutLost { how }));
        }
    }

    /// How a host beyond it takes a connection.
    pub(crate) fn entry(&self) -> Entry {
        match self.lost() {
            None => Entry::Open,
            Some(Lost::Silent) => Entry::Silent,
            Some(Lost::Refused) => Entry::Reset,
        }
    }

    /// What becomes of a call to a service beyond it on a connection that is open already.
    pub(crate) fn fault(&self, call: &str) -> Option<Fault> {
        let lost = self.lost().filter(|_| BEYOND.iter().any(|service| call.starts_with(service)))?;
        Some(if lost == Lost::Silent { Fault::Hang } else { Fault::Cut })
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_beyond_the_way_out_is_lost_with_it() {
        let (way_out, timeline) = (WayOut::default(), Timeline::new());
        assert_eq!((way_out.fault("route53:GetHealthCheck"), way_out.entry()), (None, Entry::Open));
        way_out.set(Some(Lost::Silent), &timeline);
        way_out.set(Some(Lost::Silent), &timeline);
        for call in ["route53:GetHealthCheck", "cloudwatch:GetMetricData", "arm:GET:metrics"] {
            assert_eq!(way_out.fault(call), Some(Fault::Hang), "{call}");
        }
        for call in ["kubernetes:get:leases", "eks:DescribeCluster", "ssm:GetParameter", "msi:token", "standby:GET /"] {
            assert_eq!(way_out.fault(call), None, "{call}");
        }
        way_out.set(None, &timeline);
        assert_eq!((way_out.fault("arm:GET:metrics"), way_out.entry()), (None, Entry::Open));
        assert_eq!(timeline.told().len(), 2);
    }
}
