//! What the engine is asked.

use jiff::Timestamp;

pub use crate::action::Action;
use crate::{decision::Gate, record::Trigger};

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What made us look.
    pub trigger: Trigger,
    /// What is wanted.
    pub action: Action,
    /// The operator's words; empty when no operator called.
    pub reason: Option<String>,
    /// Who called, as the platform tells it, or as the caller claims (then it says so). At most 200 characters.
    pub caller: Option<String>,
    /// Gates that the operator waives.
    pub overrides: Vec<Gate>,
    /// The operator's word on the primary's data, for a failback.
    pub data: Option<String>,
    /// The question that the operator approves.
    pub question: Option<String>,
    /// When the caller stops listening.
    pub deadline: Timestamp,
}
