//! What an invocation came to.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The function answered.
    Ok {
        /// Its answer.
        answer: Value,
    },
    /// The function answered with an error.
    FunctionError {
        /// Its `errorType`.
        #[serde(rename = "type")]
        kind: String,
        /// Its `errorMessage`.
        message: String,
    },
    /// The process died, could not be started, or never asked for an event. Lambda's `Runtime.ExitError`.
    Crashed {
        /// What is known of its end.
        detail: String,
    },
    /// The function's time limit passed and the process was killed. Lambda's `Sandbox.Timedout`.
    TimedOut,
    /// No process was free within the reserved concurrency: 429 `TooManyRequestsException`.
    Throttled,
}

impl Outcome {
    /// A short sentence without the function's payload.
    pub fn describe(&self) -> String {
        match self {
            Self::Ok { .. } => "answered".to_owned(),
            Self::FunctionError { kind, .. } => format!("returned the error {kind}"),
            Self::Crashed { detail } => format!("crashed ({detail})"),
            Self::TimedOut => "killed at its time limit".to_owned(),
            Self::Throttled => "throttled".to_owned(),
        }
    }

    /// The answer, when there is one.
    pub fn answer(&self) -> Option<&Value> {
        match self {
            Self::Ok { answer } => Some(answer),
            _ => None,
        }
    }
}

/// One line that the process wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// When it was read.
    pub at: Timestamp,
    /// True for stderr, false for stdout.
    pub stderr: bool,
    /// The line without its end.
    pub text: String,
}

/// One attempt at an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InvocationResult {
    /// The same for all attempts at one asynchronous event (docs/reference/aws.md#lambda-asynchronous-calls).
    pub request_id: String,
    /// From 1; more only for asynchronous events.
    pub attempt: u32,
    /// Number of the execution environment, from 1; 0 when none was had.
    pub environment: u64,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When the event was handed over.
    pub started: Timestamp,
    /// When the outcome was known.
    pub ended: Timestamp,
    /// What the process wrote meanwhile.
    pub log: Vec<LogLine>,
    /// Peak resident memory of the process in bytes (`VmHWM`), read while it still lived; `None` when it did not.
    pub max_rss: Option<u64>,
}

impl InvocationResult {
    /// From hand-over to outcome.
    pub fn took(&self) -> Duration {
        crate::time::between(self.started, self.ended)
    }

    /// The text of all lines, one per line.
    pub fn log_text(&self) -> String {
        self.log.iter().map(|line| format!("{}\n", line.text)).collect()
    }
}

/// What the on-failure destination keeps of an event that was given up (docs/reference/aws.md#lambda-asynchronous-calls).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GivenUp {
    /// The event's request id.
    pub request_id: String,
    /// The event.
    pub payload: Value,
    /// How many attempts were made.
    pub attempts: u32,
    /// How the last one ended.
    pub last: Outcome,
}
