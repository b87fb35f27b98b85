//! How things are when a scenario begins.

use std::{collections::BTreeMap, time::Duration};

use holdfast_simulator::{kubernetes::StandbySeed, time};
use serde_json::json;

/// A story that did not go on: what was waited for and did not come.
pub type Stuck = String;

/// How long the function has been there when a story begins.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// How things are before the curtain rises.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The standby.
    pub standby: StandbySeed,
    /// Variables of the function, beside the usual ones.
    pub variables: BTreeMap<String, String>,
    /// Whether the standby's kubeconfig holds a client certificate, as the reference's on Azure does.
    pub client_certificate: bool,
}

impl Default for Setup {
    /// A standby whose function has seen the primary well, as one that was deployed a month ago has.
    fn default() -> Self {
        let armed = time::now() - MONTH;
        let record = json!({"schema": holdfast_core::record::SCHEMA, "armed": armed});
        let standby = StandbySeed { record: Some(record), ..StandbySeed::default() };
        Self { standby, variables: BTreeMap::new(), client_certificate: false }
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
