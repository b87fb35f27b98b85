//! What a state does not allow.

use thiserror::Error;

use crate::kind::Kind;

/// An event that the state does not allow. Always a defect or a lost race, never a fault of the world.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IllegalEvent {
    /// Only one execution is open at a time.
    #[error("execution {0} is still open")]
    StillOpen(String),
    /// The event needs an open execution.
    #[error("no execution is open")]
    NothingOpen,
    /// A worker whose fence is not the execution's has lost it.
    #[error("fence {offered} is not {current}: another worker has taken over")]
    StaleFence {
        /// The event's.
        offered: u64,
        /// The execution's.
        current: u64,
    },
    /// The execution has no such step.
    #[error("no step is called {0}")]
    UnknownStep(String),
    /// A required step before it is not done.
    #[error("{step} cannot be driven before {before} is done")]
    OutOfOrder {
        /// The event's step.
        step: String,
        /// The step that is not done.
        before: String,
    },
    /// What is done stays done, until it is seen not to hold.
    #[error("{0} is done already")]
    Undone(String),
    /// A required step cannot be owed.
    #[error("{0} is required and cannot be owed")]
    NotOwable(String),
    /// A failback takes a failover back, and the other kinds begin where none stands.
    #[error(
        "a {0} cannot begin here: a failback needs a failover that stands, a rehearsal or switchover that none does"
    )]
    WrongPlace(Kind),
    /// An execution begins with all steps pending.
    #[error("an execution begins running, with steps, all of them pending")]
    BadBeginning,
}
