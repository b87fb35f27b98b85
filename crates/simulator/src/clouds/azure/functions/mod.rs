//! The Azure Functions host: it starts the shipped handler and calls it for HTTP requests, queue messages and the timer, as `host.json`
//! and the `function.json` files say (docs/reference/azure.md#custom-handler-process).
//!
//! # Layout
//!
//! - `app`: what is deployed; `envelope`: the JSON between host and handler; `worker`: one running handler
//! - `invocation`: one call of the handler, whatever triggered it
//! - `host`: all of it as a host of the function; `http`: the front door; `messages`: the queue trigger; `timer`: the tick
//!
//! Not simulated: several instances of the host, retry policies in `function.json`, bindings other than HTTP, queue and timer.

mod app;
mod envelope;
mod host;
mod http;
mod invocation;
mod messages;
mod timer;
mod worker;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

pub(crate) use app::App;

pub(crate) use messages::Listeners;

use crate::clouds::azure::{Identity, Queues};
use crate::host::{GivenUp, InvocationResult, LogLine};
use crate::ids::Ids;
use crate::time::{self, Pace, between};
use crate::timeline::{EventKind, Timeline};
use worker::Worker;

/// So many ends of the handler's process within this time stop the host; the platform starts it again after a while
/// (docs/reference/azure.md#custom-handler-process).
const MOST_CRASHES: usize = 3;
/// Simulated seconds in which these ends are counted.
const CRASH_WINDOW_S: f64 = 1800.0;
/// Simulated seconds until the platform starts a stopped host again. Not documented; half a minute is plausible.
const PLATFORM_RESTART_S: f64 = 30.0;

/// How the host is set up. Durations are real.
pub(crate) struct Settings {
    pub(crate) handler: Option<PathBuf>,
    pub(crate) app: App,
    /// `functionTimeout`.
    pub(crate) timeout: Duration,
    pub(crate) pace: Pace,
    /// The key that callers over HTTP must bring.
    pub(crate) key: String,
}

/// The host. Clones share it.
#[derive(Clone)]
pub struct FunctionsHost(Arc<Inner>);

struct Inner {
    settings: Settings,
    ids: Ids,
    timeline: Timeline,
    queues: Queues,
    identity: Identity,
    state: Mutex<State>,
    /// Held while a handler is being started, so that there is one.
    starting: tokio::sync::Mutex<()>,
    outstanding: watch::Sender<usize>,
    finished: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    variables: BTreeMap<String, String>,
    worker: Option<Arc<Worker>>,
    /// Handlers started so far.
    made: u64,
    /// Changes when the host restarts; what was begun under another number is gone.
    generation: u64,
    /// Ids of the invocations that run.
    running: Vec<String>,
    results: Vec<InvocationResult>,
    given_up: Vec<GivenUp>,
    cold_starts: Vec<Duration>,
    crashes: Vec<Timestamp>,
    /// The host is stopped until then.
    stopped_until: Option<Timestamp>,
    /// So many messages will lose their lease while they are worked on.
    lose_leases: u32,
    last_tick: Option<Timestamp>,
    /// Whether a tick is being worked on.
    ticking: bool,
    stray: Vec<LogLine>,
    /// The action group leaves us alone until then.
    resting_until: Option<Timestamp>,
    stopped: bool,
}

