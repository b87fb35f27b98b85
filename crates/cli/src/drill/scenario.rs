//! What a scenario is.

use std::{future::Future, pin::Pin};

use super::{environment::Environment, promise::Promise};

pub use super::setup::{Setup, Stuck};

/// What a scenario does, as a future.
pub type ScenarioFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Stuck>> + Send + 'a>>;

/// One scenario.
pub struct Scenario {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub summary: &'static str,
    /// How things are before.
    pub setup: fn() -> Setup,
    /// What is done to the world.
    pub run: for<'a> fn(&'a Environment) -> ScenarioFuture<'a>,
    /// What must be true in the end.
    pub promises: Vec<Promise>,
}
