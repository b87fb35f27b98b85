//! A simulated cloud with the shipped function, as a test bed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use holdfast_core::{
    kind::Kind,
    record::{State, Status},
};
use holdfast_proof::failure_modes::{Account, FailureMode, TestBed};
use holdfast_simulator::{
    Options, Simulator,
    backend::{CloudBackend, FunctionProgram, TrafficCalls},
    faults::{Fault, Rule},
    kubernetes::{StandbyFixture, TlsFixture},
    timeline::EventKind,
    world::Outage,
};
use serde_json::{Value, json};

use crate::steps::{LOCK, REST, Shown, UNLOCK, code, shown};

/// What the function writes that is no step on any cloud: its record and its lease.
const OWN: [&str; 2] = ["configmaps", "leases"];

/// How long (real) a call may go on after whoever made it was answered.
const PATIENCE: Duration = Duration::from_secs(60);

/// One world on loopback.
pub struct Wire {
    sim: Simulator,
    kind: Kind,
    armed: OnceLock<(Shown, FailureMode)>,
}

impl Wire {
    /// A standby with a stale TLS secret, a primary that has just gone, and nobody who calls by himself.
    pub async fn fresh(cloud: &'static dyn CloudBackend) -> Self {
        let options = Options {
            cloud,
            bootstrap: Some(program(cloud)),
            function_env: variables(),
            standby: StandbyFixture { tls: TlsFixture::StaleOtherCa, ..StandbyFixture::default() },
            function_timeout: Duration::from_secs(40),
            // On OCI the time-out is that of func.yaml at the pace of the world: a dead worker's lease must end within it.
            pace: if cloud.name() == "oci" { 6.0 } else { Options::on(cloud).pace },
            ..Options::default()
        };
        let sim = Simulator::start(options).await.expect("loopback has free ports");
        sim.world().set_scheduler(false);
        sim.world().set_alarm(false);
        sim.world().break_primary(Outage::Refuse);
        Self { sim, kind: Kind::Failover, armed: OnceLock::new() }
    }

    /// The same after a failover, with a primary that is well again: a person fails back.
    pub async fn failed_over(cloud: &'static dyn CloudBackend) -> Self {
        let wire = Self::fresh(cloud).await;
        // A standby that takes longer than one call is verified by the next.
        for _ in 0..5 {
            if !wire.state().is_some_and(|state| state.failed_over()) {
                wire.call(failover()).await;
            }
        }
        assert!(wire.state().is_some_and(|state| state.failed_over()), "{}", wire.story());
        wire.sim.world().heal_primary();
        Self { kind: Kind::Failback, ..wire }
    }

    fn state(&self) -> Option<State> {
        let document = self.sim.cluster().get("configmaps", "holdfast")?;
        serde_json::from_str(document["data"]["state"].as_str()?).ok()
    }

    /// What is asked for next: what was begun is carried on, and what is completed is asked for no more.
    fn next(&self) -> Value {
        if self.kind == Kind::Failover {
            return failover();
        }
        let state = self.state();
        let run = state.as_ref().and_then(|state| state.current.as_ref()).filter(|run| run.kind == self.kind);
        if run.is_some_and(|run| run.status == Status::Completed) {
            return json!({"action": "status"});
        }
        let rest = run.is_some_and(|run| run.has_done(UNLOCK));
        let data = "the primary has it all";
        json!({"action": "failback", "reason": "proof", "data": data, "waive": ["well-for"], "rest": rest})
    }

    fn traffic(&self) -> TrafficCalls {
        self.sim.traffic_cloud().traffic_calls()
    }

    async fn call(&self, payload: Value) {
        self.sim.host().operate(payload).await;
        assert!(self.sim.host().settled(PATIENCE).await, "a call of the function does not end");
    }

    /// Every change of the world that the function made, in order, as the step that it belongs to.
    fn effects(&self, complaints: &mut Vec<String>) -> Vec<String> {
        let cluster = self.sim.cluster();
        // Nobody but the function is a client of this API; the controllers are a part of the cluster.
        let users: Vec<_> = cluster.audit().into_iter().map(|entry| entry.user).collect();
        let mut seen = Vec::new();
        for change in cluster.changes() {
            let resource = change.resource.as_str();
            if !users.contains(&change.actor) || OWN.contains(&resource) {
                continue;
            }
            match shown(self.traffic()).into_iter().find(|shown| shown.resource == Some(resource)) {
                Some(shown) => seen.push((change.at, shown.step.to_owned())),
                None => complaints.push(format!("an effect that no step is known for: {} {resource}", change.verb)),
            }
        }
        seen.extend(self.sim.events().into_iter().filter_map(|event| match event.kind {
            EventKind::TrafficWritten { locked, .. } => Some((event.at, if locked { LOCK } else { UNLOCK }.to_owned())),
            _ => None,
        }));
        seen.sort();
        let mut seen: Vec<_> = seen.into_iter().map(|(_, step)| step).collect();
        // Once traffic is unlocked the scale goes down.
        let unlocked = seen.iter().position(|step| step == UNLOCK).unwrap_or(seen.len());
        seen.iter_mut()
            .skip(unlocked)
            .filter(|step| *step == "scale-operator")
            .for_each(|step| *step = REST.to_owned());
        seen
    }

