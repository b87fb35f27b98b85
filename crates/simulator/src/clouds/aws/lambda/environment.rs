//! One execution environment: a process with a Runtime API of its own, used for one event at a time.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::runtime_api::{Assignment, RuntimeApi};
use crate::host::Process;
use crate::host::{LogLine, Outcome};
use crate::net::Listener;
use crate::time::{self, between, plus};

/// How long a process may take until it asks for its first event (docs/reference/aws.md#lambda-limits). Not paced: a process starts in real time.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How long the host waits after an answer for the process to ask again and its last lines to arrive.
const SETTLE: Duration = Duration::from_millis(50);
/// The pipes of a process that has asked again hold its lines already; reading them takes less than this.
const DRAIN: Duration = Duration::from_millis(3);

/// A process that is ready for an event. Dropping it kills the process.
pub(crate) struct Environment {
    pub(crate) number: u64,
    /// The session token that this process signs with; it tells whose call a call is.
    pub(crate) session: String,
    pub(crate) process: Process,
    api: std::sync::Arc<RuntimeApi>,
    inbox: mpsc::Sender<Assignment>,
    read_lines: usize,
    _listener: Listener,
}

/// What one event needs to be handed over.
pub(crate) struct Handover<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) invocation_id: String,
    pub(crate) function_arn: String,
    pub(crate) payload: &'a Value,
    /// The function's time limit, real.
    pub(crate) limit: Duration,
}

/// What one event came to.
pub(crate) struct Handled {
    pub(crate) outcome: Outcome,
    pub(crate) started: Timestamp,
    pub(crate) log: Vec<LogLine>,
    pub(crate) max_rss: Option<u64>,
    /// Whether the process can take another event.
    pub(crate) reusable: bool,
}

/// Why there is no environment: the outcome for the event, and what the process wrote.
pub(crate) struct Stillborn {
    pub(crate) outcome: Outcome,
    pub(crate) log: Vec<LogLine>,
}

impl Environment {
    /// Starts a process and waits until it asks for an event. Also gives the time that took.
    pub(crate) async fn start(
        number: u64,
        bootstrap: &Path,
        mut variables: BTreeMap<String, String>,
    ) -> Result<(Self, Duration), Stillborn> {
        let failed = |detail: String| Stillborn { outcome: Outcome::Crashed { detail }, log: Vec::new() };
        let (api, inbox) = RuntimeApi::new();
        let listener =
            Listener::plain(api.handler()).await.map_err(|error| failed(format!("no Runtime API: {error}")))?;
        let session = variables.get("AWS_SESSION_TOKEN").cloned().unwrap_or_default();
        variables.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), format!("127.0.0.1:{}", listener.port()));
        let begun = time::now();
        let process = Process::start(bootstrap, &variables)
            .map_err(|error| failed(format!("{} cannot be started: {error}", bootstrap.display())))?;
        let mut environment = Self { number, session, process, api, inbox, read_lines: 0, _listener: listener };
        match environment.first_ask().await {
            Ok(()) => Ok((environment, between(begun, time::now()))),
            Err(outcome) => {
                environment.process.kill().await;
                Err(Stillborn { outcome, log: environment.new_lines().await })
            }
        }
    }

    async fn first_ask(&self) -> Result<(), Outcome> {
        tokio::select! {
            () = self.api.asked_beyond(0) => Ok(()),
            outcome = self.api.init_error() => Err(outcome),
            detail = self.process.end() => Err(Outcome::Crashed { detail: format!("before its first event: {detail}") }),
            () = tokio::time::sleep(INIT_LIMIT) => Err(Outcome::Crashed { detail: "did not ask for an event within 10 s".to_owned() }),
        }
    }

    /// Hands an event over and waits for the answer, the end of the process or the time limit.
    pub(crate) async fn run(&mut self, work: Handover<'_>) -> Handled {
        let started = time::now();
        let asked = self.api.asked();
        let (reply, answer) = oneshot::channel();
        let assignment = Assignment {
            request_id: work.request_id.to_owned(),
            invocation_id: work.invocation_id,
            function_arn: work.function_arn,
            deadline: plus(started, work.limit),
            payload: work.payload.clone(),
            reply,
        };
        let outcome = match self.inbox.send(assignment).await {
            Ok(()) => self.outcome(answer, work.limit).await,
            Err(_) => Outcome::Crashed { detail: "its Runtime API is gone".to_owned() },
        };
        let max_rss = self.process.peak_memory();
        let answered = matches!(outcome, Outcome::Ok { .. } | Outcome::FunctionError { .. });
        let reusable = answered && self.asks_again(asked).await;
        let log = self.new_lines().await;
        Handled { outcome, started, log, max_rss, reusable }
    }

    async fn outcome(&self, answer: oneshot::Receiver<Outcome>, limit: Duration) -> Outcome {
        tokio::select! {
            biased;
            Ok(outcome) = answer => outcome,
            detail = self.process.end() => Outcome::Crashed { detail },
            () = tokio::time::sleep(limit) => {
                self.process.kill().await;
                Outcome::TimedOut
            }
        }
    }

    /// Whether the process lives on. A process that is slow to ask again still counts, for the next event waits for it.
    async fn asks_again(&self, asked: u64) -> bool {
        tokio::select! {
            () = self.api.asked_beyond(asked) => true,
            _ = self.process.end() => false,
            () = tokio::time::sleep(SETTLE) => self.process.runs(),
        }
    }

    async fn new_lines(&mut self) -> Vec<LogLine> {
        tokio::time::sleep(DRAIN).await;
        let log = self.process.log.lock().expect("no code panics while it holds this lock");
        let lines = log[self.read_lines..].to_vec();
        self.read_lines = log.len();
        lines
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.process.order_kill();
    }
}
