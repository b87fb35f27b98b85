//! Lease and intent, before the first effect.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use jiff::Timestamp;

use super::{
    Engine,
    request::{Action, Request},
    session::{ClockError, HeldLease, NotAcquired, Session},
    tell::Teller,
    working_copy::WorkingCopy,
};
use crate::{
    clock::{Call, later},
    decision::{Decision, Reason, Verdict},
    evidence::Evidence,
    fault::{Fault, FaultClass},
    holdoff::Streak,
    kind::Kind,
    record::{Execution, Kept, Note, State, Status, StepRecord, Unknown},
    runbook::DrivenStep,
    step::{Direction, Observation, Step, StepState},
    transition::Event,
};

/// An execution that is ours to drive: the part of a session that has the lease and an intent.
pub(super) struct Run<'a> {
    /// Whose.
    pub engine: &'a Engine,
    /// The time that is left.
    pub call: &'a Call,
    /// The lease.
    pub lease: HeldLease<'a>,
    /// The record as last written, and what is not written yet.
    pub record: WorkingCopy,
    /// What it is for.
    pub kind: Kind,
    /// Its steps.
    pub steps: Vec<DrivenStep>,
    /// Whether only what puts the standby back to rest is driven, and then it is over.
    pub resting: bool,
    /// Each step as seen: what was to be done before the claim (its fence still ties the effect to it), and what was
    /// done, seen again under the claim. What was done before it proves nothing after it.
    pub first: BTreeMap<String, Observation>,
    /// Whether the look saw the lock gone, and so the primary was judged before this was decided.
    pub lock_was_gone: bool,
    /// The cloud's note of the last failover, as the look saw it.
    pub noted: Option<Timestamp>,
    /// How far our clock is from the API server's.
    pub clock_error: ClockError,
    /// Why we are driving it.
    pub reasons: Vec<Reason>,
    /// The failing time that was proven for that, where there was any.
    pub streak: Option<Streak>,
    /// Tells people.
    pub teller: Arc<Teller<'a>>,
}

/// What a claim is about, by the record as it was read.
struct Claim {
    kind: Kind,
    steps: Vec<DrivenStep>,
    /// The fence of the open execution.
    recorded_fence: Option<u64>,
    /// Its steps that are done by the record.
    done: Vec<String>,
}

/// What came of a claim.
pub(super) enum Claimed<'a> {
    /// Drive it.
    Run(Box<Run<'a>>),
    /// Look again, not before this time.
    NotNow(Timestamp, Decision),
}

