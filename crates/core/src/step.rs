//! One idempotent effect.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{clock::Call, evidence::NamedSite, fault::Fault, ports::TrafficWitness};

/// Whether the failover may go on without a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Later steps wait for it. Until it is done the execution is open, and every call drives it on.
    Required,
    /// Later steps do not wait for it. It is owed until it is done: every call tries again, none forgets it.
    Owed,
}

/// Which side of a step is meant: lock and unlock are one step seen from two sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Its effect is brought about.
    #[default]
    Forward,
    /// Its effect is taken back.
    Back,
}

/// How the world stands with regard to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum StepState {
    /// The effect holds.
    Done,
    /// The effect does not hold yet.
    Todo,
    /// The effect cannot be brought about; a person must act.
    Blocked {
        /// What stands in the way, and what would remove it.
        why: String,
    },
}

/// What a step saw, and the precondition that ties its effect to what it saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// How things stand.
    #[serde(flatten)]
    pub state: StepState,
    /// What was seen, in words for the record. No secrets.
    pub found: String,
    /// The compare-and-set token of the step's own making (`resourceVersion`, `HealthCheckVersion`, ...). The
    /// effect applies to this state of the world or to none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub precondition: Value,
}

impl Observation {
    /// The effect holds.
    pub fn done(found: impl Into<String>) -> Self {
        Self { state: StepState::Done, found: found.into(), precondition: Value::Null }
    }

    /// The effect is to be brought about on exactly the state that `precondition` names.
    pub fn todo(found: impl Into<String>, precondition: Value) -> Self {
        Self { state: StepState::Todo, found: found.into(), precondition }
    }

    /// The effect cannot be brought about.
    pub fn blocked(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { state: StepState::Blocked { why: why.clone() }, found: why, precondition: Value::Null }
    }
}

/// One idempotent effect on the world.
///
/// The contract, on which resumption rests:
///
/// * `observe` changes nothing and tells the truth about now.
/// * `apply` may run any number of times, and may be cut off anywhere; what it did is visible to `observe`.
/// * `apply` touches only the state that it was shown: it passes the observation's precondition to the server, and a
///   changed world makes it fail with [`Conflict`](crate::FaultClass::Conflict) instead of overwriting.
/// * After an `apply` that took effect, `observe` says [`StepState::Done`].
/// * What `apply` returns is the server's answer, not what was asked for: another state in it is told as it is.
/// * Neither retries nor sleeps: the engine does, by the class of the fault.
#[async_trait]
pub trait Step: Send + Sync {
    /// A stable name, kebab-case; records and metrics carry it.
    fn name(&self) -> &'static str;

    /// Whether later steps wait for this one.
    fn need(&self) -> Need;

    /// True for the step that stops traffic from failing back by itself. Once it holds, what the health check
    /// says is about the lock and no longer about the primary.
    fn locks_traffic(&self) -> bool {
        false
    }

    /// True for a step that only watches: it changes nothing, and is given time to come true.
    fn is_verification(&self) -> bool {
        false
    }

    /// The step that takes this one's effect back, under a name of its own; `None` where there is no way back.
    /// `before` is what a record kept of the time before the effect, where one did.
    fn inverse(&self, _before: Option<&Observation>) -> Option<Arc<dyn Step>> {
        None
    }

    /// How things stand.
    ///
    /// # Errors
    /// A fault means that nothing is known.
    async fn observe(&self, call: &Call) -> Result<Observation, Fault>;

    /// Brings the effect about, on the state that `seen` describes. Returns what the answer shows of the state after it,
    /// judged as by `observe`; `None` where the answer does not show the whole of it. Only [`StepState::Done`] confirms the
    /// effect; after anything else the engine observes again.
    ///
    /// # Errors
    /// After a transient fault the effect may or may not have happened; the engine observes again.
    async fn apply(&self, call: &Call, seen: &Observation) -> Result<Option<Observation>, Fault>;
}

/// Watches traffic arrive at the primary: done when the name that users type leads to it.
pub struct TrafficArrives(pub Arc<dyn TrafficWitness>);

#[async_trait]
impl Step for TrafficArrives {
    fn name(&self) -> &'static str {
        "see-traffic-arrive"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    fn is_verification(&self) -> bool {
        true
    }

    async fn observe(&self, call: &Call) -> Result<Observation, Fault> {
        let answer = self.0.answer(call).await?;
        Ok(match answer.names {
            NamedSite::Primary => Observation::done(answer.found),
            // Nothing is written, so nothing needs a precondition.
            NamedSite::Other => Observation::todo(answer.found, Value::Bool(true)),
        })
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<Option<Observation>, Fault> {
        Ok(None)
    }
}
