//! Which TLS secrets go: every row of the table, with real certificates. Then the fences of the delete.

use holdfast_core::{
    FaultClass,
    step::{Observation, Standing, Step},
};
use holdfast_simulator::kubernetes::{StandbySeed, TlsSeed};
use serde_json::{Value, json};

use crate::{
    clock::call,
    pki::{Ca, data},
    stand::{Ground, HUMIO, Stand},
};

const CA: &str = "logscale-ca-keypair";
/// The secret of a node that ran before.
const NODE: &str = "logscale-core-oldone";

async fn stand(ground: &Ground, name: &str, tls: TlsSeed) -> Stand {
    let per_node_secret = tls != TlsSeed::Absent;
    ground.stand(name, StandbySeed { tls, per_node_secret, ..StandbySeed::default() }).await
}

async fn uid(stand: &Stand, secret: &str) -> Option<String> {
    let secret = stand.get("secrets", secret).await?;
    Some(secret["metadata"]["uid"].as_str().expect("a uid").to_owned())
}

async fn uids(stand: &Stand) -> [Option<String>; 3] {
    [uid(stand, HUMIO).await, uid(stand, NODE).await, uid(stand, CA).await]
}

async fn observe(stand: &Stand) -> Observation {
    stand.site().remove_stale_tls().observe(&call()).await.expect("seen")
}

/// Drives the step to its end and says which of the cluster's, the node's and the CA's secret are still the same.
async fn survivors(stand: &Stand) -> [bool; 3] {
    let before = uids(stand).await;
    let (step, call) = (stand.site().remove_stale_tls(), call());
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.standing, Standing::Todo, "{}", seen.found);
    step.apply(&call, &seen).await.expect("removed");
    let after = step.observe(&call).await.expect("seen");
    assert_eq!(after.standing, Standing::Done, "{}", after.found);
    let now = uids(stand).await;
    std::array::from_fn(|at| before[at].is_some() && before[at] == now[at])
}

/// A standby that never ran.
pub async fn with_no_secret_there_is_nothing_to_do(ground: &Ground) {
    let seen = observe(&stand(ground, "tls-absent", TlsSeed::Absent).await).await;
    assert_eq!(seen.standing, Standing::Done, "{}", seen.found);
}

/// The ordinary case: the HumioCluster was deleted and made again, and its CA with it.
pub async fn secrets_of_a_ca_that_is_gone_are_removed(ground: &Ground) {
    let stand = stand(ground, "tls-no-ca", TlsSeed::StaleNoCa).await;
    assert_eq!(survivors(&stand).await, [false, false, false]);
}

/// The CA is another one; it is never touched.
pub async fn secrets_of_another_ca_are_removed_and_the_ca_stays(ground: &Ground) {
    let stand = stand(ground, "tls-other-ca", TlsSeed::StaleOtherCa).await;
    assert_eq!(survivors(&stand).await, [false, false, true]);
}

/// Nothing is deleted that works.
pub async fn secrets_of_the_current_ca_are_kept(ground: &Ground) {
    let stand = stand(ground, "tls-matching", TlsSeed::Matching).await;
    let before = uids(&stand).await;
    let (step, call) = (stand.site().remove_stale_tls(), call());
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.standing, Standing::Done, "{}", seen.found);
    step.apply(&call, &seen).await.expect("nothing to do");
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert_eq!(uids(&stand).await, before);
}

/// The signature is the proof.
pub async fn a_leaf_that_the_ca_did_not_sign_is_stale_whatever_its_ca_crt_says(ground: &Ground) {
    let stand = stand(ground, "tls-signature", TlsSeed::Matching).await;
    let current = Ca::of(&stand.get("secrets", CA).await.expect("the CA"));
    stand.change("secrets", HUMIO, json!({"data": Ca::new().issue_naming(HUMIO, &current)})).await;
    assert_eq!(survivors(&stand).await, [false, true, true]);
}

/// What is no certificate was signed by nobody.
pub async fn a_secret_that_cannot_be_read_is_stale(ground: &Ground) {
    let stand = stand(ground, "tls-unreadable", TlsSeed::Matching).await;
    stand.change("secrets", HUMIO, json!({"data": data(&[("tls.crt", "no certificate")])})).await;
    assert_eq!(survivors(&stand).await, [false, true, true]);
}

