//! Leases as others leave them: times of clocks that are wrong, durations and numbers of no sense. None of them holds a
//! due failover back for ever, and none of them takes a lease away from a worker that lives.

use std::sync::Arc;

use holdfast_core::{Clock, ports::Lease};
use serde_json::{Value, json};

use super::*;
use crate::testing::{FakeApi, TestClock, call, managed};

const PATH: &str = "apis/coordination.k8s.io/v1/leases/holdfast";
const TTL: Duration = Duration::from_secs(30);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The case `lease-from-the-future.yaml`, with what `change` does to it.
fn from_the_future(change: impl FnOnce(&mut Value)) -> Value {
    let text = include_str!("../../../../tests/cases/lease-from-the-future.yaml");
    let mut document: Value = serde_saphyr::from_str(text).expect("YAML");
    change(&mut document);
    document
}

/// A server by its own clock, and a call by ours.
struct Stand {
    server: FakeApi,
    theirs: Arc<TestClock>,
    call: Call,
    ours: Arc<TestClock>,
}

impl Stand {
    /// The server's clock is the right one; ours is this much ahead of it.
    fn new(ahead: Duration) -> Self {
        let (server, (call, ours)) = (FakeApi::default(), call());
        let theirs = TestClock::without_timeouts(ours.now());
        server.dated_by(&theirs);
        server.put(PATH, json!({"spec": {}}));
        ours.advance(ahead);
        Self { server, theirs, call, ours }
    }

    /// Puts a lease there that the server dates now, by a writer named `kubectl-edit`.
    fn put(&self, mut document: Value) {
        document["metadata"]["managedFields"] = managed("kubectl-edit", self.theirs.now());
        self.server.put(PATH, document);
    }

    fn advance(&self, by: Duration) {
        self.theirs.advance(by);
        self.ours.advance(by);
    }

    /// How long the lease is held from now on, by our clock; zero when it was granted.
    async fn held_for(&self, lease: &KubernetesLease) -> Duration {
        match lease.acquire(&self.call, "us", TTL).await.expect("an answer") {
            Claim::Granted(_) => Duration::ZERO,
            Claim::Held { until, .. } => holdfast_core::clock::until(self.ours.now(), until),
        }
    }

    /// The same for a process that has seen nothing yet.
    async fn held_for_a_new_process(&self) -> Duration {
        self.held_for(&self.server.cluster().lease()).await
    }
}

#[tokio::test]
async fn whatever_the_holder_says_of_the_time_a_grant_ends_its_duration_after_the_server_took_it() {
    for renewed in
        ["2099-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000000Z", "9999-12-30T22:00:00.999999Z", "soon", ""]
    {
        let stand = Stand::new(seconds(0));
        stand.put(from_the_future(|lease| lease["spec"]["renewTime"] = renewed.into()));
        let held = stand.held_for_a_new_process().await;
        assert!((seconds(30)..=seconds(31)).contains(&held), "{renewed}: {held:?}");
        stand.advance(seconds(29));
        assert_ne!(stand.held_for_a_new_process().await, seconds(0), "{renewed}: its holder may live");
        stand.advance(seconds(3));
        assert_eq!(stand.held_for_a_new_process().await, seconds(0), "{renewed}");
    }
}

#[tokio::test]
async fn an_annotation_from_the_future_prolongs_nothing() {
    let stand = Stand::new(seconds(0));
    stand.put(from_the_future(|lease| {
        lease["spec"]["renewTime"] = stand.ours.now().to_string().into();
        lease["metadata"]["annotations"] = json!({"holdfast.dev/expires": "2099-01-01T00:00:00Z"});
    }));
    assert_eq!(stand.held_for_a_new_process().await, seconds(30));
}

#[tokio::test]
async fn a_duration_of_years_counts_as_ten_minutes_and_one_that_is_none_as_nothing() {
    let odd = [json!(2_147_483_647_u64), json!(u64::MAX), json!(601)];
    for duration in odd {
        let stand = Stand::new(seconds(0));
        stand.put(from_the_future(|lease| lease["spec"]["leaseDurationSeconds"] = duration.clone()));
        let held = stand.held_for_a_new_process().await;
        assert!((seconds(600)..=seconds(601)).contains(&held), "{duration}: {held:?}");
        stand.advance(seconds(602));
        assert_eq!(stand.held_for_a_new_process().await, seconds(0), "{duration}");
    }
    for duration in [json!(-5), json!("30"), json!(1.5), json!(null), json!({})] {
        let stand = Stand::new(seconds(0));
        stand.put(from_the_future(|lease| lease["spec"]["leaseDurationSeconds"] = duration.clone()));
        assert!(stand.held_for_a_new_process().await <= seconds(1), "{duration}");
        stand.advance(seconds(2));
        assert_eq!(stand.held_for_a_new_process().await, seconds(0), "{duration}");
    }
}

