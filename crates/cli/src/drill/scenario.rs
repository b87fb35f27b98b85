//! What a scenario is.

use std::{collections::BTreeMap, future::Future, pin::Pin, time::Duration};

use holdfast_simulator::{kubernetes::StandbySeed, time};
use serde_json::json;

use super::{promise::Promise, stage::Stage};

/// A story that did not go on: what was waited for and did not come.
pub type Stuck = String;

/// The future of a scenario's acts.
pub type Acts<'a> = Pin<Box<dyn Future<Output = Result<(), Stuck>> + Send + 'a>>;

/// How long the function has been there when a story begins.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// How things are before the curtain rises.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The standby.
    pub standby: StandbySeed,
    /// Variables of the function, beside the usual ones.
    pub variables: BTreeMap<String, String>,
    /// On Azure: whether the standby's kubeconfig holds a client certificate, as the reference's does.
    pub aks_certificate: bool,
}

impl Default for Setup {
    /// A standby whose function has seen the primary well, as one that was deployed a month ago has.
    fn default() -> Self {
        let armed = time::now() - MONTH;
        let record = json!({"schema": holdfast_core::record::SCHEMA, "armed": armed});
        let standby = StandbySeed { record: Some(record), ..StandbySeed::default() };
        Self { standby, variables: BTreeMap::new(), aks_certificate: false }
    }
}

impl Setup {
    /// A standby as `change` leaves it.
    pub fn standby(change: impl FnOnce(&mut StandbySeed)) -> Self {
        let mut setup = Self::default();
        change(&mut setup.standby);
        setup
    }
}

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
