//! One call of the handler.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::FunctionsHost;
use super::app::Function;
use super::envelope::{self, HttpAnswer, Read};
use super::worker::{Post, Reply, Worker};
use crate::host::{InvocationResult, Outcome};
use crate::time;
use crate::timeline::EventKind;

/// How long the host waits for the last lines of a handler that has answered.
const DRAIN: Duration = Duration::from_millis(3);

/// What the handler is sent.
pub(super) enum Request<'a> {
    /// The JSON envelope, to the path that is the function's name.
    Envelope(Value),
    /// The caller's own request.
    Forwarded(Post<'a>),
}

/// What a call came to.
pub(super) struct Called {
    pub(super) result: InvocationResult,
    pub(super) http: HttpAnswer,
    pub(super) outputs: Vec<(String, String)>,
    /// Whether the host was restarted meanwhile: whoever waited for the outcome is gone.
    pub(super) orphaned: bool,
}

/// The result of a call that could not be made.
pub(super) fn without_function(why: &str) -> InvocationResult {
    let now = time::now();
    InvocationResult {
        request_id: String::new(),
        attempt: 1,
        environment: 0,
        outcome: Outcome::Crashed { detail: why.to_owned() },
        started: now,
        ended: now,
        log: Vec::new(),
        max_rss: None,
    }
}

impl FunctionsHost {
    /// Calls a function and records the outcome. `id` names the event; `attempt` counts its deliveries.
    pub(super) async fn call(&self, function: &Function, id: &str, attempt: u32, request: Request<'_>) -> Called {
        let generation = self.state().generation;
        let mut result = InvocationResult { request_id: id.to_owned(), attempt, ..without_function("") };
        let forwarded = matches!(request, Request::Forwarded(_));
        let http_output =
            function.bindings.iter().find(|binding| binding.kind == "http").map(|binding| binding.name.as_str());
        let read = match self.worker().await {
            Ok(worker) => {
                result.environment = worker.number;
                let reply = self.exchange(function, &worker, &mut result, request).await;
                match reply {
                    Ok(reply) if forwarded => verbatim(reply),
                    Ok((status, _, body)) => envelope::read(status, &body, http_output),
                    Err(outcome) => failed(outcome),
                }
            }
            Err(detail) => failed(Outcome::Crashed { detail }),
        };
        result.outcome = read.outcome;
        result.ended = time::now();
        let orphaned = {
            let mut state = self.state();
            // The same message may be worked on twice at once.
            if let Some(at) = state.running.iter().position(|running| running == id) {
                state.running.remove(at);
            }
            state.generation != generation
        };
        self.record(result.clone());
        Called { result, http: read.http, outputs: read.outputs, orphaned }
    }

    async fn exchange(
        &self,
        function: &Function,
        worker: &Arc<Worker>,
        result: &mut InvocationResult,
        request: Request<'_>,
    ) -> Result<Reply, Outcome> {
        result.started = time::now();
        self.state().running.push(result.request_id.clone());
        self.record_event(EventKind::InvocationStarted {
            request_id: result.request_id.clone(),
            attempt: result.attempt,
            environment: worker.number,
        });
        let path = format!("/{}", function.name);
        let post = match request {
            Request::Forwarded(post) => post,
            Request::Envelope(envelope) => Post {
                method: "POST",
                path: &path,
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: envelope.to_string().into_bytes(),
                invocation: &result.request_id,
            },
        };
        let reply = self.answer(worker, &post).await;
        result.max_rss = worker.process.peak_memory();
        tokio::time::sleep(DRAIN).await;
        result.log = worker.new_lines();
        reply
    }

    /// Waits for the answer, the end of the process or the time limit, which ends the process with everything that it does.
    async fn answer(&self, worker: &Arc<Worker>, post: &Post<'_>) -> Result<Reply, Outcome> {
        let ended = |detail: String| {
            self.count_crash();
            Outcome::Crashed { detail }
        };
        tokio::select! {
            biased;
            reply = worker.send(post) => match reply {
                Ok(reply) => Ok(reply),
                // The connection of a process that dies is closed before its end is known.
                Err(error) => match tokio::time::timeout(Duration::from_millis(200), worker.process.end()).await {
                    Ok(detail) => Err(ended(detail)),
                    Err(_) => Err(Outcome::Crashed { detail: error }),
                },
            },
            detail = worker.process.end() => Err(ended(detail)),
            () = tokio::time::sleep(self.0.settings.timeout) => {
                worker.process.kill().await;
                Err(Outcome::TimedOut)
            }
        }
    }
}

/// A forwarded answer goes back as it is; 5xx is a failed invocation.
fn verbatim((status, content_type, body): Reply) -> Read {
    let answer: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let outcome = if status < 500 {
        Outcome::Ok { answer }
    } else {
        Outcome::FunctionError { kind: "HandlerStatus".to_owned(), message: format!("{status}: {answer:.300}") }
    };
    Read { outcome, http: HttpAnswer { status, body, content_type }, outputs: Vec::new() }
}

fn failed(outcome: Outcome) -> Read {
    Read { outcome, http: HttpAnswer::empty(500), outputs: Vec::new() }
}
