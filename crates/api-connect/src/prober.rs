//! Whether the primary is well, once it may be a standby on purpose.
//!
//! The endpoint of a passive side does not answer. While traffic is locked to the standby, the resources on the primary's
//! own cluster say whether it is well: as a standby that could be made active again, or on its way there. Without a lock
//! only its endpoint counts, or a passive primary would look well while users are led to it.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use holdfast_core::{
    Call,
    evidence::ProbeResult,
    ports::Prober,
    step::{Step, StepState},
};

use crate::{pair::Pair, state::Mode};

/// The probe of the primary's endpoint, and behind it the primary's own resources.
pub(crate) struct PrimaryProbe {
    endpoint: Arc<dyn Prober>,
    pair: Arc<Pair>,
    lock: Arc<dyn Step>,
}

/// How a service of the primary is, apart from its endpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Standby,
    Becoming,
    Neither,
}

impl PrimaryProbe {
    pub(crate) fn new(endpoint: Arc<dyn Prober>, pair: Arc<Pair>, lock: Arc<dyn Step>) -> Self {
        Self { endpoint, pair, lock }
    }

    async fn is_locked(&self, call: &Call) -> bool {
        let seen = call.once(self.lock.name(), self.lock.observe(call)).await;
        seen.is_ok_and(|seen| seen.state == StepState::Done)
    }

    async fn service(&self, call: &Call, service: usize) -> Seen {
        let Ok(read) = self.pair.primary.read(call, service).await else { return Seen::Neither };
        match read.as_ref() {
            Some(state) if state.is_good_standby(&self.pair.words) => Seen::Standby,
            Some(state) if state.declared.mode == Mode::Active => Seen::Becoming,
            _ => Seen::Neither,
        }
    }
}

#[async_trait]
impl Prober for PrimaryProbe {
    async fn probe(&self, call: &Call) -> ProbeResult {
        let result = self.endpoint.probe(call).await;
        if matches!(result, ProbeResult::Healthy { .. }) || !self.is_locked(call).await {
            return result;
        }
        let seen = join_all((0..self.pair.services.len()).map(|service| self.service(call, service))).await;
        if seen.iter().all(|seen| *seen == Seen::Standby) {
            return ProbeResult::Healthy { said: "every service of the primary is a standby in good order".to_owned() };
        }
        if seen.iter().all(|seen| *seen != Seen::Neither) {
            let why = "services of the primary are being made active; its endpoint proves nothing yet";
            return ProbeResult::Inconclusive { why: why.to_owned() };
        }
        result
    }
}
