//! The controllers, stepped by hand through an hour that takes no time.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::kubernetes::{ClusterOptions, Reissue, StandbyFixture, TlsFixture, apply_fixture};

/// A standby and its controllers, with a clock of their own.
struct Bench {
    cluster: Arc<Cluster>,
    model: Model,
    now: Timestamp,
}

impl Bench {
    fn new(seed: &StandbyFixture) -> Bench {
        let cluster = Cluster::new(ClusterOptions {
            name: "dr-eks".to_owned(),
            region: "us-east-2".to_owned(),
            namespace: "logging".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "secret".to_owned(),
            group: "dr-failover".to_owned(),
            pace: 1.0,
            seed: 1,
        });
        apply_fixture(&cluster, seed);
        Bench { cluster, model: Model::new(1.0), now: clock::now() }
    }

    /// Lets seconds pass, with a look of the controllers four times a second.
    fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds * 4 {
            self.now = self.now.checked_add(SignedDuration::from_millis(250)).unwrap();
            self.model.step_if_due(&mut self.cluster.state(), self.now);
        }
    }

    fn scale(&self, replicas: i64) {
        let mut deployment = self.cluster.get("deployments", "humio-operator").unwrap();
        deployment["spec"]["replicas"] = replicas.into();
        self.cluster.apply(deployment).unwrap();
    }

    fn status(&self) -> Value {
        self.cluster.get("humioclusters", "logscale").unwrap()["status"].clone()
    }

    fn nodes(&self) -> Vec<Value> {
        let pods = self.cluster.list("pods");
        pods.into_iter().filter(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == "humio").collect()
    }

    fn ready_nodes(&self) -> usize {
        self.nodes().iter().filter(|pod| is_ready(pod)).count()
    }
}

fn with(tls: TlsFixture) -> StandbyFixture {
    StandbyFixture { tls, ..StandbyFixture::default() }
}

#[test]
fn nothing_runs_while_the_operator_is_at_zero() {
    let mut bench = Bench::new(&with(TlsFixture::Matching));
    bench.pass(120);
    assert!(bench.cluster.list("pods").is_empty());
    assert!(bench.status().is_null());
}

#[test]
fn scaling_up_makes_the_operator_ready_and_then_the_node() {
    let mut bench = Bench::new(&with(TlsFixture::Absent));
    bench.scale(1);
    bench.pass(3);
    let deployment = bench.cluster.get("deployments", "humio-operator").unwrap();
    assert_eq!(
        (deployment["status"]["replicas"].as_i64(), &deployment["status"]["readyReplicas"]),
        (Some(1), &Value::Null)
    );
    bench.pass(3);
    let deployment = bench.cluster.get("deployments", "humio-operator").unwrap();
    assert_eq!(deployment["status"]["availableReplicas"], 1);
    assert_eq!(deployment["status"]["observedGeneration"], deployment["metadata"]["generation"]);
    bench.pass(10);
    assert_eq!((bench.nodes().len(), bench.ready_nodes()), (1, 0));
    assert_eq!(bench.status()["state"], "Running", "the state is no proof of readiness");
    assert_eq!(bench.status()["observedGeneration"], "1");
    for secret in ["logscale-ca-keypair", "logscale", "logscale-keystore-passphrase"] {
        assert!(bench.cluster.get("secrets", secret).is_some(), "{secret}");
    }
    bench.pass(30);
    assert_eq!(bench.ready_nodes(), 1);
    assert!(bench.status()["licenseStatus"].is_object());
}

#[test]
fn scaling_down_removes_the_operators_pod_and_leaves_the_nodes() {
    let mut bench = Bench::new(&with(TlsFixture::Matching));
    bench.scale(1);
    bench.pass(60);
    bench.scale(0);
    bench.pass(2);
    assert_eq!(bench.cluster.list("pods").len(), 1);
    assert_eq!(bench.ready_nodes(), 1);
    assert!(bench.cluster.get("deployments", "humio-operator").unwrap()["status"]["replicas"].is_null());
}

