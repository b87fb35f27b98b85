//! The fakes of the ports.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{FakeClock, FaultPlan};
use crate::{
    clock::{Call, Clock},
    evidence::{Control, Datapoint, History, LiveStatus, ProbeResult, Readiness},
    fault::{Fault, FaultClass},
    ports::{
        Claim, Controls, CooldownStore, Grant, HistorySource, Lease, LiveSource, Prober, Standby, StateStore, Versioned,
    },
    record::State,
};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn conflict(call: &'static str) -> Fault {
    Fault::new(FaultClass::Conflict, call, "changed since it was read")
}

/// A document with a version, in memory. Calls are named `load` and `save`.
pub struct FakeStore {
    fault_plan: FaultPlan,
    stored: Mutex<(State, u64)>,
    server_time: Mutex<Option<Timestamp>>,
}

impl FakeStore {
    /// A store that holds the empty state.
    pub fn new(fault_plan: FaultPlan) -> Self {
        Self { fault_plan, stored: Mutex::new((State::default(), 1)), server_time: Mutex::default() }
    }

    /// What is stored.
    pub fn state(&self) -> State {
        lock(&self.stored).0.clone()
    }

    /// The time that the server tells with its answers, from here on.
    pub fn tell_time(&self, at: Timestamp) {
        *lock(&self.server_time) = Some(at);
    }

    /// Changes what is stored, as an outsider would.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        let mut stored = lock(&self.stored);
        change(&mut stored.0);
        stored.1 += 1;
    }
}

#[async_trait]
impl StateStore for FakeStore {
    async fn load(&self, _: &Call) -> Result<Versioned, Fault> {
        self.fault_plan
            .pass("load", async {
                let (state, version) = lock(&self.stored).clone();
                Ok(Versioned { state, version: version.to_string(), server_time: *lock(&self.server_time) })
            })
            .await
    }

    async fn save(&self, _: &Call, state: &State, version: &str) -> Result<String, Fault> {
        self.fault_plan
            .pass("save", async {
                let mut stored = lock(&self.stored);
                if stored.1.to_string() != version {
                    return Err(conflict("save"));
                }
                *stored = (state.clone(), stored.1 + 1);
                Ok(stored.1.to_string())
            })
            .await
    }
}

/// What a fake lease remembers.
#[derive(Clone, Debug, Default)]
struct Held {
    holder: Option<String>,
    fence: u64,
    expires: Option<Timestamp>,
    version: u64,
}

/// A lease in memory. Calls are named `acquire`, `renew`, `release`.
pub struct FakeLease {
    fault_plan: FaultPlan,
    clock: Arc<FakeClock>,
    held: Mutex<Held>,
}

impl FakeLease {
    /// A free lease.
    pub fn new(fault_plan: FaultPlan, clock: Arc<FakeClock>) -> Self {
        Self { fault_plan, clock, held: Mutex::default() }
    }

    /// Who has it now.
    pub fn holder(&self) -> Option<String> {
        let now = self.clock.now();
        let held = lock(&self.held);
        held.holder.clone().filter(|_| held.expires.is_some_and(|expires| expires > now))
    }

    fn grant(&self, held: &mut Held, holder: &str, ttl: Duration) -> Grant {
        if held.holder.as_deref() != Some(holder) {
            held.fence += 1;
        }
        let expires = self.clock.now() + ttl;
        *held = Held {
            holder: Some(holder.to_owned()),
            fence: held.fence,
            expires: Some(expires),
            version: held.version + 1,
        };
        Grant { fence: held.fence, expires, version: held.version.to_string() }
    }
}

#[async_trait]
impl Lease for FakeLease {
    async fn acquire(&self, _: &Call, holder: &str, ttl: Duration) -> Result<Claim, Fault> {
        self.fault_plan
            .pass("acquire", async {
                let now = self.clock.now();
                let mut held = lock(&self.held);
                match (held.holder.clone(), held.expires) {
                    (Some(other), Some(until)) if other != holder && until > now => {
                        Ok(Claim::Held { holder: other, until })
                    }
                    _ => Ok(Claim::Granted(self.grant(&mut held, holder, ttl))),
                }
            })
            .await
    }

    async fn renew(&self, _: &Call, holder: &str, grant: &Grant, ttl: Duration) -> Result<Grant, Fault> {
        self.fault_plan
            .pass("renew", async {
                let mut held = lock(&self.held);
                if held.version.to_string() != grant.version {
                    return Err(conflict("renew"));
                }
                Ok(self.grant(&mut held, holder, ttl))
            })
            .await
    }

    async fn release(&self, _: &Call, _: &str, grant: &Grant) -> Result<(), Fault> {
        self.fault_plan
            .pass("release", async {
                let mut held = lock(&self.held);
                if held.version.to_string() != grant.version {
                    return Err(conflict("release"));
                }
                held.holder = None;
                held.version += 1;
                Ok(())
            })
            .await
    }
}

/// A cooldown note in memory. Calls are named `last` and `set`.
pub struct FakeCooldown {
    fault_plan: FaultPlan,
    last: Mutex<Option<Timestamp>>,
}

impl FakeCooldown {
    /// A store without a note.
    pub fn new(fault_plan: FaultPlan) -> Self {
        Self { fault_plan, last: Mutex::default() }
    }

