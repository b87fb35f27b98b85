//! Everything that is known when a scenario is over.

use std::{collections::BTreeMap, time::Duration};

use holdfast_core::record::State;
use holdfast_simulator::{
    backend::CloudBackend,
    calls::Call,
    host::{InvocationResult, Outcome},
    kubernetes::{AuditEntry, Change},
    people::Message,
    timeline::{Event, EventKind},
    world::WorldSnapshot,
};
use jiff::Timestamp;
use serde_json::Value;

use super::environment::{COOLDOWN_S, Environment, HOLDOFF_S, uids};

/// An effect of a failover, as the cloud or the cluster saw it, and not as the function reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A TLS secret was deleted.
    SecretDeleted,
    /// The operator was scaled.
    Scaled,
    /// The health check or the endpoint was changed.
    Locked,
}

/// What is known when a scenario is over.
pub struct RunReport {
    /// The cloud that the function ran on.
    pub cloud: &'static dyn CloudBackend,
    /// Simulated seconds per real one.
    pub pace: f64,
    /// From when on failing time may be counted.
    pub broke_at: Option<Timestamp>,
    /// The holdoff, in real time.
    pub holdoff: Duration,
    /// The cooldown likewise.
    pub cooldown: Duration,
    /// The world now.
    pub world: WorldSnapshot,
    /// How often the API had written what is locked, before.
    pub lock_writes_before: u64,
    /// Name to uid of the secrets before.
    pub secrets_before: BTreeMap<String, String>,
    /// And now.
    pub secrets: BTreeMap<String, String>,
    /// The operator's Deployment.
    pub operator: Value,
    /// The function's own effects, in order.
    pub effects: Vec<(Effect, Timestamp)>,
    /// Every request that the function sent to the cluster.
    pub audit: Vec<AuditEntry>,
    /// Every call of the function that reached a server.
    pub calls: Vec<Call>,
    /// What the cloud refused.
    pub refused: Vec<String>,
    /// Every invocation that ended.
    pub results: Vec<InvocationResult>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What people were told, oldest first.
    pub told: Vec<Message>,
    /// The record.
    pub state: Option<State>,
    /// Every text that must never be in a log: keys, tokens.
    pub secrets_of_the_cloud: Vec<String>,
}

impl RunReport {
    /// Gathers them.
    pub fn gather(environment: &Environment) -> Self {
        let sim = &environment.sim;
        let audit = sim.cluster().audit().into_iter();
        let audit: Vec<_> = audit.filter(|entry| sim.cloud().is_function(&entry.user)).collect();
        let users: Vec<&str> = audit.iter().map(|entry| entry.user.as_str()).collect();
        let mut effects: Vec<_> = sim.cluster().changes().iter().filter_map(|change| effect(change, &users)).collect();
        let events = sim.events();
        effects.extend(events.iter().filter_map(|event| match event.kind {
            EventKind::TrafficWritten { .. } => Some((Effect::Locked, event.at)),
            _ => None,
        }));
        effects.sort_by_key(|(_, at)| *at);
        Self {
            cloud: sim.cloud(),
            pace: environment.pace,
            broke_at: environment.broke_at(),
            holdoff: environment.seconds(HOLDOFF_S),
            cooldown: environment.seconds(COOLDOWN_S),
            world: sim.world().snapshot(),
            lock_writes_before: environment.lock_writes_before,
            secrets_before: environment.secrets_before.clone(),
            secrets: uids(sim),
            operator: sim.cluster().get("deployments", "humio-operator").unwrap_or_default(),
            effects,
            audit,
            calls: sim.calls().all().into_iter().filter(|call| call.invocation.is_some()).collect(),
            refused: sim.refused(),
            results: sim.host().results(),
            events,
            told: sim.people().messages(),
            state: environment.state(),
            secrets_of_the_cloud: sim.secrets(),
        }
    }

    /// The answers of the function, oldest first.
    pub fn answers(&self) -> impl Iterator<Item = &Value> {
        self.results.iter().filter_map(|result| result.outcome.answer())
    }

    /// The outcomes of all invocations in a word each: that of the answer, or the type of the error.
    pub fn outcomes(&self) -> Vec<String> {
        let word = |result: &InvocationResult| match &result.outcome {
            Outcome::Ok { answer } => answer["outcome"].as_str().unwrap_or("?").to_owned(),
            // OCI has one word for every error; the answer tells which.
            Outcome::FunctionError { kind, message } => outcome_in(message).unwrap_or_else(|| kind.clone()),
            other => other.describe(),
        };
        self.results.iter().map(word).collect()
    }

    /// When an effect first happened.
    pub fn first(&self, effect: Effect) -> Option<Timestamp> {
        self.effects.iter().find(|(kind, _)| *kind == effect).map(|(_, at)| *at)
    }

    /// How often an effect happened.
    pub fn count(&self, effect: Effect) -> usize {
        self.effects.iter().filter(|(kind, _)| *kind == effect).count()
    }

    /// Whether the lock is on.
    pub fn is_locked(&self) -> bool {
        self.world.lock.on
    }

    /// The operator's wanted replicas.
    pub fn replicas(&self) -> i64 {
        self.operator["spec"]["replicas"].as_i64().unwrap_or(-1)
    }

    /// Real time as simulated seconds, for people.
    pub fn simulated(&self, real: Duration) -> f64 {
        real.as_secs_f64() * self.pace
    }
}

fn effect(change: &Change, users: &[&str]) -> Option<(Effect, Timestamp)> {
    if !users.contains(&change.actor.as_str()) {
        return None;
    }
    match (change.resource.as_str(), change.verb) {
        ("secrets", "delete") => Some((Effect::SecretDeleted, change.at)),
        // Nothing else may be changed there.
        ("deployments/scale" | "deployments", _) => Some((Effect::Scaled, change.at)),
        _ => None,
    }
}

/// The outcome of an answer that a platform gave as the words of an error.
fn outcome_in(message: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(message).ok()?;
    answer["outcome"].as_str().map(str::to_owned)
}
