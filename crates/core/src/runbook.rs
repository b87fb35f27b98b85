//! The steps of one system, in order, for each kind of execution.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    fault::quoted,
    kind::Kind,
    record::Execution,
    step::{Direction, Need, Observation, Step},
};

/// A list of steps as a version wrote it: names and needs, in order.
pub type StepList = Vec<(&'static str, Need)>;

/// A step in the list of a kind, with the side that it is seen from.
#[derive(Clone)]
pub struct PlannedStep {
    /// The step.
    pub step: Arc<dyn Step>,
    /// Whether its effect is brought about or taken back.
    pub direction: Direction,
    /// Whether a person must confirm it by a word of its own.
    pub confirmed: bool,
}

impl PlannedStep {
    /// Its effect is brought about.
    pub fn forward(step: Arc<dyn Step>) -> Self {
        Self { step, direction: Direction::Forward, confirmed: false }
    }

    /// Its effect is taken back.
    pub fn back(step: Arc<dyn Step>) -> Self {
        Self { step, direction: Direction::Back, confirmed: false }
    }

    /// The same, once a person has confirmed it.
    #[must_use]
    pub fn on_confirmation(self) -> Self {
        Self { confirmed: true, ..self }
    }
}

/// A step as an execution drives it.
#[derive(Clone)]
pub struct DrivenStep {
    /// The step, or the one that takes its effect back.
    pub step: Arc<dyn Step>,
    /// Which of the two.
    pub direction: Direction,
    /// Whether a person must confirm it by a word of its own.
    pub confirmed: bool,
    /// Whether it takes the traffic lock away.
    pub unlocks: bool,
    /// Whether its effect is to hold at the end of the execution: no later step takes it back.
    pub lasts: bool,
}

/// What is done for one system.
#[derive(Clone)]
pub struct Runbook {
    /// The system, e.g. `logscale`.
    pub name: &'static str,
    /// The steps of a failover, in the order in which they are driven.
    pub steps: Vec<Arc<dyn Step>>,
    /// Lists that earlier versions wrote: an execution that one of them began is finished.
    pub earlier: Vec<StepList>,
    /// The steps of the other kinds. A kind without a list is refused.
    pub others: BTreeMap<Kind, Vec<PlannedStep>>,
}

impl Runbook {
    /// A runbook that gives a failover only.
    pub fn of_failover(name: &'static str, steps: Vec<Arc<dyn Step>>) -> Self {
        Self { name, steps, earlier: Vec::new(), others: BTreeMap::new() }
    }

    /// The position of the step that locks traffic.
    pub fn lock(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.locks_traffic())
    }

    /// The name of the step that locks traffic.
    pub fn lock_name(&self) -> Option<&'static str> {
        self.steps.iter().find(|step| step.locks_traffic()).map(|step| step.name())
    }

    /// The steps of an execution of this kind; `None` where the runbook does not give it. `undone` is the execution
    /// whose effects are taken back: its record says what there was before them.
    pub fn driven(&self, kind: Kind, undone: Option<&Execution>) -> Option<Vec<DrivenStep>> {
        let planned: Vec<PlannedStep> = match kind {
            Kind::Failover => self.steps.iter().cloned().map(PlannedStep::forward).collect(),
            _ => self.others.get(&kind)?.clone(),
        };
        let all = &planned;
        let driven = |(position, planned): (usize, &PlannedStep)| {
            let name = planned.step.name();
            let taken_back = |later: &PlannedStep| later.direction == Direction::Back && later.step.name() == name;
            let step = match planned.direction {
                Direction::Forward => Arc::clone(&planned.step),
                Direction::Back => planned.step.inverse(before(undone, name))?,
            };
            Some(DrivenStep {
                step,
                direction: planned.direction,
                confirmed: planned.confirmed,
                unlocks: planned.direction == Direction::Back && planned.step.locks_traffic(),
                lasts: !all.iter().skip(position.saturating_add(1)).any(taken_back),
            })
        };
        planned.iter().enumerate().map(driven).collect()
    }

    /// Why `execution` cannot have been written by this runbook, of this version or of an earlier one. Whoever may
    /// write the record could else choose which steps are driven, with the rights of the function.
    pub fn foreign(&self, execution: &Execution) -> Option<String> {
        if execution.runbook != self.name {
            return Some(format!("it is of the runbook {:?}, this is {}", quoted(&execution.runbook), self.name));
        }
        let Some(own) = self.driven(execution.kind, None) else {
            return Some(format!("it is a {}, which this version does not know for {}", execution.kind, self.name));
        };
        let own: StepList = own.iter().map(|driven| (driven.step.name(), driven.step.need())).collect();
        let is = |list: &StepList| {
            list.len() == execution.steps.len()
                && list.iter().zip(&execution.steps).all(|(known, step)| (known.0, known.1) == (&*step.step, step.need))
        };
        if is(&own) || execution.kind == Kind::Failover && self.earlier.iter().any(is) {
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

/// What there was before the step called `name` had its effect.
fn before<'a>(undone: Option<&'a Execution>, name: &str) -> Option<&'a Observation> {
    undone?.steps.iter().find(|step| step.step == name)?.before.as_ref()
}

#[cfg(test)]
mod tests {
    use crate::{
        fakes::World,
        kind::Kind,
        runbook::{PlannedStep, Runbook},
        step::Direction,
    };

    #[test]
    fn the_lock_is_the_step_that_says_so() {
        let Runbook { name, steps, .. } = World::new().engine("a").runbook;
        let locks = |step: &&std::sync::Arc<dyn crate::step::Step>| step.locks_traffic();
        assert_eq!(steps.iter().filter(locks).count(), 1);
        let last = steps.len() - 1;
        assert_eq!(Runbook::of_failover(name, steps.clone()).lock(), Some(last));
        let reversed = steps.into_iter().rev().collect();
        assert_eq!(Runbook::of_failover(name, reversed).lock(), Some(0));
        assert_eq!(Runbook::of_failover(name, Vec::new()).lock(), None);
    }

    #[test]
    fn each_kind_has_its_own_steps_and_a_step_without_a_way_back_has_no_place_there() {
        let mut runbook = World::new().engine("a").runbook;
        let names = |runbook: &Runbook, kind| {
            let driven = runbook.driven(kind, None)?;
            Some(driven.iter().map(|driven| (driven.step.name(), driven.lasts)).collect::<Vec<_>>())
        };
        assert_eq!(names(&runbook, Kind::Failover), Some(vec![("clean", true), ("scale", true), ("lock", true)]));
        assert_eq!(names(&runbook, Kind::Failback), Some(vec![("unlock", true), ("rest", true)]));
        assert_eq!(names(&runbook, Kind::Rehearsal), Some(vec![("scale", false), ("rest", true)]));
        let failback = runbook.driven(Kind::Failback, None).expect("given");
        assert_eq!((failback[0].unlocks, failback[0].direction), (true, Direction::Back));
        assert!(!failback[0].confirmed && failback[1].confirmed);
        runbook.others.insert(Kind::Failback, vec![PlannedStep::back(runbook.steps[0].clone())]);
        assert_eq!(names(&runbook, Kind::Failback), None);
        runbook.others.clear();
        assert_eq!(names(&runbook, Kind::Rehearsal), None);
    }
}