/// The operator would refuse to go on, so deleting cannot help.
pub async fn a_custom_ca_that_is_missing_blocks(ground: &Ground) {
    let stand = stand(ground, "tls-custom", TlsSeed::CustomCaMissing).await;
    let seen = observe(&stand).await;
    assert!(matches!(&seen.standing, Standing::Blocked { why } if why.contains("logscale-custom-ca")), "{seen:?}");
    let ca = Ca::new();
    stand.create("secrets", secret("logscale-custom-ca", ca.pair())).await;
    assert_eq!(survivors(&stand).await, [false, false, false], "both are from another CA than the custom one");
}

/// The CA is never deleted, so somebody must put it back.
pub async fn a_ca_that_cannot_be_read_blocks(ground: &Ground) {
    let stand = stand(ground, "tls-broken-ca", TlsSeed::Matching).await;
    stand.change("secrets", CA, json!({"data": data(&[("tls.crt", "no certificate")])})).await;
    let seen = observe(&stand).await;
    assert!(matches!(&seen.standing, Standing::Blocked { why } if why.contains(CA)), "{seen:?}");
}

/// It is in use; the operator would have to restart the pod.
pub async fn a_node_secret_that_a_pod_uses_stays(ground: &Ground) {
    let stand = stand(ground, "tls-in-use", TlsSeed::StaleNoCa).await;
    let labels = json!({"app.kubernetes.io/name": "humio", "app.kubernetes.io/instance": HUMIO});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NODE, "labels": labels},
        "spec": {"containers": [{"name": "humio", "image": "example.invalid/humio"}]},
    });
    stand.create("pods", pod).await;
    assert_eq!(survivors(&stand).await, [false, true, false]);
}

fn secret(name: &str, data: Value) -> Value {
    let kind = "kubernetes.io/tls";
    json!({"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name}, "data": data})
}

/// The fence of the delete is the version that was judged.
pub async fn a_secret_that_was_written_meanwhile_is_not_deleted(ground: &Ground) {
    let stand = stand(ground, "tls-written", TlsSeed::StaleNoCa).await;
    let seen = observe(&stand).await;
    stand.change("secrets", HUMIO, json!({"metadata": {"labels": {"changed": "meanwhile"}}})).await;
    let before = uid(&stand, HUMIO).await;
    let fault = stand.site().remove_stale_tls().apply(&call(), &seen).await.expect_err("another version");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    assert_eq!(uid(&stand, HUMIO).await, before);
    assert_eq!(uid(&stand, NODE).await, None, "the other one was as it had been seen");
}

/// And its identity: a secret that cert-manager has issued meanwhile must live.
pub async fn a_secret_that_was_replaced_meanwhile_is_not_deleted(ground: &Ground) {
    let stand = stand(ground, "tls-replaced", TlsSeed::StaleNoCa).await;
    let seen = observe(&stand).await;
    stand.delete("secrets", HUMIO).await;
    stand.create("secrets", secret(HUMIO, Ca::new().issue(HUMIO))).await;
    let before = uid(&stand, HUMIO).await;
    let fault = stand.site().remove_stale_tls().apply(&call(), &seen).await.expect_err("another secret");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    assert!(before.is_some());
    assert_eq!(uid(&stand, HUMIO).await, before);
}

/// What was wanted has come about.
pub async fn a_secret_that_somebody_else_deleted_is_a_success(ground: &Ground) {
    let stand = stand(ground, "tls-deleted", TlsSeed::StaleNoCa).await;
    let seen = observe(&stand).await;
    stand.delete("secrets", HUMIO).await;
    stand.site().remove_stale_tls().apply(&call(), &seen).await.expect("gone is gone");
    assert_eq!(uids(&stand).await, [None, None, None]);
}

/// Pools are told apart by the middle of the name; what another issuer made is not ours, whatever it is called.
pub async fn node_secrets_of_every_pool_are_judged_and_foreign_ones_are_not(ground: &Ground) {
    let stand = stand(ground, "tls-pools", TlsSeed::Matching).await;
    let other = Ca::new();
    let node = async |name: &str, issuer: &str| {
        let mut secret = secret(name, other.issue(name));
        secret["metadata"]["annotations"] = json!({"cert-manager.io/issuer-name": issuer});
        stand.create("secrets", secret).await;
    };
    node("logscale-ui-core-abcdef", HUMIO).await;
    node("logscale-core-foreign", "another").await;
    node("another-core-abcdef", HUMIO).await;
    assert_eq!(survivors(&stand).await, [true, true, true], "those of the current CA");
    assert_eq!(uid(&stand, "logscale-ui-core-abcdef").await, None);
    assert!(uid(&stand, "logscale-core-foreign").await.is_some());
    assert!(uid(&stand, "another-core-abcdef").await.is_some());
}
