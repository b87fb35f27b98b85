//! The ports as one worker has them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use holdfast_core::{
    Call, Clock, Fault, FaultClass, Timestamp,
    evidence::{Check, Control, Datapoint, History, Level, ProbeResult, Readiness},
    ports::{
        Claim, Controls, CooldownStore, Grant, HistorySource, Lease, Ports, Prober, Standby as StandbyPort, StateStore,
        Versioned,
    },
    record::State,
};

use super::{
    Micros, SECOND, Sabotage,
    pass::Link,
    seconds,
    story::Service,
    world::{Held, Sent, lock, micros, stamp},
};

/// How often a race for a free lease is run again, as in the Kubernetes adapter.
const RACES: usize = 3;

impl Link {
    /// All ports of this worker.
    pub fn ports(self: &Arc<Self>) -> Ports {
        let (prober, notes) = {
            let world = lock(&self.world);
            (world.story.prober, world.story.notes)
        };
        Ports {
            clock: Arc::clone(self) as _,
            lease: Arc::clone(self) as _,
            store: Arc::clone(self) as _,
            cooldown: notes.then(|| Arc::clone(self) as _),
            history: Some(Arc::clone(self) as _),
            prober: prober.then(|| Arc::clone(self) as _),
            controls: Some(Arc::clone(self) as _),
            traffic: None,
            live: None,
            standby: Arc::clone(self) as _,
            announcers: Vec::new(),
        }
    }

    /// The lease, and the server's time when it answered.
    async fn lease(&self) -> Result<(Held, Micros), Fault> {
        self.pass(Service::Standby, "get lease", |world| Ok((world.lease.clone(), world.now))).await
    }

    /// Writes the lease over `seen`.
    async fn grant(&self, holder: &str, seen: &Held, ttl: Duration) -> Result<Grant, Fault> {
        let (holder, version, worker) = (holder.to_owned(), seen.version, self.worker);
        let expires = self.now() + ttl;
        let lasts = u64::try_from(ttl.as_micros()).unwrap_or(0);
        self.pass(Service::Standby, "put lease", move |world| {
            if world.lease.version != version {
                return Err(conflict("put lease"));
            }
            world.may_write(worker, "the lease");
            let changes = world.lease.holder.as_deref() != Some(&holder);
            let fence = world.lease.fence + u64::from(changes);
            let until = world.now + lasts;
            world.lease = Held { holder: Some(holder), until, fence, version: version + 1 };
            world.workers[worker].fence = Some(fence);
            Ok(Grant { fence, expires, version: (version + 1).to_string() })
        })
        .await
    }
}

fn conflict(call: &'static str) -> Fault {
    Fault::new(FaultClass::Conflict, call, "changed since it was read")
}

fn is_still(held: &Held, holder: &str, grant: &Grant) -> bool {
    held.fence == grant.fence && held.holder.as_deref() == Some(holder)
}

#[async_trait]
impl Lease for Link {
    async fn acquire(&self, _: &Call, holder: &str, ttl: Duration) -> Result<Claim, Fault> {
        for _ in 0..RACES {
            let (seen, served) = self.lease().await?;
            let other = seen.holder.clone().filter(|by| by != holder && seen.until > served);
            if let Some(by) = other {
                let left = Duration::from_micros(seen.until.saturating_sub(served));
                return Ok(Claim::Held { holder: by, until: self.now() + left });
            }
            match self.grant(holder, &seen, ttl).await {
                Err(fault) if fault.class == FaultClass::Conflict => {}
                result => return result.map(Claim::Granted),
            }
        }
        Err(conflict("put lease"))
    }

    async fn renew(&self, _: &Call, holder: &str, grant: &Grant, ttl: Duration) -> Result<Grant, Fault> {
        let (seen, _) = self.lease().await?;
        if !is_still(&seen, holder, grant) {
            return Err(conflict("put lease"));
        }
        self.grant(holder, &seen, ttl).await
    }

