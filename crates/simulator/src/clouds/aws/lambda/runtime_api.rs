//! The Lambda Runtime API (2018-06-01) of one execution environment (docs/reference/aws.md#lambda-runtime).

use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::host::Outcome;
use crate::net::{Cut, Handler};

const PREFIX: &str = "/2018-06-01/runtime/";

/// An event on its way to the process.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) request_id: String,
    /// Differs per attempt; the runtime echoes it.
    pub(crate) invocation_id: String,
    pub(crate) function_arn: String,
    pub(crate) deadline: Timestamp,
    pub(crate) payload: Value,
    /// Takes the answer, when one comes.
    pub(crate) reply: oneshot::Sender<Outcome>,
}

struct Running {
    request_id: String,
    invocation_id: String,
    reply: oneshot::Sender<Outcome>,
}

/// The server's side of one environment.
pub(crate) struct RuntimeApi {
    inbox: tokio::sync::Mutex<mpsc::Receiver<Assignment>>,
    running: Mutex<Option<Running>>,
    /// How often the process has asked for an event.
    asked: watch::Sender<u64>,
    /// Set when the process reported that it could not start.
    init_error: Mutex<Option<Outcome>>,
    init_failed: Notify,
}

impl RuntimeApi {
    /// Gives the API and the way to hand it events.
    pub(crate) fn new() -> (Arc<Self>, mpsc::Sender<Assignment>) {
        let (sender, inbox) = mpsc::channel(1);
        let api = Self {
            inbox: tokio::sync::Mutex::new(inbox),
            running: Mutex::new(None),
            asked: watch::Sender::new(0),
            init_error: Mutex::new(None),
            init_failed: Notify::new(),
        };
        (Arc::new(api), sender)
    }

    pub(crate) fn handler(self: &Arc<Self>) -> Handler {
        let api = Arc::clone(self);
        Arc::new(move |request| {
            let api = Arc::clone(&api);
            Box::pin(async move { Ok::<_, Cut>(api.handle(request).await) })
        })
    }

    /// Waits until the process has asked for an event more than `times` times.
    pub(crate) async fn asked_beyond(&self, times: u64) {
        // The sender lives as long as `self`, so the wait cannot fail.
        drop(self.asked.subscribe().wait_for(|asked| *asked > times).await);
    }

    pub(crate) fn asked(&self) -> u64 {
        *self.asked.borrow()
    }

    /// Waits for the process to report that it could not start.
    pub(crate) async fn init_error(&self) -> Outcome {
        loop {
            if let Some(outcome) = self.init_error.lock().expect("no code panics while it holds this lock").clone() {
                return outcome;
            }
            self.init_failed.notified().await;
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().expect("no code panics while it holds this lock")
    }

    async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let invocation_id =
            head.headers.get("lambda-runtime-invocation-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let path = head.uri.path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return refusal(StatusCode::BAD_REQUEST, "InvalidRequest", "the body could not be read"),
        };
        match (&head.method, path.split('/').collect::<Vec<_>>().as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.end(id, invocation_id.as_deref(), answer(&body)),
            (&Method::POST, ["invocation", id, "error"]) => self.end(id, invocation_id.as_deref(), error(&body)),
            (&Method::POST, ["init", "error"]) => self.fail_init(error(&body)),
            _ => refusal(StatusCode::NOT_FOUND, "InvalidPath", "no such operation"),
        }
    }

    async fn next(&self) -> Response<Body> {
        self.asked.send_modify(|asked| *asked += 1);
        let Some(work) = self.inbox.lock().await.recv().await else {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Runtime.Shutdown", "the environment is being stopped");
        };
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &work.request_id)
            .header("lambda-runtime-invocation-id", &work.invocation_id)
            .header("lambda-runtime-deadline-ms", work.deadline.as_millisecond())
            .header("lambda-runtime-invoked-function-arn", &work.function_arn)
            .header(
                "lambda-runtime-trace-id",
                "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0",
            )
            .body(Body::from(work.payload.to_string()))
            .expect("ids and numbers are valid header values");
        *self.running() =
            Some(Running { request_id: work.request_id, invocation_id: work.invocation_id, reply: work.reply });
        response
    }

    fn end(&self, request_id: &str, invocation_id: Option<&str>, outcome: Outcome) -> Response<Body> {
        let mut running = self.running();
        match running.take() {
            Some(work) if work.request_id == request_id && invocation_id.is_none_or(|id| id == work.invocation_id) => {
                // An error means that the invocation was ended by its time limit meanwhile.
                drop(work.reply.send(outcome));
                accepted()
            }
            Some(work) => {
                let wrong = if work.request_id == request_id { "InvalidInvocationId" } else { "InvalidRequestID" };
                *running = Some(work);
                refusal(StatusCode::BAD_REQUEST, wrong, "that invocation does not run here")
            }
            None => refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "no invocation runs here"),
        }
    }

    fn fail_init(&self, outcome: Outcome) -> Response<Body> {
        *self.init_error.lock().expect("no code panics while it holds this lock") = Some(outcome);
        self.init_failed.notify_one();
        accepted()
    }
}

fn answer(body: &[u8]) -> Outcome {
    match serde_json::from_slice(body) {
        Ok(answer) => Outcome::Ok { answer },
        Err(_) => Outcome::Ok { answer: Value::String(String::from_utf8_lossy(body).into_owned()) },
    }
}

fn error(body: &[u8]) -> Outcome {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Outcome::FunctionError { kind: field("errorType"), message: field("errorMessage") }
}

fn accepted() -> Response<Body> {
    respond(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    respond(status, &json!({"errorType": kind, "errorMessage": message}))
}

fn respond(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}
