//! Who runs the function, whatever the cloud: what every such service can do, and the process and results they have in common.

mod process;
mod result;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

pub(crate) use process::Process;
pub use result::{GivenUp, InvocationResult, LogLine, Outcome};

use crate::functions::FunctionsHost;
use crate::lambda::LambdaHost;

/// The service that runs the function. Clones share it.
#[derive(Clone)]
pub enum Host {
    /// AWS Lambda.
    Lambda(LambdaHost),
    /// The Azure Functions host.
    Functions(FunctionsHost),
}

impl Host {
    /// An operator's call, as the cloud's own tool makes it, and its outcome.
    pub async fn operate(&self, payload: Value) -> InvocationResult {
        match self {
            Self::Lambda(lambda) => lambda.invoke(payload).await,
            Self::Functions(functions) => functions.operate(payload).await,
        }
    }

    /// Every attempt that has ended, in the order of their ends.
    pub fn results(&self) -> Vec<InvocationResult> {
        match self {
            Self::Lambda(lambda) => lambda.results(),
            Self::Functions(functions) => functions.results(),
        }
    }

    /// How many attempts run now.
    pub fn running(&self) -> usize {
        match self {
            Self::Lambda(lambda) => lambda.running(),
            Self::Functions(functions) => functions.running(),
        }
    }

    /// For each process that was started: the time until it could take an event.
    pub fn cold_starts(&self) -> Vec<Duration> {
        match self {
            Self::Lambda(lambda) => lambda.cold_starts(),
            Self::Functions(functions) => functions.cold_starts(),
        }
    }

    /// Waits until every event that was handed over is settled: answered, or given up. False when `limit` (real) passes first.
    pub async fn settled(&self, limit: Duration) -> bool {
        match self {
            Self::Lambda(lambda) => lambda.settled(limit).await,
            Self::Functions(functions) => functions.settled(limit).await,
        }
    }

    /// The variables that the function's processes get.
    pub fn variables(&self) -> BTreeMap<String, String> {
        match self {
            Self::Lambda(lambda) => lambda.variables(),
            Self::Functions(functions) => functions.variables(),
        }
    }

    pub(crate) fn set_variables(&self, variables: BTreeMap<String, String>) {
        match self {
            Self::Lambda(lambda) => lambda.set_variables(variables),
            Self::Functions(functions) => functions.set_variables(variables),
        }
    }

    /// The request id of the event whose process bears this session; without one the only event that runs.
    pub(crate) fn invocation_of(&self, session: Option<&str>) -> Option<String> {
        match self {
            Self::Lambda(lambda) => lambda.invocation_of(session),
            Self::Functions(functions) => functions.only_invocation(),
        }
    }

    /// Kills the process that made a call.
    pub(crate) async fn kill_caller(&self, session: Option<&str>) {
        match self {
            Self::Lambda(lambda) => lambda.kill_caller(session).await,
            Self::Functions(functions) => functions.kill_worker().await,
        }
    }

    /// The scheduler's tick.
    pub(crate) fn tick(&self, input: Value) -> Option<String> {
        match self {
            Self::Lambda(lambda) => lambda.has_function().then(|| lambda.invoke_async(input)),
            Self::Functions(functions) => functions.tick(),
        }
    }

    /// Ends every process and lets no new one start.
    pub(crate) fn shut_down(&self) {
        match self {
            Self::Lambda(lambda) => lambda.shut_down(),
            Self::Functions(functions) => functions.shut_down(),
        }
    }
}