    async fn release(&self, _: &Call, holder: &str, grant: &Grant) -> Result<(), Fault> {
        let (seen, _) = self.lease().await?;
        if !is_still(&seen, holder, grant) {
            return Ok(());
        }
        self.pass(Service::Standby, "let lease go", move |world| {
            if world.lease.version != seen.version {
                return Err(conflict("let lease go"));
            }
            world.lease.holder = None;
            world.lease.version += 1;
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl StateStore for Link {
    async fn load(&self, _: &Call) -> Result<Versioned, Fault> {
        self.pass(Service::Standby, "load", |world| {
            let (mut state, version) = world.stored.clone();
            if world.lacks(Sabotage::MarksUnseen) {
                state.waiter = None;
            }
            if world.lacks(Sabotage::LockNotesUnseen) {
                state.lock_seen = None;
            }
            let told = !world.lacks(Sabotage::ServerTimeUnseen);
            // `Date` is in whole seconds.
            let server_time = told.then(|| stamp(world.now / SECOND * SECOND, 0));
            Ok(Versioned { state, version: version.to_string(), server_time })
        })
        .await
    }

    async fn save(&self, _: &Call, state: &State, version: &str) -> Result<String, Fault> {
        let (state, version, worker) = (state.clone(), version.to_owned(), self.worker);
        let sent = {
            let world = lock(&self.world);
            Sent { at: world.now, fence: world.workers[worker].fence, saw_well: world.saw_well(worker) }
        };
        self.pass(Service::Standby, "save", move |world| {
            world.workers[worker].sent = sent;
            if world.stored.1.to_string() != version && !world.lacks(Sabotage::StoreOverwrites) {
                return Err(conflict("save"));
            }
            world.check_save(worker, &state);
            world.stored = (state, world.stored.1 + 1);
            Ok(world.stored.1.to_string())
        })
        .await
    }
}

#[async_trait]
impl CooldownStore for Link {
    async fn last(&self, _: &Call) -> Result<Option<Timestamp>, Fault> {
        self.pass(Service::Notes, "last", |world| Ok(world.note)).await
    }

    async fn set(&self, _: &Call, at: Timestamp) -> Result<(), Fault> {
        let worker = self.worker;
        self.pass(Service::Notes, "note", move |world| {
            world.may_write(worker, "the note");
            // Kept in whole seconds.
            world.note = Timestamp::from_second(at.as_second()).ok();
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl HistorySource for Link {
    async fn history(&self, _: &Call, window: Duration) -> Result<History, Fault> {
        let from = micros(self.now() - window);
        lock(&self.world).workers[self.worker].history_read = None;
        let read = self.pass(Service::Metrics, "history", move |world| {
            let lag = world.rng.u64(0..=world.story.fault_rates.lag);
            let minutes = world.checkers.minutes(from, world.metrics_end().saturating_sub(lag));
            let lies = world.lacks(Sabotage::HistoryLies);
            let value = |healthy: bool| if healthy && !lies { 1.0 } else { 0.0 };
            let point = |(start, worst, best): (u64, bool, bool)| Datapoint {
                start: stamp(start, 0),
                minimum: value(worst),
                maximum: value(best),
            };
            Ok((History { points: minutes.into_iter().map(point).collect() }, world.now))
        });
        let (history, at) = read.await?;
        lock(&self.world).workers[self.worker].history_read = Some(at);
        Ok(history)
    }

    async fn last_well(&self, _: &Call, not_before: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
        let from = not_before.map_or(0, micros);
        self.pass(Service::Metrics, "last well", move |world| {
            let minutes = world.checkers.minutes(from, world.metrics_end());
            let well = minutes.into_iter().find(|(_, _, best)| *best);
            Ok(well.map(|(start, _, _)| stamp(start + seconds(60), 0)))
        })
        .await
    }
}

#[async_trait]
impl Prober for Link {
    async fn probe(&self, _: &Call) -> ProbeResult {
        let (way, blind, cut_off) = {
            let mut world = lock(&self.world);
            let blind = world.story.fault_rates.blind_probe;
            (world.rng.u64(1_000..200_000), world.chance(blind), world.cut_off(self.worker))
        };
        if blind {
            self.pause(seconds(3)).await;
            return ProbeResult::Inconclusive { why: "no way out".to_owned() };
        }
        if let Some(cut_off) = cut_off {
            self.pause(if cut_off.hangs { seconds(3) } else { way }).await;
            return ProbeResult::Failing { why: "no connection".to_owned() };
        }
        self.pause(way).await;
        let mut world = lock(&self.world);
        let (now, well) = (world.now, !world.story.is_down(world.now));
        world.workers[self.worker].probed = Some((now, well));
        if well {
            world.workers[self.worker].answered = Some(now);
        }
        if well {
            ProbeResult::Healthy { said: "OK".to_owned() }
        } else {
            ProbeResult::Failing { why: "refused".to_owned() }
        }
    }
}

#[async_trait]
impl Controls for Link {
    async fn ask(&self, _: &Call) -> Vec<Control> {
        let (way, cut_off) = {
            let mut world = lock(&self.world);
            let cut_off = world.cut_off(self.worker).filter(|_| !world.lacks(Sabotage::ControlsAlwaysAnswer));
            (world.rng.u64(1_000..200_000), cut_off)
        };
        self.pause(if cut_off.is_some_and(|it| it.hangs) { seconds(3) } else { way }).await;
        let (answered, found) = if cut_off.is_some() { (false, "no connection") } else { (true, "HTTP 200") };
        vec![Control { target: "control.example".to_owned(), answered, found: found.to_owned() }]
    }
}

#[async_trait]
impl StandbyPort for Link {
    async fn fitness(&self, _: &Call) -> Result<Readiness, Fault> {
        self.pass(Service::Standby, "fitness", |world| {
            let now = world.now;
            let unfit = world.story.unfit.is_some_and(|(from, to)| (from..to).contains(&now));
            let check = Check { name: "nodes".to_owned(), level: Level::Error, found: "none".to_owned() };
            Ok(Readiness { checks: if unfit { vec![check] } else { Vec::new() } })
        })
        .await
    }
}