impl FunctionsHost {
    pub(crate) fn new(settings: Settings, seed: u64, timeline: Timeline, queues: Queues, identity: Identity) -> Self {
        Self(Arc::new(Inner {
            settings,
            ids: Ids::new(seed),
            timeline,
            queues,
            identity,
            state: Mutex::default(),
            starting: tokio::sync::Mutex::default(),
            outstanding: watch::Sender::new(0),
            finished: watch::Sender::new(0),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no code panics while it holds this lock")
    }

    /// Every invocation that has ended, in the order of their ends.
    pub fn results(&self) -> Vec<InvocationResult> {
        self.state().results.clone()
    }

    /// The messages that went to a poison queue.
    pub fn given_up(&self) -> Vec<GivenUp> {
        self.state().given_up.clone()
    }

    /// For each handler that was started: the time until it listened.
    pub fn cold_starts(&self) -> Vec<Duration> {
        self.state().cold_starts.clone()
    }

    /// How many invocations run now.
    pub fn running(&self) -> usize {
        self.state().running.len()
    }

    /// The lines that handlers wrote outside of any invocation.
    pub fn stray_lines(&self) -> Vec<LogLine> {
        let mut state = self.state();
        if let Some(worker) = state.worker.clone().filter(|_| state.running.is_empty()) {
            state.stray.extend(worker.new_lines());
        }
        state.stray.clone()
    }

    /// How many lines were written to stderr, which the host counts as errors.
    pub fn error_lines(&self) -> usize {
        let stray = self.stray_lines();
        let state = self.state();
        let lines = state.results.iter().flat_map(|result| &result.log).chain(&stray);
        lines.filter(|line| line.stderr).count()
    }

    /// Waits until there are at least so many results. False when `limit` (real) passes first.
    pub async fn results_reach(&self, count: usize, limit: Duration) -> bool {
        let mut finished = self.0.finished.subscribe();
        tokio::time::timeout(limit, finished.wait_for(|finished| *finished >= count)).await.is_ok()
    }

    /// Waits until nothing runs and no message can be seen or is worked on; hidden messages are not waited for. False when `limit`
    /// (real) passes first.
    pub async fn settled(&self, limit: Duration) -> bool {
        let mut outstanding = self.0.outstanding.subscribe();
        tokio::time::timeout(limit, outstanding.wait_for(|count| *count == 0)).await.is_ok()
    }

    /// The queues of the storage account.
    pub fn queues(&self) -> &Queues {
        &self.0.queues
    }

    /// Sets a variable for handlers started from now on, or removes it. The running one is ended when it is idle.
    pub fn set_variable(&self, name: &str, value: Option<&str>) {
        let mut state = self.state();
        match value {
            Some(value) => drop(state.variables.insert(name.to_owned(), value.to_owned())),
            None => drop(state.variables.remove(name)),
        }
        if state.running.is_empty() {
            state.worker = None;
        }
    }

    /// Ends the handler if nothing runs in it, so that the next event meets a cold start.
    pub fn discard_idle(&self) {
        let mut state = self.state();
        if state.running.is_empty() {
            state.worker = None;
        }
    }

    /// The next `count` messages can be seen again at once while they are worked on, as when the host fails to renew their lease.
    pub fn lose_leases(&self, count: u32) {
        self.state().lose_leases = count;
    }

    /// Restarts the host, as the platform does for an update: what runs is killed with its process, messages that were being worked
    /// on come back when their lease ends.
    pub async fn restart(&self, why: &str) {
        self.record_event(EventKind::HostRestarted { why: why.to_owned() });
        let worker = {
            let mut state = self.state();
            state.generation += 1;
            state.worker.take()
        };
        if let Some(worker) = worker {
            worker.process.kill().await;
        }
    }

    /// Whether the action group leaves the function alone, after it had no answer too often.
    pub(crate) fn is_resting(&self) -> bool {
        self.state().resting_until.is_some_and(|until| time::now() < until)
    }

    /// Has the action group leave the function alone for a while (real).
    pub(crate) fn rest(&self, span: Duration) {
        self.state().resting_until = Some(time::plus(time::now(), span));
    }

    /// `functionTimeout`, real.
    pub(crate) fn timeout(&self) -> Duration {
        self.0.settings.timeout
    }

    /// The queue that the first function with a queue trigger works from.
    pub(crate) fn work_queue(&self) -> String {
        let mut triggers =
            self.0.settings.app.functions.iter().filter_map(|function| function.triggered_by("queueTrigger"));
        triggers.find_map(|trigger| trigger.queue_name.clone()).unwrap_or_default()
    }

    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        self.state().variables.clone()
    }

    pub(crate) fn set_variables(&self, variables: BTreeMap<String, String>) {
        self.state().variables = variables;
    }

    /// The invocation that runs, when there is only one.
    pub(crate) fn only_invocation(&self) -> Option<String> {
        match self.state().running.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// Kills the handler's process. The host goes on.
    pub(crate) async fn kill_worker(&self) {
        let worker = self.state().worker.clone();
        if let Some(worker) = worker {
            worker.process.kill().await;
        }
    }

    pub(crate) fn shut_down(&self) {
        let mut state = self.state();
        state.stopped = true;
        if let Some(worker) = state.worker.take() {
            worker.process.order_kill();
        }
    }

    /// Starts listening to the queues. Ends with the handle.
    pub(crate) fn listen(&self) -> Listeners {
        Listeners::start(self)
    }

    pub(crate) fn pace(&self) -> Pace {
        self.0.settings.pace
    }

    pub(crate) fn record_event(&self, kind: EventKind) {
        self.0.timeline.record_event(kind);
    }

    fn now_and_guid(&self) -> (Timestamp, String) {
        (time::now(), self.0.ids.uuid())
    }

    fn begin(&self) -> Outstanding {
        self.0.outstanding.send_modify(|count| *count += 1);
        Outstanding(self.clone())
    }

    /// The running handler, or a new one.
    async fn worker(&self) -> Result<Arc<Worker>, String> {
        let _one_at_a_time = self.0.starting.lock().await;
        let handler = self.0.settings.handler.as_deref().ok_or("no handler was given to the simulator")?;
        let (number, mut variables, pause) = {
            let mut state = self.state();
            if state.stopped {
                return Err("the simulator is being stopped".to_owned());
            }
            if let Some(worker) = state.worker.clone().filter(|worker| worker.process.runs()) {
                return Ok(worker);
            }
            state.made += 1;
            let pause = state.stopped_until.take().map(|until| between(time::now(), until)).unwrap_or_default();
            (state.made, state.variables.clone(), pause)
        };
        tokio::time::sleep(pause).await;
        variables.insert("IDENTITY_HEADER".to_owned(), self.0.identity.rotate());
        self.record_event(EventKind::FunctionStarted { environment: number });
        let (worker, took) = Worker::start(number, handler, variables).await.inspect_err(|_| self.count_crash())?;
        self.record_event(EventKind::FunctionReady { environment: number, after_ms: took.as_millis() as u64 });
        let worker = Arc::new(worker);
        let mut state = self.state();
        state.cold_starts.push(took);
        state.worker = (!state.stopped).then(|| worker.clone());
        Ok(worker)
    }

    /// Counts an end of the handler's process; too many stop the host for a while.
    fn count_crash(&self) {
        let now = time::now();
        let pace = self.0.settings.pace;
        let mut state = self.state();
        state.crashes.push(now);
        state.crashes.retain(|at| between(*at, now) < pace.seconds(CRASH_WINDOW_S));
        if state.crashes.len() >= MOST_CRASHES {
            state.crashes.clear();
            state.generation += 1;
            state.stopped_until = Some(time::plus(now, pace.seconds(PLATFORM_RESTART_S)));
            drop(state);
            self.record_event(EventKind::HostRestarted {
                why: format!("the handler's process ended {MOST_CRASHES} times"),
            });
        }
    }

    fn record(&self, result: InvocationResult) {
        self.record_event(EventKind::InvocationEnded {
            request_id: result.request_id.clone(),
            attempt: result.attempt,
            outcome: result.outcome.describe(),
            took_ms: result.took().as_millis() as u64,
        });
        self.state().results.push(result);
        self.0.finished.send_modify(|count| *count += 1);
    }

    /// An operator's call of the function that is made for operators; the key comes with it.
    pub async fn operate(&self, payload: Value) -> InvocationResult {
        match self.0.settings.app.operator().cloned() {
            Some(function) => self.post(&function, payload.to_string().into_bytes()).await.0,
            None => invocation::without_function("no function for operators is deployed"),
        }
    }
}

/// Something that has been handed over and is not settled.
struct Outstanding(FunctionsHost);

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.0.outstanding.send_modify(|count| *count -= 1);
    }
}
