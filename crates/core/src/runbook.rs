//! The steps of one system, in order.

use std::sync::Arc;

use crate::step::Step;

/// What is done to fail one system over.
#[derive(Clone)]
pub struct Runbook {
    /// The system, e.g. `logscale`.
    pub name: &'static str,
    /// The steps, in the order in which they are driven.
    pub steps: Vec<Arc<dyn Step>>,
}

impl Runbook {
    /// The position of the step that locks traffic.
    pub fn lock(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.locks_traffic())
    }
}

#[cfg(test)]
mod tests {
    use crate::{fakes::World, runbook::Runbook};

    #[test]
    fn the_lock_is_the_step_that_says_so() {
        let Runbook { name, steps } = World::new().engine("a").runbook;
        let locks = |step: &&std::sync::Arc<dyn crate::step::Step>| step.locks_traffic();
        assert_eq!(steps.iter().filter(locks).count(), 1);
        let last = steps.len() - 1;
        assert_eq!(Runbook { name, steps: steps.clone() }.lock(), Some(last));
        assert_eq!(Runbook { name, steps: steps.into_iter().rev().collect() }.lock(), Some(0));
        assert_eq!(Runbook { name, steps: Vec::new() }.lock(), None);
    }
}
