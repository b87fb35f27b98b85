//! Which TLS secrets go: every row of the table, with real certificates. Then the fences of the delete.

use holdfast_core::{
    FaultClass,
    step::{Observation, Step, StepState},
};
use holdfast_simulator::kubernetes::{StandbyFixture, TlsFixture};
use serde_json::{Value, json};

use crate::{
    clock::call,
    pki::{Ca, data},
    test_cluster::{Backend, HUMIO, TestCluster},
};

const CA: &str = "logscale-ca-keypair";
/// The secret of a node that ran before.
const NODE: &str = "logscale-core-oldone";

async fn standby(backend: &Backend, name: &str, tls: TlsFixture) -> TestCluster {
    let per_node_secret = tls != TlsFixture::Absent;
    backend.cluster(name, StandbyFixture { tls, per_node_secret, ..StandbyFixture::default() }).await
}

async fn uid(standby: &TestCluster, secret: &str) -> Option<String> {
    let secret = standby.get("secrets", secret).await?;
    Some(secret["metadata"]["uid"].as_str().expect("a uid").to_owned())
}

async fn uids(standby: &TestCluster) -> [Option<String>; 3] {
    [uid(standby, HUMIO).await, uid(standby, NODE).await, uid(standby, CA).await]
}

async fn observe(standby: &TestCluster) -> Observation {
    standby.site().remove_stale_tls().observe(&call()).await.expect("seen")
}

/// Drives the step to its end and says which of the cluster's, the node's and the CA's secret are still the same.
async fn survivors(standby: &TestCluster) -> [bool; 3] {
    let before = uids(standby).await;
    let (step, call) = (standby.site().remove_stale_tls(), call());
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    step.apply(&call, &seen).await.expect("removed");
    let after = step.observe(&call).await.expect("seen");
    assert_eq!(after.state, StepState::Done, "{}", after.found);
    let now = uids(standby).await;
    std::array::from_fn(|at| before[at].is_some() && before[at] == now[at])
}

/// A standby that never ran.
pub async fn with_no_secret_there_is_nothing_to_do(backend: &Backend) {
    let seen = observe(&standby(backend, "tls-absent", TlsFixture::Absent).await).await;
    assert_eq!(seen.state, StepState::Done, "{}", seen.found);
}

/// The ordinary case: the HumioCluster was deleted and made again, and its CA with it.
pub async fn secrets_of_a_ca_that_is_gone_are_removed(backend: &Backend) {
    let standby = standby(backend, "tls-no-ca", TlsFixture::StaleNoCa).await;
    assert_eq!(survivors(&standby).await, [false, false, false]);
}

/// The CA is another one; it is never touched.
pub async fn secrets_of_another_ca_are_removed_and_the_ca_stays(backend: &Backend) {
    let standby = standby(backend, "tls-other-ca", TlsFixture::StaleOtherCa).await;
    assert_eq!(survivors(&standby).await, [false, false, true]);
}

/// Nothing is deleted that works.
pub async fn secrets_of_the_current_ca_are_kept(backend: &Backend) {
    let standby = standby(backend, "tls-matching", TlsFixture::Matching).await;
    let before = uids(&standby).await;
    let (step, call) = (standby.site().remove_stale_tls(), call());
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Done, "{}", seen.found);
    step.apply(&call, &seen).await.expect("nothing to do");
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert_eq!(uids(&standby).await, before);
}

/// The signature is the proof.
pub async fn a_leaf_that_the_ca_did_not_sign_is_stale_whatever_its_ca_crt_says(backend: &Backend) {
    let standby = standby(backend, "tls-signature", TlsFixture::Matching).await;
    let current = Ca::of(&standby.get("secrets", CA).await.expect("the CA"));
    standby.change("secrets", HUMIO, json!({"data": Ca::new().issue_naming(HUMIO, &current)})).await;
    assert_eq!(survivors(&standby).await, [false, true, true]);
}

/// What is no certificate was signed by nobody.
pub async fn a_secret_that_cannot_be_read_is_stale(backend: &Backend) {
    let standby = standby(backend, "tls-unreadable", TlsFixture::Matching).await;
    standby.change("secrets", HUMIO, json!({"data": data(&[("tls.crt", "no certificate")])})).await;
    assert_eq!(survivors(&standby).await, [false, true, true]);
}

