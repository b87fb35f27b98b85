//! What tests reach of OCI through the simulator and its world.

use super::agent::FnAgent;
use super::alarm::Alarm;
use super::services::OciServices;
use crate::simulator::Simulator;
use crate::world::World;

impl Simulator {
    /// The services of OCI; `None` where none run.
    pub fn oci(&self) -> Option<&OciServices> {
        self.services_of()
    }

    /// The Fn agent; `None` where the function does not run on OCI.
    pub fn fn_agent(&self) -> Option<&FnAgent> {
        self.oci().map(OciServices::agent)
    }
}

impl World {
    /// Whether OCI's alarm repeats each minute while it fires. So at first; nothing happens where another cloud watches.
    pub fn set_alarm_repeats(&self, repeats: bool) {
        self.with(|state| {
            if let Some(alarm) = state.rule::<Alarm>() {
                alarm.repeats = repeats;
            }
        });
    }
}