#[tokio::test]
async fn our_own_clock_may_be_wrong_by_hours_without_taking_a_lease_that_lives_or_waiting_for_hours() {
    let holder = Stand::new(seconds(0));
    let lease = holder.server.cluster().lease();
    assert!(matches!(lease.acquire(&holder.call, "them", TTL).await, Ok(Claim::Granted(_))));
    // The same server, seen by a worker whose clock is three hours ahead.
    let (call, ours) = call();
    ours.advance(seconds(3 * 3600));
    let ahead = Stand { server: holder.server.clone(), theirs: Arc::clone(&holder.theirs), call, ours };
    let held = ahead.held_for_a_new_process().await;
    assert!((seconds(28)..=seconds(32)).contains(&held), "{held:?}");
    ahead.advance(seconds(33));
    assert_eq!(ahead.held_for_a_new_process().await, seconds(0));
}

#[tokio::test]
async fn where_the_server_dates_nothing_a_lease_is_free_once_unchanged_for_its_duration_by_our_clock() {
    let stand = Stand::new(seconds(0));
    stand.server.put(PATH, from_the_future(|_| ()));
    stand.server.undated();
    let lease = stand.server.cluster().lease();
    assert_eq!(stand.held_for(&lease).await, seconds(30));
    stand.advance(seconds(20));
    assert_eq!(stand.held_for(&lease).await, seconds(10), "kept from call to call");
    stand.server.put(PATH, from_the_future(|lease| lease["spec"]["renewTime"] = "2099-01-01T00:00:20.000000Z".into()));
    assert_eq!(stand.held_for(&lease).await, seconds(30), "it was renewed meanwhile");
    stand.advance(seconds(30));
    assert_eq!(stand.held_for(&lease).await, seconds(0));
}

#[tokio::test]
async fn a_write_that_the_server_dates_far_ahead_of_itself_is_judged_by_our_clock() {
    let stand = Stand::new(seconds(0));
    let mut document = from_the_future(|_| ());
    document["metadata"]["managedFields"] = managed("x", "2099-01-01T00:00:00Z".parse().expect("a time"));
    stand.server.put(PATH, document);
    let lease = stand.server.cluster().lease();
    assert_eq!(stand.held_for(&lease).await, seconds(30));
    stand.advance(seconds(30));
    assert_eq!(stand.held_for(&lease).await, seconds(0));
}

#[tokio::test]
async fn a_fencing_number_at_its_end_or_of_no_sense_fails_no_claim() {
    for transitions in [json!(i32::MAX), json!(u64::MAX), json!(-1), json!("many")] {
        let stand = Stand::new(seconds(0));
        stand.put(json!({"spec": {"leaseTransitions": transitions.clone()}}));
        let lease = stand.server.cluster().lease();
        let Ok(Claim::Granted(grant)) = lease.acquire(&stand.call, "us", TTL).await else { panic!("{transitions}") };
        assert_eq!(grant.fence, 1, "{transitions}");
        let renewed = lease.renew(&stand.call, "us", &grant, TTL).await.expect("renewed");
        assert_eq!(renewed.fence, 1);
        lease.release(&stand.call, "us", &renewed).await.expect("released");
    }
}

#[tokio::test]
async fn a_document_that_is_no_lease_at_all_never_panics() {
    for document in [json!({"spec": 7}), json!({"spec": [], "metadata": {"annotations": "x", "managedFields": {}}})] {
        let stand = Stand::new(seconds(0));
        stand.server.put(PATH, document);
        assert_eq!(stand.held_for_a_new_process().await, seconds(0));
    }
}

#[tokio::test]
async fn the_name_of_a_holder_is_told_on_one_line_and_cut() {
    let stand = Stand::new(seconds(0));
    stand.put(from_the_future(|lease| {
        lease["spec"]["holderIdentity"] = format!("x\u{7}{}\ny", "x".repeat(100_000)).into()
    }));
    let claim = stand.server.cluster().lease().acquire(&stand.call, "us", TTL).await.expect("an answer");
    let Claim::Held { holder, .. } = claim else { panic!("{claim:?}") };
    assert!(holder.len() <= 300 && !holder.chars().any(char::is_control), "{holder}");
}

