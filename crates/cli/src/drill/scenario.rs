//! What a scenario is.

use std::{future::Future, pin::Pin};

use super::{promise::Promise, stage::Stage};

pub use super::setup::{Setup, Stuck};

/// The future of a scenario's acts.
pub type Acts<'a> = Pin<Box<dyn Future<Output = Result<(), Stuck>> + Send + 'a>>;

/// One scenario.
pub struct Scenario {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub says: &'static str,
    /// How things are before.
    pub setup: fn() -> Setup,
    /// What is done to the world.
    pub act: for<'a> fn(&'a Stage) -> Acts<'a>,
    /// What must be true in the end.
    pub promises: Vec<Promise>,
}
