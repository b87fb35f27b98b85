//! What the function is told in its environment.

use std::collections::BTreeMap;

use holdfast_aws::settings::{AlarmFilter, Aws};
use holdfast_azure::settings::{AzureCloud, HostSettings};
use holdfast_core::policy::Policy;
use holdfast_oci::settings::{HostSettings as OciHost, OciCloud};
use holdfast_settings::ConfigurationFaults;
use holdfast_site::Settings;

use crate::said;

/// Any variables, one `NAME=value` a line: all faults at once, each with its name, or numbers that can be used.
pub fn configuration(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let variables: BTreeMap<_, _> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    match Settings::read(&Aws, &variables, |read, _| AlarmFilter::read(read)) {
        Err(faults) => told(&faults),
        Ok((settings, _)) => checked(&settings),
    }
    match Settings::read(&AzureCloud, &variables, |read, limits| HostSettings::read(read, limits.margin)) {
        Err(faults) => told(&faults),
        Ok((settings, host)) => {
            checked(&settings);
            assert!(!host.function_timeout.is_zero());
        }
    }
    match Settings::read(&OciCloud, &variables, |read, _| OciHost::read(read)) {
        Err(faults) => told(&faults),
        Ok((settings, host)) => {
            checked(&settings);
            assert!(!host.margin.is_zero() && !host.alarms.ticks.is_empty());
        }
    }
}

fn checked(settings: &Settings) {
    numbers(&settings.policy);
    let outside = &settings.outside;
    assert!(outside.controls.len() <= 100 && !outside.timeout.is_zero());
    assert!(outside.primary.as_ref().is_none_or(|target| !target.host().is_empty()));
}

fn numbers(policy: &Policy) {
    assert!(policy.holdoff.as_secs() <= 600 && policy.cooldown.as_secs() <= 3600);
    assert!(!policy.period.is_zero() && !policy.poll.is_zero());
}

/// Every fault has its name and words, and no password.
fn told(faults: &ConfigurationFaults) {
    assert!(!faults.0.is_empty());
    for fault in &faults.0 {
        said(fault);
        assert!(fault.to_string().contains(&fault.name));
        let address = fault.value.as_deref().and_then(|value| value.split_once("://")?.1.split_once('@'));
        assert!(address.is_none_or(|(user, _)| user.len() < 5 || !fault.to_string().contains(user)), "a password");
    }
}