    /// Sets the note, as an outsider would.
    pub fn put(&self, at: Timestamp) {
        *lock(&self.last) = Some(at);
    }

    /// The note.
    pub fn noted(&self) -> Option<Timestamp> {
        *lock(&self.last)
    }
}

#[async_trait]
impl CooldownStore for FakeCooldown {
    async fn last(&self, _: &Call) -> Result<Option<Timestamp>, Fault> {
        self.fault_plan.pass("last", async { Ok(*lock(&self.last)) }).await
    }

    async fn set(&self, _: &Call, at: Timestamp) -> Result<(), Fault> {
        self.fault_plan
            .pass("set", async {
                *lock(&self.last) = Some(at);
                Ok(())
            })
            .await
    }
}

/// A primary whose health is one switch, seen through whole periods. Call name `history`.
pub struct FakeHistory {
    fault_plan: FaultPlan,
    clock: Arc<FakeClock>,
    period: Duration,
    down_since: Mutex<Option<Timestamp>>,
    well_until: Mutex<Timestamp>,
}

impl FakeHistory {
    /// A healthy primary.
    pub fn new(fault_plan: FaultPlan, clock: Arc<FakeClock>, period: Duration) -> Self {
        Self { fault_plan, clock, period, down_since: Mutex::default(), well_until: Mutex::new(Timestamp::MAX) }
    }

    /// The primary fails from `since` on, or is well (`None`).
    pub fn set_down(&self, since: Option<Timestamp>) {
        *lock(&self.down_since) = since;
    }

    /// The primary has never been well: it is being built.
    pub fn set_never_well(&self) {
        *lock(&self.well_until) = Timestamp::MIN;
        self.set_down(Some(Timestamp::MIN));
    }

    fn is_down(&self, at: Timestamp) -> bool {
        lock(&self.down_since).is_some_and(|since| at >= since)
    }
}

#[async_trait]
impl HistorySource for FakeHistory {
    async fn history(&self, _: &Call, window: Duration) -> Result<History, Fault> {
        self.fault_plan
            .pass("history", async {
                let now = self.clock.now();
                let period = self.period.as_secs() as i64;
                let first = (now - window).as_second().div_euclid(period) * period;
                let starts = (first..now.as_second()).step_by(period as usize);
                let point = |start: i64| {
                    let start = Timestamp::from_second(start).ok()?;
                    let health = if self.is_down(start) { 0.0 } else { 1.0 };
                    Some(Datapoint { start, minimum: health, maximum: health })
                };
                Ok(History { points: starts.filter_map(point).collect() })
            })
            .await
    }

    async fn last_well(&self, _: &Call, not_before: Option<Timestamp>) -> Result<Option<Timestamp>, Fault> {
        self.fault_plan
            .pass("last well", async {
                let well = *lock(&self.well_until);
                let until = lock(&self.down_since).unwrap_or_else(|| self.clock.now());
                let at = until.min(well);
                Ok(Some(at).filter(|at| *at > not_before.unwrap_or(Timestamp::MIN)))
            })
            .await
    }
}

/// Probes that always say the same, until told otherwise.
pub struct FakeProber {
    result: Mutex<ProbeResult>,
}

impl FakeProber {
    /// A prober that says `result`.
    pub fn saying(result: ProbeResult) -> Self {
        Self { result: Mutex::new(result) }
    }

    /// What it says from now on.
    pub fn set(&self, result: ProbeResult) {
        *lock(&self.result) = result;
    }
}

#[async_trait]
impl Prober for FakeProber {
    async fn probe(&self, _: &Call) -> ProbeResult {
        lock(&self.result).clone()
    }
}

/// Control targets that answer, until we are cut off.
#[derive(Default)]
pub struct FakeControls {
    cut_off: Mutex<bool>,
}

impl FakeControls {
    /// Whether anything outside is reached from now on.
    pub fn cut_off(&self, cut_off: bool) {
        *lock(&self.cut_off) = cut_off;
    }
}

#[async_trait]
impl Controls for FakeControls {
    async fn ask(&self, _: &Call) -> Vec<Control> {
        let answered = !*lock(&self.cut_off);
        let found = if answered { "HTTP 200" } else { "no connection" };
        vec![Control { target: "control.example".to_owned(), answered, found: found.to_owned() }]
    }
}

/// Checkers that always say the same.
pub struct FakeLive(pub LiveStatus);

#[async_trait]
impl LiveSource for FakeLive {
    async fn live(&self, _: &Call) -> Result<LiveStatus, Fault> {
        Ok(self.0.clone())
    }
}

/// A standby that is as fit as it is told. Call name `fitness`.
pub struct FakeStandby {
    fault_plan: FaultPlan,
    fitness: Mutex<Readiness>,
}

impl FakeStandby {
    /// A fit one.
    pub fn new(fault_plan: FaultPlan) -> Self {
        Self { fault_plan, fitness: Mutex::default() }
    }

    /// How fit it is from now on.
    pub fn set(&self, fitness: Readiness) {
        *lock(&self.fitness) = fitness;
    }
}

#[async_trait]
impl Standby for FakeStandby {
    async fn fitness(&self, _: &Call) -> Result<Readiness, Fault> {
        self.fault_plan.pass("fitness", async { Ok(lock(&self.fitness).clone()) }).await
    }
}
