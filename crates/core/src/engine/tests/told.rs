//! A step that does as it is told.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;

use crate::{
    clock::Call,
    fault::Fault,
    step::{Need, Observation, Step},
};

/// Sees one observation after the other, the last one for ever; an effect is counted and does what it was given to do.
pub struct Told {
    name: &'static str,
    watches: bool,
    seen: Mutex<VecDeque<Observation>>,
    observations: AtomicUsize,
    effects: AtomicUsize,
    effect: Box<dyn Fn() + Send + Sync>,
    answer: Option<Observation>,
}

impl Told {
    /// A step with an effect.
    pub fn acts(name: &'static str, seen: &[Observation], effect: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Self::new(name, false, seen, Box::new(effect))
    }

    /// A step whose effect is answered with what `answer` shows.
    pub fn answers(name: &'static str, seen: &[Observation], answer: Observation) -> Arc<Self> {
        let seen = Mutex::new(seen.iter().cloned().collect());
        Arc::new(Self { answer: Some(answer), ..Self::of(name, false, seen, Box::new(|| ())) })
    }

    /// A step that only watches.
    pub fn watches(name: &'static str, seen: &[Observation]) -> Arc<Self> {
        Self::new(name, true, seen, Box::new(|| ()))
    }

    fn new(name: &'static str, watches: bool, seen: &[Observation], effect: Box<dyn Fn() + Send + Sync>) -> Arc<Self> {
        Arc::new(Self::of(name, watches, Mutex::new(seen.iter().cloned().collect()), effect))
    }

    fn of(
        name: &'static str,
        watches: bool,
        seen: Mutex<VecDeque<Observation>>,
        effect: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let (observations, effects) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { name, watches, seen, observations, effects, effect, answer: None }
    }

    /// How often it was looked at, and how often its effect was sent.
    pub fn met(&self) -> (usize, usize) {
        (self.observations.load(Ordering::SeqCst), self.effects.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Step for Told {
    fn name(&self) -> &'static str {
        self.name
    }

    fn need(&self) -> Need {
        Need::Required
    }

    fn is_verification(&self) -> bool {
        self.watches
    }

    async fn observe(&self, _: &Call) -> Result<Observation, Fault> {
        self.observations.fetch_add(1, Ordering::SeqCst);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let next = if seen.len() > 1 { seen.pop_front() } else { seen.front().cloned() };
        Ok(next.expect("it is told something"))
    }

    async fn apply(&self, _: &Call, _: &Observation) -> Result<Option<Observation>, Fault> {
        self.effects.fetch_add(1, Ordering::SeqCst);
        (self.effect)();
        Ok(self.answer.clone())
    }
}
