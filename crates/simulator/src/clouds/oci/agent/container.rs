//! One running container: a process with a folder for its socket, used for one call at a time over at most one connection.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;

use super::call::{LONGEST_ANSWER, Reply};
use super::socket;
use crate::host::{LogLine, Process};
use crate::time::{self, between};

/// The agent drops a connection on which nothing was said for so long. Not paced.
const IDLE: Duration = Duration::from_secs(1);
/// The pipes of a process that has answered hold its lines already; reading them takes less than this.
const DRAIN: Duration = Duration::from_millis(3);
/// How long a process takes to be seen as ended after its socket broke.
const DIES_WITHIN: Duration = Duration::from_millis(200);

type Kept = Arc<Mutex<Option<SendRequest<Body>>>>;

/// A container that listens. Dropping it kills the process.
pub(super) struct Container {
    pub(super) number: u64,
    /// Tells whose call a call is: the process signs with a token that has it.
    pub(super) session: String,
    pub(super) process: Process,
    socket: PathBuf,
    kept: Kept,
    read_lines: usize,
    _folder: tempfile::TempDir,
}

/// Why there is no container: the status that the caller sees, and what the process wrote.
pub(super) struct Stillborn {
    pub(super) why: String,
    pub(super) status: u16,
    pub(super) log: Vec<LogLine>,
}

impl Stillborn {
    pub(super) fn failed(why: &str) -> Self {
        Self { why: why.to_owned(), status: 502, log: Vec::new() }
    }

    pub(super) fn without_function() -> Self {
        Self::failed("no function was given to the simulator")
    }
}

impl Container {
    /// Starts a process and waits for its socket. Also gives the time that took.
    pub(super) async fn start(
        number: u64,
        session: String,
        executable: &Path,
        mut variables: BTreeMap<String, String>,
    ) -> Result<(Self, Duration), Stillborn> {
        let folder = tempfile::Builder::new().prefix("holdfast-iofs-").tempdir();
        let folder = folder.map_err(|error| Stillborn::failed(&error.to_string()))?;
        let listener = folder.path().join(socket::NAME);
        variables.insert("FN_LISTENER".to_owned(), format!("unix:{}", listener.display()));
        let begun = time::now();
        let process = Process::start(executable, &variables)
            .map_err(|error| Stillborn::failed(&format!("{} cannot be started: {error}", executable.display())))?;
        let kept = Kept::default();
        let mut container = Self { number, session, process, socket: listener, kept, read_lines: 0, _folder: folder };
        match container.appears().await {
            Ok(()) => Ok((container, between(begun, time::now()))),
            Err((why, status)) => {
                container.process.kill().await;
                Err(Stillborn { why, status, log: container.new_lines().await })
            }
        }
    }

    async fn appears(&self) -> Result<(), (String, u16)> {
        let folder = self.socket.parent().unwrap_or(Path::new("/"));
        tokio::select! {
            checked = socket::appears(folder) => match checked {
                Ok(_) => Ok(()),
                Err(why) => Err((format!("Container failed to initialize: {why}"), 502)),
            },
            detail = self.process.end() => Err((format!("before it listened: {detail}"), 502)),
            () = tokio::time::sleep(socket::APPEARS_WITHIN) => {
                Err(("FunctionInvokeContainerInitTimeout: no socket within 5 s".to_owned(), 504))
            }
        }
    }

    /// Hands a call over and waits for the answer, the end of the process or the limit.
    pub(super) async fn call(&mut self, request: Request<Body>, limit: Duration) -> Reply {
        tokio::select! {
            biased;
            reply = self.exchange(request) => match reply {
                Ok(reply) => reply,
                // The socket of a process that dies is closed before its end is known.
                Err(error) => match tokio::time::timeout(DIES_WITHIN, self.process.end()).await {
                    Ok(detail) => Reply::Broken(detail),
                    Err(_) => Reply::Broken(error),
                },
            },
            detail = self.process.end() => Reply::Broken(detail),
            () = tokio::time::sleep(limit) => Reply::Late,
        }
    }

    async fn exchange(&self, request: Request<Body>) -> Result<Reply, String> {
        let words = |error: hyper::Error| format!("{error:?}");
        let mut connection = self.connection().await?;
        let answer = connection.send_request(request).await.map_err(words)?;
        let status = answer.status().as_u16();
        let body = match Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) if error.is::<LengthLimitError>() => return Ok(Reply::TooLong),
            Err(error) => return Err(error.to_string()),
        };
        self.keep(connection);
        Ok(Reply::Answer(status, body))
    }

    /// The connection of before, or a new one.
    async fn connection(&self) -> Result<SendRequest<Body>, String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut kept) = kept
            && kept.ready().await.is_ok()
        {
            return Ok(kept);
        }
        let stream = socket::connect(&self.socket).await.map_err(|error| error.to_string())?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // Its error is the request's as well.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// Keeps a connection until it has been idle for too long.
    fn keep(&self, connection: SendRequest<Body>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        let kept = Arc::downgrade(&self.kept);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            // One that was used meanwhile ends a little early: the function must bear that as well.
            if let Some(kept) = kept.upgrade() {
                drop(kept.lock().unwrap_or_else(PoisonError::into_inner).take());
            }
        });
    }

    pub(super) async fn new_lines(&mut self) -> Vec<LogLine> {
        tokio::time::sleep(DRAIN).await;
        let log = self.process.log.lock().expect("no code panics while it holds this lock");
        let lines = log[self.read_lines..].to_vec();
        self.read_lines = log.len();
        lines
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.process.order_kill();
    }
}
