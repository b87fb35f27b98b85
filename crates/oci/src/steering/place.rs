//! Which policy, and where to ask for it.

use crate::ocid::Ocid;

/// A steering policy, and the regions whose DNS endpoints may be asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPlace {
    policy: Ocid,
    first: String,
    others: Vec<String>,
}

impl PolicyPlace {
    /// The policy, asked for in the region `first` and, when that fails, in `others` in turn.
    pub fn new(policy: Ocid, first: impl Into<String>, others: Vec<String>) -> Self {
        Self { policy, first: first.into(), others }
    }

    /// The policy.
    pub fn policy(&self) -> &Ocid {
        &self.policy
    }

    /// The region of the attempt `turn`.
    pub(super) fn region(&self, turn: usize) -> &str {
        let number = turn.checked_rem(self.others.len().saturating_add(1)).unwrap_or_default();
        match number.checked_sub(1).and_then(|number| self.others.get(number)) {
            Some(other) => other,
            None => &self.first,
        }
    }
}