/// The operator would refuse to go on, so deleting cannot help.
pub async fn a_custom_ca_that_is_missing_blocks(backend: &Backend) {
    let standby = standby(backend, "tls-custom", TlsFixture::CustomCaMissing).await;
    let seen = observe(&standby).await;
    assert!(matches!(&seen.state, StepState::Blocked { why } if why.contains("logscale-custom-ca")), "{seen:?}");
    let ca = Ca::new();
    standby.create("secrets", secret("logscale-custom-ca", ca.pair())).await;
    assert_eq!(survivors(&standby).await, [false, false, false], "both are from another CA than the custom one");
}

/// The CA is never deleted, so somebody must put it back.
pub async fn a_ca_that_cannot_be_read_blocks(backend: &Backend) {
    let standby = standby(backend, "tls-broken-ca", TlsFixture::Matching).await;
    standby.change("secrets", CA, json!({"data": data(&[("tls.crt", "no certificate")])})).await;
    let seen = observe(&standby).await;
    assert!(matches!(&seen.state, StepState::Blocked { why } if why.contains(CA)), "{seen:?}");
}

/// It is in use; the operator would have to restart the pod.
pub async fn a_node_secret_that_a_pod_uses_stays(backend: &Backend) {
    let standby = standby(backend, "tls-in-use", TlsFixture::StaleNoCa).await;
    let labels = json!({"app.kubernetes.io/name": "humio", "app.kubernetes.io/instance": HUMIO});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NODE, "labels": labels},
        "spec": {"containers": [{"name": "humio", "image": "example.invalid/humio"}]},
    });
    standby.create("pods", pod).await;
    assert_eq!(survivors(&standby).await, [false, true, false]);
}

fn secret(name: &str, data: Value) -> Value {
    let kind = "kubernetes.io/tls";
    json!({"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name}, "data": data})
}

/// The fence of the delete is the version that was judged.
pub async fn a_secret_that_was_written_meanwhile_is_not_deleted(backend: &Backend) {
    let standby = standby(backend, "tls-written", TlsFixture::StaleNoCa).await;
    let seen = observe(&standby).await;
    standby.change("secrets", HUMIO, json!({"metadata": {"labels": {"changed": "meanwhile"}}})).await;
    let before = uid(&standby, HUMIO).await;
    let fault = standby.site().remove_stale_tls().apply(&call(), &seen).await.expect_err("another version");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    assert_eq!(uid(&standby, HUMIO).await, before);
    assert_eq!(uid(&standby, NODE).await, None, "the other one was as it had been seen");
}

/// And its identity: a secret that cert-manager has issued meanwhile must live.
pub async fn a_secret_that_was_replaced_meanwhile_is_not_deleted(backend: &Backend) {
    let standby = standby(backend, "tls-replaced", TlsFixture::StaleNoCa).await;
    let seen = observe(&standby).await;
    standby.delete("secrets", HUMIO).await;
    standby.create("secrets", secret(HUMIO, Ca::new().issue(HUMIO))).await;
    let before = uid(&standby, HUMIO).await;
    let fault = standby.site().remove_stale_tls().apply(&call(), &seen).await.expect_err("another secret");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    assert!(before.is_some());
    assert_eq!(uid(&standby, HUMIO).await, before);
}

/// What was wanted has come about.
pub async fn a_secret_that_somebody_else_deleted_is_a_success(backend: &Backend) {
    let standby = standby(backend, "tls-deleted", TlsFixture::StaleNoCa).await;
    let seen = observe(&standby).await;
    standby.delete("secrets", HUMIO).await;
    standby.site().remove_stale_tls().apply(&call(), &seen).await.expect("gone is gone");
    assert_eq!(uids(&standby).await, [None, None, None]);
}

/// Pools are told apart by the middle of the name; what another issuer made is not ours, whatever it is called.
pub async fn node_secrets_of_every_pool_are_judged_and_foreign_ones_are_not(backend: &Backend) {
    let standby = standby(backend, "tls-pools", TlsFixture::Matching).await;
    let other = Ca::new();
    let node = async |name: &str, issuer: &str| {
        let mut secret = secret(name, other.issue(name));
        secret["metadata"]["annotations"] = json!({"cert-manager.io/issuer-name": issuer});
        standby.create("secrets", secret).await;
    };
    node("logscale-ui-core-abcdef", HUMIO).await;
    node("logscale-core-foreign", "another").await;
    node("another-core-abcdef", HUMIO).await;
    assert_eq!(survivors(&standby).await, [true, true, true], "those of the current CA");
    assert_eq!(uid(&standby, "logscale-ui-core-abcdef").await, None);
    assert!(uid(&standby, "logscale-core-foreign").await.is_some());
    assert!(uid(&standby, "another-core-abcdef").await.is_some());
}
