//! Each thing that would spoil a failover, broken one at a time on a standby that is fit.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use holdfast_core::evidence::Level;

use super::*;
use crate::testing::{FakeApi, call};

mod declared;

const DEPLOYMENT: &str = "apis/apps/v1/deployments/humio-operator";
const CLUSTER: &str = "apis/core.humio.com/v1alpha1/humioclusters/logging";

const LEASE: &str = "apis/coordination.k8s.io/v1/leases/holdfast";

fn key_of(secret: &str) -> Value {
    json!({"secretKeyRef": {"name": secret, "key": "key"}})
}

fn cluster() -> Value {
    json!({
        "metadata": {"generation": 1},
        "spec": {
            "nodeCount": 1,
            "targetReplicationFactor": 1,
            "license": {"secretKeyRef": {"name": "licence", "key": "data"}},
            "image": "humio/humio-core:1.245.0",
            "dataVolumeSource": {"emptyDir": {}},
            "commonEnvironmentVariables": [
                {"name": "S3_STORAGE_BUCKET", "value": "own"},
                {"name": "S3_STORAGE_ENCRYPTION_KEY", "valueFrom": key_of("own-key")},
                {"name": "S3_RECOVER_FROM_BUCKET", "value": "source"},
                {"name": "S3_RECOVER_FROM_ENCRYPTION_KEY", "valueFrom": key_of("source-key")},
                {"name": "S3_RECOVER_FROM_REPLACE_REGION", "value": "us-west-2/us-east-2"},
                {"name": "S3_RECOVER_FROM_REPLACE_BUCKET", "value": "source/own"},
            ],
        },
        "status": {"state": "Running"},
    })
}

/// A standby that is fit, after `change` to its HumioCluster.
fn standby(change: impl FnOnce(&mut Value)) -> FakeApi {
    let server = FakeApi::default();
    let mut cluster = cluster();
    change(&mut cluster);
    server.put(CLUSTER, cluster);
    server.put(DEPLOYMENT, json!({"metadata": {"generation": 1}, "spec": {"replicas": 0}}));
    server.put(LEASE, json!({"spec": {}}));
    server.put("api/v1/secrets/licence", json!({"data": {"data": "eA=="}}));
    server.put("api/v1/secrets/own-key", json!({"data": {"key": "c2FtZQ=="}}));
    server.put("api/v1/secrets/source-key", json!({"data": {"key": "c2FtZQ=="}}));
    server.put("api/v1/secrets/logging-bootstrap-token", json!({"data": {"secret": "eA==", "hashedToken": "eA=="}}));
    server
}

async fn checks_with(server: &FakeApi, change: impl FnOnce(&mut crate::Options)) -> Vec<Check> {
    let site = crate::testing::site(server, |options| {
        options.humio_cluster = Some("logging".into());
        change(options);
    });
    site.standby().fitness(&call().0).await.expect("looked at").checks
}

/// The checks that did not come out good, without what cannot be looked at.
async fn bad(server: &FakeApi) -> BTreeMap<String, (Level, String)> {
    let told = |check: &Check| check.level != Level::Good && check.name != "not-checked";
    let bad = checks_with(server, |_| ()).await.into_iter().filter(told);
    bad.map(|check| (check.name, (check.level, check.found))).collect()
}

/// Changes the cluster and expects exactly one thing to be wrong, an error.
async fn spoils(name: &str, says: &str, change: impl FnOnce(&mut Value)) {
    tells(Level::Error, name, says, change).await;
}

/// Changes the cluster and expects exactly one thing to be told, at this level.
async fn tells(wanted: Level, name: &str, says: &str, change: impl FnOnce(&mut Value)) {
    let bad = bad(&standby(change)).await;
    assert_eq!(bad.len(), 1, "{bad:?}");
    let (level, found) = &bad[name];
    assert_eq!(*level, wanted, "{found}");
    assert!(found.contains(says), "{found}");
}

fn common(cluster: &mut Value) -> &mut Vec<Value> {
    cluster["spec"]["commonEnvironmentVariables"].as_array_mut().expect("a list")
}

fn set(cluster: &mut Value, name: &str, value: &str) {
    common(cluster).retain(|variable| variable["name"] != name);
    common(cluster).push(json!({"name": name, "value": value}));
}

#[tokio::test]
async fn a_fit_standby_has_nothing_to_complain_of() {
    let bad = bad(&standby(|_| ())).await;
    assert!(bad.is_empty(), "{bad:?}");
}

#[tokio::test]
async fn an_absent_operator_or_cluster_is_an_error() {
    let server = FakeApi::default();
    let bad = bad(&server).await;
    assert_eq!(bad["operator-deployment"].0, Level::Error);
    assert_eq!(bad["humiocluster"].0, Level::Error);
}

#[tokio::test]
async fn an_operator_that_runs_is_a_warning() {
    let server = standby(|_| ());
    server.put(DEPLOYMENT, json!({"spec": {"replicas": 1}}));
    assert_eq!(bad(&server).await["operator-replicas"].0, Level::Warning);
}

