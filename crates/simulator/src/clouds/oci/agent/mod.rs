//! The Fn agent: it starts the shipped executable in containers, hands each one call at a time over its socket, and judges the answers by
//! the contract (docs/reference/oci.md#function-contract).
//!
//! # Layout
//!
//! - `func`: what is deployed beside the executable; `call`: one call in the agent's words
//! - `socket`: where a container must listen, and how; `container`: one running process
//! - `host`: all of it as a host of the function
//!
//! Not simulated: the freezing of a container between two calls, its limits on processes, files and memory, its user.

mod call;
mod container;
mod func;
mod host;
mod socket;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

pub(crate) use call::Delivery;
pub(crate) use func::Func;

use super::policy::PolicyJudge;
use super::principals::Principals;
use super::tick::TickAlarm;
use crate::host::{GivenUp, InvocationResult, Outcome, Process};
use crate::ids::Ids;
use crate::time::{self, Pace};
use crate::timeline::{EventKind, Timeline};
use container::{Container, Stillborn};

/// How the function is deployed. Durations are real.
pub(crate) struct Settings {
    pub(crate) executable: Option<PathBuf>,
    pub(crate) func: Func,
    /// The limit of a call that the caller waits for.
    pub(crate) timeout: Duration,
    pub(crate) pace: Pace,
}

/// The agent. Clones share it.
#[derive(Clone)]
pub struct FnAgent(Arc<Inner>);

struct Inner {
    settings: Settings,
    ids: Ids,
    tick: Mutex<TickAlarm>,
    timeline: Timeline,
    principals: Principals,
    judge: PolicyJudge,
    state: Mutex<State>,
    outstanding: watch::Sender<usize>,
    finished: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    variables: BTreeMap<String, String>,
    /// Containers started so far; the newest has this number.
    made: u64,
    idle: Vec<Container>,
    /// By session: which call runs in which container.
    running: BTreeMap<String, (String, Process)>,
    results: Vec<InvocationResult>,
    given_up: Vec<GivenUp>,
    cold_starts: Vec<Duration>,
    /// Limit of detached calls, real; unset it is that of the others.
    detached_timeout: Option<Duration>,
    stopped: bool,
}

