//! TLS secrets that are stale must go, those that are good must stay.

use holdfast_core::record::Status;
use holdfast_simulator::{
    kubernetes::{Reissue, TlsSeed},
    world::Outage,
};

use crate::drill::{
    facts::{Effect, Facts},
    promise::{and, failed_over, said},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![stale_tls_secret(), fresh_tls_secret(), tls_reissued_at_once()]
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

fn tls_reissued_at_once() -> Scenario {
    Scenario {
        name: "tls-reissued-at-once",
        says: "whenever the stale TLS secret is deleted, another stale one is there before the answer: nothing waits for that to end",
        setup: || {
            Setup::standby(|standby| {
                standby.tls = TlsSeed::StaleOtherCa;
                standby.reissue = Reissue::AtOnceFromTheEarlierCa;
            })
        },
        act: |stage| {
            Box::pin(async move {
                stage.break_primary(Outage::Refuse);
                stage.until("traffic is locked", |stage| stage.sim.world().snapshot().lock.on).await?;
                stage.pass(240.0).await;
                if stage.state().is_some_and(|state| state.current.is_some_and(|run| run.status == Status::Completed)) {
                    return Err("a standby whose nodes nobody trusts was verified".to_owned());
                }
                stage.sim.cluster().mend_issuer("logscale");
                stage.until_status(Status::Completed).await
            })
        },
        promises: and(failed_over(), vec![said("the stale secret was deleted once", deleted_once)]),
    }
}

fn deleted_once(facts: &Facts) -> Result<String, String> {
    let (deleted, scaled) = (facts.count(Effect::SecretDeleted), facts.count(Effect::Scaled));
    if (deleted, scaled) == (1, 1) {
        return Ok("one delete; the operator was started all the same".to_owned());
    }
    Err(format!("{deleted} deletes, scaled {scaled} times"))
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
