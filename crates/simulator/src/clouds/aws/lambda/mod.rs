//! The Lambda service: execution environments that run the shipped bootstrap, synchronous calls, and the asynchronous queue.
//!
//! Not simulated: the freezing of a process between two events, and the reuse of `/tmp`.

mod environment;
mod host;
mod queue;
mod runtime_api;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::host::{GivenUp, InvocationResult, Outcome};

use crate::host::Process;
use crate::ids::Ids;
use crate::time::{self, Pace};
use crate::timeline::{EventKind, Timeline};
use environment::{Environment, Handled, Handover, Stillborn};

/// How the function is configured. Durations are real.
pub(crate) struct Settings {
    pub(crate) bootstrap: Option<PathBuf>,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
    pub(crate) concurrency: usize,
    pub(crate) pace: Pace,
}

/// The service. Clones share it.
#[derive(Clone)]
pub struct LambdaHost(Arc<Inner>);

struct Inner {
    settings: Settings,
    ids: Ids,
    timeline: Timeline,
    state: Mutex<State>,
    /// How many asynchronous events are not settled.
    outstanding: watch::Sender<usize>,
    /// How many results there are.
    finished: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    variables: BTreeMap<String, String>,
    concurrency: usize,
    in_use: usize,
    /// Environments made so far; the newest has this number.
    made: u64,
    idle: Vec<Environment>,
    /// By session token: which event runs in which process.
    running: BTreeMap<String, (String, Process)>,
    results: Vec<InvocationResult>,
    given_up: Vec<GivenUp>,
    cold_starts: Vec<Duration>,
    stopped: bool,
}

