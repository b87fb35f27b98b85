//! The simulated AWS with the shipped function, as a stand.

use std::{collections::BTreeMap, path::Path, time::Duration};

use holdfast_core::record::State;
use holdfast_proof::ways::{Account, Stand, Way};
use holdfast_simulator::{
    Options, Simulator,
    faults::{Fault, Rule},
    kubernetes::{StandbySeed, TlsSeed},
    timeline::What,
    world::Outage,
};
use serde_json::json;

/// How the steps show on the wire: step, the call that has its effect, the resource that the cluster sees changed.
/// An effect that is not named here is a complaint.
const SHOWN: [(&str, &str, &str); 3] = [
    ("remove-stale-tls", "kubernetes:delete:secrets", "secrets"),
    ("scale-operator", "kubernetes:patch:deployments/scale", "deployments/scale"),
    ("lock-traffic", "route53:UpdateHealthCheck", ""),
];

/// What the function writes that is no step: its record and its lease.
const OWN: [&str; 2] = ["configmaps", "leases"];

/// One world on loopback.
pub struct Wire {
    sim: Simulator,
    armed: std::sync::Mutex<Option<(&'static str, Way)>>,
}

impl Wire {
    /// A standby with a stale TLS secret, a primary that has just gone, and nobody who calls by himself.
    pub async fn fresh(bootstrap: &Path, seed: u64) -> Self {
        let options = Options {
            seed,
            bootstrap: Some(bootstrap.to_owned()),
            function_env: variables(),
            standby: StandbySeed { tls: TlsSeed::StaleOtherCa, ..StandbySeed::default() },
            function_timeout: Duration::from_secs(40),
            ..Options::default()
        };
        let sim = Simulator::start(options).await.expect("loopback has free ports");
        sim.world().set_scheduler(false);
        sim.world().set_alarm(false);
        sim.world().break_primary(Outage::Refuse);
        Self { sim, armed: std::sync::Mutex::default() }
    }

    fn armed(&self) -> Option<(&'static str, Way)> {
        *self.armed.lock().expect("no test panics while it holds this")
    }

    /// What the function answered, for the message of a broken case.
    pub fn story(&self) -> String {
        let words = self.sim.lambda().results().into_iter().map(|result| format!("{:.400}", result.outcome.words()));
        words.collect::<Vec<_>>().join(" | ")
    }

    async fn call(&self) {
        // The gates are not what is proven here; without them nobody waits for the holdoff.
        let force = ["cooldown", "primary-failing", "holdoff", "standby-fit"];
        let payload = json!({"action": "failover", "reason": "proof", "force": force});
        self.sim.lambda().invoke(payload).await;
    }

    /// Every change of the world that the function made, in order, as the step that it belongs to.
    fn effects(&self, complaints: &mut Vec<String>) -> Vec<String> {
        let cluster = self.sim.cluster();
        let group = cluster.options().group.clone();
        let audit = cluster.audit();
        let users: Vec<_> =
            audit.iter().filter(|entry| entry.groups.contains(&group)).map(|entry| &entry.user).collect();
        let mut seen = Vec::new();
        for change in cluster.changes() {
            if !users.contains(&&change.actor) || OWN.contains(&change.resource.as_str()) {
                continue;
            }
            match SHOWN.iter().find(|(.., resource)| *resource == change.resource) {
                Some((step, ..)) => seen.push((change.at, (*step).to_owned())),
                None => {
                    complaints.push(format!("an effect that no step is known for: {} {}", change.verb, change.resource))
                }
            }
        }
        let locks = self.sim.events().into_iter();
        let locks = locks.filter(|event| matches!(event.what, What::HealthCheckUpdated { .. }));
        seen.extend(locks.map(|event| (event.at, SHOWN[2].0.to_owned())));
        seen.sort();
        seen.into_iter().map(|(_, step)| step).collect()
    }
}

impl Stand for Wire {
    fn arm(&self, step: &str, way: Way) {
        let (_, call, _) = SHOWN.iter().find(|(name, ..)| *name == step).expect("the step's call is named in SHOWN");
        *self.armed.lock().expect("no test panics while it holds this") = Some((call, way));
        if let Some(fault) = fault(way, call) {
            let rule = Rule::on(*call, fault);
            self.sim.faults().add(if way == Way::Refused { rule } else { rule.times(1) });
        }
    }

    async fn invoke(&self) {
        if self.armed().is_some_and(|(_, way)| way == Way::RunsTwice) {
            tokio::join!(self.call(), self.call());
        } else {
            self.call().await;
        }
    }

    fn repair(&self) {
        self.sim.faults().clear();
    }

    fn account(&self) -> Account {
        let mut complaints = Vec::new();
        let effects = self.effects(&mut complaints);
        let document = self.sim.cluster().get("configmaps", "holdfast");
        let text = document.and_then(|document| document["data"]["state"].as_str().map(str::to_owned));
        let state = text.and_then(|text| serde_json::from_str::<State>(&text).ok());
        let met = self.armed().map_or(0, |(call, way)| {
            let calls = self.sim.calls().named(call);
            calls.iter().filter(|call| call.fault.is_some() || way == Way::RunsTwice).count()
        });
        Account { effects, state, met, complaints }
    }
}

fn fault(way: Way, call: &str) -> Option<Fault> {
    let kubernetes = call.starts_with("kubernetes");
    let error = |status, cluster: &str, cloud: &str| Fault::Error {
        status,
        code: (if kubernetes { cluster } else { cloud }).to_owned(),
    };
    Some(match way {
        Way::FailsBefore => error(503, "ServiceUnavailable", "ServiceUnavailable"),
        Way::KilledBefore => Fault::KillFunction { after: false },
        Way::KilledAfter => Fault::KillFunction { after: true },
        Way::FailsAfter | Way::AnswerLost => Fault::LoseAnswer,
        Way::Conflict => error(409, "Conflict", "HealthCheckVersionMismatch"),
        Way::Refused => error(403, "Forbidden", "AccessDenied"),
        Way::Hangs => Fault::Hang,
        Way::RunsTwice => return None,
    })
}

/// Bounds in real time: generous, for machines that are busy with other tests.
fn variables() -> BTreeMap<String, String> {
    let variables = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "2"),
        ("HOLDFAST_PROBE_TIMEOUT_SECONDS", "0.5"),
        ("HOLDFAST_LOOK_SECONDS", "4"),
        ("HOLDFAST_LEASE_SECONDS", "6"),
        ("HOLDFAST_MARGIN_SECONDS", "2"),
        ("HOLDFAST_VERIFY_SECONDS", "10"),
        ("BASE_DELAY_SECONDS", "0.1"),
        ("MAX_DELAY_SECONDS", "1"),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
