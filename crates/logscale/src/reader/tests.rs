//! A namespace that holds more than we could, and one of ordinary size.

use holdfast_core::step::Step;
use serde_json::{Value, json};

use crate::testing::{FakeApi, call, site};

const CLUSTER: &str = "apis/core.humio.com/v1alpha1/humioclusters/logging";

/// The case of `hostile.jsonl` in small, of every type; `tests/crowded_namespace.rs` has it at its size.
fn crowded(kind: &str) -> FakeApi {
    let server = FakeApi::default();
    let filler: Value = "QUJD".repeat(8 * 1024).into();
    for at in 0..150 {
        let secret = json!({"type": kind, "data": {"tls.crt": filler, "ca.crt": "QUJD"}});
        server.put(&format!("api/v1/secrets/other-{at:04}"), secret);
    }
    server.put("apis/apps/v1/deployments/humio-operator", json!({"spec": {"replicas": 0}}));
    server.put(
        CLUSTER,
        json!({"spec": {"nodeCount": 1, "license": {"secretKeyRef": {"name": "z-licence", "key": "k"}}}}),
    );
    server.put("api/v1/secrets/z-licence", json!({"data": {"k": "QUJD"}}));
    server.put("api/v1/secrets/logging-bootstrap-token", json!({"data": {"secret": "QUJD", "hashedToken": "QUJD"}}));
    server.put("api/v1/secrets/logging", json!({"type": kind, "data": {"ca.crt": "QUJD", "tls.crt": "QUJD"}}));
    server
}

#[tokio::test]
async fn a_namespace_full_of_secrets_is_neither_held_nor_does_it_hide_what_is_wanted() {
    for kind in ["Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson"] {
        let (server, call) = (crowded(kind), call().0);
        let site = site(&server, |options| options.humio_cluster = Some("logging".into()));
        let checks = site.standby().fitness(&call).await.expect("looked at").checks;
        for name in ["licence-secret", "bootstrap-token"] {
            let check = checks.iter().find(|check| check.name == name).expect(name);
            assert_eq!(check.level, holdfast_core::evidence::Level::Good, "{kind}: {}", check.found);
        }
        let seen = site.remove_stale_tls().observe(&call).await.expect("seen");
        assert!(seen.found.contains("secret logging "), "{kind}: {}", seen.found);
    }
}

#[tokio::test]
async fn a_namespace_of_ordinary_size_is_read_in_two_requests() {
    let (server, call) = (FakeApi::default(), call().0);
    server.put(CLUSTER, json!({"spec": {"nodeCount": 1}}));
    (0..40).for_each(|at| server.put(&format!("api/v1/secrets/other-{at}"), json!({"data": {"k": "QUJD"}})));
    let site = site(&server, |options| options.humio_cluster = Some("logging".into()));
    site.remove_stale_tls().observe(&call).await.expect("seen");
    let lists = server.log().iter().filter(|entry| *entry == "GET api/v1/secrets").count();
    assert_eq!(lists, 2);
}
