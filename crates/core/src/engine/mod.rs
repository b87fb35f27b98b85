//! Observe, decide, claim, drive, answer.
//!
//! # Layout
//!
//! * [`request`]: what the engine is asked, [`answer`]: what it says.
//! * `session`: one call: its time, its lease, its record; `working_copy`: the record and the one way to write it.
//! * `observe`: gathers evidence, side by side.
//! * `evaluate`: looks and decides until there is something to do or to say; waits in between.
//! * `noticed`: what a look shows and the record has to know.
//! * `ask`: what becomes of a failover that is due where the mode does not let it begin by itself.
//! * `claim`: lease and intent, before the first effect.
//! * `drive`: the steps, in order; `step`: one of them.
//! * `tell`: tells people, beside the work.
//! * `notes`: what operators tell it (pause, acknowledge); `preflight`: what they ask it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    clock::{Call, Clock},
    evidence::wrong_by,
    policy::Policy,
    ports::Ports,
    retry::RetryPolicy,
    runbook::Runbook,
};

pub mod answer;
mod ask;
mod claim;
mod drive;
mod evaluate;
mod notes;
mod noticed;
mod observe;
pub mod preflight;
pub mod request;
mod session;
mod step;
mod tell;
mod working_copy;

pub use answer::{Answer, Outcome};
pub use request::{Action, Request};
use session::Session;

/// Numbers of the machinery, as opposed to those of the decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// How long a claim lasts without renewal. A worker that dies is taken over after this.
    pub lease_ttl: Duration,
    /// How long one look may take in all; what has not answered by then is unknown.
    pub observe_for: Duration,
    /// How long a watching step is given inside one call.
    pub verify_for: Duration,
    /// What is kept free before the caller's deadline, for the work that follows a wait.
    pub margin: Duration,
    /// A pause that has lasted for longer is told to people.
    pub paused_long: Duration,
    /// Bounds of single calls.
    pub retry: RetryPolicy,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lease_ttl: Duration::from_secs(30),
            observe_for: Duration::from_secs(10),
            verify_for: Duration::from_secs(120),
            margin: Duration::from_secs(20),
            paused_long: Duration::from_secs(24 * 3600),
            retry: RetryPolicy::default(),
        }
    }
}

/// Drives one runbook for one site.
#[derive(Clone)]
pub struct Engine {
    /// The world.
    pub ports: Ports,
    /// What is to be done.
    pub runbook: Runbook,
    /// What a decision depends on.
    pub policy: Policy,
    /// Numbers of the machinery.
    pub limits: Limits,
    /// The name of this worker in lease and record.
    pub holder: String,
}

impl Engine {
    /// Answers one request. Never fails: what goes wrong is in the answer.
    pub async fn handle(&self, request: &Request) -> Answer {
        let call = Call { clock: self.clock(), deadline: request.deadline, retry: self.limits.retry };
        match request.action {
            Action::FailOver
            | Action::Approve
            | Action::Switchover
            | Action::Failback { .. }
            | Action::Rehearse
            | Action::Finish => Session::new(self, request, &call).evaluate().await,
            Action::Plan | Action::Preflight => self.plan(request, &call).await,
            Action::Status => self.status(&call).await,
            Action::NotifyTest => self.test_announcers(&call).await,
            Action::Acknowledge { .. } | Action::Pause { .. } | Action::Resume => self.note(request, &call).await,
        }
    }

    /// The time for the record: ours, or the API server's where ours is wrong by more than clocks may be.
    fn time(&self, server: Option<Timestamp>) -> Timestamp {
        let now = self.ports.clock.now();
        wrong_by(now, server).unwrap_or(now)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.ports.clock)
    }
}

#[cfg(test)]
mod tests;
