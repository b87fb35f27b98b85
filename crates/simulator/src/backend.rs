//! What the simulator, the drill, the measurements, the wire tests and the sabotage runner know of a cloud: one
//! [`CloudBackend`] for each, listed in [`clouds`](crate::clouds).

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Fault;
use crate::host::Host;
use crate::test_bed::{StartError, TestBed};
use crate::time::Pace;
use crate::world::State;

/// The function's executable on a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionProgram {
    /// Its file name.
    pub executable: &'static str,
    /// The cargo package that makes it.
    pub package: &'static str,
}

/// The calls to the API that switches traffic. Names and patterns are those of [`faults`](crate::faults).
#[derive(Debug, Clone, Copy)]
pub struct TrafficCalls {
    /// The call with which traffic is locked.
    pub lock: &'static str,
    /// All calls.
    pub all: &'static [&'static str],
    /// Code of the error with which the lock call says that somebody else has written: a 409.
    pub conflict: &'static str,
    /// Code of the error with which it is forbidden: a 403.
    pub denied: &'static str,
    /// How the API says that there are too many calls.
    pub throttled: fn() -> Fault,
}

/// The other calls of the function, outside of the traffic API.
#[derive(Debug, Clone, Copy)]
pub struct PlatformCalls {
    /// The writes of a failover to the cloud.
    pub writes: &'static [&'static str],
    /// The calls of a failover to the cloud that a test throttles.
    pub throttled: &'static [&'static str],
    /// How these services say that there are too many calls.
    pub throttling: fn() -> Fault,
    /// The calls to the cluster that are throttled beside them: `update:leases`.
    pub throttled_in_cluster: &'static [&'static str],
    /// How often each of these calls is throttled before it passes.
    pub throttled_times: u32,
    /// What only the first call of a process asks for.
    pub asked_once: &'static [&'static str],
    /// How many calls of the function one alarm makes.
    pub per_alarm: usize,
}

/// The parts of a site that a cloud is asked for. A mixed site has them from two clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The function, the standby cluster, the history of the primary and the rule that calls the function.
    Function,
    /// The control that switches traffic.
    Traffic,
}

/// A cloud.
pub trait CloudBackend: fmt::Debug + Sync {
    /// Its name on the command line: lower case, one word.
    fn name(&self) -> &'static str;

    /// What is simulated of it, as a list of services.
    fn services(&self) -> &'static str;

    /// The function's executable.
    fn program(&self) -> FunctionProgram;

    /// The calls to its traffic API.
    fn traffic_calls(&self) -> TrafficCalls;

    /// The function's other calls when it runs there.
    fn platform_calls(&self) -> PlatformCalls;

    /// The beginnings of the names of calls to services that are reached by the way out of the standby's network.
    fn services_outside(&self) -> &'static [&'static str];

    /// Whether a user of the standby cluster is the function.
    fn is_function(&self, user: &str) -> bool;

    /// The session that a bearer token for the cluster was made in; it tells the function's process.
    fn session_of(&self, bearer: &str) -> Option<String>;

    /// The topic of the site's people, where the cloud has topics that a function may write to.
    fn topic(&self) -> Option<String> {
        None
    }

    /// Messages of this cloud's shapes that mean nothing, each of which a function on any cloud must ignore. `variables`: what the
    /// function is told.
    fn nonsense(&self, variables: &BTreeMap<String, String>) -> Vec<Value>;

    /// A world under this cloud, in both roles. `seed` makes its ids.
    fn world(&self, now: Timestamp, pace: Pace, seed: u64) -> State;

    /// Puts this cloud's traffic control into a world that another cloud made.
    ///
    /// # Errors
    /// [`StartError::NoForeignTraffic`]: it has none for others.
    fn take_over_traffic(&self, _state: &mut State, _now: Timestamp) -> Result<(), StartError> {
        Err(StartError::NoForeignTraffic(self.name()))
    }

    /// Starts its services for a role. With [`Role::Function`] they include the traffic control, if it is this cloud's.
    ///
    /// # Errors
    /// When a port cannot be opened, or what ships is not usable.
    fn start<'a>(&'a self, bed: &'a TestBed<'_>, role: Role) -> BoxFuture<'a, Result<Started, StartError>>;
}

/// A cloud that has been started.
pub struct Started {
    /// Who runs the function; `None` where another cloud does.
    pub(crate) host: Option<Arc<dyn Host>>,
    /// What the function's process is told.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) services: Box<dyn CloudServices>,
}

/// The running services of a cloud, as tests and drills use them. They end when they are dropped.
pub trait CloudServices: Any + Send + Sync {
    /// The calls of the function that its rights did not allow, each as action and resource.
    fn refused(&self) -> Vec<String>;

    /// Texts that a log must never hold: credentials, the beginnings of tokens.
    fn secrets(&self) -> Vec<String>;

    /// Messages for the way that alarms take ([`Host::deliver`]), well formed and not about our primary or not from our rule. Each is
    /// wrong in one thing only, so that no other check can hide that this one is missing.
    fn foreign_alarms(&self) -> Vec<Value>;

    /// Writes down, where the cloud's operators look for it, that a failover began at this time.
    fn note_failover(&self, at: Timestamp);
}
