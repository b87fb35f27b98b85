//! How things are when a scenario begins.

use std::{collections::BTreeMap, time::Duration};

use holdfast_simulator::{backend::CloudBackend, kubernetes::StandbyFixture, time};
use serde_json::json;

/// Why a scenario did not go on: what was waited for and did not come.
pub type Stuck = String;

/// How long the function has been there when a scenario begins.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// How things are before a scenario begins.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The standby.
    pub standby: StandbyFixture,
    /// Variables of the function, beside the usual ones.
    pub variables: BTreeMap<String, String>,
    /// Whether the standby's kubeconfig holds a client certificate, as the reference's on Azure does.
    pub client_certificate: bool,
    /// The cloud whose traffic control leads users, where it is not the function's own.
    pub traffic: Option<&'static dyn CloudBackend>,
    /// Whether people are told.
    pub people: bool,
}

impl Default for Setup {
    /// A standby whose function has seen the primary well, as one that was deployed a month ago has.
    fn default() -> Self {
        let armed = time::now() - MONTH;
        let record = json!({"schema": holdfast_core::record::SCHEMA, "armed": armed});
        let standby = StandbyFixture { record: Some(record), ..StandbyFixture::default() };
        Self { standby, variables: BTreeMap::new(), client_certificate: false, traffic: None, people: false }
    }
}

impl Setup {
    /// A standby as `change` leaves it.
    pub fn standby(change: impl FnOnce(&mut StandbyFixture)) -> Self {
        let mut setup = Self::default();
        change(&mut setup.standby);
        setup
    }
}