#[tokio::test]
async fn one_node_without_a_replication_factor_of_one_is_an_error() {
    spoils("node-count", "below the replication factor 2", |cluster| {
        cluster["spec"]["targetReplicationFactor"] = Value::Null;
    })
    .await;
}

#[tokio::test]
async fn nodes_of_all_pools_count_together() {
    let server = standby(|cluster| {
        cluster["spec"]["targetReplicationFactor"] = 3.into();
        cluster["spec"]["nodePools"] =
            json!([{"name": "ui", "spec": {"nodeCount": 2, "dataVolumeSource": {"emptyDir": {}}}}]);
    });
    assert!(bad(&server).await.is_empty());
}

#[tokio::test]
async fn a_variable_given_twice_is_an_error_only_in_the_list_that_the_operator_checks() {
    let twice = || json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]);
    let name = "environment-duplicates";
    spoils(name, "A in environmentVariables", |cluster| cluster["spec"]["environmentVariables"] = twice()).await;
    tells(Level::Warning, name, "S3_STORAGE_BUCKET in commonEnvironmentVariables", |cluster| {
        common(cluster).push(json!({"name": "S3_STORAGE_BUCKET", "value": "own"}));
    })
    .await;
    tells(Level::Warning, name, "A in environmentVariables of pool ui", |cluster| {
        cluster["spec"]["nodePools"] = json!([{"name": "ui", "spec": {"environmentVariables": twice()}}]);
    })
    .await;
}

#[tokio::test]
async fn the_kafka_reset_variable_is_an_error_once_its_time_is_over() {
    let reset = |value: &str| json!({"name": "ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS", "value": value});
    let name = "kafka-reset-variable";
    spoils(name, "in the past", |cluster| common(cluster).push(reset("1000"))).await;
    spoils(name, "no time", |cluster| cluster["spec"]["environmentVariables"] = json!([reset("soon")])).await;
    tells(Level::Warning, name, "in the future", |cluster| common(cluster).push(reset("4102444800000"))).await;
    // One pool of two: the nodes of the other recover.
    tells(Level::Warning, name, "pool logging-ui", |cluster| {
        let spec =
            json!({"nodeCount": 1, "dataVolumeSource": {"emptyDir": {}}, "environmentVariables": [reset("1000")]});
        cluster["spec"]["nodePools"] = json!([{"name": "ui", "spec": spec}]);
    })
    .await;
    let unused = standby(|cluster| {
        cluster["spec"]["nodePools"] = json!([{"name": "ui", "spec": {"environmentVariables": [reset("1000")]}}]);
    });
    assert!(bad(&unused).await.is_empty(), "a pool without nodes runs nothing");
}

#[tokio::test]
async fn without_a_bucket_to_recover_from_it_is_an_error_and_without_its_key_a_warning() {
    spoils("recover-from-variables", "S3_RECOVER_FROM_BUCKET", |cluster| {
        common(cluster).retain(|variable| variable["name"] != "S3_RECOVER_FROM_BUCKET");
    })
    .await;
    spoils("recover-from-variables", "S3_RECOVER_FROM_BUCKET", |cluster| set(cluster, "S3_RECOVER_FROM_BUCKET", ""))
        .await;
    tells(Level::Warning, "recover-from-variables", "S3_RECOVER_FROM_ENCRYPTION_KEY", |cluster| {
        common(cluster).retain(|variable| variable["name"] != "S3_RECOVER_FROM_ENCRYPTION_KEY");
    })
    .await;
}

#[tokio::test]
async fn recovery_variables_of_another_provider_do_not_count() {
    let checks = checks_with(&standby(|_| ()), |options| options.recover_prefix = RecoverPrefix::Azure).await;
    let found = checks.iter().find(|check| check.name == "recover-from-variables").expect("checked");
    assert_eq!(found.level, Level::Error, "{}", found.found);
}

#[tokio::test]
async fn replacements_that_do_not_fit_are_told_and_hold_nothing_back() {
    let region = "S3_RECOVER_FROM_REPLACE_REGION";
    for text in ["us-west-2", "a/b/c", "/b", "a/", "a/a"] {
        tells(Level::Warning, "recover-from-replace-region", text, |cluster| set(cluster, region, text)).await;
    }
    let bucket = "S3_RECOVER_FROM_REPLACE_BUCKET";
    tells(Level::Warning, "recover-from-replace-bucket", "left side", |cluster| set(cluster, bucket, "other/own"))
        .await;
    tells(Level::Warning, "recover-from-replace-bucket", "right side", |cluster| set(cluster, bucket, "source/other"))
        .await;
}

#[tokio::test]
async fn secrets_that_are_referred_to_must_be_there() {
    spoils("licence-secret", "does not exist", |cluster| {
        cluster["spec"]["license"]["secretKeyRef"]["name"] = "gone".into();
    })
    .await;
    spoils("encryption-key-secret", "does not exist", |cluster| {
        common(cluster).retain(|variable| variable["name"] != "S3_STORAGE_ENCRYPTION_KEY");
        common(cluster).push(json!({"name": "S3_STORAGE_ENCRYPTION_KEY", "valueFrom": key_of("gone")}));
    })
    .await;
}

