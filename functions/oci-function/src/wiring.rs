//! From variables to what one container keeps between calls. No network.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::BoxFuture;
use holdfast_core::{
    Clock,
    engine::{Answer, Engine},
};
use holdfast_oci::settings::{AlarmFilter, HostSettings, OciCloud};
use holdfast_settings::ConfigurationFaults;
use holdfast_site::{clock::SystemClock, doors::Doors, log};

use crate::{
    arrival::Margins,
    event::Filter,
    function::{App, Site},
};

impl Site for holdfast_site::Site {
    fn engine(&self, holder: String) -> Engine {
        holdfast_site::Site::engine(self, holder)
    }

    fn tick_ended<'a>(&'a self, answer: &'a Answer) -> BoxFuture<'a, ()> {
        Box::pin(async {
            // Whether it was heard is in the log: the function writes no metrics on OCI.
            holdfast_site::Site::tick_ended(self, answer).await;
        })
    }
}

impl App {
    /// Builds everything from `variables`. A configuration that cannot be used is told to every call.
    pub fn new(variables: &BTreeMap<String, String>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let built = build(variables, &clock);
        log::start(built.as_ref().map_or("info", |(site, _)| site.log_level()));
        match built {
            Ok((site, host)) => {
                warn_of_doors(site.doors());
                Self {
                    name: site.function().to_owned(),
                    clock,
                    margins: Margins { margin: host.margin, ..Margins::default() },
                    filter: filter(&host.alarms),
                    doors: site.doors().clone(),
                    site: Ok(Box::new(site)),
                }
            }
            Err(faults) => {
                tracing::error!("the configuration cannot be used: {faults}");
                Self {
                    name: variables.get("FN_FN_NAME").cloned().unwrap_or_else(|| "holdfast".to_owned()),
                    clock,
                    margins: Margins::default(),
                    filter: Filter::default(),
                    doors: Doors::default(),
                    site: Err(faults.to_string()),
                }
            }
        }
    }
}

fn build(
    variables: &BTreeMap<String, String>,
    clock: &Arc<dyn Clock>,
) -> Result<(holdfast_site::Site, HostSettings), ConfigurationFaults> {
    holdfast_site::Site::from_variables(&OciCloud, variables, Arc::clone(clock), |read, _| HostSettings::read(read))
}

fn warn_of_doors(doors: &Doors) {
    let shut_out = doors.shut_out();
    if !shut_out.is_empty() {
        tracing::warn!("HOLDFAST_ADMITS: no door of this function admits {}", shut_out.join(", "));
    }
}

fn filter(alarms: &AlarmFilter) -> Filter {
    let AlarmFilter { resources, alarms, ticks } = alarms.clone();
    Filter { resources: resources.iter().map(ToString::to_string).collect(), alarms, ticks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_cannot_be_used_is_kept_with_all_its_faults() {
        let set = [("FN_FN_NAME", "dr"), ("CLUSTER_ID", "typo")];
        let app = App::new(&set.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let Err(faults) = &app.site else { panic!("it is taken") };
        assert_eq!(app.name, "dr");
        for name in ["CLUSTER_ID=\"typo\"", "STEERING_POLICY_ID", "COMPARTMENT_ID", "OCI_RESOURCE_PRINCIPAL_VERSION"] {
            assert!(faults.contains(name), "{faults}");
        }
    }
}
