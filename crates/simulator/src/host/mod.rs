//! Who runs the function, whatever the cloud: what every such service can do, and the process and results they have in common.

mod process;
mod result;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) use process::Process;
pub use result::{GivenUp, InvocationResult, LogLine, Outcome};

/// A notification of the rule that watches the primary's metric, before its service puts it into an envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What the rule says, in the schema of its service.
    pub body: Value,
    /// The state that is notified, in the service's words.
    pub state: &'static str,
    /// When the state was entered.
    pub at: Timestamp,
    /// How often it is delivered; more than once where the service delivers at least once. At least 1.
    pub copies: u32,
}

/// A service that runs the function: Lambda, the Functions host, an Fn agent. Handles share one service.
///
/// Everything that its process may need is handed over before the first event: [`Host::set_variables`].
pub trait Host: Any + Send + Sync {
    /// An operator's call, as the cloud's own tool makes it, and its outcome. It is not tried again.
    fn operate(&self, payload: Value) -> BoxFuture<'_, InvocationResult>;

    /// A message on the way that alarms take, delivered once, and its outcome. It need not be an alarm of ours, or one at all.
    fn deliver(&self, message: Value) -> BoxFuture<'_, InvocationResult>;

    /// Delivers a notification of our own rule, with the repetitions of the cloud's service. Nothing happens without a function.
    fn notify(&self, notice: Notice);

    /// The scheduler's tick; the id of the call, or nothing where none was made.
    fn tick(&self) -> Option<String>;

    /// Every attempt that has ended, in the order of their ends.
    fn results(&self) -> Vec<InvocationResult>;

    /// How many attempts run now.
    fn running(&self) -> usize;

    /// For each process that was started: the time until it could take an event.
    fn cold_starts(&self) -> Vec<Duration>;

    /// Ends the processes that wait for an event, so that the next event meets a cold start.
    fn discard_idle(&self);

    /// Waits until every event that was handed over is settled: answered, or given up. False when `limit` (real) passes first.
    fn settled(&self, limit: Duration) -> BoxFuture<'_, bool>;

    /// The variables that the function's processes get.
    fn variables(&self) -> BTreeMap<String, String>;

    /// Sets them for processes started from now on.
    fn set_variables(&self, variables: BTreeMap<String, String>);

    /// The request id of the event whose process bears this session; without one the only event that runs.
    fn invocation_of(&self, session: Option<&str>) -> Option<String>;

    /// Kills the process that made a call: the one of this session, or all that run where that cannot be told.
    fn kill_caller<'a>(&'a self, session: Option<&'a str>) -> BoxFuture<'a, ()>;

    /// Ends every process and lets no new one start.
    fn shut_down(&self);
}

/// A place for the host, filled once it is there: the services that it is built on need the gate, and the gate asks the host.
/// Clones share it.
#[derive(Clone, Default)]
pub(crate) struct HostSlot(Arc<OnceLock<Arc<dyn Host>>>);

impl HostSlot {
    /// Puts the host there. Only the first one counts.
    pub(crate) fn fill(&self, host: Arc<dyn Host>) {
        drop(self.0.set(host));
    }

    /// The host, once it is there.
    pub(crate) fn get(&self) -> Option<&Arc<dyn Host>> {
        self.0.get()
    }

    /// See [`Host::invocation_of`].
    pub(crate) fn invocation_of(&self, session: Option<&str>) -> Option<String> {
        self.get()?.invocation_of(session)
    }

    /// See [`Host::kill_caller`].
    pub(crate) async fn kill_caller(&self, session: Option<&str>) {
        if let Some(host) = self.get() {
            host.kill_caller(session).await;
        }
    }
}

impl fmt::Debug for HostSlot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HostSlot").field("filled", &self.get().is_some()).finish()
    }
}
