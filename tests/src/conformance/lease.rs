//! One worker at a time, by compare-and-set on the Lease.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use holdfast_core::{
    Call, FaultClass,
    ports::{Claim, Grant, Lease},
};
use holdfast_kubernetes::lease::KubernetesLease;
use holdfast_simulator::kubernetes::StandbyFixture;
use serde_json::json;

use crate::{
    clock::{ShiftedClock, call, call_by},
    test_cluster::{Backend, TestCluster},
};

/// Long enough for a busy machine: no grant ends by itself while a scenario runs.
const TTL: Duration = Duration::from_secs(300);

async fn standby(backend: &Backend, name: &str) -> TestCluster {
    backend.cluster(name, StandbyFixture::default()).await
}

async fn granted(lease: &KubernetesLease, call: &Call, holder: &str) -> Grant {
    match lease.acquire(call, holder, TTL).await.expect("an answer") {
        Claim::Granted(grant) => grant,
        Claim::Held { holder: other, until } => panic!("{holder}: held by {other} until {until}"),
    }
}

/// The shipped Lease has no holder; the first one who asks becomes it.
pub async fn a_free_lease_is_granted_and_held_against_others(backend: &Backend) {
    let standby = standby(backend, "lease-free").await;
    let (first, second, call) = (standby.site().lease(), standby.site().lease(), call());
    let grant = granted(&first, &call, "first").await;
    assert_eq!(grant.fence, 1);
    let claim = second.acquire(&call, "second", TTL).await.expect("an answer");
    let Claim::Held { holder, until } = claim else { panic!("{claim:?}") };
    // To the fraction of a second, but for a server that needed seconds to answer.
    let apart = holdfast_core::clock::until(grant.expires, until);
    assert_eq!((holder.as_str(), until >= grant.expires, apart < Duration::from_secs(30)), ("first", true, true));
    let again = granted(&first, &call, "first").await;
    assert_eq!(again.fence, 1, "its own holder gets it again, with the same fence");
    let stored = standby.get("leases", "holdfast").await.expect("the lease");
    assert_eq!(stored["spec"]["holderIdentity"], "first");
    assert_eq!(stored["metadata"]["labels"]["app.kubernetes.io/name"], "holdfast", "what we shipped stays");
}

/// A renewal moves the end and nothing else.
pub async fn a_renewal_keeps_the_fence(backend: &Backend) {
    let standby = standby(backend, "lease-renewed").await;
    let clock = Arc::new(ShiftedClock::default());
    let (lease, call) = (standby.site().lease(), call_by(clock.clone()));
    let grant = granted(&lease, &call, "first").await;
    clock.advance(60);
    let renewed = lease.renew(&call_by(clock), "first", &grant, TTL).await.expect("renewed");
    assert_eq!(renewed.fence, grant.fence);
    assert!(renewed.expires > grant.expires);
    assert_ne!(renewed.version, grant.version);
}

/// A worker that was away too long must stop. How long it was away is said by the server's clock.
pub async fn an_expired_lease_is_taken_with_a_greater_fence_and_its_old_holder_learns_it(backend: &Backend) {
    let standby = standby(backend, "lease-expired").await;
    let (first, second, call) = (standby.site().lease(), standby.site().lease(), call());
    let short = Duration::from_secs(1);
    let Ok(Claim::Granted(old)) = first.acquire(&call, "first", short).await else { panic!("it was free") };
    call.clock.sleep(short * 3).await;
    let new = granted(&second, &call, "second").await;
    assert_eq!(new.fence, old.fence + 1);
    let fault = first.renew(&call, "first", &old, TTL).await.expect_err("taken");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    assert!(fault.message.contains("second"), "{fault}");
    first.release(&call, "first", &old).await.expect("harmless");
    let stored = standby.get("leases", "holdfast").await.expect("the lease");
    assert_eq!(stored["spec"]["holderIdentity"], "second", "the old holder gives nothing away");
}

