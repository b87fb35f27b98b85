//! Gathers evidence: everything at once, each reading bounded, what does not answer is unknown.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::future::{Either, join_all, select};
use jiff::Timestamp;

use super::Engine;
use crate::{
    clock::Call,
    evidence::{Evidence, History, LiveStatus, Probe, ProbeResult, Readiness, Reading, StepSeen, TrafficAnswer},
    fault::Fault,
    ports::Versioned,
    record::State,
    runbook::DrivenStep,
    step::{Direction, Need, Step, StepState},
};

/// How long the probe has to itself before control targets are asked beside it.
const HEAD_START: Duration = Duration::from_millis(300);

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Document, history and probe: enough to see that there is nothing to do.
    Quick,
    /// Everything that a decision and its steps depend on.
    Full,
    /// That, and the control targets too where the primary answers: a person asks whether all is as it must be.
    Asked,
}

/// What one look found.
pub(super) struct Observed {
    pub state: Reading<Versioned>,
    pub evidence: Evidence,
}

/// What a quick observation does without; the fields are those of [`Evidence`].
#[derive(Default)]
struct Supporting {
    live: Option<Reading<LiveStatus>>,
    last_failover: Option<Reading<Option<Timestamp>>>,
    fitness: Option<Reading<Readiness>>,
    traffic: Option<Reading<TrafficAnswer>>,
}

impl Engine {
    /// Looks once. `probes` carries the probes of this call from look to look.
    pub(super) async fn observe(&self, scope: Scope, probes: &mut Vec<Probe>, call: &Call) -> Observed {
        let at = self.ports.clock.now();
        let call = &call.within(self.limits.observe_for);
        let (state, history, probe, supporting, steps) = futures_util::join!(
            noted(call.read("record", || self.ports.store.load(call))),
            self.history(call),
            self.probe(scope, call),
            self.supporting(scope, call),
            self.observe_steps(scope, call),
        );
        probes.extend(probe);
        let Supporting { live, last_failover, fitness, traffic } = supporting;
        let mut evidence = Evidence {
            at,
            history,
            probes: probes.clone(),
            live,
            last_failover,
            fitness,
            locked: self.locked(&steps),
            traffic,
            last_well: None,
            server_time: state.as_ref().ok().and_then(|versioned| versioned.server_time),
            foreign: state.as_ref().ok().and_then(|versioned| self.foreign(&versioned.state)),
            steps,
            kind_steps: Vec::new(),
        };
        if let Ok(Versioned { state, .. }) = &state
            && scope != Scope::Quick
            && state.armed.is_none()
        {
            let from = state.arms_from(evidence.latest());
            evidence.last_well = self.last_well(from, call).await;
        }
        Observed { state, evidence }
    }

    /// Why the execution that is open, or stands, is none that this runbook can have written.
    fn foreign(&self, state: &State) -> Option<String> {
        let matters = state.open().is_some() || state.failed_over();
        self.runbook.foreign(state.current.as_ref().filter(|_| matters)?)
    }

    /// When the history last saw the primary well, as far back as it reaches. Asked for beside nothing else, but only
    /// until the site is armed once.
    async fn last_well(&self, not_before: Option<Timestamp>, call: &Call) -> Option<Reading<Option<Timestamp>>> {
        let source = self.ports.history.as_ref()?;
        let brief = &self.brief(call);
        Some(noted(brief.read("history", || source.last_well(brief, not_before))).await)
    }

    async fn history(&self, call: &Call) -> Option<Reading<History>> {
        let source = self.ports.history.as_ref()?;
        Some(noted(call.read("history", || source.history(call, self.window()))).await)
    }

    /// How far back the history is asked for: twice the holdoff, so that a streak is seen to begin, and what the
    /// source may lag behind.
    fn window(&self) -> Duration {
        let doubled = self.policy.holdoff.saturating_add(self.policy.period).saturating_mul(2);
        doubled.saturating_add(self.policy.stale_after)
    }

