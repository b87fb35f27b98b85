//! What is missing, counted and named.

use holdfast_core::step::StepState;
use serde_json::json;

use super::*;
use holdfast_kubernetes::secret::Secret;

fn deployment(available: i32) -> Deployment {
    serde_json::from_value(json!({
        "metadata": {"name": "humio-operator", "generation": 2},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 2, "availableReplicas": available},
    }))
    .expect("a deployment")
}

fn cluster(state: &str, observed: &str) -> HumioCluster {
    serde_json::from_value(json!({
        "metadata": {"name": "logging", "generation": 5},
        "spec": {
            "nodeCount": 1,
            "tls": {"enabled": false},
            "nodePools": [{"name": "ui", "spec": {"nodeCount": 2}}],
        },
        "status": {"state": state, "message": "node too small", "observedGeneration": observed},
    }))
    .expect("a cluster")
}

fn pod(pool: &str, ready: bool) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"name": format!("{pool}-core-abcdef"), "labels": {"humio.com/node-pool": pool}},
        "status": {"conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]},
    }))
    .expect("a pod")
}

fn observe(deployment: &Deployment, cluster: &HumioCluster, pods: Vec<Pod>) -> Observation {
    let humio = Humio { cluster: Arc::new(None), secrets: Arc::new(Vec::<Secret>::new()), pods: Arc::new(pods) };
    judged(deployment, 1, cluster, &humio)
}

fn all_pods() -> Vec<Pod> {
    vec![pod("logging", true), pod("logging-ui", true), pod("logging-ui", true)]
}

#[test]
fn everything_ready_and_current_is_done() {
    let seen = observe(&deployment(1), &cluster("Running", "5"), all_pods());
    assert_eq!(seen.state, StepState::Done, "{}", seen.found);
}

#[test]
fn the_state_running_alone_proves_nothing() {
    let seen = observe(&deployment(1), &cluster("Running", "5"), Vec::new());
    assert_eq!(seen.state, StepState::Todo);
    assert!(seen.found.contains("0 of 1 nodes of pool logging ready"), "{}", seen.found);
    assert!(seen.found.contains("0 of 2 nodes of pool logging-ui ready"), "{}", seen.found);
}

#[test]
fn pods_are_counted_pool_by_pool_and_only_when_ready_and_staying() {
    let mut leaving = pod("logging-ui", true);
    leaving.metadata.deletion_timestamp = Some("2026-01-01T00:00:00Z".parse().expect("a time"));
    let pods = vec![pod("logging", true), pod("logging", true), pod("logging-ui", false), leaving];
    let seen = observe(&deployment(1), &cluster("Running", "5"), pods);
    assert!(seen.found.contains("0 of 2 nodes of pool logging-ui"), "{}", seen.found);
    assert!(!seen.found.contains("pool logging ready"), "{}", seen.found);
}

#[test]
fn a_status_of_an_older_generation_is_not_enough() {
    let seen = observe(&deployment(1), &cluster("Running", "4"), all_pods());
    assert_eq!(seen.state, StepState::Todo);
    assert!(seen.found.contains("generation"), "{}", seen.found);
}

#[test]
fn a_config_error_of_a_running_operator_blocks_at_once_with_its_message() {
    let seen = observe(&deployment(1), &cluster("ConfigError", "5"), all_pods());
    let StepState::Blocked { why } = seen.state else { panic!("{:?}", seen.state) };
    assert!(why.contains("node too small"), "{why}");
}

#[test]
fn a_config_error_about_an_earlier_generation_is_waited_out() {
    let seen = observe(&deployment(1), &cluster("ConfigError", "4"), all_pods());
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    assert!(seen.found.contains("node too small"), "{}", seen.found);
}

#[test]
fn a_config_error_left_behind_by_an_operator_that_sleeps_does_not_block() {
    let seen = observe(&deployment(0), &cluster("ConfigError", "5"), Vec::new());
    assert_eq!(seen.state, StepState::Todo);
}

#[test]
fn an_operator_is_quoted_while_it_runs_and_something_is_missing() {
    let quoted = |available, message: &str| {
        let mut cluster = cluster("Running", "5");
        cluster.status.message = message.to_owned();
        observe(&deployment(available), &cluster, Vec::new()).found.contains("the operator says")
    };
    assert!(quoted(1, "node too small"));
    assert!(!quoted(0, "node too small"), "what it said before it slept is stale");
    assert!(!quoted(1, ""), "it says nothing");
}

#[test]
fn a_missing_certificate_is_waited_for() {
    let mut with_tls = cluster("Running", "5");
    with_tls.spec.tls = Some(crate::humio::Tls { enabled: Some(true), ca_secret_name: None });
    let seen = observe(&deployment(1), &with_tls, all_pods());
    assert_eq!(seen.state, StepState::Todo);
    assert!(seen.found.contains("TLS secret logging not issued yet"), "{}", seen.found);
}
