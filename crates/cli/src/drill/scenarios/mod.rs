//! All scenarios, by theme.

mod aws;
mod azure;
mod crashes;
mod cut_off;
mod evidence;
mod failback;
mod gates;
mod injected_faults;
mod modes;
mod oci;
mod outages;
mod people;
mod standing;
mod tls;
mod triggers;
mod trust;

use holdfast_simulator::backend::CloudBackend;

use super::scenario::Scenario;

/// A theme, and the cloud that it is about; `None` is every cloud.
struct Theme {
    cloud: Option<&'static str>,
    scenarios: fn() -> Vec<Scenario>,
}

const fn everywhere(scenarios: fn() -> Vec<Scenario>) -> Theme {
    Theme { cloud: None, scenarios }
}

const fn only_on(cloud: &'static str, scenarios: fn() -> Vec<Scenario>) -> Theme {
    Theme { cloud: Some(cloud), scenarios }
}

/// The themes, in the order in which they are listed and run.
const THEMES: [Theme; 16] = [
    everywhere(outages::all),
    everywhere(triggers::all),
    everywhere(trust::all),
    everywhere(cut_off::all),
    everywhere(evidence::all),
    everywhere(gates::all),
    everywhere(injected_faults::all),
    everywhere(crashes::all),
    everywhere(standing::all),
    everywhere(tls::all),
    everywhere(failback::all),
    everywhere(people::all),
    everywhere(modes::all),
    only_on("aws", aws::all),
    only_on("azure", azure::all),
    only_on("oci", oci::all),
];

/// Every scenario of a cloud.
pub fn all(cloud: &dyn CloudBackend) -> Vec<Scenario> {
    let here = |theme: &&Theme| theme.cloud.is_none_or(|only| only == cloud.name());
    THEMES.iter().filter(here).flat_map(|theme| (theme.scenarios)()).collect()
}
