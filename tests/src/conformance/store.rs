//! The record in the ConfigMap, by compare-and-set.

use holdfast_core::{
    FaultClass,
    ports::StateStore,
    record::{Pause, State},
};
use holdfast_simulator::kubernetes::StandbyFixture;
use serde_json::{Value, json};

use crate::{
    clock::call,
    test_cluster::{Backend, TestCluster},
};

async fn standby(backend: &Backend, name: &str) -> TestCluster {
    backend.cluster(name, StandbyFixture::default()).await
}

fn paused(reason: &str) -> State {
    let at = "2026-01-01T00:00:00Z".parse().expect("a time");
    State { pause: Some(Pause { at, until: None, reason: reason.to_owned(), caller: None }), ..State::default() }
}

/// The shipped ConfigMap has no data. What one process saves, another one loads.
pub async fn an_empty_config_map_is_an_empty_state_and_what_is_saved_is_loaded(backend: &Backend) {
    let standby = standby(backend, "store-saved").await;
    let (store, call) = (standby.site().store(), call());
    let seen = store.load(&call).await.expect("an empty record");
    assert_eq!(seen.state, State::default());
    let first = store.save(&call, &paused("one"), &seen.version).await.expect("saved");
    let second = store.save(&call, &paused("two"), &first).await.expect("saved on the version just written");
    let loaded = standby.site().store().load(&call).await.expect("a record");
    assert_eq!((loaded.state, loaded.version), (paused("two"), second));
}

/// Neither is lost and neither is overwritten.
pub async fn of_two_who_save_on_one_version_the_second_is_told_of_a_conflict(backend: &Backend) {
    let standby = standby(backend, "store-conflict").await;
    let (first, second, call) = (standby.site().store(), standby.site().store(), call());
    let seen = first.load(&call).await.expect("a record");
    assert_eq!(second.load(&call).await.expect("a record").version, seen.version);
    first.save(&call, &paused("first"), &seen.version).await.expect("saved");
    // Once by the server, which is sent the old version; once by ourselves, who see that it is old.
    for _ in 0..2 {
        let fault = second.save(&call, &paused("second"), &seen.version).await.expect_err("too late");
        assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    }
    assert_eq!(second.load(&call).await.expect("a record").state, paused("first"));
}

/// Other entries, labels and annotations.
pub async fn what_others_keep_in_the_config_map_stays(backend: &Backend) {
    let standby = standby(backend, "store-others").await;
    let theirs = json!({"metadata": {"annotations": {"who": "others"}}, "data": {"theirs": "kept"}});
    standby.change("configmaps", "holdfast", theirs).await;
    let (store, call) = (standby.site().store(), call());
    let seen = store.load(&call).await.expect("a record");
    store.save(&call, &paused("one"), &seen.version).await.expect("saved");
    let stored = standby.get("configmaps", "holdfast").await.expect("the ConfigMap");
    assert_eq!(stored["data"]["theirs"], "kept");
    assert_eq!(stored["metadata"]["annotations"]["who"], "others");
    assert_eq!(stored["metadata"]["labels"]["app.kubernetes.io/name"], "holdfast");
}

/// Nothing is done on a record that cannot be read, and nothing is done to it.
pub async fn a_record_that_cannot_be_read_is_refused_and_left_as_it_is(backend: &Backend) {
    let standby = standby(backend, "store-malformed").await;
    for text in ["{", "{}", "{\"schema\":999}", "[]"] {
        standby.change("configmaps", "holdfast", json!({"data": {"state": text}})).await;
        let fault = standby.site().store().load(&call()).await.expect_err(text);
        assert_eq!(fault.class, FaultClass::Invalid, "{text}: {fault}");
        assert!(fault.message.contains(&standby.namespace) && fault.message.contains("kubectl"), "{fault}");
        let stored = standby.get("configmaps", "holdfast").await.expect("the ConfigMap");
        assert_eq!(stored["data"]["state"], Value::from(text));
    }
}

/// The function may not create one, and says who makes it.
pub async fn a_config_map_that_does_not_exist_names_the_manifest(backend: &Backend) {
    let standby = standby(backend, "store-absent").await;
    standby.delete("configmaps", "holdfast").await;
    let fault = standby.site().store().load(&call()).await.expect_err("nothing there");
    assert_eq!(fault.class, FaultClass::NotFound);
    assert!(fault.message.contains("infra/kubernetes/role.yaml"), "{fault}");
}