impl<'a> Session<'a> {
    /// Takes the lease and writes the intent (or the take-over). Nothing has been touched before this returns.
    pub(super) async fn claim(&mut self, evidence: Evidence, mut decision: Decision) -> Claimed<'a> {
        let (engine, call, teller) = (self.engine, self.call, Arc::clone(&self.teller));
        match self.acquire(&mut decision).await {
            Ok(()) => {}
            Err(NotAcquired::Held(until)) => {
                // A lease that is over by our clock and not by the store's is looked at again a poll later.
                let now = engine.ports.clock.now();
                let then = if until > now { until } else { later(now, engine.policy.poll) };
                return Claimed::NotNow(then, decision);
            }
            Err(NotAcquired::Fault(fault)) => return self.not_now(decision, &fault),
        }
        let fence = self.lease.as_ref().map(HeldLease::fence).unwrap_or_default();
        let Some(claim) = self.record.as_ref().and_then(|record| engine.claimed(record.state(), &decision)) else {
            return self.not_now(decision, &unread());
        };
        if let Some(recorded) = claim.recorded_fence.filter(|recorded| *recorded > fence) {
            decision.reasons.push(Reason::FenceAhead { recorded, granted: fence });
        }
        let events = match decision.verdict {
            Verdict::FailOver | Verdict::Begin { .. } => {
                engine.beginning(&claim, &evidence, &decision, self.request, fence)
            }
            Verdict::Close => self.closing(&claim, &evidence, &decision, fence),
            _ => self.taking_over(&claim, &evidence, &decision, fence),
        };
        let seen = engine.seen_under_the_claim(&claim, &evidence, call);
        let (written, first) = futures_util::join!(self.commit(events), seen);
        if let Err(fault) = written {
            return self.not_now(decision, &fault);
        }
        let resting = decision.verdict == Verdict::Close;
        if resting && claim.kind != Kind::Rehearsal {
            // It is over; what is due now is judged anew.
            self.ended = decision.reasons.last().map(ToString::to_string);
            return Claimed::NotNow(engine.ports.clock.now(), decision);
        }
        let (Some(record), Some(lease)) = (self.record.take(), self.lease.take()) else {
            return self.not_now(decision, &unread());
        };
        let lock_was_gone = evidence.locked == Some(false);
        let clock_error = self.clock_error;
        let noted = evidence.last_failover.and_then(Result::ok).flatten();
        let (Decision { reasons, streak, .. }, Claim { kind, steps, .. }) = (decision, claim);
        let run = Run {
            engine,
            call,
            lease,
            record,
            kind,
            steps,
            resting,
            first,
            lock_was_gone,
            noted,
            clock_error,
            reasons,
            streak,
            teller,
        };
        Claimed::Run(Box::new(run))
    }

    /// What makes the execution ours. Written before the first effect, so that the worker before us can write no more.
    /// One that was completed and has lost its lock is open again.
    fn taking_over(&self, claim: &Claim, evidence: &Evidence, decision: &Decision, fence: u64) -> Vec<Event> {
        let engine = self.engine;
        let found = if claim.kind == Kind::Failover { first_observations(evidence) } else { BTreeMap::new() };
        let mut events = vec![Event::TakenOver { fence, holder: engine.holder.clone(), found }];
        if let (Verdict::Relock, Some(lock)) = (decision.verdict, engine.runbook.lock_name()) {
            let text = "the lock is gone and the primary is not proven well".to_owned();
            let note = Note { at: engine.ports.clock.now(), text };
            events.push(Event::Lapsed { fence, step: lock.to_owned(), note, watching: Vec::new() });
        }
        if self.request.action == (Action::Failback { rest: true }) && claim.kind == Kind::Failback {
            events.push(Event::Confirmed);
        }
        events
    }

    /// What ends an execution whose primary did not stay well. A rehearsal is put back to rest first. A failback that
    /// has unlocked traffic leaves a site without a failover. One that is not known to have done so leaves the failover
    /// standing: where its lock is gone all the same, that is judged by the rules of a lock that is missed.
    fn closing(&self, claim: &Claim, evidence: &Evidence, decision: &Decision, fence: u64) -> Vec<Event> {
        let engine = self.engine;
        let taken = Event::TakenOver { fence, holder: engine.holder.clone(), found: BTreeMap::new() };
        if claim.kind == Kind::Rehearsal {
            return vec![taken];
        }
        let at = engine.time(evidence.server_time);
        let reason = decision.reasons.last().map(ToString::to_string).unwrap_or_default();
        vec![taken, Event::Closed { at, reason }]
    }

    fn not_now(&mut self, mut decision: Decision, fault: &Fault) -> Claimed<'a> {
        tracing::warn!(call = fault.call, class = fault.class.label(), "not claimed: {}", fault.message);
        decision.reasons.push(Reason::ClaimFailed { fault: fault.noted() });
        self.record = None;
        // A conflict means that the world has moved: look at once, and after another fault soon. That is done once in a
        // call. A claim that fails again may fail for ever.
        let again = std::mem::replace(&mut self.claim_failed, true);
        let pause = match fault.class {
            _ if again => self.engine.policy.poll,
            FaultClass::Conflict => std::time::Duration::ZERO,
            _ => self.engine.limits.retry.base_delay,
        };
        Claimed::NotNow(later(self.engine.ports.clock.now(), pause), decision)
    }
}

impl Engine {
    /// What a claim is about; `None` where the runbook does not give the kind.
    fn claimed(&self, state: &State, decision: &Decision) -> Option<Claim> {
        let current = state.current.as_ref();
        let kind = match decision.verdict {
            Verdict::Begin { kind } => kind,
            Verdict::FailOver => Kind::Failover,
            _ => current?.kind,
        };
        let steps = self.runbook.driven(kind, state.stands.as_deref().or(current))?;
        let open = state.open();
        Some(Claim {
            kind,
            steps,
            recorded_fence: open.map(|open| open.fence),
            done: open.map(done_steps).unwrap_or_default(),
        })
    }