#[test]
fn a_stale_bundle_keeps_the_node_from_becoming_ready_until_it_is_deleted() {
    for tls in [TlsFixture::StaleOtherCa, TlsFixture::StaleNoCa] {
        let mut bench = Bench::new(&with(tls));
        bench.scale(1);
        bench.pass(600);
        assert_eq!((bench.nodes().len(), bench.ready_nodes()), (1, 0), "{tls:?}");
        assert!(bench.status()["licenseStatus"].is_null());
        bench.cluster.delete("secrets", "logscale");
        bench.pass(2);
        assert_eq!(bench.ready_nodes(), 1, "{tls:?}");
    }
}

#[test]
fn an_issuer_of_the_earlier_ca_issues_the_bundle_stale_at_once_until_it_is_mended() {
    let reissue = Reissue::AtOnceFromTheEarlierCa;
    let mut bench = Bench::new(&StandbyFixture { reissue, ..with(TlsFixture::StaleOtherCa) });
    let uid = |bench: &Bench| bench.cluster.get("secrets", "logscale").map(|it| it["metadata"]["uid"].clone());
    let before = uid(&bench);
    assert!(bench.cluster.delete("secrets", "logscale"));
    let after = uid(&bench);
    assert!(after.is_some() && after != before, "there is another one before any controller has looked");
    bench.scale(1);
    bench.pass(120);
    assert_eq!(bench.ready_nodes(), 0);
    bench.cluster.mend_issuer("logscale");
    bench.pass(2);
    assert_eq!(bench.ready_nodes(), 1);
}

#[test]
fn a_bundle_that_was_deleted_before_the_scale_up_comes_back_matching() {
    for (tls, at_zero) in [(TlsFixture::StaleOtherCa, true), (TlsFixture::StaleNoCa, false)] {
        let mut bench = Bench::new(&with(tls));
        bench.pass(1);
        bench.cluster.delete("secrets", "logscale");
        bench.pass(2);
        assert_eq!(
            bench.cluster.get("secrets", "logscale").is_some(),
            at_zero,
            "{tls:?}: reissued with the operator at 0"
        );
        bench.scale(1);
        bench.pass(60);
        assert_eq!(bench.ready_nodes(), 1, "{tls:?}");
    }
}

#[test]
fn a_bad_configuration_is_told_in_the_status_and_starts_no_node() {
    let too_few = StandbyFixture { replication_factor: None, ..with(TlsFixture::Absent) };
    for (seed, words) in
        [(too_few, "nodeCount is too low"), (with(TlsFixture::CustomCaMissing), "specified CA secret invalid")]
    {
        let mut bench = Bench::new(&seed);
        bench.scale(1);
        bench.pass(60);
        assert_eq!(bench.status()["state"], "ConfigError");
        assert!(bench.status()["message"].as_str().unwrap().contains(words), "{}", bench.status());
        assert!(bench.nodes().is_empty());
    }
}

#[test]
fn a_variable_that_occurs_twice_is_a_configuration_error_in_the_top_list_alone() {
    let again = json!({"name": "ENABLE_ALERTS", "value": "true"});
    for (list, state) in [("environmentVariables", "ConfigError"), ("commonEnvironmentVariables", "Running")] {
        let mut bench = Bench::new(&with(TlsFixture::Absent));
        let mut cluster = bench.cluster.get("humioclusters", "logscale").unwrap();
        let variables = cluster["spec"][list].as_array_mut().unwrap();
        variables.extend([again.clone(), again.clone()]);
        bench.cluster.apply(cluster).unwrap();
        bench.scale(1);
        bench.pass(10);
        assert_eq!(
            (bench.status()["state"].as_str(), bench.status()["observedGeneration"].as_str()),
            (Some(state), Some("2")),
            "{list}"
        );
    }
}