impl FnAgent {
    pub(crate) fn new(
        settings: Settings,
        seed: u64,
        timeline: Timeline,
        principals: Principals,
        judge: PolicyJudge,
    ) -> Self {
        Self(Arc::new(Inner {
            settings,
            ids: Ids::new(seed),
            tick: Mutex::new(TickAlarm::new(seed)),
            timeline,
            principals,
            judge,
            state: Mutex::default(),
            outstanding: watch::Sender::new(0),
            finished: watch::Sender::new(0),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no code panics while it holds this lock")
    }

    /// Every call that has ended, in the order of their ends.
    pub fn results(&self) -> Vec<InvocationResult> {
        self.state().results.clone()
    }

    /// The messages that Notifications gave up.
    pub fn given_up(&self) -> Vec<GivenUp> {
        self.state().given_up.clone()
    }

    /// Sets a variable for containers started from now on, or removes it. Idle ones are ended.
    pub fn set_variable(&self, name: &str, value: Option<&str>) {
        let mut state = self.state();
        match value {
            Some(value) => drop(state.variables.insert(name.to_owned(), value.to_owned())),
            None => drop(state.variables.remove(name)),
        }
        state.idle.clear();
    }

    /// Sets the limit (real) of detached calls.
    pub fn set_detached_timeout(&self, limit: Duration) {
        self.state().detached_timeout = Some(limit);
    }

    /// Has the alarm that is the tick repeat each so many minutes (simulated), and not after one to three of them.
    pub fn set_tick_minutes(&self, minutes: u32) {
        self.0.tick.lock().expect("no code panics while it holds this lock").set_minutes(minutes);
    }

    /// A detached call of an operator: it is taken at once, and nobody waits for its answer. Gives its id.
    pub fn invoke_detached(&self, payload: &Value) -> String {
        let id = self.uuid();
        let delivery = Delivery::of_operator(&id, payload.to_string().into_bytes());
        self.spawn(delivery.detached());
        id
    }

    /// Waits until there are at least so many results. False when `limit` (real) passes first.
    pub async fn results_reach(&self, count: usize, limit: Duration) -> bool {
        let mut finished = self.0.finished.subscribe();
        tokio::time::timeout(limit, finished.wait_for(|finished| *finished >= count)).await.is_ok()
    }

    pub(super) fn uuid(&self) -> String {
        self.0.ids.uuid()
    }

    pub(super) fn pace(&self) -> Pace {
        self.0.settings.pace
    }

    pub(super) fn record_event(&self, what: EventKind) {
        self.0.timeline.record_event(what);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    pub(super) fn give_up(&self, given_up: GivenUp) {
        self.record_event(EventKind::GaveUp { request_id: given_up.request_id.clone() });
        self.state().given_up.push(given_up);
    }

    /// Counts something that has been handed over, until it is dropped.
    pub(super) fn begin(&self) -> Outstanding {
        self.0.outstanding.send_modify(|count| *count += 1);
        Outstanding(self.clone())
    }

    /// Takes a call over, and works on it in a task of its own.
    pub(super) fn spawn(&self, delivery: Delivery) {
        let (agent, outstanding) = (self.clone(), self.begin());
        tokio::spawn(async move {
            drop(agent.deliver(delivery).await);
            drop(outstanding);
        });
    }

    /// One call, and the status that the caller sees.
    pub(super) async fn deliver(&self, delivery: Delivery) -> (InvocationResult, u16) {
        let started = time::now();
        let mut result = InvocationResult {
            request_id: delivery.request_id.clone(),
            attempt: delivery.attempt,
            environment: 0,
            outcome: Outcome::Throttled,
            started,
            ended: started,
            log: Vec::new(),
            max_rss: None,
        };
        let status = match self.container().await {
            Ok(container) => self.run(container, &delivery, &mut result).await,
            Err(stillborn) => {
                (result.outcome, result.log) = (Outcome::Crashed { detail: stillborn.why }, stillborn.log);
                stillborn.status
            }
        };
        result.ended = time::now();
        self.record(&result);
        (result, status)
    }

    async fn run(&self, mut container: Container, delivery: &Delivery, result: &mut InvocationResult) -> u16 {
        let (session, number) = (container.session.clone(), container.number);
        (result.environment, result.started) = (number, time::now());
        self.state().running.insert(session.clone(), (result.request_id.clone(), container.process.clone()));
        self.record_event(EventKind::InvocationStarted {
            request_id: result.request_id.clone(),
            attempt: result.attempt,
            environment: number,
        });
        let detached = self.state().detached_timeout.filter(|_| delivery.detached);
        let limit = detached.unwrap_or(self.0.settings.timeout);
        let whole = self.pace() == Pace::new(1.0);
        let reply = container.call(delivery.request(&self.uuid(), time::now(), limit, whole), limit).await;
        result.max_rss = container.process.peak_memory();
        let keeps = reply.keeps_the_container();
        if !keeps {
            container.process.kill().await;
        }
        result.log = container.new_lines().await;
        let mut state = self.state();
        state.running.remove(&session);
        if keeps && !state.stopped {
            state.idle.push(container);
        }
        drop(state);
        let (outcome, status) = reply.judged();
        result.outcome = outcome;
        status
    }

    /// An idle container, or a new one.
    async fn container(&self) -> Result<Container, Stillborn> {
        let (number, mut variables) = {
            let mut state = self.state();
            if state.stopped {
                return Err(Stillborn::failed("the simulator is being stopped"));
            }
            while let Some(container) = state.idle.pop() {
                if container.process.runs() {
                    return Ok(container);
                }
            }
            state.made += 1;
            (state.made, state.variables.clone())
        };
        let executable = self.0.settings.executable.as_deref().ok_or_else(Stillborn::without_function)?;
        let seat = self.0.principals.seat(number).map_err(|error| Stillborn::failed(&error.to_string()))?;
        variables.insert("FN_MEMORY".to_owned(), self.0.settings.func.memory.to_string());
        variables.insert("OCI_RESOURCE_PRINCIPAL_RPST".to_owned(), seat.token.display().to_string());
        variables.insert("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM".to_owned(), seat.key.display().to_string());
        self.record_event(EventKind::FunctionStarted { environment: number });
        let (container, took) = Container::start(number, seat.session, executable, variables).await?;
        self.record_event(EventKind::FunctionReady { environment: number, after_ms: took.as_millis() as u64 });
        self.state().cold_starts.push(took);
        Ok(container)
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
}

/// Something that has been handed over and is not settled.
pub(super) struct Outstanding(FnAgent);

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.0.outstanding.send_modify(|count| *count -= 1);
    }
}
