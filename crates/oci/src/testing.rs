//! A server on loopback that stands for the services of OCI, and what tests share. It verifies the signature of every
//! request by itself, from the headers that came over the wire.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
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
    client::{Oci, Options},
    endpoint::{ALL, Endpoints, Moved},
    identity::Identity,
    ocid::Ocid,
    steering::PolicyPlace,
};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: i64 = 1_767_225_600;

/// The key of the test vectors: made for them, and good for nothing else.
pub(crate) const KEY: &str = include_str!("../fixtures/test-only-key.pem");

/// A test vector, by its name.
pub(crate) fn vector(name: &str) -> &'static str {
    let vectors = include_str!("../fixtures/vectors.txt").lines();
    vectors.filter_map(|line| line.split_once(' ')).find(|(known, _)| *known == name).expect("a vector").1
}

/// Who signs in the vectors.
pub(crate) fn key_id() -> &'static str {
    "ocid1.tenancy.oc1..aaaatesttenancy/ocid1.user.oc1..aaaatestuser/95:59:d4:a1:14:de:4c:7b:2f:98:c9:e1:7e:a6:6d:c7"
}

/// Stands where it is set; sleeps really.
pub(crate) struct TestClock(pub Mutex<Timestamp>);

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("not poisoned")
    }
    async fn sleep(&self, pause: Duration) {
        time::sleep(pause).await;
    }
}

pub(crate) fn clock_at(second: i64) -> Arc<TestClock> {
    Arc::new(TestClock(Mutex::new(at(second))))
}

/// An instant.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// A call at [`NOW`] with a minute left and attempts of half a second.
pub(crate) fn call() -> Call {
    let retry = RetryPolicy { attempt_timeout: Duration::from_millis(500), ..RetryPolicy::default() };
    Call { clock: clock_at(NOW), deadline: at(NOW + 60), retry }
}

/// A policy in two regions.
pub(crate) fn policy_place() -> PolicyPlace {
    let policy = Ocid::parse("ocid1.dnspolicy.oc1..aaaatestpolicy").expect("an id");
    PolicyPlace::new(policy, "us-chicago-1", vec!["us-phoenix-1".to_owned()])
}

/// A policy with its answers disabled or not.
pub(crate) fn policy_document(primary: bool, secondary: bool) -> Value {
    json!({
        "id": "ocid1.dnspolicy.oc1..aaaatestpolicy", "displayName": "global", "lifecycleState": "ACTIVE",
        "ttl": 60, "template": "CUSTOM", "answers": [
            {"name": "primary-ingest", "rtype": "A", "rdata": "192.0.2.10", "pool": "primary", "isDisabled": primary},
            {"name": "secondary-ingest", "rtype": "A", "rdata": "192.0.2.20", "pool": "secondary", "isDisabled": secondary},
        ],
        "rules": [
            {"ruleType": "FILTER", "defaultAnswerData": [{"answerCondition": "answer.isDisabled != true", "shouldKeep": true}]},
            {"ruleType": "PRIORITY", "defaultAnswerData": [
                {"answerCondition": "answer.pool == 'primary'", "value": 1},
                {"answerCondition": "answer.pool == 'secondary'", "value": 99},
            ]},
            {"ruleType": "LIMIT", "defaultCount": 1},
        ],
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
        Self::json(status, &json!({"code": code, "message": "said OCI"}))
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Say { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub method: String,
    /// Path and query; the region stands first.
    pub path: String,
    pub headers: http::HeaderMap,
    pub body: String,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    seen: Vec<Seen>,
}

/// The server. It gives its replies in order, then HTTP 500.
pub(crate) struct Server {
    port: u16,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let script = Arc::new(Mutex::new(Script { replies: replies.into(), ..Script::default() }));
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

    /// A client whose every request ends here, moved by the variable that tests use.
    pub(crate) fn oci(&self) -> Arc<Oci> {
        self.oci_as(Identity::of_key(key_id(), KEY))
    }

    pub(crate) fn oci_as(&self, identity: Identity) -> Arc<Oci> {
        let moved = format!("http://127.0.0.1:{}/{{region}}", self.port);
        let moved = Moved::read(&|name| (name == ALL).then(|| moved.clone())).expect("loopback");
        let endpoints = Endpoints::new("oc1", moved);
        Arc::new(Oci::new(Options {
            identity: Arc::new(identity),
            endpoints,
            proxies: holdfast_http::Proxies::default(),
        }))
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.script.lock().expect("not poisoned").seen.clone()
    }
}

async fn serve(script: Arc<Mutex<Script>>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    let seen = Seen { method: parts.method.to_string(), path: parts.uri.to_string(), headers: parts.headers, body };
    if !is_signed(&seen) {
        return Ok(say(401, &[], "the signature does not fit".to_owned()));
    }
    let reply = {
        let mut script = script.lock().expect("not poisoned");
        script.seen.push(seen);
        script.replies.pop_front().unwrap_or_else(|| Reply::text(500, "no reply left"))
    };
    match reply {
        Reply::Say { status, headers, body } => Ok(say(status, &headers, body)),
        Reply::Hang => Err(never().await),
        Reply::Cut => Err(io::Error::other("cut")),
    }
}

/// Whether the key of the tests signed this request, by what was received.
fn is_signed(seen: &Seen) -> bool {
    let header = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let parameter = |name: &str| {
        let rest = header("authorization").split_once(&format!("{name}=\""))?.1;
        rest.split('"').next().map(str::to_owned)
    };
    let (Some(names), Some(signature)) = (parameter("headers"), parameter("signature")) else { return false };
    let line = |name: &str| match name {
        "(request-target)" => format!("(request-target): {} {}", seen.method.to_lowercase(), seen.path),
        name => format!("{name}: {}", header(name)),
    };
    let text = names.split(' ').map(line).collect::<Vec<_>>().join("\n");
    let key = RsaKeyPair::from_pkcs8(pem::parse(KEY).expect("PEM").contents()).expect("a key");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    let complete = !matches!(seen.method.as_str(), "PUT" | "POST") || names.ends_with("content-type x-content-sha256");
    complete && public.verify(text.as_bytes(), &STANDARD.decode(signature).expect("base64")).is_ok()
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
