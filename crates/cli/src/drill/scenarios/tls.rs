//! TLS secrets that are stale must go, those that are good must stay.

use holdfast_simulator::{kubernetes::TlsSeed, world::Outage};

use crate::drill::{
    facts::{Effect, Facts},
    promise::{and, failed_over, said},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![stale_tls_secret(), fresh_tls_secret()]
}

fn stale_tls_secret() -> Scenario {
    Scenario {
        name: "stale-tls-secret",
        says: "the cluster's TLS secret is from a CA that is gone: left alone, LogScale would never come up",
        setup: || {
            Setup::standby(|standby| {
                standby.tls = TlsSeed::StaleNoCa;
                standby.per_node_secret = true;
            })
        },
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("the stale secrets are gone", stale_gone)]),
    }
}

fn fresh_tls_secret() -> Scenario {
    Scenario {
        name: "fresh-tls-secret",
        says: "the cluster's TLS secret is good: it must be kept",
        setup: || {
            Setup::standby(|standby| {
                standby.tls = TlsSeed::Matching;
                standby.per_node_secret = true;
            })
        },
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("the good secrets are kept", all_kept)]),
    }
}

fn stale_gone(facts: &Facts) -> Result<String, String> {
    let before = facts.secrets_before.get("logscale").ok_or("there was no secret to begin with")?;
    if facts.secrets.get("logscale") == Some(before) {
        return Err("the stale secret is still there".to_owned());
    }
    let deleted = facts.count(Effect::SecretDeleted);
    if deleted == 2 {
        Ok("the cluster's and the old node's secret were deleted".to_owned())
    } else {
        Err(format!("{deleted} secrets were deleted, not 2"))
    }
}

fn all_kept(facts: &Facts) -> Result<String, String> {
    let lost: Vec<_> = facts
        .secrets_before
        .iter()
        .filter(|(name, uid)| facts.secrets.get(*name) != Some(uid))
        .map(|(name, _)| name.as_str())
        .collect();
    let deleted = facts.count(Effect::SecretDeleted);
    if lost.is_empty() && deleted == 0 && !facts.secrets_before.is_empty() {
        return Ok(format!("{} secrets as they were", facts.secrets_before.len()));
    }
    Err(format!("deleted {deleted}; lost: {}", lost.join(", ")))
}
