//! One call of the engine: what it was asked, the time it has, the lease that it holds and the record that it knows.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Engine, Request,
    observe::{Observed, Scope},
    tell::Teller,
    working_copy::{Basis, WorkingCopy},
};
use crate::{
    clock::{Call, half, later, until},
    decision::{Decision, Reason},
    evidence::{Evidence, Probe},
    fault::{Fault, FaultClass},
    ports::{Claim, Grant},
    transition::Event,
};

/// One call.
pub(super) struct Session<'a> {
    /// Whose.
    pub engine: &'a Engine,
    /// What is asked.
    pub request: &'a Request,
    /// The time that is left.
    pub call: &'a Call,
    /// The probes of this call, oldest first.
    pub probes: Vec<Probe>,
    /// The lease, once it is ours.
    pub lease: Option<HeldLease<'a>>,
    /// Whether a claim of this call has failed.
    pub claim_failed: bool,
    /// What was seen of the primary when what was asked for was ended in this call: it is not begun again by the same call.
    pub ended: Option<String>,
    /// The record as it was read or written last; none where that is not known.
    pub record: Option<WorkingCopy>,
    /// How far our clock was from the API server's at the last look.
    pub clock_error: ClockError,
    /// Tells people.
    pub teller: Arc<Teller<'a>>,
}

impl<'a> Session<'a> {
    /// A session that holds and knows nothing yet.
    pub(super) fn new(engine: &'a Engine, request: &'a Request, call: &'a Call) -> Self {
        let teller = Arc::new(Teller::new(engine));
        Self {
            engine,
            request,
            call,
            probes: Vec::new(),
            lease: None,
            claim_failed: false,
            ended: None,
            record: None,
            clock_error: ClockError::default(),
            teller,
        }
    }

    /// Looks once, and takes the record from it.
    pub(super) async fn observe(&mut self, scope: Scope) -> Observed {
        let seen = self.engine.observe(scope, &mut self.probes, self.call).await;
        self.record = seen.state.clone().ok().map(WorkingCopy::new);
        self.clock_error = ClockError::of(&seen.evidence);
        seen
    }

    /// The time for the record: ours, or the API server's where ours is wrong by more than clocks may be. By the look, since
    /// the answer to a write of this call tells no time.
    pub(super) fn time(&self) -> Timestamp {
        self.clock_error.right(self.engine.ports.clock.now())
    }

    /// Takes the lease. Where that fails, the decision gets the reason.
    pub(super) async fn acquire(&mut self, decision: &mut Decision) -> Result<(), NotAcquired> {
        let Engine { ports, limits, holder, .. } = self.engine;
        let acquire = ports.lease.acquire(self.call, holder, limits.lease_ttl);
        match self.call.once("lease", acquire).await {
            Ok(Claim::Granted(grant)) => {
                self.lease = Some(HeldLease { engine: self.engine, call: self.call, grant });
                Ok(())
            }
            Ok(Claim::Held { holder, until }) => {
                decision.reasons.push(Reason::HeldByAnother { holder, until });
                Err(NotAcquired::Held(until))
            }
            Err(fault) => Err(NotAcquired::Fault(fault)),
        }
    }

    /// Writes what was decided on the record as it was read. Afterwards the record is known only if that succeeded.
    pub(super) async fn commit(&mut self, events: impl IntoIterator<Item = Event>) -> Result<(), Fault> {
        let Some(mut record) = self.record.take() else {
            return Err(Fault::new(FaultClass::Conflict, "record", "it has to be read first"));
        };
        for event in events {
            record.add(event).map_err(|error| Basis::AsRead.refused(&error))?;
        }
        record.commit(self.engine, Basis::AsRead, self.call).await?;
        self.record = Some(record);
        Ok(())
    }

    /// Writes what was seen. What fails is noticed and written by the next look.
    pub(super) async fn note(&mut self, events: impl IntoIterator<Item = Event>) {
        if let Err(fault) = self.commit(events).await {
            tracing::warn!(call = fault.call, "what was seen could not be noted: {}", fault.message);
        }
    }
}

/// How far our clock is from the API server's, where that is more than clocks may be: the time of a look by each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClockError(pub Option<(Timestamp, Timestamp)>);

impl ClockError {
    /// As it was seen in a look.
    pub(super) fn of(evidence: &Evidence) -> Self {
        Self(evidence.clock_is_wrong().map(|right| (evidence.at, right)))
    }

    /// The time for the record, `now` by our clock: ours, or what the API server's clock shows by now where ours is wrong. A time
    /// that no clock shows is not believed by whoever reads it.
    pub(super) fn right(self, now: Timestamp) -> Timestamp {
        self.0.map_or(now, |(ours, right)| later(right, until(ours, now)))
    }
}

/// Why the lease is not ours.
pub(super) enum NotAcquired {
    /// Another worker has it, until this time at least.
    Held(Timestamp),
    /// It cannot be told.
    Fault(Fault),
}

/// The lease while it is ours.
pub(super) struct HeldLease<'a> {
    engine: &'a Engine,
    call: &'a Call,
    grant: Grant,
}

impl HeldLease<'_> {
    /// Its fencing number.
    pub(super) fn fence(&self) -> u64 {
        self.grant.fence
    }

    /// Renews the lease when less than half of it is left. No effect may follow an `Err`.
    pub(super) async fn keep(&mut self) -> Result<(), ()> {
        let Engine { ports, limits, holder, .. } = self.engine;
        let now = ports.clock.now();
        if later(now, half(limits.lease_ttl)) < self.grant.expires {
            return Ok(());
        }
        let renew = ports.lease.renew(self.call, holder, &self.grant, limits.lease_ttl);
        match self.call.once("lease", renew).await {
            Ok(renewed) => {
                self.grant = renewed;
                Ok(())
            }
            // Still ours for a while, as long as nobody else has it and an attempt fits into what is left.
            Err(fault)
                if fault.class != FaultClass::Conflict
                    && later(now, limits.retry.attempt_timeout) < self.grant.expires =>
            {
                Ok(())
            }
            Err(fault) => {
                tracing::warn!(call = fault.call, class = fault.class.label(), "the lease is lost: {}", fault.message);
                Err(())
            }
        }
    }

    /// Gives the lease back, so that the next call need not wait for its end.
    pub(super) async fn release(self) {
        let release = self.engine.ports.lease.release(self.call, &self.engine.holder, &self.grant);
        if let Err(fault) = self.call.once("lease", release).await {
            tracing::warn!(call = fault.call, "the lease was not given back and will expire: {}", fault.message);
        }
    }
}
