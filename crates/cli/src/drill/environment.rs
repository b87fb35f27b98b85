//! The simulator during one scenario, and what a scenario can do on it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use holdfast_core::record::State;
use holdfast_simulator::{
    Options, Simulator, StartError, backend::CloudBackend, host::InvocationResult, time, world::Outage,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::setup::{Setup, Stuck};
use crate::args::DrillArguments;

/// The holdoff of every drill, in simulated seconds: the reference's default.
pub const HOLDOFF_S: f64 = 180.0;
/// The cooldown likewise.
pub const COOLDOWN_S: f64 = 300.0;
/// The longest that a scenario waits for one thing, in simulated seconds: twenty minutes.
const PATIENCE_S: f64 = 1200.0;
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(20);

/// What is needed to start an environment.
pub struct Terms {
    setup: Setup,
    cloud: &'static dyn CloudBackend,
    pace: f64,
    seed: u64,
    bootstrap: PathBuf,
}

impl Terms {
    /// The terms of a scenario that begins like this.
    pub fn new(setup: Setup, arguments: &DrillArguments, bootstrap: &Path) -> Self {
        let DrillArguments { cloud, compress: pace, seed, .. } = *arguments;
        Self { setup, cloud, pace, seed, bootstrap: bootstrap.to_owned() }
    }
}

/// One scenario's world.
pub struct Environment {
    /// The clouds and the cluster.
    pub sim: Simulator,
    /// Simulated seconds per real one.
    pub pace: f64,
    /// When the scenario began.
    pub began: Timestamp,
    /// The uids of all secrets at that time.
    pub secrets_before: BTreeMap<String, String>,
    /// How often the API had written what is locked, before.
    pub lock_writes_before: u64,
    broke_at: Mutex<Option<Timestamp>>,
}

impl Environment {
    /// Starts the simulator and lets it settle.
    pub async fn open(terms: Terms) -> Result<Self, StartError> {
        let Terms { setup, cloud, pace, seed, bootstrap } = terms;
        let options = Options {
            cloud,
            traffic: setup.traffic,
            client_certificate: setup.client_certificate,
            pace,
            seed,
            bootstrap: Some(bootstrap),
            // A Lambda function lives for 900 s at most.
            function_timeout: Duration::from_secs_f64(900.0 / pace),
            function_env: variables(&setup, pace),
            standby: setup.standby,
            people: setup.people,
            ..Options::default()
        };
        let sim = Simulator::start(options).await?;
        let secrets_before = uids(&sim);
        let lock_writes_before = sim.world().snapshot().lock.writes;
        let broke_at = Mutex::new(None);
        Ok(Self { sim, pace, began: time::now(), secrets_before, lock_writes_before, broke_at })
    }

    /// Simulated seconds as real time.
    pub fn seconds(&self, simulated: f64) -> Duration {
        Duration::from_secs_f64(simulated / self.pace)
    }

    /// Lets time pass.
    pub async fn pass(&self, simulated: f64) {
        tokio::time::sleep(self.seconds(simulated)).await;
    }

    /// Takes the primary down.
    pub fn break_primary(&self, outage: Outage) {
        self.note_broken(time::now());
        self.sim.world().break_primary(outage);
    }

    /// From when on failing time may be counted, where that is not the moment of the break.
    pub fn note_broken(&self, at: Timestamp) {
        *self.broke_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// When the primary broke.
    pub fn broke_at(&self) -> Option<Timestamp> {
        *self.broke_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `is_so`, or gives up.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) -> Result<(), Stuck> {
        let give_up = tokio::time::Instant::from_std(deadline(self.seconds(PATIENCE_S)));
        while !is_so(self) {
            if tokio::time::timeout_at(give_up, tokio::time::sleep(GLANCE)).await.is_err() {
                return Err(format!("waited {PATIENCE_S} simulated seconds for this: {what}"));
            }
        }
        Ok(())
    }

    /// Waits until the failover is recorded as done, the lock included.
    pub async fn until_failed_over(&self) -> Result<(), Stuck> {
        self.until("the failover is done", |environment| environment.state().is_some_and(|state| state.failed_over()))
            .await
    }

    /// Waits until an execution with this status is recorded.
    pub async fn until_status(&self, status: holdfast_core::record::Status) -> Result<(), Stuck> {
        let what = format!("an execution is {status:?}");
        let is = |state: State| state.current.is_some_and(|run| run.status == status);
        self.until(&what, |environment| environment.state().is_some_and(is)).await
    }

    /// The primary comes back after a failover. Traffic must not follow it, however long we look.
    pub async fn primary_returns(&self) {
        self.sim.world().heal_primary();
        self.pass(240.0).await;
    }

    /// Calls the function by hand, as the cloud's own tool does.
    pub async fn invoke(&self, payload: Value) -> InvocationResult {
        self.sim.host().operate(payload).await
    }

    /// An operator's call that has to be answered.
    pub async fn operator(&self, action: &str, reason: &str) -> Result<Value, Stuck> {
        self.operators_call(json!({"action": action, "reason": reason})).await
    }

    /// The same, with all that it says.
    pub async fn operators_call(&self, call: Value) -> Result<Value, Stuck> {
        let action = call["action"].clone();
        let result = self.invoke(call).await;
        let answer = result.outcome.answer().cloned();
        answer.ok_or_else(|| format!("{action} was not answered but {}", result.outcome.describe()))
    }

    /// The document as it is on the standby now; `None` while it is empty or cannot be read.
    pub fn state(&self) -> Option<State> {
        let config_map = self.sim.cluster().get("configmaps", "holdfast")?;
        serde_json::from_str(config_map["data"]["state"].as_str()?).ok()
    }

    /// Puts a document into the record, as a person with `kubectl edit` or a restored backup does.
    pub fn plant(&self, state: &State) {
        let mut config_map = self.sim.cluster().get("configmaps", "holdfast").unwrap_or_default();
        config_map["data"]["state"] = serde_json::to_string(state).unwrap_or_default().into();
        self.sim.cluster().apply(config_map).expect("a ConfigMap with other data is valid");
    }

    /// Sets the operator's replicas, as a person or a GitOps manager does.
    pub fn scale_by_hand(&self, replicas: i64) {
        let mut deployment = self.sim.cluster().get("deployments", "humio-operator").unwrap_or_default();
        deployment["spec"]["replicas"] = replicas.into();
        self.sim.cluster().apply(deployment).expect("a Deployment with other replicas is valid");
    }

    /// Lets what runs come to its end, and no more come.
    pub async fn settle(&self) {
        self.sim.world().set_scheduler(false);
        self.sim.world().set_alarm(false);
        self.sim.host().settled(self.seconds(PATIENCE_S)).await;
    }

    /// Ends it.
    pub async fn close(self) {
        self.sim.stop().await;
    }
}

/// The moment `after` from now.
#[allow(clippy::disallowed_methods, reason = "a drill waits in real time")]
fn deadline(after: Duration) -> std::time::Instant {
    std::time::Instant::now() + after
}

/// Name to uid of every secret.
pub fn uids(sim: &Simulator) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let secrets = sim.cluster().list("secrets");
    secrets.iter().map(|secret| (text(&secret["metadata"]["name"]), text(&secret["metadata"]["uid"]))).collect()
}

/// The function's own numbers, at the drill's pace. Bounds of single calls stay real: a busy laptop is not a failing cloud.
fn variables(setup: &Setup, pace: f64) -> BTreeMap<String, String> {
    let paced = |simulated: f64, least: f64| (simulated / pace).max(least).to_string();
    let own = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "1".to_owned()),
        ("HOLDFAST_PROBE_TIMEOUT_SECONDS", "0.5".to_owned()),
        ("HOLDFAST_OBSERVE_SECONDS", "2".to_owned()),
        ("HOLDFAST_LEASE_SECONDS", paced(30.0, 2.5)),
        ("HOLDFAST_MARGIN_SECONDS", paced(20.0, 1.0)),
        ("HOLDFAST_STANDS_STILL_SECONDS", paced(300.0, 5.0)),
        ("HOLDFAST_WELL_SECONDS", paced(600.0, 1.0)),
        ("HOLDFAST_VERIFY_SECONDS", paced(120.0, 4.0)),
        ("BASE_DELAY_SECONDS", "0.1".to_owned()),
        ("MAX_DELAY_SECONDS", "1".to_owned()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    own.chain(setup.variables.clone()).collect()
}