/// What preflight says of a lease.
async fn said(document: Value) -> (String, Vec<String>) {
    let stand = Stand::new(seconds(0));
    stand.put(document);
    let standing = stand.server.cluster().lease().status(&stand.call).await.expect("read");
    (standing.described, standing.oddities)
}

#[tokio::test]
async fn what_is_not_believed_is_told_with_its_value_and_its_writer() {
    let (described, odd) = said(from_the_future(|_| ())).await;
    assert_eq!(described, "held by other until 2026-01-01T00:00:31Z");
    assert_eq!(odd.len(), 1, "{odd:?}");
    for part in ["renewTime", "2099-01-01T00:00:00.000000Z", "kubectl-edit", "2026-01-01T00:00:00Z"] {
        assert!(odd[0].contains(part), "{part} in {odd:?}");
    }
    let worst = from_the_future(|lease| {
        lease["spec"]["leaseDurationSeconds"] = json!(2_147_483_647);
        lease["spec"]["leaseTransitions"] = json!(u64::MAX);
        lease["spec"]["holderIdentity"] = "x\u{1b}[31m".repeat(1000).into();
    });
    let (_, odd) = said(worst).await;
    let all = odd.join("; ");
    for part in ["2147483647", "1 to 600", "18446744073709551615", "0 to 2147483647"] {
        assert!(all.contains(part), "{part} in {all}");
    }
    assert!(all.len() < 900 && !all.contains('\u{1b}'), "{all}");
}

#[tokio::test]
async fn a_lease_of_ours_has_nothing_odd_while_it_is_held_nor_long_after() {
    let stand = Stand::new(seconds(0));
    let lease = stand.server.cluster().lease();
    assert!(matches!(lease.acquire(&stand.call, "us", TTL).await, Ok(Claim::Granted(_))));
    for after in [0, 10, 100_000] {
        stand.advance(seconds(after));
        let standing = stand.server.cluster().lease().status(&stand.call).await.expect("read");
        assert_eq!(standing.oddities, [""; 0], "after {after} s");
    }
    assert_eq!(said(json!({"spec": {}})).await, ("free".to_owned(), Vec::new()));
}

/// A managed fields entry of who labels or annotates and renews nothing.
fn annotated(at: holdfast_core::Timestamp) -> Value {
    json!({"manager": "kubectl-annotate", "operation": "Update", "time": at.to_string(),
           "fieldsV1": {"f:metadata": {"f:annotations": {"f:note": {}}}}})
}

#[tokio::test]
async fn whoever_writes_beside_the_renewal_keeps_no_dead_holder_alive() {
    let stand = Stand::new(seconds(0));
    let renewal = managed("holdfast", stand.theirs.now())[0].clone();
    let lease = stand.server.cluster().lease();
    let mut held = Vec::new();
    for round in 0..4_u32 {
        let mut document =
            from_the_future(|lease| lease["metadata"]["annotations"] = json!({"note": round.to_string()}));
        document["metadata"]["managedFields"] = json!([renewal, annotated(stand.theirs.now())]);
        stand.server.put(PATH, document);
        held.push((stand.held_for(&lease).await, stand.held_for_a_new_process().await));
        stand.advance(seconds(20));
        if held.last().is_some_and(|(kept, _)| kept.is_zero()) {
            break;
        }
    }
    assert!(held.first().is_some_and(|(kept, new)| !kept.is_zero() && !new.is_zero()), "{held:?}");
    assert!(held.iter().any(|(kept, _)| kept.is_zero()), "kept alive for ever: {held:?}");
}

#[tokio::test]
async fn where_no_renewal_is_dated_it_counts_from_when_we_first_saw_what_it_says() {
    let stand = Stand::new(seconds(0));
    let lease = stand.server.cluster().lease();
    for round in 0..2_u32 {
        let mut document =
            from_the_future(|lease| lease["metadata"]["annotations"] = json!({"note": round.to_string()}));
        document["metadata"]["managedFields"] = json!([annotated(stand.theirs.now())]);
        stand.server.put(PATH, document);
        assert!(!stand.held_for(&lease).await.is_zero(), "its holder may live");
        stand.advance(seconds(16));
    }
    stand.server.put(PATH, from_the_future(|lease| lease["metadata"]["labels"] = json!({"more": "x"})));
    assert!(stand.held_for(&lease).await.is_zero(), "three versions, one and the same renewal");
}
