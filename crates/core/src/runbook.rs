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
