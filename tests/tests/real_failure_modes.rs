//! Every step of the shipped Kubernetes runbook in every way, on a real control plane and under the Role that we ship: engine, steps,
//! lease and record are those of the function, pods really roll out, and what was changed is what the API server says was changed.
//! The primary and the lock, which are no business of Kubernetes, are core's fakes.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use holdfast_core::{
    Clock, Timestamp,
    clock::until,
    engine::{Action, Engine, Limits, Request},
    fakes::{Effect, FakeStep, World},
    kind::Kind,
    record::{State, Trigger},
    retry::RetryPolicy,
    runbook::Runbook,
    step::Need,
};
use holdfast_kubernetes::store;
use holdfast_proof::failure_modes::{
    Account, FailureMode, Plan, TestBed, every_step_every_way, fault_injection::FaultInjection,
};
use holdfast_simulator::kubernetes::{StandbyFixture, TlsFixture};
use holdfast_testbed::{Assets, AuditEntry, required_or_skipped};
use holdfast_tests::{
    clock::FollowedClock,
    operator::PlayedOperator,
    test_cluster::{RealBackend, TestCluster},
};

/// Namespaces in which there is a failover at the same time: each is mostly waiting.
const AT_ONCE: usize = 6;
/// A dead worker is taken over after this.
const LEASE: Duration = Duration::from_secs(8);
/// How long one call of the function may take: many times what it needs.
const PATIENCE: Duration = Duration::from_secs(90);
/// The primary's outage before all this, seconds: longer than the holdoff.
const FAILING_FOR_S: u64 = 600;

/// A failover in a namespace of its own.
struct Real<'a> {
    backend: &'a RealBackend,
    standby: TestCluster,
    world: World,
    clock: Arc<FollowedClock>,
    lock: Arc<FakeStep>,
    locked: Arc<Mutex<Vec<Effect>>>,
    fault_injection: FaultInjection,
    workers: AtomicUsize,
    _operator: PlayedOperator,
}

impl<'a> Real<'a> {
    /// A standby with a stale TLS secret, asleep, and a primary that has been failing for long enough.
    async fn fresh(backend: &'a RealBackend, name: &str) -> Self {
        let seed = StandbyFixture { tls: TlsFixture::StaleOtherCa, ..StandbyFixture::default() };
        let standby = backend.cluster(name, &seed).await;
        let world = World::new();
        let fakes = Arc::clone(&world.clock);
        let clock = Arc::new(FollowedClock::new(move |now| fakes.advance(until(fakes.now(), now))));
        world.fail_primary_for(FAILING_FOR_S);
        let locked = Arc::<Mutex<Vec<Effect>>>::default();
        let (fault_plan, time, effects) = (world.fault_plan.clone(), Arc::clone(&world.clock), Arc::clone(&locked));
        let lock = Arc::new(FakeStep::new(fault_plan, time, "lock", ("see lock", "lock"), Need::Owed, effects));
        let operator = standby.play_operator().expect("nobody else plays it on a real control plane");
        let (fault_injection, workers) = (FaultInjection::default(), AtomicUsize::default());
        Self { backend, standby, world, clock, lock, locked, fault_injection, workers, _operator: operator }
    }

    /// The engine of a process that has just started: nothing is known, nothing is connected.
    fn engine(&self) -> Engine {
        let site = self.standby.site();
        let number = self.workers.fetch_add(1, Ordering::Relaxed);
        let mut engine = self.world.engine(&format!("worker-{number}"));
        engine.ports.clock = Arc::clone(&self.clock) as _;
        engine.ports.lease = site.lease();
        engine.ports.store = site.store();
        engine.ports.standby = site.standby();
        engine.ports.cooldown = None;
        let lock = Arc::clone(&self.lock);
        let steps =
            vec![site.remove_stale_tls() as _, site.scale_operator() as _, lock as _, site.verify_standby() as _];
        engine.runbook = Runbook::of_failover("logscale", steps);
        engine.policy.poll = Duration::from_millis(500);
        engine.limits = limits();
        self.fault_injection.on(engine)
    }