#[tokio::test]
async fn different_encryption_keys_are_an_error_and_neither_is_shown() {
    let server = standby(|_| ());
    server.put("api/v1/secrets/source-key", json!({"data": {"key": "b3RoZXI="}}));
    let bad = bad(&server).await;
    let (level, found) = &bad["encryption-keys-equal"];
    assert_eq!(*level, Level::Error);
    assert!(!found.contains("other") && !found.contains("same key"), "{found}");
}

#[tokio::test]
async fn a_bootstrap_token_that_lacks_a_key_is_a_warning_with_its_cost() {
    let server = standby(|_| ());
    server.put("api/v1/secrets/logging-bootstrap-token", json!({"data": {"secret": "eA=="}}));
    let bad = bad(&server).await;
    let (level, found) = &bad["bootstrap-token"];
    assert_eq!(*level, Level::Warning);
    assert!(found.contains("adds to the recovery time"), "{found}");
}

#[tokio::test]
async fn a_stale_tls_secret_is_no_fault_while_it_will_be_removed() {
    let server = standby(|_| ());
    server.put("api/v1/secrets/logging", json!({"data": {}}));
    let of = |checks: Vec<Check>| checks.into_iter().find(|check| check.name == "tls-secrets").expect("checked");
    let kept = of(checks_with(&server, |_| ()).await);
    assert_eq!(kept.level, Level::Good);
    assert!(kept.found.contains("will be removed"), "{}", kept.found);
    let off = of(checks_with(&server, |options| options.tls_cleanup = TlsCleanup::Off).await);
    assert_eq!(off.level, Level::Error, "{}", off.found);
}

#[tokio::test]
async fn a_named_ca_that_does_not_exist_is_an_error() {
    spoils("tls-secrets", "my-ca", |cluster| cluster["spec"]["tls"] = json!({"caSecretName": "my-ca"})).await;
}

#[tokio::test]
async fn a_config_error_counts_while_the_operator_runs_and_when_it_is_about_what_is_declared_now() {
    let server = |observed: Value| {
        standby(|cluster| {
            let status = json!({"state": "ConfigError", "message": "bad licence", "observedGeneration": observed});
            cluster["status"] = status;
        })
    };
    assert!(bad(&server("1".into())).await.is_empty(), "the words of an operator that sleeps are stale");
    let running = json!({
        "metadata": {"generation": 1},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1, "availableReplicas": 1},
    });
    for (observed, level) in [
        (json!("1"), Level::Error),
        (json!("0"), Level::Warning),
        (json!("2"), Level::Warning),
        (json!(""), Level::Warning),
        (json!(null), Level::Warning),
    ] {
        let server = server(observed.clone());
        server.put(DEPLOYMENT, running.clone());
        let (found_level, found) = bad(&server).await.remove("humiocluster-state").expect("told");
        assert_eq!(found_level, level, "{observed}: {found}");
        assert!(found.contains("bad licence"), "{found}");
    }
}

#[tokio::test]
async fn a_lease_that_says_what_cannot_be_is_a_warning_and_so_is_one_that_is_not_there() {
    let odd = standby(|_| ());
    odd.put(
        LEASE,
        json!({"metadata": {"managedFields": [{"manager": "velero", "time": "2026-01-01T00:00:00Z"}]},
        "spec": {"holderIdentity": "other", "leaseDurationSeconds": 30, "renewTime": "2099-01-01T00:00:00.000000Z"}}),
    );
    let absent = standby(|_| ());
    absent.remove(LEASE);
    for (server, words) in [(odd, ["2099-01-01", "velero"]), (absent, ["does not exist", "role.yaml"])] {
        let bad = bad(&server).await;
        let (level, found) = &bad["lease"];
        assert_eq!((bad.len(), *level), (1, Level::Warning), "{bad:?}");
        assert!(words.iter().all(|word| found.contains(word)), "{found}");
    }
}

#[tokio::test]
async fn a_value_that_is_made_of_other_variables_is_not_judged_by_what_stands_there() {
    for made in ["$(S3_STORAGE_ENCRYPTION_KEY)", "x$(A)y", "$(A)$(B)"] {
        for name in ["S3_STORAGE_ENCRYPTION_KEY", "S3_RECOVER_FROM_ENCRYPTION_KEY"] {
            let server = standby(|cluster| {
                let variables = common(cluster);
                variables.retain(|variable| variable["name"] != name);
                variables.push(json!({"name": name, "value": made}));
                variables.push(json!({"name": "ALLOW_KAFKA_RESET_UNTIL_TIMESTAMP_MS", "value": made}));
            });
            let checks = checks_with(&server, |_| ()).await;
            let errors: Vec<_> = checks.iter().filter(|check| check.level == Level::Error).collect();
            assert!(errors.is_empty(), "{name}={made}: {errors:?}");
        }
    }
}
