//! The guarantees of the port, on the server in memory.

use std::sync::Arc;

use holdfast_core::{FaultClass, ports::Lease};
use serde_json::json;

use super::*;
use crate::testing::{FakeApi, TestClock, call};

const PATH: &str = "apis/coordination.k8s.io/v1/leases/holdfast";
const TTL: Duration = Duration::from_secs(30);

/// A server with the shipped Lease, and a call; both by one clock.
fn stand() -> (FakeApi, Call, Arc<TestClock>) {
    let (server, (call, clock)) = (FakeApi::default(), call());
    server.dated_by(&clock);
    server.put(PATH, json!({"metadata": {"labels": {"a": "b"}}, "spec": {}}));
    (server, call, clock)
}

async fn granted(lease: &KubernetesLease, call: &Call, holder: &str) -> Grant {
    match lease.acquire(call, holder, TTL).await.expect("an answer") {
        Claim::Granted(grant) => grant,
        held => panic!("{held:?}"),
    }
}

#[tokio::test]
async fn a_free_lease_is_granted_and_held_against_others() {
    let (server, call, _) = stand();
    let (ours, theirs) = (server.cluster().lease(), server.cluster().lease());
    let grant = granted(&ours, &call, "a").await;
    assert_eq!((grant.fence, grant.expires), (1, call.clock.now() + TTL));
    let held = theirs.acquire(&call, "b", TTL).await.expect("an answer");
    assert_eq!(held, Claim::Held { holder: "a".into(), until: grant.expires });
    assert_eq!(server.object(PATH).expect("there")["metadata"]["labels"]["a"], "b");
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_with_a_greater_fence_and_its_former_holder_cannot_renew() {
    let (server, call, clock) = stand();
    let (ours, theirs) = (server.cluster().lease(), server.cluster().lease());
    let first = granted(&ours, &call, "a").await;
    clock.advance(TTL);
    let second = granted(&theirs, &call, "b").await;
    assert!(second.fence > first.fence);
    let fault = ours.renew(&call, "a", &first, TTL).await.expect_err("taken over");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    ours.release(&call, "a", &first).await.expect("harmless");
    assert_eq!(server.object(PATH).expect("there")["spec"]["holderIdentity"], "b");
}

#[tokio::test]
async fn a_grant_from_before_another_holder_is_void_even_under_the_same_name() {
    let (server, call, clock) = stand();
    let (ours, theirs) = (server.cluster().lease(), server.cluster().lease());
    let first = granted(&ours, &call, "a").await;
    for holder in ["b", "a"] {
        clock.advance(TTL);
        granted(&theirs, &call, holder).await;
    }
    let fault = ours.renew(&call, "a", &first, TTL).await.expect_err("an older fence");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
}

#[tokio::test]
async fn a_renewal_is_one_request_and_keeps_the_fence() {
    let (server, call, clock) = stand();
    let lease = server.cluster().lease();
    let first = granted(&lease, &call, "a").await;
    server.log();
    clock.advance(TTL / 2);
    let second = lease.renew(&call, "a", &first, TTL).await.expect("renewed");
    assert_eq!(server.log(), [format!("PUT {PATH}")]);
    assert_eq!((second.fence, second.expires), (first.fence, call.clock.now() + TTL));
}

#[tokio::test]
async fn a_primed_lease_is_acquired_in_one_request() {
    let (server, call, _) = stand();
    let lease = server.cluster().lease();
    lease.prime(&call).await;
    server.log();
    granted(&lease, &call, "a").await;
    assert_eq!(server.log(), [format!("PUT {PATH}")]);
}

#[tokio::test]
async fn a_look_that_is_out_of_date_neither_grants_nor_refuses() {
    let (server, call, clock) = stand();
    let (ours, theirs) = (server.cluster().lease(), server.cluster().lease());
    ours.prime(&call).await;
    let grant = granted(&theirs, &call, "b").await;
    let claim = ours.acquire(&call, "a", TTL).await.expect("an answer");
    assert!(matches!(claim, Claim::Held { .. }), "seen free, was taken since: {claim:?}");
    theirs.release(&call, "b", &grant).await.expect("released");
    clock.advance(Duration::from_secs(1));
    assert_eq!(granted(&ours, &call, "a").await.fence, 2, "seen held, was given back since");
}

#[tokio::test]
async fn an_answer_that_was_lost_does_not_lose_the_lease() {
    let (server, call, _) = stand();
    let lease = server.cluster().lease();
    server.lose_next_answer();
    lease.prime(&call).await;
    lease.prime(&call).await;
    server.lose_next_answer();
    assert_eq!(lease.acquire(&call, "a", TTL).await.expect_err("lost").class, FaultClass::Server);
    let first = granted(&lease, &call, "a").await;
    assert_eq!(first.fence, 1, "the same holder again");
    server.lose_next_answer();
    assert_eq!(lease.renew(&call, "a", &first, TTL).await.expect_err("lost").class, FaultClass::Server);
    let second = lease.renew(&call, "a", &first, TTL).await.expect("still ours");
    assert_eq!(second.fence, 1);
    lease.release(&call, "a", &first).await.expect("released");
    assert!(server.object(PATH).expect("there")["spec"]["holderIdentity"].is_null());
}

#[tokio::test]
async fn of_many_at_once_one_is_granted() {
    let (server, call, _) = stand();
    let claims = (0..8).map(|n| {
        let (lease, call) = (server.cluster().lease(), call.clone());
        async move { lease.acquire(&call, &format!("worker-{n}"), TTL).await.expect("an answer") }
    });
    let claims = futures_util::future::join_all(claims).await;
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Granted(_))).count(), 1);
}

#[tokio::test]
async fn a_lease_that_does_not_exist_names_its_manifest() {
    let (server, (call, _)) = (FakeApi::default(), call());
    let fault = server.cluster().lease().acquire(&call, "a", TTL).await.expect_err("absent");
    assert_eq!(fault.class, FaultClass::NotFound);
    assert!(fault.message.contains("infra/kubernetes/role.yaml"), "{fault}");
}