    /// What the API server noted of the function in this namespace.
    async fn audit(&self) -> Vec<AuditEntry> {
        let entries = self.backend.bed.audit_of(&self.standby.namespace).await.expect("an audit log");
        entries.into_iter().filter(|entry| entry.user == self.backend.function.user).collect()
    }

    /// The steps that changed something, in the order of their effects.
    fn effects(&self, audit: &[AuditEntry], complaints: &mut Vec<String>) -> Vec<String> {
        let locked = self.locked.lock().expect("no test panics while it holds this");
        let mut seen: Vec<(Timestamp, &str)> = locked.iter().map(|effect| (effect.at, effect.step)).collect();
        for entry in audit {
            match effect(entry) {
                Ok(Some(step)) => seen.push((entry.at, step)),
                Ok(None) => {}
                Err(complaint) => complaints.push(complaint),
            }
        }
        seen.sort();
        seen.into_iter().map(|(_, step)| step.to_owned()).collect()
    }

    async fn record(&self) -> Option<State> {
        let document = self.standby.get("configmaps", "holdfast").await?;
        store::read(document["data"]["state"].as_str()?).ok()
    }
}

/// Short enough for a take-over within seconds, long enough for a machine that is busy.
fn limits() -> Limits {
    Limits {
        lease_ttl: LEASE,
        observe_for: Duration::from_secs(10),
        verify_for: Duration::from_secs(30),
        margin: Duration::from_secs(2),
        retry: RetryPolicy {
            max_retries: 5,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(1),
            attempt_timeout: Duration::from_secs(4),
        },
        ..Limits::default()
    }
}

/// The step that a request belongs to when it changes something. What no step is known for, and what the Role does not allow, is an error.
fn effect(entry: &AuditEntry) -> Result<Option<&'static str>, String> {
    match (entry.code, entry.verb.as_str(), entry.resource.as_str(), entry.subresource.as_str()) {
        (401 | 403, ..) => Err(format!("beyond the Role: {entry:?}")),
        (_, "get" | "list", ..) => Ok(None),
        // Its lease and its record.
        (_, "update", "leases" | "configmaps", "") => Ok(None),
        (200..300, "delete", "secrets", "") => Ok(Some("remove-stale-tls")),
        (200..300, "patch", "deployments", "scale") => Ok(Some("scale-operator")),
        (200..300, ..) => Err(format!("an effect that no step is known for: {entry:?}")),
        _ => Ok(None),
    }
}

impl TestBed for Real<'_> {
    fn arm(&self, step: &str, way: FailureMode) {
        self.fault_injection.arm(step, way);
    }

    async fn invoke(&self) {
        let engine = self.engine();
        let deadline = self.clock.now() + PATIENCE;
        let (trigger, action) = (Trigger::Operator, Action::FailOver);
        let request = Request {
            trigger,
            action,
            reason: None,
            caller: None,
            overrides: Vec::new(),
            data: None,
            question: None,
            deadline,
        };
        self.fault_injection.until_killed(engine.handle(&request)).await;
    }

    fn repair(&self) {
        self.fault_injection.lay_down();
    }

    async fn account(&self) -> Account {
        let mut complaints = self.fault_injection.complaints();
        let effects = self.effects(&self.audit().await, &mut complaints);
        Account {
            kind: Kind::Failover,
            effects,
            state: self.record().await,
            met: self.fault_injection.met(),
            complaints,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "a test tells its figures")]
async fn every_step_may_meet_every_way_on_a_real_api_server() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let backend = RealBackend::start(&assets).await;
    let plan = Plan { effects: &FailureMode::ALL, watches: &FailureMode::ALL, at_once: AT_ONCE };
    let cases = every_step_every_way(async |name| Real::fresh(&backend, name).await, plan).await;
    let cases = cases.unwrap_or_else(|broken| panic!("{broken:#?}"));
    println!("{cases} cases, all kept");
}
