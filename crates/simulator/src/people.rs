//! Those who are told of failovers, outside of both sites: a webhook of the site's people, a service shaped like
//! PagerDuty's Events API, and a dead-man's switch. They keep what they took.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use tokio_rustls::TlsAcceptor;

use crate::gate::Gate;
use crate::net::{Cut, Handler, Listener};

/// The longest body that is taken.
const LONGEST: usize = 64 * 1024;

/// Where messages go that the function publishes to the cloud's own topic.
pub const TOPIC: &str = "/topic";

/// One message as it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Where to: `/webhook`, `/pagerduty`, `/tick`, or [`TOPIC`].
    pub path: String,
    /// The body; null where there is none.
    pub body: Value,
}

/// Where they are reached, and what they took.
#[derive(Clone, Default)]
pub struct People(Arc<Mutex<Vec<Message>>>);

impl People {
    /// What was taken, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A message that reached them.
    pub(crate) fn keep(&self, message: Message) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }

    /// Opens their port. Calls are named `people:METHOD /PATH`: faults on these names steer what they say.
    pub(crate) async fn serve(&self, gate: &Gate, acceptor: TlsAcceptor) -> io::Result<Listener> {
        let (people, way_out, gate) = (self.clone(), gate.way_out.clone(), gate.clone());
        let handler: Handler = Arc::new(move |request| {
            let (people, gate) = (people.clone(), gate.clone());
            Box::pin(async move { people.answer(&gate, request).await })
        });
        Listener::tls_behind(acceptor, handler, Arc::new(move || way_out.entry())).await
    }

    async fn answer(&self, gate: &Gate, request: Request<Body>) -> Result<Response<Body>, Cut> {
        let path = request.uri().path().to_owned();
        let name = format!("people:{} {path}", request.method());
        let body = Limited::new(request.into_body(), LONGEST).collect().await.map(|body| body.to_bytes());
        gate.pass(&name, None, |refusal| plain(refusal.status), async { self.take(path, body.ok()) }).await
    }

    fn take(&self, path: String, body: Option<Bytes>) -> Response<Body> {
        let Some(body) = body else { return plain(StatusCode::PAYLOAD_TOO_LARGE) };
        let (known, body) = (["/webhook", "/pagerduty", "/tick"].contains(&path.as_str()), read(&body));
        let Some(body) = body.filter(|_| known) else { return plain(StatusCode::BAD_REQUEST) };
        // PagerDuty refuses an event without these.
        let event = ["routing_key", "event_action", "dedup_key"].iter().all(|field| body[*field].is_string());
        if path == "/pagerduty" && !event {
            return plain(StatusCode::BAD_REQUEST);
        }
        self.keep(Message { path, body });
        plain(StatusCode::ACCEPTED)
    }
}

/// The variables by which the function tells them.
pub(crate) fn variables(port: u16) -> [(String, String); 5] {
    let of = |name: &str, value: String| (name.to_owned(), value);
    [
        of("HOLDFAST_NOTIFY_WEBHOOK_URL", format!("https://localhost:{port}/webhook")),
        of("HOLDFAST_NOTIFY_WEBHOOK_SECRET", SECRET.to_owned()),
        of("HOLDFAST_NOTIFY_PAGERDUTY_ROUTING_KEY", ROUTING_KEY.to_owned()),
        of("HOLDFAST_NOTIFY_PAGERDUTY_URL", format!("https://localhost:{port}/pagerduty")),
        of("HOLDFAST_TICK_URL", format!("https://localhost:{port}/tick")),
    ]
}

/// Signs what the webhook gets.
pub(crate) const SECRET: &str = "simulated-webhook-secret";

/// What PagerDuty knows the site by.
pub(crate) const ROUTING_KEY: &str = "simulated-routing-key-0123456789";

fn read(body: &[u8]) -> Option<Value> {
    if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(body).ok() }
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}
