//! Lease and intent, before the first effect.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{Engine, journal::Journal, request::Request};
use crate::{
    clock::Call,
    decision::{Decision, Reason, Verdict},
    evidence::Evidence,
    fault::{Fault, FaultClass},
    ports::{Claim, Grant, Versioned},
    record::{Execution, Status, StepRecord},
    step::{Observation, Standing, Step},
    transition::{Event, next},
};

/// An execution that is ours to drive.
pub(super) struct Run {
    /// The record as last written, and what is not written yet.
    pub journal: Journal,
    /// What the look before the claim saw of each step; its fence still ties the effect to it.
    pub first: BTreeMap<String, Observation>,
    /// The cloud's note of the last failover, as the look saw it.
    pub noted: Option<Timestamp>,
    /// Why we are driving it.
    pub reasons: Vec<Reason>,
}

/// What came of a claim.
pub(super) enum Claimed {
    /// Drive it.
    Run(Box<Run>),
    /// Look again, not before this time.
    NotNow(Timestamp, Decision),
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
                return Claimed::NotNow(until.max(self.ports.clock.now()), decision);
            }
            Err(fault) => return self.not_now(decision, &fault),
        };
        *grant = Some(ours.clone());
        let journal = match decision.verdict {
            Verdict::FailOver => self.begin(versioned, &evidence, &decision, request, &ours, call).await,
            _ => self.take_over(versioned, &evidence, &ours, call).await,
        };
        match journal {
            Ok(journal) => {
                let first = first_observations(&evidence);
                let noted = evidence.last_failover.and_then(Result::ok).flatten();
                Claimed::Run(Box::new(Run { journal, first, noted, reasons: decision.reasons }))
            }
            Err(fault) => self.not_now(decision, &fault),
        }
    }

    fn not_now(&self, mut decision: Decision, fault: &Fault) -> Claimed {
        tracing::warn!(call = fault.call, class = fault.class.label(), "not claimed: {}", fault.message);
        decision.reasons.push(Reason::ClaimFailed { fault: fault.noted() });
        // A conflict means that the world has moved: look at once. Anything else gets a pause.
        let pause = match fault.class {
            FaultClass::Conflict => std::time::Duration::ZERO,
            _ => self.limits.retry.base_delay,
        };
        Claimed::NotNow(self.ports.clock.now() + pause, decision)
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
        let execution = self.intent(self.ports.clock.now(), evidence, decision, request, grant);
        tracing::info!(execution = execution.id, fence = grant.fence, "failover begins");
        let state = next(&versioned.state, Event::Began(Box::new(execution))).map_err(illegal)?;
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

    /// Makes the open execution ours. Written before the first effect, so that the worker before us can write no more.
    async fn take_over(
        &self,
        versioned: Versioned,
        evidence: &Evidence,
        grant: &Grant,
        call: &Call,
    ) -> Result<Journal, Fault> {
        let found = first_observations(evidence);
        let event = Event::TakenOver { fence: grant.fence, holder: self.holder.clone(), found };
        let state = next(&versioned.state, event).map_err(illegal)?;
        if state == versioned.state {
            return Ok(Journal::new(versioned));
        }
        tracing::info!(execution = state.open().map(|open| open.id.as_str()), fence = grant.fence, "taken over");
        let version = call.once("record", self.ports.store.save(call, &state, &versioned.version)).await?;
        Ok(Journal::new(Versioned { state, version, server_time: None }))
    }
}

fn first_observations(evidence: &Evidence) -> BTreeMap<String, Observation> {
    let known = evidence.steps.iter().filter_map(|seen| Some((seen.step.clone(), seen.seen.clone().ok()?)));
    known.collect()
}

/// An event that the state does not allow means that we lost a race: the next look tells.
pub(super) fn illegal(error: crate::transition::IllegalEvent) -> Fault {
    Fault::new(FaultClass::Conflict, "record", error.to_string())
}