/// A clock of ours that is ahead neither takes a lease that lives nor waits for hours.
pub async fn a_lease_that_lives_is_not_taken_by_a_worker_whose_clock_is_ahead(backend: &Backend) {
    let standby = standby(backend, "lease-ahead").await;
    let (first, second) = (standby.site().lease(), standby.site().lease());
    granted(&first, &call(), "first").await;
    let clock = Arc::new(ShiftedClock::default());
    clock.advance(3 * 3600);
    let ahead = call_by(clock.clone());
    match second.acquire(&ahead, "second", TTL).await.expect("an answer") {
        Claim::Held { holder, until } => {
            assert_eq!(holder, "first");
            let left = holdfast_core::clock::until(holdfast_core::Clock::now(clock.as_ref()), until);
            assert!(left > TTL / 2 && left <= TTL + Duration::from_secs(5), "{left:?}");
        }
        Claim::Granted(_) => panic!("its holder lives"),
    }
}

/// The case `lease-from-the-future.yaml`, as somebody with an editor leaves it.
pub async fn a_lease_renewed_in_2099_ends_its_duration_after_the_server_took_it(backend: &Backend) {
    let standby = standby(backend, "lease-2099").await;
    let (first, second, call) = (standby.site().lease(), standby.site().lease(), call());
    let Ok(Claim::Granted(_)) = first.acquire(&call, "first", Duration::from_secs(1)).await else { panic!("free") };
    let spec =
        json!({"holderIdentity": "other", "renewTime": "2099-01-01T00:00:00.000000Z", "leaseTransitions": i32::MAX});
    standby.change("leases", "holdfast", json!({"spec": spec})).await;
    call.clock.sleep(Duration::from_secs(4)).await;
    assert_eq!(granted(&second, &call, "second").await.fence, 1, "after the largest number comes 1");
}

/// The fence goes on from where it was.
pub async fn a_lease_that_was_given_back_is_free(backend: &Backend) {
    let standby = standby(backend, "lease-released").await;
    let (first, second, call) = (standby.site().lease(), standby.site().lease(), call());
    let grant = granted(&first, &call, "first").await;
    first.release(&call, "first", &grant).await.expect("released");
    let stored = standby.get("leases", "holdfast").await.expect("the lease");
    assert!(stored["spec"]["holderIdentity"].as_str().unwrap_or_default().is_empty(), "{stored}");
    assert_eq!(granted(&second, &call, "second").await.fence, 2);
}

/// All have read the free lease before anyone writes: the server lets one PUT pass, the others are conflicts.
pub async fn of_many_who_want_the_lease_at_once_one_gets_it(backend: &Backend) {
    let standby = standby(backend, "lease-race").await;
    let call = call();
    let workers: Vec<_> = (0..5).map(|number| (format!("worker-{number}"), standby.site().lease())).collect();
    join_all(workers.iter().map(|(_, lease)| lease.prime(&call))).await;
    let claims = join_all(workers.iter().map(|(name, lease)| lease.acquire(&call, name, TTL))).await;
    let claims: Vec<Claim> = claims.into_iter().map(|claim| claim.expect("an answer")).collect();
    let winners: Vec<_> = claims.iter().filter(|claim| matches!(claim, Claim::Granted(_))).collect();
    assert_eq!(winners.len(), 1, "{claims:?}");
    let stored = standby.get("leases", "holdfast").await.expect("the lease");
    assert_eq!(stored["spec"]["leaseTransitions"], 1, "the losers wrote nothing");
    for claim in &claims {
        if let Claim::Held { holder, .. } = claim {
            assert_eq!(stored["spec"]["holderIdentity"], holder.as_str());
        }
    }
}

/// The function may not create one, and says who makes it.
pub async fn a_lease_that_does_not_exist_names_the_manifest(backend: &Backend) {
    let standby = standby(backend, "lease-absent").await;
    standby.delete("leases", "holdfast").await;
    let fault = standby.site().lease().acquire(&call(), "first", TTL).await.expect_err("nothing there");
    assert_eq!(fault.class, FaultClass::NotFound);
    assert!(fault.message.contains("infra/kubernetes/role.yaml"), "{fault}");
}
