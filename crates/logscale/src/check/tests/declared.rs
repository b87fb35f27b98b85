//! Pools, their sources and volumes, and the answers of a server that has just started.

use holdfast_core::FaultClass;

use super::*;

/// Every check of a server whose HumioCluster is in a file of `tests/cases`.
fn case(text: &str) -> FakeApi {
    let declared: Value = serde_saphyr::from_str(text).expect("YAML");
    let server = standby(|cluster| {
        for field in ["generation", "labels"] {
            cluster["metadata"][field] = declared["metadata"][field].clone();
        }
        cluster["spec"] = declared["spec"].clone();
    });
    server.put("api/v1/secrets/licence", json!({"data": {"data": "eA=="}}));
    server
}

fn pools_only() -> FakeApi {
    case(include_str!("../../../../../tests/cases/humiocluster-pools-only.yaml"))
}

fn level(checks: &[Check], name: &str) -> Level {
    checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} in {checks:?}")).level
}

/// A cluster with two pools of one node each, and `specs` on them.
fn two_pools(specs: [Value; 2]) -> impl FnOnce(&mut Value) {
    move |cluster: &mut Value| {
        cluster["spec"]["nodeCount"] = 0.into();
        let pools = ["a", "b"].into_iter().zip(specs).map(|(name, mut spec)| {
            spec["nodeCount"] = 1.into();
            if spec["dataVolumeSource"].is_null() {
                spec["dataVolumeSource"] = json!({"emptyDir": {}});
            }
            json!({"name": name, "spec": spec})
        });
        cluster["spec"]["nodePools"] = pools.collect();
    }
}

fn without_bucket(cluster: &mut Value) {
    common(cluster).retain(|variable| {
        !variable["name"]
            .as_str()
            .is_some_and(|name| name.contains("RECOVER_FROM_BUCKET") || name.contains("REPLACE_BUCKET"))
    });
}

#[tokio::test]
async fn recovery_variables_in_a_pool_are_found_and_its_replacements_are_checked() {
    let checks = checks_with(&pools_only(), |_| ()).await;
    for name in ["recover-from-variables", "recover-from-replace-region", "recover-from-replace-bucket", "node-count"] {
        assert_eq!(level(&checks, name), Level::Good, "{name}: {checks:?}");
    }
    let text = include_str!("../../../../../tests/cases/humiocluster-pools-only.yaml");
    let wrong = case(&text.replace("primary-bucket/standby-bucket", "primary-bucket/other"));
    assert_eq!(level(&checks_with(&wrong, |_| ()).await, "recover-from-replace-bucket"), Level::Warning);
    let absent = case(&text.replace("S3_RECOVER_FROM_BUCKET", "S3_RECOVERED_FROM_BUCKET"));
    assert_eq!(level(&checks_with(&absent, |_| ()).await, "recover-from-variables"), Level::Error);
}

#[tokio::test]
async fn a_bucket_that_only_one_of_two_pools_has_is_a_warning_that_names_the_other() {
    let bucket = json!([{"name": "S3_RECOVER_FROM_BUCKET", "value": "source"}]);
    tells(Level::Warning, "recover-from-variables", "pool logging-b", |cluster| {
        without_bucket(cluster);
        two_pools([json!({"environmentVariables": bucket}), json!({})])(cluster);
    })
    .await;
    spoils("recover-from-variables", "pool logging-a; logging-b", |cluster| {
        without_bucket(cluster);
        two_pools([json!({}), json!({})])(cluster);
    })
    .await;
}

#[tokio::test]
async fn a_bucket_from_a_source_is_found_where_it_can_be_read_and_else_a_warning() {
    let source = |kind: &str, name: &str| json!({"environmentVariablesSource": [{kind: {"name": name}}]});
    let of = |specs: [Value; 2]| {
        let server = standby(|cluster| {
            without_bucket(cluster);
            two_pools(specs)(cluster);
        });
        server.put("api/v1/secrets/dr", json!({"data": {"S3_RECOVER_FROM_BUCKET": "c291cmNl"}}));
        server.put("api/v1/secrets/empty", json!({"data": {"OTHER": "c291cmNl"}}));
        server
    };
    assert!(bad(&of([source("secretRef", "dr"), source("secretRef", "dr")])).await.is_empty());
    let map = bad(&of([source("configMapRef", "dr"), source("configMapRef", "dr")])).await;
    assert_eq!(map["recover-from-variables"].0, Level::Warning);
    assert!(map["recover-from-variables"].1.contains("ConfigMap dr"), "{map:?}");
    let empty = bad(&of([source("secretRef", "empty"), source("secretRef", "empty")])).await;
    assert_eq!(empty["recover-from-variables"].0, Level::Error);
}

