//! Lease and intent, before the first effect.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use jiff::Timestamp;

use super::{
    Engine,
    request::Request,
    session::{HeldLease, NotAcquired, Session},
    working_copy::WorkingCopy,
};
use crate::{
    clock::{Call, later},
    decision::{Decision, Reason, Verdict},
    evidence::Evidence,
    fault::{Fault, FaultClass},
    holdoff::Streak,
    record::{Execution, Note, Status, StepRecord},
    step::{Observation, Standing, Step},
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
    /// Each step as seen: what was to be done before the claim (its fence still ties the effect to it), and what was
    /// done, seen again under the claim. What was done before it proves nothing after it.
    pub first: BTreeMap<String, Observation>,
    /// Whether the look saw the lock gone, and so the primary was judged before this was decided.
    pub lock_was_gone: bool,
    /// The cloud's note of the last failover, as the look saw it.
    pub noted: Option<Timestamp>,
    /// Why we are driving it.
    pub reasons: Vec<Reason>,
    /// The failing time that was proven for that, where there was any.
    pub streak: Option<Streak>,
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
        let (engine, call) = (self.engine, self.call);
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
        let open = self.record.as_ref().and_then(|record| record.state().open());
        if let Some(recorded) = open.map(|open| open.fence).filter(|recorded| *recorded > fence) {
            decision.reasons.push(Reason::FenceAhead { recorded, granted: fence });
        }
        let done = open.map(done_steps).unwrap_or_default();
        let events = match decision.verdict {
            Verdict::FailOver => engine.beginning(&evidence, &decision, self.request, fence),
            _ => {
                if let Some(open) = open {
                    works_on(&open.id);
                    tracing::info!(execution = open.id, fence, "taken over");
                }
                engine.taking_over(&evidence, &decision, fence)
            }
        };
        let seen = engine.seen_under_the_claim(&evidence, &done, call);
        let (written, first) = futures_util::join!(self.commit(events), seen);
        let fault = match written {
            Ok(()) => match (self.record.take(), self.lease.take()) {
                (Some(record), Some(lease)) => {
                    let noted = evidence.last_failover.and_then(Result::ok).flatten();
                    let lock_was_gone = evidence.locked == Some(false);
                    let Decision { reasons, streak, .. } = decision;
                    let run = Run { engine, call, lease, record, first, lock_was_gone, noted, reasons, streak };
                    return Claimed::Run(Box::new(run));
                }
                _ => Fault::new(FaultClass::Conflict, "record", "it has to be read first"),
            },
            Err(fault) => fault,
        };
        self.not_now(decision, &fault)
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
    /// The steps as they are to be driven from. What was to be done is fenced; what looked done, or is done by the
    /// record (`done`), is looked at again.
    async fn seen_under_the_claim(
        &self,
        evidence: &Evidence,
        done: &[String],
        call: &Call,
    ) -> BTreeMap<String, Observation> {
        let mut first = first_observations(evidence);
        let looks_done = |name: &str| first.get(name).is_some_and(|seen| seen.standing == Standing::Done);
        let is_done = |name: &str| looks_done(name) || done.iter().any(|done| done == name);
        let again: Vec<_> = self.effects().filter(|step| is_done(step.name())).collect();
        first.retain(|name, seen| seen.standing == Standing::Todo && !done.contains(name));
        first.extend(self.observe_now(&again, call).await);
        first
    }

    /// The steps that have an effect, as opposed to those that only watch.
    pub(super) fn effects(&self) -> impl Iterator<Item = &Arc<dyn Step>> {
        self.runbook.steps.iter().filter(|step| !step.only_watches())
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
    fn beginning(&self, evidence: &Evidence, decision: &Decision, request: &Request, fence: u64) -> Vec<Event> {
        let execution = self.intent(self.time(evidence.server_time), evidence, decision, request, fence);
        works_on(&execution.id);
        tracing::info!(execution = execution.id, fence, "failover begins");
        let armed = decision.reasons.iter().find_map(seen_well).map(|at| Event::Armed { at });
        armed.into_iter().chain([Event::Began(Box::new(execution))]).collect()
    }

    fn intent(
        &self,
        now: Timestamp,
        evidence: &Evidence,
        decision: &Decision,
        request: &Request,
        fence: u64,
    ) -> Execution {
        let found = first_observations(evidence);
        let pending = |step: &Arc<dyn Step>| StepRecord {
            before: found.get(step.name()).filter(|seen| seen.standing == Standing::Todo).cloned(),
            ..StepRecord::pending(step.name(), step.need())
        };
        Execution {
            id: format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%.3fZ"), fence),
            runbook: self.runbook.name.to_owned(),
            trigger: request.trigger.clone(),
            reason: request.reason.clone(),
            caller: request.caller.clone(),
            overrides: request.overrides.clone(),
            started_at: now,
            finished_at: None,
            status: Status::Running,
            abort_reason: None,
            fence,
            holder: self.holder.clone(),
            takeovers: 0,
            decision: decision.clone(),
            evidence: evidence.clone(),
            policy: self.policy.clone(),
            steps: self.runbook.steps.iter().map(pending).collect(),
            notes: Vec::new(),
        }
    }

    /// What makes the execution ours. Written before the first effect, so that the worker before us can write no more.
    /// One that was completed and has lost its lock is open again.
    fn taking_over(&self, evidence: &Evidence, decision: &Decision, fence: u64) -> Vec<Event> {
        let found = first_observations(evidence);
        let mut events = vec![Event::TakenOver { fence, holder: self.holder.clone(), found }];
        if let (Verdict::Relock, Some(lock)) = (decision.verdict, self.runbook.lock_name()) {
            let text = "the lock is gone and the primary is not proven well".to_owned();
            let note = Note { at: self.ports.clock.now(), text };
            events.push(Event::Lapsed { fence, step: lock.to_owned(), note, watching: Vec::new() });
        }
        events
    }
}

/// Notes the execution in the span of the invocation, where its lines are told by one.
fn works_on(execution: &str) {
    tracing::Span::current().record("execution", execution);
}

fn seen_well(reason: &Reason) -> Option<Timestamp> {
    if let Reason::SeenWell { at } = reason { Some(*at) } else { None }
}

fn done_steps(execution: &Execution) -> Vec<String> {
    execution.steps.iter().filter(|step| step.is_done()).map(|step| step.step.clone()).collect()
}

fn first_observations(evidence: &Evidence) -> BTreeMap<String, Observation> {
    let known = evidence.steps.iter().filter_map(|seen| Some((seen.step.clone(), seen.seen.clone().ok()?)));
    known.collect()
}