impl LambdaHost {
    pub(crate) fn new(settings: Settings, seed: u64, timeline: Timeline) -> Self {
        let state = Mutex::new(State { concurrency: settings.concurrency, ..State::default() });
        Self(Arc::new(Inner {
            settings,
            ids: Ids::new(seed),
            timeline,
            state,
            outstanding: watch::Sender::new(0),
            finished: watch::Sender::new(0),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no code panics while it holds this lock")
    }

    /// Calls the function and waits for the outcome, as `aws lambda invoke` does. No retries.
    pub async fn invoke(&self, payload: Value) -> InvocationResult {
        let request_id = self.uuid();
        let result = self.attempt(&request_id, 1, &payload).await;
        self.record(&result);
        result
    }

    /// Queues an event as SNS and the scheduler do, and gives its request id. A failed attempt is followed by two more after one and two
    /// simulated minutes; a throttled one goes back to the queue (docs/reference/aws.md#lambda-asynchronous-calls).
    pub fn invoke_async(&self, payload: Value) -> String {
        queue::enqueue(self, payload)
    }

    /// Every attempt that has ended, in the order of their ends.
    pub fn results(&self) -> Vec<InvocationResult> {
        self.state().results.clone()
    }

    /// The events that were given up, as the on-failure destination keeps them.
    pub fn given_up(&self) -> Vec<GivenUp> {
        self.state().given_up.clone()
    }

    /// For each process that was started: the time from its start until it asked for its first event.
    pub fn cold_starts(&self) -> Vec<Duration> {
        self.state().cold_starts.clone()
    }

    /// How many attempts run now.
    pub fn running(&self) -> usize {
        self.state().running.len()
    }

    /// Sets the reserved concurrency, 5 at first. Takes effect with the next attempt.
    pub fn set_concurrency(&self, limit: usize) {
        self.state().concurrency = limit;
    }

    /// Sets a variable for processes started from now on, or removes it. Idle processes are ended, so the next event has a new one.
    pub fn set_variable(&self, name: &str, value: Option<&str>) {
        let mut state = self.state();
        match value {
            Some(value) => drop(state.variables.insert(name.to_owned(), value.to_owned())),
            None => drop(state.variables.remove(name)),
        }
        state.idle.clear();
    }

    /// Ends the idle processes, so that the next event meets a cold start.
    pub fn discard_idle(&self) {
        self.state().idle.clear();
    }

    /// Waits until every queued event is settled: answered, or given up. False when `limit` (real) passes first.
    pub async fn settled(&self, limit: Duration) -> bool {
        let mut outstanding = self.0.outstanding.subscribe();
        tokio::time::timeout(limit, outstanding.wait_for(|count| *count == 0)).await.is_ok()
    }

    /// Waits until there are at least so many results. False when `limit` (real) passes first.
    pub async fn results_reach(&self, count: usize, limit: Duration) -> bool {
        let mut finished = self.0.finished.subscribe();
        tokio::time::timeout(limit, finished.wait_for(|finished| *finished >= count)).await.is_ok()
    }

    pub(crate) fn has_function(&self) -> bool {
        self.0.settings.bootstrap.is_some()
    }

    pub(crate) fn uuid(&self) -> String {
        self.0.ids.uuid()
    }

    pub(crate) fn set_variables(&self, variables: BTreeMap<String, String>) {
        self.state().variables = variables;
    }

    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        self.state().variables.clone()
    }

    /// The request id of the event whose process signs with this token; without a token the only one that runs.
    pub(crate) fn invocation_of(&self, session: Option<&str>) -> Option<String> {
        let state = self.state();
        match session {
            Some(session) => state.running.get(session).map(|(request_id, _)| request_id.clone()),
            None if state.running.len() == 1 => state.running.values().next().map(|(request_id, _)| request_id.clone()),
            None => None,
        }
    }

    /// Kills the process that made a call: the one that signs with this token, or all that run when that cannot be told.
    pub(crate) async fn kill_caller(&self, session: Option<&str>) {
        let victims: Vec<Process> = {
            let state = self.state();
            let is_caller = |token: &str| session.is_none_or(|session| session == token);
            state
                .running
                .iter()
                .filter(|(token, _)| is_caller(token))
                .map(|(_, (_, process))| process.clone())
                .collect()
        };
        for process in victims {
            process.kill().await;
        }
    }

    /// Ends every process and lets no new one start.
    pub(crate) fn shut_down(&self) {
        let mut state = self.state();
        state.stopped = true;
        state.idle.clear();
        for (_, process) in state.running.values() {
            process.order_kill();
        }
    }

    fn record(&self, result: &InvocationResult) {
        self.record_event(EventKind::InvocationEnded {
            request_id: result.request_id.clone(),
            attempt: result.attempt,
            outcome: result.outcome.describe(),
            took_ms: result.took().as_millis() as u64,
        });
        self.state().results.push(result.clone());
        self.0.finished.send_modify(|count| *count += 1);
    }

    fn record_event(&self, kind: EventKind) {
        self.0.timeline.record_event(kind);
    }

    /// One attempt at an event.
    async fn attempt(&self, request_id: &str, attempt: u32, payload: &Value) -> InvocationResult {
        let started = time::now();
        let mut result = InvocationResult {
            request_id: request_id.to_owned(),
            attempt,
            environment: 0,
            outcome: Outcome::Throttled,
            started,
            ended: started,
            log: Vec::new(),
            max_rss: None,
        };
        let Some(_slot) = self.reserve() else { return result };
        match self.environment().await {
            Ok(environment) => self.run(environment, payload, &mut result).await,
            Err(stillborn) => (result.outcome, result.log) = (stillborn.outcome, stillborn.log),
        }
        result.ended = time::now();
        result
    }

    async fn run(&self, mut environment: Environment, payload: &Value, result: &mut InvocationResult) {
        result.environment = environment.number;
        let session = environment.session.clone();
        self.state().running.insert(session.clone(), (result.request_id.clone(), environment.process.clone()));
        self.record_event(EventKind::InvocationStarted {
            request_id: result.request_id.clone(),
            attempt: result.attempt,
            environment: environment.number,
        });
        let work = Handover {
            request_id: &result.request_id,
            invocation_id: self.uuid(),
            function_arn: self.0.settings.function_arn.clone(),
            payload,
            limit: self.0.settings.timeout,
        };
        let Handled { outcome, started, log, max_rss, reusable } = environment.run(work).await;
        (result.outcome, result.started, result.log, result.max_rss) = (outcome, started, log, max_rss);
        let mut state = self.state();
        state.running.remove(&session);
        if reusable && !state.stopped {
            state.idle.push(environment);
        }
    }

    fn reserve(&self) -> Option<Slot> {
        let mut state = self.state();
        if state.stopped || state.in_use >= state.concurrency {
            return None;
        }
        state.in_use += 1;
        Some(Slot(self.clone()))
    }

    /// An idle environment, or a new one.
    async fn environment(&self) -> Result<Environment, Stillborn> {
        let (number, mut variables) = {
            let mut state = self.state();
            while let Some(environment) = state.idle.pop() {
                if environment.process.runs() {
                    return Ok(environment);
                }
            }
            state.made += 1;
            (state.made, state.variables.clone())
        };
        let failed =
            |detail: &str| Stillborn { outcome: Outcome::Crashed { detail: detail.to_owned() }, log: Vec::new() };
        let bootstrap =
            self.0.settings.bootstrap.as_deref().ok_or_else(|| failed("no bootstrap was given to the simulator"))?;
        variables.insert("AWS_SESSION_TOKEN".to_owned(), session_token(number));
        self.record_event(EventKind::FunctionStarted { environment: number });
        let (environment, took) = Environment::start(number, bootstrap, variables).await?;
        self.record_event(EventKind::FunctionReady { environment: number, after_ms: took.as_millis() as u64 });
        self.state().cold_starts.push(took);
        Ok(environment)
    }
}

/// The token of an environment: letters, digits and hyphens only, so that it is the same in a header and in a query.
pub(crate) fn session_token(environment: u64) -> String {
    format!("holdfast-simulated-session-{environment}")
}

/// One unit of the reserved concurrency.
struct Slot(LambdaHost);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.state().in_use -= 1;
    }
}