#[tokio::test]
async fn keys_are_compared_in_each_pool_wherever_they_come_from() {
    let keys = |own: &str, source: &str| {
        json!({"environmentVariables": [
            {"name": "S3_STORAGE_ENCRYPTION_KEY", "valueFrom": key_of(own)},
            {"name": "S3_RECOVER_FROM_ENCRYPTION_KEY", "valueFrom": key_of(source)},
        ]})
    };
    let of = |specs: [Value; 2]| {
        let server = standby(two_pools(specs));
        server.put("api/v1/secrets/other-key", json!({"data": {"key": "b3RoZXI="}}));
        server
    };
    let same = || keys("own-key", "source-key");
    let different = || keys("own-key", "other-key");
    assert!(bad(&of([same(), same()])).await.is_empty());
    let one = bad(&of([same(), different()])).await;
    assert_eq!(one["encryption-keys-equal"].0, Level::Warning, "{one:?}");
    assert!(one["encryption-keys-equal"].1.contains("pool logging-b"), "{one:?}");
    let both = bad(&of([different(), different()])).await;
    assert_eq!(both["encryption-keys-equal"].0, Level::Error, "{both:?}");
    let gone = bad(&of([keys("gone", "gone"), keys("gone", "gone")])).await;
    assert_eq!(gone["encryption-key-secret"].0, Level::Error, "{gone:?}");
    let literal = json!({"environmentVariables": [
        {"name": "S3_STORAGE_ENCRYPTION_KEY", "value": "same"},
        {"name": "S3_RECOVER_FROM_ENCRYPTION_KEY", "valueFrom": key_of("source-key")},
    ]});
    assert!(bad(&of([literal, same()])).await.is_empty(), "the key that stands there is the one in the secret");
}

#[tokio::test]
async fn what_stops_the_operator_in_one_pool_is_an_error() {
    spoils("data-volume", "neither", |cluster| cluster["spec"]["dataVolumeSource"] = Value::Null).await;
    spoils("data-volume", "both", |cluster| {
        cluster["spec"]["dataVolumePersistentVolumeClaimSpecTemplate"] = json!({"accessModes": ["ReadWriteOnce"]});
    })
    .await;
    spoils("image", "older than 1.130.0", |cluster| cluster["spec"]["image"] = "humio/humio-core:1.100.0".into()).await;
    tells(Level::Warning, "image", "1.235.0", |cluster| cluster["spec"]["image"] = "humio/humio-core:1.200.0".into())
        .await;
    spoils("environment-source", "secret gone does not exist", |cluster| {
        let source = json!([{"secretRef": {"name": "gone", "optional": true}}]);
        cluster["spec"]["environmentVariablesSource"] = source;
    })
    .await;
    spoils("environment-source", "pool logging-b", |cluster| {
        two_pools([json!({}), json!({"environmentVariablesSource": [{"secretRef": {"name": "gone"}}]})])(cluster);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_seen_is_listed_and_nothing_of_it_is_called_good() {
    let of = async |change: fn(&mut Value)| {
        let checks = checks_with(&standby(change), |_| ()).await;
        let check = checks.into_iter().find(|check| check.name == "not-checked").expect("listed");
        assert_eq!(check.level, Level::Warning);
        check.found
    };
    let always = of(|_| ()).await;
    assert!(always.contains("images can be pulled") && !always.contains("ConfigMap"), "{always}");
    let image = of(|cluster| {
        cluster["spec"]["imageSource"] = json!({"configMapRef": {"name": "images", "key": "core"}});
        cluster["spec"]["environmentVariablesSource"] = json!([{"configMapRef": {"name": "more"}}]);
    })
    .await;
    assert!(image.contains("images; more"), "{image}");
}

#[tokio::test]
async fn a_secret_that_is_not_in_the_short_list_is_asked_for_by_name_before_it_is_missed() {
    let server = standby(|cluster| cluster["spec"]["license"]["secretKeyRef"]["name"] = "zz-licence".into());
    (0..80).for_each(|at| server.put(&format!("api/v1/secrets/m-{at}"), json!({"data": {"k": "eA=="}})));
    // Of a type that neither list of the namespace brings.
    server.put("api/v1/secrets/zz-licence", json!({"type": "helm.sh/release.v1", "data": {"data": "eA=="}}));
    assert!(bad(&server).await.is_empty());
}

#[tokio::test]
async fn a_cluster_that_refers_to_more_secrets_than_are_read_is_not_refused_for_those() {
    let sources: Vec<Value> = (0..200).map(|at| json!({"secretRef": {"name": format!("s{at}")}})).collect();
    let server = standby(|cluster| cluster["spec"]["environmentVariablesSource"] = json!(sources));
    (0..200).for_each(|at| server.put(&format!("api/v1/secrets/s{at}"), json!({"data": {"k": "eA=="}})));
    server.log();
    let bad = bad(&server).await;
    assert!(bad.values().all(|(level, _)| *level == Level::Warning), "{bad:?}");
    assert!(bad["environment-source"].1.contains("was not looked at"), "{bad:?}");
    assert!(server.log().len() < 60, "requests are bounded");
}

/// The case of `kubernetes-404.json` and its siblings: nothing is known, so nothing is refused.
#[tokio::test]
async fn a_404_of_a_server_that_has_just_started_is_unknown_and_no_absence() {
    let server = standby(|_| ());
    for _ in 0..2 {
        server.fail_next(404);
        let site = crate::testing::site(&server, |options| options.humio_cluster = Some("logging".into()));
        let fault = site.standby().fitness(&call().0).await.expect_err("unknown");
        assert_eq!((fault.class, fault.class.is_transient()), (FaultClass::Server, true), "{fault}");
    }
    let gone = standby(|_| ());
    gone.remove(CLUSTER);
    assert_eq!(bad(&gone).await["humiocluster"].0, Level::Error);
}
