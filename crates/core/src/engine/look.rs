//! Gathers evidence: everything at once, each reading bounded, what does not answer is unknown.

use std::{future::Future, time::Duration};

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Engine;
use crate::{
    clock::Call,
    evidence::{Evidence, Fitness, History, LiveStatus, Probe, Reading, StepSeen},
    fault::Fault,
    ports::Versioned,
    step::{Need, Standing},
};

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Document, history and probe: enough to see that there is nothing to do.
    Glance,
    /// Everything that a decision and its steps depend on.
    Full,
}

/// What one look found.
pub(super) struct Seen {
    pub state: Reading<Versioned>,
    pub evidence: Evidence,
}

/// What a glance does without; the fields are those of [`Evidence`].
#[derive(Default)]
struct Supporting {
    live: Option<Reading<LiveStatus>>,
    last_failover: Option<Reading<Option<Timestamp>>>,
    fitness: Option<Reading<Fitness>>,
}

impl Engine {
    /// Looks once. `probes` carries the probes of this call from look to look.
    pub(super) async fn look(&self, scope: Scope, probes: &mut Vec<Probe>, call: &Call) -> Seen {
        let at = self.ports.clock.now();
        let call = &call.within(self.limits.look_for);
        let (state, history, probe, supporting, steps) = futures_util::join!(
            noted(call.read("record", || self.ports.store.load(call))),
            self.history(call),
            self.probe(call),
            self.supporting(scope, call),
            self.observe_steps(scope, call),
        );
        probes.extend(probe);
        let Supporting { live, last_failover, fitness } = supporting;
        let evidence = Evidence {
            at,
            history,
            probes: probes.clone(),
            live,
            last_failover,
            fitness,
            locked: self.locked(&steps),
            traffic: None,
            last_well: None,
            server_time: None,
            steps,
        };
        Seen { state, evidence }
    }

    async fn history(&self, call: &Call) -> Option<Reading<History>> {
        let source = self.ports.history.as_ref()?;
        Some(noted(call.read("history", || source.history(call, self.window()))).await)
    }

    /// How far back the history is asked for: twice the holdoff, so that a streak is seen to begin, and what the
    /// source may lag behind.
    fn window(&self) -> Duration {
        self.policy.holdoff * 2 + self.policy.stale_after + self.policy.period * 2
    }

    async fn probe(&self, call: &Call) -> Option<Probe> {
        let prober = self.ports.prober.as_ref()?;
        let at = self.ports.clock.now();
        let controls = async {
            match &self.ports.controls {
                Some(controls) => controls.ask(call).await,
                None => Vec::new(),
            }
        };
        let (result, controls) = futures_util::join!(prober.probe(call), controls);
        Some(Probe { at, result, controls })
    }

    async fn supporting(&self, scope: Scope, call: &Call) -> Supporting {
        if scope == Scope::Glance {
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
        let fitness = noted(call.read("standby", || self.ports.standby.fitness(call)));
        let (live, last_failover, fitness, ()) = futures_util::join!(live, last, fitness, self.ports.lease.prime(call));
        Supporting { live, last_failover, fitness: Some(fitness) }
    }

    async fn observe_steps(&self, scope: Scope, call: &Call) -> Vec<StepSeen> {
        if scope == Scope::Glance {
            return Vec::new();
        }
        let observe = |step: &std::sync::Arc<dyn crate::step::Step>| {
            let step = std::sync::Arc::clone(step);
            let call = if step.need() == Need::Owed { self.brief(call) } else { call.clone() };
            async move {
                let seen = noted(call.read(step.name(), || step.observe(&call))).await;
                StepSeen { step: step.name().to_owned(), seen }
            }
        };
        join_all(self.runbook.steps.iter().map(observe)).await
    }

    /// What only supports a decision gets the time of one attempt: an API that hangs with the primary's region must
    /// not hold up every look.
    fn brief(&self, call: &Call) -> Call {
        call.within(self.limits.retry.attempt_timeout)
    }

    fn locked(&self, steps: &[StepSeen]) -> Option<bool> {
        let seen = steps.get(self.runbook.lock()?)?.seen.as_ref().ok()?;
        Some(seen.standing == Standing::Done)
    }
}

async fn noted<T>(reading: impl Future<Output = Result<T, Fault>>) -> Reading<T> {
    reading.await.map_err(|fault| {
        tracing::warn!(call = fault.call, class = fault.class.label(), "{}", fault.message);
        fault.noted()
    })
}
