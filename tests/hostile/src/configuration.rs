//! What the function is told in its environment.

use std::collections::BTreeMap;

use holdfast_core::policy::Policy;
use holdfast_runbooks::{
    logscale::{aws::AwsConfig, azure::AzureConfig},
    variables::ConfigurationFaults,
};

use crate::said;

/// Any variables, one `NAME=value` a line: all faults at once, each with its name, or numbers that can be used.
pub fn configuration(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let variables: BTreeMap<_, _> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    match AwsConfig::read(&variables) {
        Err(faults) => told(&faults),
        Ok(config) => {
            assert!(!config.cluster_name.is_empty() && !config.primary_check.is_empty());
            assert!((1..=10).contains(&config.target_replicas) && config.lock_fqdn.ends_with(".invalid"));
            numbers(&config.policy);
            assert!(config.outside.controls.len() <= 100 && !config.outside.timeout.is_zero());
            assert!(config.outside.primary.as_ref().is_none_or(|target| !target.host().is_empty()));
        }
    }
    match AzureConfig::read(&variables) {
        Err(faults) => told(&faults),
        Ok(config) => numbers(&config.policy),
    }
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