/// All nodes in pools, as in humio-operator's sample of that name.
#[test]
fn each_pool_gets_its_nodes_with_its_own_variables_over_the_common_ones() {
    let mut bench = Bench::new(&with(TlsFixture::Matching));
    let mut cluster = bench.cluster.get("humioclusters", "logscale").unwrap();
    let own = json!([{"name": "ENABLE_ALERTS", "value": "true"}]);
    let volume = json!({"emptyDir": {}});
    cluster["spec"]["nodeCount"] = 0.into();
    cluster["spec"]["nodePools"] = json!([
        {"name": "a", "spec": {"nodeCount": 1, "dataVolumeSource": volume, "environmentVariables": own}},
        {"name": "b", "spec": {"nodeCount": 2, "dataVolumeSource": volume}},
    ]);
    bench.cluster.apply(cluster).unwrap();
    bench.scale(1);
    bench.pass(300);
    let of = |pool: &str| -> Vec<Value> {
        let pods = bench.nodes().into_iter();
        pods.filter(|pod| pod["metadata"]["labels"]["humio.com/node-pool"] == pool).collect()
    };
    assert_eq!((of("logscale").len(), of("logscale-a").len(), of("logscale-b").len()), (0, 1, 2));
    let alerts = |pod: &Value| {
        let list = pod["spec"]["containers"][0]["env"].as_array().unwrap().clone();
        let found: Vec<_> = list.into_iter().filter(|variable| variable["name"] == "ENABLE_ALERTS").collect();
        assert_eq!(found.len(), 1);
        found[0]["value"].as_str().unwrap().to_owned()
    };
    assert_eq!((alerts(&of("logscale-a")[0]), alerts(&of("logscale-b")[0])), ("true".to_owned(), "false".to_owned()));
}

#[test]
fn what_the_operator_cannot_work_with_is_a_configuration_error() {
    let cases = [
        ("/spec/dataVolumeSource", json!(null), "exactly one of"),
        ("/spec/environmentVariablesSource", json!([{"secretRef": {"name": "gone"}}]), "no secret exists by name gone"),
    ];
    for (field, value, words) in cases {
        let mut bench = Bench::new(&with(TlsFixture::Absent));
        let mut cluster = bench.cluster.get("humioclusters", "logscale").unwrap();
        cluster["spec"][field.rsplit('/').next().unwrap()] = value;
        bench.cluster.apply(cluster).unwrap();
        bench.scale(1);
        bench.pass(10);
        assert!(bench.status()["message"].as_str().unwrap().contains(words), "{}", bench.status());
    }
}

#[test]
fn a_missing_bootstrap_token_costs_a_phase() {
    let mut bench = Bench::new(&StandbyFixture { bootstrap_token: false, ..with(TlsFixture::Matching) });
    bench.scale(1);
    bench.pass(20);
    assert!(bench.cluster.get("pods", "logscale-bootstrap-token-onetime").is_some());
    assert!(bench.nodes().is_empty());
    bench.pass(60);
    assert_eq!(bench.ready_nodes(), 1);
    assert!(bench.cluster.get("pods", "logscale-bootstrap-token-onetime").is_none());
}

#[test]
fn the_reset_variable_stops_a_recovering_node() {
    let mut bench = Bench::new(&StandbyFixture { kafka_reset_variable: true, ..with(TlsFixture::Matching) });
    bench.scale(1);
    bench.pass(600);
    assert_eq!((bench.nodes().len(), bench.ready_nodes()), (1, 0));
}

#[test]
fn a_recovering_node_logs_the_whole_recovery_before_it_is_ready() {
    let mut bench = Bench::new(&with(TlsFixture::Matching));
    bench.scale(1);
    bench.pass(60);
    let state = bench.cluster.state();
    let pod =
        state.store.list("pods", "logging").find(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == "humio");
    let lines = &state.logs[text(pod.unwrap(), "uid")];
    assert_eq!(lines.len(), 13);
    assert!(lines.iter().all(|(at, line)| *at < bench.now && serde_json::from_str::<Value>(line).is_ok()));
    assert!(lines[12].1.contains("setting readOnly=true on bucketId=1"));
}

#[test]
fn a_node_pod_that_is_deleted_is_made_again() {
    let mut bench = Bench::new(&with(TlsFixture::Matching));
    bench.scale(1);
    bench.pass(60);
    let name = text(&bench.nodes()[0], "name").to_owned();
    bench.cluster.delete("pods", &name);
    bench.pass(40);
    assert_eq!(bench.ready_nodes(), 1);
}