    /// How often the armed step met its way.
    fn met(&self) -> usize {
        let Some((Shown { call, .. }, way)) = self.armed.get() else { return 0 };
        let calls = self.sim.calls().named(call);
        calls.iter().filter(|call| call.fault.is_some() || *way == FailureMode::RunsTwice).count()
    }
}

impl TestBed for Wire {
    fn arm(&self, step: &str, way: FailureMode) {
        let found = shown(self.traffic()).into_iter().find(|shown| shown.step == step);
        let shown = found.unwrap_or_else(|| panic!("steps.rs does not say how {step} shows on the wire"));
        if let Some(fault) = fault(self.traffic(), way, shown.call) {
            let rule = Rule::on(shown.call, fault);
            let rule = if way == FailureMode::Refused { rule } else { rule.times(1) };
            self.sim.faults().add(shown.after.into_iter().fold(rule, Rule::after));
        }
        assert!(self.armed.set((shown, way)).is_ok(), "a bed is for one case");
    }

    async fn invoke(&self) {
        if self.armed.get().is_some_and(|(_, way)| *way == FailureMode::RunsTwice) {
            tokio::join!(self.call(self.next()), self.call(self.next()));
        } else {
            self.call(self.next()).await;
        }
    }

    fn repair(&self) {
        self.sim.faults().clear();
    }

    async fn account(&self) -> Account {
        let mut complaints = Vec::new();
        let effects = self.effects(&mut complaints);
        Account { effects, state: self.state(), kind: self.kind, met: self.met(), complaints }
    }

    fn story(&self) -> String {
        let words = self.sim.host().results().into_iter().map(|result| format!("{:.400}", result.outcome.describe()));
        words.collect::<Vec<_>>().join(" | ")
    }
}

/// A failover without its gates, which are not what is proven here: nobody waits for the holdoff.
fn failover() -> Value {
    let waive = ["cooldown", "primary-failing", "holdoff", "standby-fit", "armed"];
    json!({"action": "failover", "reason": "proof", "waive": waive})
}

/// What the wire does to a call; `None` where two calls of the function side by side are the way.
fn fault(traffic: TrafficCalls, way: FailureMode, call: &str) -> Option<Fault> {
    let error = |status| Fault::Error { status, code: code(traffic, call, status) };
    Some(match way {
        FailureMode::FailsBefore => error(503),
        FailureMode::FailsAfter => Fault::FailAfter { status: 503, code: code(traffic, call, 503) },
        FailureMode::KilledBefore => Fault::KillFunction { after: false },
        FailureMode::KilledAfter => Fault::KillFunction { after: true },
        FailureMode::AnswerLost => Fault::LoseAnswer,
        FailureMode::Conflict => error(409),
        FailureMode::Refused => error(403),
        FailureMode::Hangs => Fault::Hang,
        FailureMode::RunsTwice => return None,
    })
}

/// Beside this test's own executable, one folder up.
fn program(cloud: &dyn CloudBackend) -> PathBuf {
    let FunctionProgram { executable, package } = cloud.program();
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps");
    let path = folder.join(executable);
    assert!(path.exists(), "{} is missing: cargo build -p {}", path.display(), package);
    path
}

/// Bounds in real time: generous, for machines that are busy with other tests.
fn variables() -> BTreeMap<String, String> {
    let variables = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "2"),
        ("HOLDFAST_PROBE_TIMEOUT_SECONDS", "0.5"),
        ("HOLDFAST_OBSERVE_SECONDS", "4"),
        ("HOLDFAST_LEASE_SECONDS", "6"),
        ("HOLDFAST_MARGIN_SECONDS", "2"),
        ("HOLDFAST_VERIFY_SECONDS", "10"),
        ("BASE_DELAY_SECONDS", "0.1"),
        ("MAX_DELAY_SECONDS", "1"),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
