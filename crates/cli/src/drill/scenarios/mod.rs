//! All scenarios, by theme.

mod azure;
mod crashes;
mod cut_off;
mod evidence;
mod gates;
mod outages;
mod standing;
mod tls;
mod triggers;
mod trust;
mod weather;

use super::scenario::Scenario;
use crate::args::Cloud;

/// Every scenario of a cloud, in the order of the themes.
pub fn all(cloud: Cloud) -> Vec<Scenario> {
    let themes = [
        outages::all(),
        triggers::all(),
        trust::all(),
        cut_off::all(),
        evidence::all(),
        gates::all(),
        weather::all(),
        crashes::all(),
        standing::all(),
        tls::all(),
    ];
    let own = match cloud {
        Cloud::Aws => Vec::new(),
        Cloud::Azure => azure::all(),
    };
    themes.into_iter().flatten().chain(own).collect()
}
