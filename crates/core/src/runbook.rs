//! The steps of one system, in order.

use std::sync::Arc;

use crate::{
    fault::quoted,
    record::Execution,
    step::{Need, Step},
};

/// A list of steps as a version wrote it: names and needs, in order.
pub type StepList = Vec<(&'static str, Need)>;

/// What is done to fail one system over.
#[derive(Clone)]
pub struct Runbook {
    /// The system, e.g. `logscale`.
    pub name: &'static str,
    /// The steps, in the order in which they are driven.
    pub steps: Vec<Arc<dyn Step>>,
    /// Lists that earlier versions wrote: an execution that one of them began is finished.
    pub earlier: Vec<StepList>,
}

impl Runbook {
    /// The position of the step that locks traffic.
    pub fn lock(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.locks_traffic())
    }

    /// The name of the step that locks traffic.
    pub fn lock_name(&self) -> Option<&'static str> {
        self.steps.iter().find(|step| step.locks_traffic()).map(|step| step.name())
    }

    /// Why `execution` cannot have been written by this runbook, of this version or of an earlier one. Whoever may
    /// write the record could else choose which steps are driven, with the rights of the function.
    pub fn foreign(&self, execution: &Execution) -> Option<String> {
        if execution.runbook != self.name {
            return Some(format!("it is of the runbook {:?}, this is {}", quoted(&execution.runbook), self.name));
        }
        let own: StepList = self.steps.iter().map(|step| (step.name(), step.need())).collect();
        let is = |list: &StepList| {
            list.len() == execution.steps.len()
                && list.iter().zip(&execution.steps).all(|(known, step)| (known.0, known.1) == (&*step.step, step.need))
        };
        if is(&own) || self.earlier.iter().any(is) {
            return None;
        }
        let missing: Vec<_> = own
            .iter()
            .map(|known| known.0)
            .filter(|name| execution.steps.iter().all(|step| step.step != *name))
            .collect();
        let known = |name: &str| own.iter().any(|known| known.0 == name);
        let unknown: Vec<_> =
            execution.steps.iter().filter(|step| !known(&step.step)).map(|step| quoted(&step.step)).take(5).collect();
        Some(match (missing.is_empty(), unknown.is_empty()) {
            (false, _) => format!("its list of steps lacks {}", missing.join(", ")),
            (true, false) => format!("its list of steps has {}, which this version does not know", unknown.join(", ")),
            (true, true) => "its steps are in an order, or have needs, that no version wrote".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{fakes::World, runbook::Runbook};

    #[test]
    fn the_lock_is_the_step_that_says_so() {
        let Runbook { name, steps, earlier } = World::new().engine("a").runbook;
        let locks = |step: &&std::sync::Arc<dyn crate::step::Step>| step.locks_traffic();
        assert_eq!(steps.iter().filter(locks).count(), 1);
        let last = steps.len() - 1;
        assert_eq!(Runbook { name, steps: steps.clone(), earlier: earlier.clone() }.lock(), Some(last));
        let reversed = steps.into_iter().rev().collect();
        assert_eq!(Runbook { name, steps: reversed, earlier: earlier.clone() }.lock(), Some(0));
        assert_eq!(Runbook { name, steps: Vec::new(), earlier }.lock(), None);
    }
}
