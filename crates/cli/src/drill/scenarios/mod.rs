//! All scenarios, by theme.

mod crashes;
mod evidence;
mod gates;
mod outages;
mod standing;
mod tls;
mod triggers;
mod weather;

use super::scenario::Scenario;

/// Every scenario, in the order of the themes.
pub fn all() -> Vec<Scenario> {
    let themes = [
        outages::all(),
        triggers::all(),
        evidence::all(),
        gates::all(),
        weather::all(),
        crashes::all(),
        standing::all(),
        tls::all(),
    ];
    themes.into_iter().flatten().collect()
}
