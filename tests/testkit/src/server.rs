//! An HTTP server on loopback that follows a script and keeps what it was asked.

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers.
    Say {
        /// HTTP status, 100 to 999.
        status: u16,
        /// Names and values; a later one of the same name replaces an earlier one.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Never answers.
    Hang,
    /// Closes the connection.
    Cut,
}

impl Reply {
    /// An answer with a body and no headers.
    pub fn text(status: u16, body: &str) -> Self {
        Self::Say { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    /// An answer with a JSON body and no headers.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    /// An answer with a body of this content type.
    pub fn of_type(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Say { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// The same answer with one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Say { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method, in capital letters.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

type Script = Box<dyn FnMut(&Seen) -> Reply + Send>;

struct Inner {
    script: Script,
    seen: Vec<Seen>,
}

/// The server. It serves plain HTTP/1.1 until the runtime ends.
pub struct Server {
    port: u16,
    inner: Arc<Mutex<Inner>>,
}

impl Server {
    /// A server that gives its replies in order, then HTTP 500.
    ///
    /// # Panics
    /// When no port of loopback is free.
    pub async fn start(replies: Vec<Reply>) -> Self {
        let mut replies = VecDeque::from(replies);
        Self::answering(move |_| replies.pop_front().unwrap_or_else(|| Reply::text(500, "no reply left"))).await
    }

    /// A server that decides each reply by the request.
    ///
    /// # Panics
    /// When no port of loopback is free.
    pub async fn answering(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port of loopback");
        let port = listener.local_addr().expect("a bound port").port();
        let inner = Arc::new(Mutex::new(Inner { script: Box::new(script), seen: Vec::new() }));
        let server = Self { port, inner: Arc::clone(&inner) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&inner);
                let service = service_fn(move |request| serve(Arc::clone(&inner), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        server
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.inner).seen.clone()
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(inner: Arc<Mutex<Inner>>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let seen = Seen { method: parts.method.to_string(), path: parts.uri.to_string(), headers: parts.headers, body };
    let reply = {
        let mut inner = lock(&inner);
        let reply = (inner.script)(&seen);
        inner.seen.push(seen);
        reply
    };
    match reply {
        Reply::Say { status, headers, body } => response(status, &headers, body),
        Reply::Hang => match std::future::pending::<Infallible>().await {},
        Reply::Cut => Err(io::Error::other("cut")),
    }
}

fn response(status: u16, headers: &[(&'static str, String)], body: Vec<u8>) -> io::Result<Response<Full<Bytes>>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().map_err(io::Error::other)?);
    }
    Ok(response)
}
