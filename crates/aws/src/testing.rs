//! A server on loopback that gives scripted answers, and what tests of the adapters share.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use holdfast_core::{Call, Clock, Timestamp, retry::RetryPolicy};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, time};

use crate::sdk::{Environment, METRIC_REGION, Options, Sdk};

/// 2026-01-01T00:00:00Z, the instant of the signature vectors.
pub(crate) const NOW: i64 = 1_767_225_600;

/// The time that tests name, and real sleeping.
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

/// A clock that stands at `second`.
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

/// Time-outs short enough for tests.
pub(crate) fn options() -> Options {
    Options {
        cluster_region: "eu-west-1".to_owned(),
        metric_region: METRIC_REGION.to_owned(),
        attempt_timeout: Duration::from_millis(500),
        proxies: holdfast_http::Proxies::default(),
    }
}

/// An environment in which every service is at `endpoint`.
pub(crate) fn environment(endpoint: &str) -> Environment {
    Environment::read(&|name| match name {
        "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
        _ => None,
    })
    .expect("credentials are there")
}

/// What the server does with one request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Answers.
    Say { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Never answers.
    Hang,
    /// Closes the connection.
    Cut,
}

impl Answer {
    pub(crate) fn status(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Say { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    pub(crate) fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, content_type, body)
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Say { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    pub(crate) fn xml(body: &str) -> Self {
        Self::ok("application/xml", body)
    }

    pub(crate) fn route53_error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>{message}</Message></Error><RequestId>id</RequestId></ErrorResponse>"
        );
        Self::status(status, "application/xml", body)
    }

    pub(crate) fn json_error(status: u16, code: &str) -> Self {
        let body = format!("{{\"__type\":\"{code}\",\"message\":\"said the service\"}}");
        Self::status(status, "application/x-amz-json-1.1", body).with("x-amzn-errortype", code)
    }
}

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub method: String,
    pub path: String,
    pub body: Bytes,
}

/// The server. It gives its answers in order, then HTTP 500.
pub(crate) struct Server {
    pub port: u16,
    script: Arc<Mutex<Script>>,
}

struct Script {
    answers: VecDeque<Answer>,
    seen: Vec<Seen>,
}

impl Server {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let script = Arc::new(Mutex::new(Script { answers: answers.into(), seen: Vec::new() }));
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

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn sdk(&self) -> Sdk {
        Sdk::new(&environment(&self.url()), &options())
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.script.lock().expect("not poisoned").seen.clone()
    }
}

async fn serve(script: Arc<Mutex<Script>>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = parts.uri.to_string();
    let seen = Seen { method: parts.method.to_string(), path, body };
    let answer = {
        let mut script = script.lock().expect("not poisoned");
        script.seen.push(seen);
        script.answers.pop_front()
    };
    match answer {
        Some(Answer::Say { status, headers, body }) => Ok(say(status, &headers, body)),
        Some(Answer::Hang) => Err(never().await),
        Some(Answer::Cut) => Err(io::Error::other("cut")),
        None => Ok(say(500, &[], b"no answer left".to_vec())),
    }
}

async fn never() -> io::Error {
    match std::future::pending::<Infallible>().await {}
}

fn say(status: u16, headers: &[(&'static str, String)], body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    response
}

/// What a site shares with its clouds.
pub(crate) fn shared() -> holdfast_parts::Shared {
    holdfast_parts::Shared {
        clock: clock_at(0),
        proxies: holdfast_http::Proxies::default(),
        attempt_timeout: Duration::from_secs(5),
        period: Duration::from_secs(60),
    }
}
