//! TLS secrets that are stale must go, those that are good must stay.

use holdfast_core::record::Status;
use holdfast_simulator::{
    kubernetes::{Reissue, TlsFixture},
    world::Outage,
};

use crate::drill::{
    promise::{and, failed_over, said},
    run_report::{Effect, RunReport},
    scenario::{Scenario, Setup},
};

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![stale_tls_secret(), fresh_tls_secret(), tls_reissued_at_once()]
}

fn stale_tls_secret() -> Scenario {
    Scenario {
        name: "stale-tls-secret",
        summary: "the cluster's TLS secret is from a CA that is gone: left alone, LogScale would never come up",
        setup: || {
            Setup::standby(|standby| {
                standby.tls = TlsFixture::StaleNoCa;
                standby.per_node_secret = true;
            })
        },
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("the stale secrets are gone", stale_gone)]),
    }
}

fn fresh_tls_secret() -> Scenario {
    Scenario {
        name: "fresh-tls-secret",
        summary: "the cluster's TLS secret is good: it must be kept",
        setup: || {
            Setup::standby(|standby| {
                standby.tls = TlsFixture::Matching;
                standby.per_node_secret = true;
            })
        },
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment.until_failed_over().await
            })
        },
        promises: and(failed_over(), vec![said("the good secrets are kept", all_kept)]),
    }
}

fn tls_reissued_at_once() -> Scenario {
    Scenario {
        name: "tls-reissued-at-once",
        summary: "whenever the stale TLS secret is deleted, another stale one is there before the answer: nothing waits for that to end",
        setup: || {
            Setup::standby(|standby| {
                standby.tls = TlsFixture::StaleOtherCa;
                standby.reissue = Reissue::AtOnceFromTheEarlierCa;
            })
        },
        run: |environment| {
            Box::pin(async move {
                environment.break_primary(Outage::Refuse);
                environment
                    .until("traffic is locked", |environment| environment.sim.world().snapshot().lock.on)
                    .await?;
                environment.pass(240.0).await;
                if environment
                    .state()
                    .is_some_and(|state| state.current.is_some_and(|run| run.status == Status::Completed))
                {
                    return Err("a standby whose nodes nobody trusts was verified".to_owned());
                }
                environment.sim.cluster().mend_issuer("logscale");
                environment.until_status(Status::Completed).await
            })
        },
        promises: and(failed_over(), vec![said("the stale secret was deleted once", deleted_once)]),
    }
}

fn deleted_once(report: &RunReport) -> Result<String, String> {
    let locked = report.first(Effect::Locked);
    // A later call looks at what is owed once more; it holds nothing up.
    let of_the_failover = |(kind, at): &&(Effect, _)| *kind == Effect::SecretDeleted && Some(*at) <= locked;
    let deleted = report.effects.iter().filter(of_the_failover).count();
    let scaled = report.count(Effect::Scaled);
    if (deleted, scaled) == (1, 1) {
        return Ok("one delete; the operator was started all the same".to_owned());
    }
    Err(format!("{deleted} deletes, scaled {scaled} times"))
}

fn stale_gone(report: &RunReport) -> Result<String, String> {
    let before = report.secrets_before.get("logscale").ok_or("there was no secret to begin with")?;
    if report.secrets.get("logscale") == Some(before) {
        return Err("the stale secret is still there".to_owned());
    }
    let deleted = report.count(Effect::SecretDeleted);
    if deleted == 2 {
        Ok("the cluster's and the old node's secret were deleted".to_owned())
    } else {
        Err(format!("{deleted} secrets were deleted, not 2"))
    }
}

fn all_kept(report: &RunReport) -> Result<String, String> {
    let lost: Vec<_> = report
        .secrets_before
        .iter()
        .filter(|(name, uid)| report.secrets.get(*name) != Some(uid))
        .map(|(name, _)| name.as_str())
        .collect();
    let deleted = report.count(Effect::SecretDeleted);
    if lost.is_empty() && deleted == 0 && !report.secrets_before.is_empty() {
        return Ok(format!("{} secrets as they were", report.secrets_before.len()));
    }
    Err(format!("deleted {deleted}; lost: {}", lost.join(", ")))
}
