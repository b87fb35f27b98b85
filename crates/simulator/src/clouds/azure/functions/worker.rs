//! One running handler: started, asked until it listens, and called over HTTP on loopback (docs/reference/azure.md#custom-handler-process).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::host::{LogLine, Process};
use crate::time::{self, between};

/// How often the host asks whether the handler listens.
const ASK_EVERY: Duration = Duration::from_millis(25);
/// How long a handler may take until it listens: `initializationTimeout` of the source. Not paced: a process starts in real time.
const INIT_LIMIT: Duration = Duration::from_secs(30);
/// What the host calls itself.
const VERSION: &str = "4.1036.0";

/// A handler's process.
pub(crate) struct Worker {
    pub(crate) number: u64,
    pub(crate) process: Process,
    port: u16,
    client: Client<HttpConnector, Full<Bytes>>,
    read_lines: Mutex<usize>,
}

/// A request to the handler.
pub(crate) struct Post<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) invocation: &'a str,
}

/// Its answer: status, content type, body.
pub(crate) type Reply = (u16, String, Vec<u8>);

impl Worker {
    /// Starts a handler and waits until it listens. Also gives the time that took.
    pub(crate) async fn start(
        number: u64,
        handler: &Path,
        mut variables: BTreeMap<String, String>,
    ) -> Result<(Self, Duration), String> {
        let port = free_port().map_err(|error| format!("no port for the handler: {error}"))?;
        for name in ["FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT"] {
            variables.insert(name.to_owned(), port.to_string());
        }
        for name in ["FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "FUNCTIONS_HTTPWORKER_ID"] {
            variables.insert(name.to_owned(), format!("holdfast-simulated-worker-{number}"));
        }
        let begun = time::now();
        let process = Process::start(handler, &variables)
            .map_err(|error| format!("{} cannot be started: {error}", handler.display()))?;
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let worker = Self { number, process, port, client, read_lines: Mutex::new(0) };
        tokio::select! {
            () = worker.listens() => Ok((worker, between(begun, time::now()))),
            detail = worker.process.end() => Err(format!("before it listened: {detail}; {}", worker.last_words())),
            () = tokio::time::sleep(INIT_LIMIT) => {
                worker.process.kill().await;
                Err("did not listen within 30 s".to_owned())
            }
        }
    }

    /// Any answer at all will do.
    async fn listens(&self) {
        let ask = Post { method: "GET", path: "/", headers: Vec::new(), body: Vec::new(), invocation: "" };
        while self.send(&ask).await.is_err() {
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    fn last_words(&self) -> String {
        self.process
            .log
            .lock()
            .expect("no code panics while it holds this lock")
            .last()
            .map_or(String::new(), |line| line.text.clone())
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, post: &Post<'_>) -> Result<Reply, String> {
        let mut request =
            Request::builder().method(post.method).uri(format!("http://127.0.0.1:{}{}", self.port, post.path));
        for (name, value) in &post.headers {
            request = request.header(name, value);
        }
        let agent = format!("Azure-Functions-Host/{VERSION}");
        let request = request
            .header("user-agent", agent)
            .header("x-azure-functions-hostversion", VERSION)
            .header("x-azure-functions-invocationid", post.invocation)
            .body(Full::from(post.body.clone()))
            .map_err(|error| error.to_string())?;
        let answer =
            self.client.request(request).await.map_err(|error| {
                format!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string))
            })?;
        let status = answer.status().as_u16();
        let content_type =
            answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, content_type, body.to_bytes().to_vec()))
    }

    /// The lines since the last call.
    pub(crate) fn new_lines(&self) -> Vec<LogLine> {
        let log = self.process.log.lock().expect("no code panics while it holds this lock");
        let mut read = self.read_lines.lock().expect("no code panics while it holds this lock");
        let lines = log[*read..].to_vec();
        *read = log.len();
        lines
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.process.order_kill();
    }
}

/// Where handlers listen: below the ports that the system gives to connections (32768 and up on Linux), one of which would
/// else take the port between the look and the handler's start.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port that was free a moment ago, as the host finds one.
fn free_port() -> std::io::Result<u16> {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let mut drawn = std::iter::repeat_with(|| fastrand::u16(PORTS)).take(100);
    drawn.find(is_free).ok_or_else(|| std::io::ErrorKind::AddrInUse.into())
}
