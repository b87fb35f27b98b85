//! The steps of a failover, as those of LogScale: secrets, operator, lock, and watching the standby come up.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures_util::future::join_all;
use holdfast_core::{
    Call, Fault, FaultClass,
    kind::Kind,
    runbook::{PlannedStep, Runbook},
    step::{Need, Observation, Step},
};
use serde_json::json;

use super::{Sabotage, pass::Link, story::Service, world::World};

/// Names of the steps, in order.
pub const NAMES: [&str; 4] = ["clean", "scale", "lock", "verify"];

impl Link {
    /// The runbook of this worker.
    pub fn runbook(self: &Arc<Self>) -> Runbook {
        let steps: [Arc<dyn Step>; 4] = [
            Arc::new(Clean(Arc::clone(self))),
            Arc::new(Scale(Arc::clone(self))),
            Arc::new(Lock(Arc::clone(self))),
            Arc::new(Verify(Arc::clone(self))),
        ];
        let [_, scale, lock, verify] = &steps;
        let (back, forward) = (
            |step: &Arc<dyn Step>| PlannedStep::back(Arc::clone(step)),
            |step: &Arc<dyn Step>| PlannedStep::forward(Arc::clone(step)),
        );
        let others = BTreeMap::from([
            (Kind::Failback, vec![back(lock), back(scale).on_confirmation()]),
            (Kind::Rehearsal, vec![forward(scale), forward(verify), back(scale)]),
        ]);
        Runbook { others, ..Runbook::of_failover("simulated", steps.to_vec()) }
    }
}

impl World {
    /// True when a step that was taken back still looks done: broken on purpose.
    fn mistakes(&self, step: &str) -> bool {
        self.lacks(Sabotage::LapsesUnseen) && self.book.effects.contains(&step)
    }
}

struct Clean(Arc<Link>);

#[async_trait]
impl Step for Clean {
    fn name(&self) -> &'static str {
        NAMES[0]
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.0
            .pass(Service::Standby, "list secrets", |world| {
                let mistaken = world.lacks(Sabotage::SecretsMistaken);
                let stale = world.standby.secrets.iter().filter(|secret| !secret.fresh || mistaken);
                let stale: Vec<(&str, u64, u64)> = stale.map(|it| (it.name, it.uid, it.version)).collect();
                Ok(if stale.is_empty() { Observation::done("none") } else { Observation::todo("stale", json!(stale)) })
            })
            .await
    }

    async fn apply(&self, _: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let doomed: Vec<(String, u64, u64)> = serde_json::from_value(seen.precondition.clone())
            .map_err(|error| Fault::new(FaultClass::Invalid, "delete secret", error.to_string()))?;
        let worker = self.0.worker;
        let delete = |(name, uid, version): (String, u64, u64)| {
            self.0.pass(Service::Standby, "delete secret", move |world| world.delete(worker, &name, uid, version))
        };
        join_all(doomed.into_iter().map(delete)).await.into_iter().collect::<Result<(), Fault>>()?;
        Ok(Some(Observation::done("none")))
    }
}

struct Scale(Arc<Link>);

#[async_trait]
impl Step for Scale {
    fn name(&self) -> &'static str {
        NAMES[1]
    }

    fn need(&self) -> Need {
        Need::Required
    }

    fn inverse(&self, _: Option<&Observation>) -> Option<Arc<dyn Step>> {
        Some(Arc::new(Rest(Arc::clone(&self.0))))
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.0
            .pass(Service::Standby, "get deployment", |world| {
                let (replicas, version) = (world.standby.replicas, world.standby.deployment_version);
                Ok(if replicas > 0 || world.mistakes(NAMES[1]) {
                    Observation::done("runs")
                } else {
                    Observation::todo("sleeps", json!(version))
                })
            })
            .await
    }

    async fn apply(&self, _: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let (fence, worker) = (seen.precondition.as_u64(), self.0.worker);
        self.0.pass(Service::Standby, "patch scale", move |world| world.scale_up(worker, fence)).await?;
        Ok(Some(Observation::done("runs")))
    }
}

struct Lock(Arc<Link>);

#[async_trait]
impl Step for Lock {
    fn name(&self) -> &'static str {
        NAMES[2]
    }

    fn need(&self) -> Need {
        Need::Owed
    }

    fn locks_traffic(&self) -> bool {
        true
    }

    fn inverse(&self, _: Option<&Observation>) -> Option<Arc<dyn Step>> {
        Some(Arc::new(Unlock(Arc::clone(&self.0))))
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.0
            .pass(Service::Dns, "get health check", |world| {
                let (locked, version) = (world.standby.locked, world.standby.check_version);
                Ok(if locked || world.mistakes(NAMES[2]) {
                    Observation::done("locked")
                } else {
                    Observation::todo("open", json!(version))
                })
            })
            .await
    }

    async fn apply(&self, _: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let (fence, worker) = (seen.precondition.as_u64(), self.0.worker);
        self.0.pass(Service::Dns, "update health check", move |world| world.lock_traffic(worker, fence)).await?;
        Ok(Some(Observation::done("locked")))
    }
}

/// The lock seen from the other side.
struct Unlock(Arc<Link>);

#[async_trait]
impl Step for Unlock {
    fn name(&self) -> &'static str {
        "unlock"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.0
            .pass(Service::Dns, "get health check", |world| {
                let (locked, version) = (world.standby.locked, world.standby.check_version);
                Ok(if locked { Observation::todo("locked", json!(version)) } else { Observation::done("open") })
            })
            .await
    }

    async fn apply(&self, _: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let (fence, worker) = (seen.precondition.as_u64(), self.0.worker);
        self.0.pass(Service::Dns, "update health check", move |world| world.unlock_traffic(worker, fence)).await?;
        Ok(Some(Observation::done("open")))
    }
}

/// The scale seen from the other side.
struct Rest(Arc<Link>);

#[async_trait]
impl Step for Rest {
    fn name(&self) -> &'static str {
        "rest"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.0
            .pass(Service::Standby, "get deployment", |world| {
                let (replicas, version) = (world.standby.replicas, world.standby.deployment_version);
                Ok(if replicas > 0 { Observation::todo("runs", json!(version)) } else { Observation::done("sleeps") })
            })
            .await
    }

    async fn apply(&self, _: &Call, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let (fence, worker) = (seen.precondition.as_u64(), self.0.worker);
        self.0.pass(Service::Standby, "patch scale", move |world| world.scale_down(worker, fence)).await?;
        Ok(Some(Observation::done("sleeps")))
    }
}

struct Verify(Arc<Link>);

#[async_trait]
impl Step for Verify {
    fn name(&self) -> &'static str {
        NAMES[3]
    }

    fn need(&self) -> Need {
        Need::Owed
    }

    fn is_verification(&self) -> bool {
        true
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.0
            .pass(Service::Standby, "list pods", |world| {
                let up = world.standby.is_up(world.now, world.story.start_up);
                Ok(if up { Observation::done("ready") } else { Observation::todo("not ready", json!(true)) })
            })
            .await
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<Option<Observation>, Fault> {
        Ok(None)
    }
}
