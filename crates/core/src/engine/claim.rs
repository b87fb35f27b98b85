//! Lease and intent, before the first effect.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use jiff::Timestamp;

use super::{Engine, journal::Journal, request::Request};
use crate::{
    clock::{Call, later},
    decision::{Decision, Reason, Verdict},
    evidence::Evidence,
    fault::{Fault, FaultClass},
    ports::{Claim, Grant, Versioned},
    record::{Execution, Note, Status, StepRecord},
    step::{Observation, Standing, Step},
    transition::{Event, next},
};

/// An execution that is ours to drive.
pub(super) struct Run {
    /// The record as last written, and what is not written yet.
    pub journal: Journal,
    /// Each step as seen: what was to be done before the claim (its fence still ties the effect to it), and what was
    /// done, seen again under the claim. What was done before it proves nothing after it.
    pub first: BTreeMap<String, Observation>,
    /// Whether the look saw the lock gone, and so the primary was judged before this was decided.
    pub lock_was_gone: bool,
    /// The cloud's note of the last failover, as the look saw it.
    pub noted: Option<Timestamp>,
    /// Why we are driving it.
    pub reasons: Vec<Reason>,
}

/// What came of a claim.
pub(super) enum Claimed {
    /// Drive it.
    Run(Box<Run>),
    /// Look again, not before this time. The record is as it was read, where it is still known.
    NotNow(Timestamp, Decision, Option<Box<Versioned>>),
}

impl Engine {
    /// Takes the lease and writes the intent (or the take-over). Nothing has been touched before this returns.
    pub(super) async fn claim(
        &self,
        versioned: Versioned,
        evidence: Evidence,
        mut decision: Decision,
        request: &Request,
        call: &Call,
        grant: &mut Option<Grant>,
    ) -> Claimed {
        let ours = match call.once("lease", self.ports.lease.acquire(call, &self.holder, self.limits.lease_ttl)).await {
            Ok(Claim::Granted(ours)) => ours,
            Ok(Claim::Held { holder, until }) => {
                decision.reasons.push(Reason::HeldByAnother { holder, until });
                return Claimed::NotNow(until.max(self.ports.clock.now()), decision, Some(Box::new(versioned)));
            }
            Err(fault) => return self.not_now(decision, &fault),
        };
        *grant = Some(ours.clone());
        if let Some(recorded) = versioned.state.open().map(|open| open.fence).filter(|fence| *fence > ours.fence) {
            decision.reasons.push(Reason::FenceAhead { recorded, granted: ours.fence });
        }
        let done = versioned.state.open().map(done_steps).unwrap_or_default();
        let write = async {
            match decision.verdict {
                Verdict::FailOver => self.begin(versioned, &evidence, &decision, request, &ours, call).await,
                _ => self.take_over(versioned, &evidence, &decision, &ours, call).await,
            }
        };
        let (journal, first) = futures_util::join!(write, self.seen_under_the_claim(&evidence, &done, call));
        match journal {
            Ok(journal) => {
                let noted = evidence.last_failover.and_then(Result::ok).flatten();
                let lock_was_gone = evidence.locked == Some(false);
                Claimed::Run(Box::new(Run { journal, first, lock_was_gone, noted, reasons: decision.reasons }))
            }
            Err(fault) => self.not_now(decision, &fault),
        }
    }

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

    fn not_now(&self, mut decision: Decision, fault: &Fault) -> Claimed {
        tracing::warn!(call = fault.call, class = fault.class.label(), "not claimed: {}", fault.message);
        decision.reasons.push(Reason::ClaimFailed { fault: fault.noted() });
        // A conflict means that the world has moved: look at once. Anything else gets a pause.
        let pause = match fault.class {
            FaultClass::Conflict => std::time::Duration::ZERO,
            _ => self.limits.retry.base_delay,
        };
        Claimed::NotNow(later(self.ports.clock.now(), pause), decision, None)
    }

    /// Writes the intent.
    async fn begin(
        &self,
        versioned: Versioned,
        evidence: &Evidence,
        decision: &Decision,
        request: &Request,
        grant: &Grant,
        call: &Call,
    ) -> Result<Journal, Fault> {
        let execution = self.intent(self.time(evidence.server_time), evidence, decision, request, grant);
        works_on(&execution.id);
        tracing::info!(execution = execution.id, fence = grant.fence, "failover begins");
        let mut state = versioned.state.clone();
        if let Some(at) = decision.reasons.iter().find_map(seen_well) {
            state = next(&state, Event::Armed { at }).map_err(illegal)?;
        }
        let state = next(&state, Event::Began(Box::new(execution))).map_err(illegal)?;
        let version = call.once("record", self.ports.store.save(call, &state, &versioned.version)).await?;
        Ok(Journal::new(Versioned { state, version, server_time: None }))
    }

    fn intent(
        &self,
        now: Timestamp,
        evidence: &Evidence,
        decision: &Decision,
        request: &Request,
        grant: &Grant,
    ) -> Execution {
        let found = first_observations(evidence);
        let pending = |step: &Arc<dyn Step>| StepRecord {
            before: found.get(step.name()).filter(|seen| seen.standing == Standing::Todo).cloned(),
            ..StepRecord::pending(step.name(), step.need())
        };
        Execution {
            id: format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%.3fZ"), grant.fence),
            runbook: self.runbook.name.to_owned(),
            trigger: request.trigger.clone(),
            reason: request.reason.clone(),
            caller: request.caller.clone(),
            overrides: request.overrides.clone(),
            started_at: now,
            finished_at: None,
            status: Status::Running,
            abort_reason: None,
            fence: grant.fence,
            holder: self.holder.clone(),
            takeovers: 0,
            decision: decision.clone(),
            evidence: evidence.clone(),
            policy: self.policy.clone(),
            steps: self.runbook.steps.iter().map(pending).collect(),
            notes: Vec::new(),
        }
    }

    /// Makes the execution ours. Written before the first effect, so that the worker before us can write no more. One
    /// that was completed and has lost its lock is open again.
    async fn take_over(
        &self,
        versioned: Versioned,
        evidence: &Evidence,
        decision: &Decision,
        grant: &Grant,
        call: &Call,
    ) -> Result<Journal, Fault> {
        let found = first_observations(evidence);
        let event = Event::TakenOver { fence: grant.fence, holder: self.holder.clone(), found };
        let mut state = next(&versioned.state, event).map_err(illegal)?;
        if let (Verdict::Relock, Some(lock)) = (decision.verdict, self.runbook.lock_name()) {
            let text = "the lock is gone and the primary is not proven well".to_owned();
            let note = Note { at: self.ports.clock.now(), text };
            let event = Event::Lapsed { fence: grant.fence, step: lock.to_owned(), note, watching: Vec::new() };
            state = next(&state, event).map_err(illegal)?;
        }
        if let Some(open) = state.open() {
            works_on(&open.id);
        }
        if state == versioned.state {
            return Ok(Journal::new(versioned));
        }
        tracing::info!(execution = state.open().map(|open| open.id.as_str()), fence = grant.fence, "taken over");
        let version = call.once("record", self.ports.store.save(call, &state, &versioned.version)).await?;
        Ok(Journal::new(Versioned { state, version, server_time: None }))
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

/// An event that the state does not allow means that we lost a race: the next look tells.
pub(super) fn illegal(error: crate::transition::IllegalEvent) -> Fault {
    Fault::new(FaultClass::Conflict, "record", error.to_string())
}
