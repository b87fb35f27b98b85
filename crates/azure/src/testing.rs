//! A server on loopback that stands for Resource Manager, storage and the identity endpoint, and what tests share.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request as Outgoing, Transport};
use holdfast_core::{Call, Clock, Timestamp, retry::RetryPolicy};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time};

use crate::{
    arm::{Azure, Credential, Options, PUBLIC},
    endpoint::{EndpointKind, EndpointName, PROFILE},
    resource::ResourceId,
};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;

/// Where the identity of a virtual machine is; without `IDENTITY_ENDPOINT` in a test's environment it is asked.
const IDENTITY: &str = "/metadata/identity/oauth2/token";

/// Stands at [`NOW`]; sleeps really.
struct TestClock;

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        at(NOW)
    }
    async fn sleep(&self, pause: Duration) {
        time::sleep(pause).await;
    }
}

/// An instant.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// A call at [`NOW`] with a minute left and attempts of half a second.
pub(crate) fn call() -> Call {
    let retry = RetryPolicy { attempt_timeout: Duration::from_millis(500), ..RetryPolicy::default() };
    Call { clock: Arc::new(TestClock), deadline: at(NOW + 60), retry }
}

/// The profile of the tests.
pub(crate) fn profile() -> ResourceId {
    let id = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/trafficManagerProfiles/tm";
    ResourceId::parse(id, PROFILE).expect("an id")
}

/// The primary's endpoint in it.
pub(crate) fn primary() -> EndpointName {
    EndpointName { profile: profile(), kind: EndpointKind::External, name: "primary".to_owned() }
}

/// An endpoint as Traffic Manager describes it.
pub(crate) fn endpoint_document(status: &str, probes: &str) -> Value {
    json!({
        "id": format!("{}/externalEndpoints/primary", profile()), "name": "primary",
        "type": "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
        "properties": {
            "target": "192.0.2.10", "endpointStatus": status, "endpointMonitorStatus": probes, "priority": 1,
            "weight": 1, "endpointLocation": null, "alwaysServe": "Disabled",
        },
    })
}

/// What the server does with one request.
pub(crate) enum Reply {
    /// Answers.
    Say { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// Never answers.
    Hang,
    /// Closes the connection.
    Cut,
}

impl Reply {
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::Say { status, headers: Vec::new(), body: body.to_owned() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::json(status, &json!({"error": {"code": code, "message": "said Azure"}}))
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Say { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    /// A token that lives for `seconds` from the real now on.
    #[expect(clippy::disallowed_methods, reason = "azure_identity compares with the machine's clock")]
    pub(crate) fn token(token: &str, seconds: i64) -> Self {
        let expires = (Timestamp::now().as_second() + seconds).to_string();
        Self::json(200, &json!({"access_token": token, "expires_on": expires, "resource": "r", "token_type": "Bearer"}))
    }
}

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub method: String,
    /// Path and query.
    pub path: String,
    pub headers: http::HeaderMap,
    pub body: String,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    tokens: VecDeque<Reply>,
    seen: Vec<Seen>,
    tokens_seen: Vec<Seen>,
}

/// The server. It gives its replies in order, then HTTP 500; tokens `TOKEN-0`, `TOKEN-1` ... where none are scripted.
pub(crate) struct Server {
    port: u16,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        Self::with_tokens(replies, Vec::new()).await
    }

    pub(crate) async fn with_tokens(replies: Vec<Reply>, tokens: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let script = Script { replies: replies.into(), tokens: tokens.into(), ..Script::default() };
        let script = Arc::new(Mutex::new(script));
        let server = Self { port, script: Arc::clone(&script) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = Arc::clone(&script);
                let service = service_fn(move |request| serve(Arc::clone(&script), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        server
    }

    /// Clients whose every request ends here, over plain HTTP.
    pub(crate) fn azure(&self) -> Arc<Azure> {
        self.azure_as(None)
    }

    pub(crate) fn azure_as(&self, client_id: Option<&str>) -> Arc<Azure> {
        self.azure_by(Credential::Managed { client_id: client_id.map(str::to_owned) })
    }

    pub(crate) fn azure_by(&self, credential: Credential) -> Arc<Azure> {
        let options = Options {
            endpoint: "https://arm.test/".to_owned(),
            audience: PUBLIC.to_owned(),
            credential,
            proxies: holdfast_http::Proxies::default(),
        };
        let detour = Detour { port: self.port, inner: crate::arm::plain_transport() };
        Arc::new(Azure::over(&options, Transport::new(Arc::new(detour))).expect("clients"))
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.script.lock().expect("not poisoned").seen.clone()
    }

    pub(crate) fn token_requests(&self) -> Vec<Seen> {
        self.script.lock().expect("not poisoned").tokens_seen.clone()
    }
}

/// Sends every request to the server, whatever its address.
#[derive(Debug)]
struct Detour {
    port: u16,
    inner: Arc<dyn HttpClient>,
}

#[async_trait]
impl HttpClient for Detour {
    async fn execute_request(&self, request: &Outgoing) -> azure_core::Result<AsyncRawResponse> {
        let mut request = request.clone();
        let url = request.url_mut();
        url.set_scheme("http").expect("a scheme");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(self.port)).expect("a port");
        self.inner.execute_request(&request).await
    }
}

async fn serve(script: Arc<Mutex<Script>>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    let seen = Seen { method: parts.method.to_string(), path: parts.uri.to_string(), headers: parts.headers, body };
    let reply = script.lock().expect("not poisoned").reply(seen);
    match reply {
        Reply::Say { status, headers, body } => Ok(say(status, &headers, body)),
        Reply::Hang => Err(never().await),
        Reply::Cut => Err(io::Error::other("cut")),
    }
}

impl Script {
    fn reply(&mut self, seen: Seen) -> Reply {
        if seen.path.starts_with(IDENTITY) {
            let number = self.tokens_seen.len();
            self.tokens_seen.push(seen);
            return self.tokens.pop_front().unwrap_or_else(|| Reply::token(&format!("TOKEN-{number}"), 3600));
        }
        self.seen.push(seen);
        self.replies.pop_front().unwrap_or_else(|| Reply::text(500, "no reply left"))
    }
}

async fn never() -> io::Error {
    match std::future::pending::<Infallible>().await {}
}

fn say(status: u16, headers: &[(&'static str, String)], body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    response
}
