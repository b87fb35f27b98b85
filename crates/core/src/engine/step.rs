//! One step: observe, apply, and what the answer shows; where it does not show the effect, observe again.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Engine,
    drive::not_done,
    session::{ClockError, HeldLease},
};
use crate::{
    clock::{Call, earlier, later},
    fault::{Fault, FaultClass},
    record::{Progress, StepRecord, Why},
    retry::Pauses,
    step::{Observation, Step, StepState},
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

/// Which effects ask first that the primary is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// None: what was begun is finished.
    Never,
    /// The first one of the execution, which makes the primary passive.
    First,
    /// Each one.
    Each,
}

/// One step of a run, while it is driven.
pub(super) struct Driver<'a, 'l> {
    /// Whose.
    pub engine: &'a Engine,
    /// The step.
    pub step: &'a dyn Step,
    /// Whether its effect asks first that the primary is well.
    pub guard: Guard,
    /// How far our clock is from the API server's.
    pub clock_error: ClockError,
    /// The lease, which is kept meanwhile.
    pub lease: &'a mut HeldLease<'l>,
    /// The time that is left.
    pub call: &'a Call,
}

impl Driver<'_, '_> {
    /// Drives the step until it is done, cannot be done, or the attempts or the time are used up.
    pub(super) async fn drive(
        &mut self,
        mut record: StepRecord,
        first: Option<Observation>,
        watch_until: Option<Timestamp>,
    ) -> Driven {
        let (step, call) = (self.step, self.call);
        let begun = self.now();
        record.started_at.get_or_insert(self.clock_error.right(begun));
        // Who only watches is to see what came of the effects: what it saw before them says nothing of that.
        let mut first = first.filter(|_| !step.is_verification());
        let patience = watch_until.unwrap_or_else(|| later(begun, self.engine.limits.verify_for));
        let watch_until = patience.min(earlier(call.deadline, self.engine.limits.margin));
        let mut tries = Tries { pauses: self.engine.limits.retry.pauses(), last: None, sent: false };
        loop {
            if let Some(fault) = tries.last.take()
                && !pause(&mut tries.pauses, &fault, call).await
            {
                return Driven::Record(Box::new(self.not_done(record, Why::Fault { fault: fault.noted() })));
            }
            // An API that hangs must not cost us the lease, so it is looked after before each single call.
            if self.lease.keep().await.is_err() {
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
            match &seen.state {
                StepState::Done => return Driven::Record(Box::new(done(record, self.clock_error.right(self.now())))),
                StepState::Blocked { why } => {
                    return Driven::Record(Box::new(self.not_done(record, Why::Blocked { why: why.clone() })));
                }
                StepState::Todo => {}
            }
            if self.lease.keep().await.is_err() {
                return Driven::LeaseLost;
            }
            if step.is_verification() {
                if self.now() >= watch_until {
                    return Driven::Record(Box::new(self.not_done(record, Why::NotYet { found: seen.found })));
                }
                call.clock.sleep(self.engine.policy.poll.min(WATCH_EVERY)).await;
            } else if let Some(found) = self.not_well(&record).await {
                return Driven::Record(Box::new(self.not_done(record, Why::PrimaryNotWell { found })));
            } else {
                match self.try_once(&mut record, &seen, &mut tries).await {
                    // It confirms the effect; anything else that it shows is looked at again.
                    Ok(shown) => first = shown.filter(|shown| shown.state == StepState::Done),
                    Err(fault) => {
                        return Driven::Record(Box::new(self.not_done(record, Why::Fault { fault: fault.noted() })));
                    }
                }
            }
        }
    }

    /// Sends the effect once, and returns what the answer shows. An `Err` is final; a fault worth another attempt is left
    /// in `tries`.
    async fn try_once(
        &self,
        record: &mut StepRecord,
        seen: &Observation,
        tries: &mut Tries,
    ) -> Result<Option<Observation>, Fault> {
        if std::mem::take(&mut tries.sent) {
            tries.last = Some(Fault::new(FaultClass::Server, self.step.name(), "the effect does not show yet"));
            return Ok(None);
        }
        record.before.get_or_insert_with(|| seen.clone());
        match self.apply(record, seen).await {
            Ok(shown) => {
                tries.sent = true;
                return Ok(shown);
            }
            Err(fault) if fault.class.is_transient() || fault.class == FaultClass::Conflict => tries.last = Some(fault),
            Err(fault) => return Err(fault),
        }
        Ok(None)
    }

    async fn apply(&self, record: &mut StepRecord, seen: &Observation) -> Result<Option<Observation>, Fault> {
        let (step, call) = (self.step, self.call);
        record.attempts = record.attempts.saturating_add(1);
        let result = call.once(step.name(), step.apply(call, seen)).await;
        match &result {
            Ok(_) => tracing::info!(step = step.name(), attempt = record.attempts, "applied"),
            Err(fault) => {
                let (attempt, class) = (record.attempts, fault.class.label());
                tracing::warn!(step = step.name(), attempt, class, "{}", fault.message);
            }
        }
        result
    }

    /// What stands against an effect that asks for a primary that is well.
    async fn not_well(&self, record: &StepRecord) -> Option<String> {
        match self.guard {
            Guard::Never => None,
            Guard::First if record.attempts > 0 => None,
            Guard::First | Guard::Each => self.engine.not_well(self.call).await,
        }
    }

    fn not_done(&self, record: StepRecord, why: Why) -> StepRecord {
        not_done(record, why, self.clock_error.right(self.now()))
    }

    fn now(&self) -> Timestamp {
        self.engine.ports.clock.now()
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
