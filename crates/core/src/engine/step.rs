//! One step: observe, apply, observe again.

use std::time::Duration;

use jiff::Timestamp;

use super::{Engine, drive::not_done};
use crate::{
    clock::{Call, earlier, half, later},
    fault::{Fault, FaultClass},
    ports::Grant,
    record::{Progress, StepRecord, Why},
    retry::Pauses,
    step::{Observation, Standing, Step},
};

/// A watching step is looked at this often at least: it is what the recovery time is read from.
const WATCH_EVERY: Duration = Duration::from_secs(5);

/// What came of driving a step.
pub(super) enum Driven {
    /// The step's record, done or not.
    Record(Box<StepRecord>),
    /// The lease is gone; nothing more may be touched.
    LeaseLost,
}

/// How often a step was tried, and what came of it last.
struct Tries {
    pauses: Pauses,
    /// The fault of the last attempt; there is a pause before the next look.
    last: Option<Fault>,
    /// The last attempt was answered with success, so the effect should show.
    sent: bool,
}

impl Engine {
    /// Drives one step until it is done, cannot be done, or the attempts or the time are used up.
    pub(super) async fn step(
        &self,
        step: &dyn Step,
        mut record: StepRecord,
        first: Option<Observation>,
        lease: &mut Grant,
        watch_until: Option<Timestamp>,
        call: &Call,
    ) -> Driven {
        let begun = self.ports.clock.now();
        record.started_at.get_or_insert(begun);
        // Who only watches is to see what came of the effects: what it saw before them says nothing of that.
        let mut first = first.filter(|_| !step.only_watches());
        let patience = watch_until.unwrap_or_else(|| later(begun, self.limits.verify_for));
        let watch_until = patience.min(earlier(call.deadline, self.limits.margin));
        let mut tries = Tries { pauses: self.limits.retry.pauses(), last: None, sent: false };
        loop {
            if let Some(fault) = tries.last.take()
                && !pause(&mut tries.pauses, &fault, call).await
            {
                return Driven::Record(Box::new(self.not_done(record, Why::Fault { fault: fault.noted() })));
            }
            // An API that hangs must not cost us the lease, so it is looked after before each single call.
            if self.keep_lease(lease, call).await.is_err() {
                return Driven::LeaseLost;
            }
            let seen = match first.take() {
                Some(seen) => Ok(seen),
                None => call.once(step.name(), step.observe(call)).await,
            };
            let seen = match seen {
                Ok(seen) => seen,
                Err(fault) if fault.class.is_transient() => {
                    tries.last = Some(fault);
                    continue;
                }
                Err(fault) => {
                    return Driven::Record(Box::new(self.not_done(record, Why::Fault { fault: fault.noted() })));
                }
            };
            record.found.clone_from(&seen.found);
            match &seen.standing {
                Standing::Done => return Driven::Record(Box::new(done(record, self.ports.clock.now()))),
                Standing::Blocked { why } => {
                    return Driven::Record(Box::new(self.not_done(record, Why::Blocked { why: why.clone() })));
                }
                Standing::Todo => {}
            }
            if self.keep_lease(lease, call).await.is_err() {
                return Driven::LeaseLost;
            }
            if step.only_watches() {
                if self.ports.clock.now() >= watch_until {
                    return Driven::Record(Box::new(self.not_done(record, Why::NotYet { found: seen.found })));
                }
                call.clock.sleep(self.policy.poll.min(WATCH_EVERY)).await;
            } else if let Err(fault) = self.try_once(step, &mut record, &seen, &mut tries, call).await {
                return Driven::Record(Box::new(self.not_done(record, Why::Fault { fault: fault.noted() })));
            }
        }
    }

    /// Sends the effect once. An `Err` is final; a fault worth another attempt is left in `tries`.
    async fn try_once(
        &self,
        step: &dyn Step,
        record: &mut StepRecord,
        seen: &Observation,
        tries: &mut Tries,
        call: &Call,
    ) -> Result<(), Fault> {
        if std::mem::take(&mut tries.sent) {
            tries.last = Some(Fault::new(FaultClass::Server, step.name(), "the effect does not show yet"));
            return Ok(());
        }
        record.before.get_or_insert_with(|| seen.clone());
        match self.apply(step, record, seen, call).await {
            Ok(()) => tries.sent = true,
            Err(fault) if fault.class.is_transient() || fault.class == FaultClass::Conflict => tries.last = Some(fault),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    fn not_done(&self, record: StepRecord, why: Why) -> StepRecord {
        not_done(record, why, self.ports.clock.now())
    }

    async fn apply(
        &self,
        step: &dyn Step,
        record: &mut StepRecord,
        seen: &Observation,
        call: &Call,
    ) -> Result<(), Fault> {
        record.attempts = record.attempts.saturating_add(1);
        let result = call.once(step.name(), step.apply(call, seen)).await;
        match &result {
            Ok(()) => tracing::info!(step = step.name(), attempt = record.attempts, "applied"),
            Err(fault) => {
                let (attempt, class) = (record.attempts, fault.class.label());
                tracing::warn!(step = step.name(), attempt, class, "{}", fault.message);
            }
        }
        result
    }

    /// Renews the lease when less than half of it is left. No effect may follow an `Err`.
    async fn keep_lease(&self, lease: &mut Grant, call: &Call) -> Result<(), ()> {
        let now = self.ports.clock.now();
        if later(now, half(self.limits.lease_ttl)) < lease.expires {
            return Ok(());
        }
        let renew = self.ports.lease.renew(call, &self.holder, lease, self.limits.lease_ttl);
        match call.once("lease", renew).await {
            Ok(renewed) => {
                *lease = renewed;
                Ok(())
            }
            // Still ours for a while, as long as nobody else has it and an attempt fits into what is left.
            Err(fault)
                if fault.class != FaultClass::Conflict
                    && later(now, self.limits.retry.attempt_timeout) < lease.expires =>
            {
                Ok(())
            }
            Err(fault) => {
                tracing::warn!(call = fault.call, class = fault.class.label(), "the lease is lost: {}", fault.message);
                Err(())
            }
        }
    }
}

/// Waits before the next attempt; false when none is left. After a conflict the world is looked at again at once:
/// it has moved, or our own earlier attempt has moved it.
async fn pause(pauses: &mut Pauses, fault: &Fault, call: &Call) -> bool {
    let Some(pause) = pauses.next(fault).filter(|pause| *pause < call.remaining()) else {
        return false;
    };
    if fault.class != FaultClass::Conflict {
        call.clock.sleep(pause).await;
    }
    true
}

fn done(record: StepRecord, now: Timestamp) -> StepRecord {
    let progress = Progress::Done { changed: record.attempts > 0 };
    StepRecord { progress, ended_at: Some(now), ..record }
}