    /// The steps as they are to be driven from. What was to be done is fenced; what looked done, or is done by the
    /// record (`done`), is looked at again. The look saw the steps of a failover; those of other kinds are seen now.
    async fn seen_under_the_claim(
        &self,
        claim: &Claim,
        evidence: &Evidence,
        call: &Call,
    ) -> BTreeMap<String, Observation> {
        let done = &claim.done;
        let mut first = if claim.kind == Kind::Failover { first_observations(evidence) } else { BTreeMap::new() };
        let looks_done = |name: &str| first.get(name).is_some_and(|seen| seen.state == StepState::Done);
        let is_done = |name: &str| looks_done(name) || done.iter().any(|done| done == name);
        let again: Vec<_> =
            effects(&claim.steps).map(|driven| &driven.step).filter(|step| is_done(step.name())).collect();
        first.retain(|name, seen| seen.state == StepState::Todo && !done.contains(name));
        first.extend(self.observe_now(&again, call).await);
        first
    }

    /// Observes `steps` side by side, each once. What cannot be seen is left out.
    pub(super) async fn observe_now(&self, steps: &[&Arc<dyn Step>], call: &Call) -> BTreeMap<String, Observation> {
        let observe = |step: &&Arc<dyn Step>| {
            let step = Arc::clone(step);
            async move {
                let seen = call.once(step.name(), step.observe(call)).await.ok()?;
                Some((step.name().to_owned(), seen))
            }
        };
        join_all(steps.iter().map(observe)).await.into_iter().flatten().collect()
    }

    /// The intent.
    fn beginning(
        &self,
        claim: &Claim,
        evidence: &Evidence,
        decision: &Decision,
        request: &Request,
        fence: u64,
    ) -> Vec<Event> {
        let execution = self.intent(claim, evidence, decision, request, fence);
        works_on(&execution.id);
        tracing::info!(execution = execution.id, fence, "{} begins", claim.kind);
        armed(decision).into_iter().chain([Event::Began(Box::new(execution))]).collect()
    }

    fn intent(
        &self,
        claim: &Claim,
        evidence: &Evidence,
        decision: &Decision,
        request: &Request,
        fence: u64,
    ) -> Execution {
        let now = self.time(evidence.server_time);
        let found = first_observations(evidence);
        let pending = |driven: &DrivenStep| {
            let (name, forward) = (driven.step.name(), driven.direction == Direction::Forward);
            StepRecord {
                direction: driven.direction,
                before: found.get(name).filter(|seen| forward && seen.state == StepState::Todo).cloned(),
                ..StepRecord::pending(name, driven.step.need())
            }
        };
        Execution {
            id: format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%.3fZ"), fence),
            kind: claim.kind,
            runbook: self.runbook.name.to_owned(),
            trigger: Kept::of(request.trigger.clone()),
            reason: request.reason.clone(),
            caller: request.caller.clone(),
            overrides: request.overrides.iter().copied().map(Kept::of).collect(),
            started_at: now,
            finished_at: None,
            status: Status::Running,
            abort_reason: None,
            fence,
            holder: self.holder.clone(),
            takeovers: 0,
            decision: Kept::of(decision.clone()),
            evidence: Kept::of(evidence.clone()),
            policy: Kept::of(self.policy.clone()),
            steps: claim.steps.iter().map(pending).collect(),
            notes: Vec::new(),
            data: request.data.clone(),
            confirmed: request.action == Action::Failback { rest: true },
            unknown: Unknown::new(),
        }
    }
}

/// The steps that have an effect which is to hold at the end, as opposed to those that only watch.
pub(super) fn effects(steps: &[DrivenStep]) -> impl Iterator<Item = &DrivenStep> {
    steps.iter().filter(|driven| driven.lasts && !driven.step.is_verification())
}

fn unread() -> Fault {
    Fault::new(FaultClass::Conflict, "record", "it has to be read first")
}

/// Notes the execution in the span of the invocation, where its lines are told by one.
fn works_on(execution: &str) {
    tracing::Span::current().record("execution", execution);
}

/// That the primary was seen well before is noted with what rests on it: an outage can last for longer than the history.
pub(super) fn armed(decision: &Decision) -> Option<Event> {
    decision.reasons.iter().find_map(|reason| match reason {
        Reason::SeenWell { at } => Some(Event::Armed { at: *at }),
        _ => None,
    })
}

fn done_steps(execution: &Execution) -> Vec<String> {
    execution.steps.iter().filter(|step| step.is_done()).map(|step| step.step.clone()).collect()
}

fn first_observations(evidence: &Evidence) -> BTreeMap<String, Observation> {
    let known = evidence.steps.iter().filter_map(|seen| Some((seen.step.clone(), seen.seen.clone().ok()?)));
    known.collect()
}
