//! What a function on OCI is told, whatever it fails over.

use std::time::Duration;

use holdfast_settings::Reader;

use super::{
    history::{HEALTH_CHECK, LOAD_BALANCER},
    names,
};
use crate::ocid::Ocid;

const ALARMS: &str = "names of alarms, or OCIDs ocid1.alarm...., separated by commas";

/// What a function on OCI is told, whatever it fails over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSettings {
    /// Which alarms are the site's.
    pub alarms: AlarmFilter,
    /// What is kept back of the time that a call has, for writing the record and answering.
    pub margin: Duration,
}

impl HostSettings {
    /// Reads them.
    pub fn read(read: &mut Reader<'_>) -> Self {
        Self { alarms: AlarmFilter::read(read), margin: read.seconds("HOLDFAST_FN_MARGIN_SECONDS", 5.0, 0.1..=60.0) }
    }
}

/// Which alarms of Monitoring are a site's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// The primary's health check and load balancer, where they are named: an alarm on one of their metrics is ours.
    pub resources: Vec<Ocid>,
    /// Names or OCIDs of alarms that are ours whatever they watch.
    pub alarms: Vec<String>,
    /// Names or OCIDs of the alarm that always fires: the tick.
    pub ticks: Vec<String>,
}

impl AlarmFilter {
    fn read(read: &mut Reader<'_>) -> Self {
        let resources = [("PRIMARY_HEALTH_CHECK_ID", HEALTH_CHECK), ("PRIMARY_LB_OCID", LOAD_BALANCER)];
        // Route 53 has health checks under the same variable, when the history is AWS's.
        let is_ours = |read: &Reader<'_>, name| read.text(name).is_some_and(|text| text.starts_with("ocid1."));
        Self {
            resources: resources
                .into_iter()
                .filter_map(|(name, kind)| if is_ours(read, name) { names::ocid(read, name, kind) } else { None })
                .collect(),
            alarms: read.list_of("HOLDFAST_ALARM_NAMES", ALARMS, is_alarm),
            ticks: ticks(read),
        }
    }
}

/// The alarms that are the tick; the name that the documentation gives it, unless others are set.
pub(super) fn ticks(read: &mut Reader<'_>) -> Vec<String> {
    let set = read.list_of("HOLDFAST_TICK_ALARM_NAMES", ALARMS, is_alarm);
    if set.is_empty() { vec!["holdfast-tick".to_owned()] } else { set }
}

/// The name of an alarm, which may be anything but an id of something else, or its OCID.
fn is_alarm(text: &str) -> bool {
    let is_id = text.starts_with("ocid1.") || text.starts_with("arn:") || text.starts_with('/');
    let is_name = !is_id && !text.chars().any(char::is_control);
    is_name || Ocid::parse(text).is_some_and(|id| id.kind() == "alarm")
}