    async fn probe(&self, scope: Scope, call: &Call) -> Option<Probe> {
        let prober = self.ports.prober.as_ref()?;
        let at = self.ports.clock.now();
        let controls = async {
            match &self.ports.controls {
                Some(controls) => controls.ask(call).await,
                None => Vec::new(),
            }
        };
        // A primary that is well answers within the head start, and nothing else is asked on a quiet day.
        let (result, controls) = match select(prober.probe(call), call.clock.sleep(HEAD_START)).await {
            Either::Left((result @ ProbeResult::Healthy { .. }, _)) if scope != Scope::Asked => (result, Vec::new()),
            Either::Left((result, _)) => (result, controls.await),
            Either::Right(((), probe)) => futures_util::join!(probe, controls),
        };
        Some(Probe { at, result, controls })
    }

    async fn supporting(&self, scope: Scope, call: &Call) -> Supporting {
        if scope == Scope::Quick {
            return Supporting::default();
        }
        let brief = &self.brief(call);
        let live = async {
            let source = self.ports.live.as_ref()?;
            Some(noted(brief.once("live status", source.live(brief))).await)
        };
        let last = async {
            let store = self.ports.cooldown.as_ref()?;
            Some(noted(brief.read("last failover", || store.last(brief))).await)
        };
        let traffic = async {
            let witness = self.ports.traffic.as_ref()?;
            Some(noted(brief.once("traffic name", witness.answer(brief))).await)
        };
        let fitness = noted(call.read("standby", || self.ports.standby.fitness(call)));
        let (live, last_failover, fitness, traffic, ()) =
            futures_util::join!(live, last, fitness, traffic, self.ports.lease.prime(call));
        Supporting { live, last_failover, fitness: Some(fitness), traffic }
    }

    async fn observe_steps(&self, scope: Scope, call: &Call) -> Vec<StepSeen> {
        if scope == Scope::Quick {
            return Vec::new();
        }
        let forward = Direction::Forward;
        join_all(self.runbook.steps.iter().map(|step| self.observe_step(step, forward, call))).await
    }

    /// The steps of another kind than a failover, as they are.
    pub(super) async fn observe_kind(&self, steps: &[DrivenStep], call: &Call) -> Vec<StepSeen> {
        let call = &call.within(self.limits.observe_for);
        join_all(steps.iter().map(|driven| self.observe_step(&driven.step, driven.direction, call))).await
    }

    async fn observe_step(&self, step: &Arc<dyn Step>, direction: Direction, call: &Call) -> StepSeen {
        let call = if step.need() == Need::Owed { self.brief(call) } else { call.clone() };
        let seen = noted(call.read(step.name(), || step.observe(&call))).await;
        StepSeen { step: step.name().to_owned(), seen, locks: step.locks_traffic(), direction }
    }

    /// One probe of the primary, before an effect that needs it well: `None` when it is.
    pub(super) async fn not_well(&self, call: &Call) -> Option<String> {
        let Some(probe) = self.probe(Scope::Quick, call).await else {
            return Some("no probe of its own endpoint is configured".to_owned());
        };
        match probe.result {
            ProbeResult::Healthy { .. } => None,
            ProbeResult::Failing { why } | ProbeResult::Inconclusive { why } => Some(why),
        }
    }

    /// What only supports a decision gets the time of one attempt: an API that hangs with the primary's region must
    /// not hold up every look.
    fn brief(&self, call: &Call) -> Call {
        call.within(self.limits.retry.attempt_timeout)
    }

    fn locked(&self, steps: &[StepSeen]) -> Option<bool> {
        let seen = steps.get(self.runbook.lock()?)?.seen.as_ref().ok()?;
        Some(seen.state == StepState::Done)
    }
}

async fn noted<T>(reading: impl Future<Output = Result<T, Fault>>) -> Reading<T> {
    reading.await.map_err(|fault| {
        tracing::warn!(call = fault.call, class = fault.class.label(), "{}", fault.message);
        fault.noted()
    })
}
