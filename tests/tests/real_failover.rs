//! The shipped bootstrap with the simulator as the cloud and a real control plane as the standby: an alarm comes in, and
//! at the end pods run, traffic is locked and the record says so.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use holdfast_simulator::{
    ExternalCluster, Options, Simulator,
    kubernetes::{StandbyFixture, TlsFixture},
    world::{Outage, Past},
};
use holdfast_testbed::{Assets, Testbed, required_or_skipped};
use holdfast_tests::{
    admission,
    function::bootstrap,
    operator::PlayedOperator,
    requests::{ask, eventually, found, path},
    role::{shipped, used},
    test_cluster::{HUMIO, OPERATOR, TokenReview, define_humio_cluster, furnish},
};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const NAMESPACE: &str = "logging";

/// The cloud, the standby, and what holds them together.
struct Scene {
    cloud: Simulator,
    bed: Arc<Testbed>,
    review: JoinHandle<()>,
    _operator: PlayedOperator,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.review.abort();
    }
}

impl Scene {
    async fn set(assets: &Assets, tls: TlsFixture) -> Self {
        let seed = StandbyFixture { tls, per_node_secret: true, ..StandbyFixture::default() };
        let webhook = TokenReview::bind().await;
        let users = vec![admission::backup()];
        let options = holdfast_testbed::Options { users, token_webhook: Some(webhook.url()), pods: true };
        let bed = Testbed::start(assets, &options).await.expect("a control plane");
        define_humio_cluster(&bed).await;
        furnish(&bed, NAMESPACE, &seed).await;
        admission::enforce(&bed, admission::POLICIES, NAMESPACE).await;
        let external = ExternalCluster { endpoint: bed.endpoint(), ca_pem: bed.ca_pem().to_owned() };
        let cloud = Simulator::start(Options {
            bootstrap: Some(bootstrap().await),
            function_timeout: Duration::from_secs(90),
            function_env: patience(),
            standby: seed,
            external_kubernetes: Some(external),
            ..Options::default()
        })
        .await
        .expect("a cloud");
        cloud.world().set_scheduler(false);
        let review = webhook.serve(cloud.cluster().token_policy());
        let operator = PlayedOperator::start(bed.admin(), NAMESPACE, HUMIO);
        Self { cloud, bed: Arc::new(bed), review, _operator: operator }
    }

    async fn get(&self, resource: &str, name: &str) -> Option<Value> {
        found(ask(&self.bed.admin(), Method::GET, &path(NAMESPACE, resource, name), Value::Null).await)
    }

    async fn uid(&self, secret: &str) -> Option<Value> {
        Some(self.get("secrets", secret).await?["metadata"]["uid"].clone())
    }

    async fn record(&self) -> Value {
        let map = self.get("configmaps", "holdfast").await.expect("the ConfigMap");
        serde_json::from_str(map["data"]["state"].as_str().unwrap_or("null")).expect("JSON")
    }

    /// The primary is gone and has been for five minutes; the alarm tells it. Then everything is done but waited for.
    async fn fail_over(&self) {
        self.cloud.world().break_primary(Outage::Refuse);
        self.cloud.world().settle_checkers();
        self.cloud.world().publish_history(&[Past::Failing; 5]);
        eventually("the failover is recorded as done", async || {
            (self.record().await["current"]["status"] == "completed").then_some(())
        })
        .await;
        assert!(self.cloud.lambda().settled(Duration::from_secs(60)).await, "the function has come to its end");
    }

    /// What every failover must leave behind.
    async fn is_active_and_locked(&self) {
        let operator = self.get("deployments", OPERATOR).await.expect("the operator");
        assert_eq!(operator["spec"]["replicas"], 1);
        assert_eq!(operator["status"]["readyReplicas"], 1, "{operator}");
        let check = self.cloud.world().health_check();
        assert_eq!(check.config.name.as_deref(), Some("failover-locked.invalid"));
        let record = self.record().await;
        let steps = record["current"]["steps"].as_array().expect("steps");
        let done: Vec<_> = steps.iter().map(|step| (step["step"].as_str(), step["progress"].as_str())).collect();
        let names = ["remove-stale-tls", "scale-operator", "lock-traffic", "verify-standby"];
        assert_eq!(done, names.map(|name| (Some(name), Some("done"))), "{record:#}");
        assert_eq!(record["current"]["trigger"]["kind"], "alarm");
    }

    /// Nothing beyond the Role was tried, and nothing beyond the IAM policy.
    async fn stayed_within_its_rights(&self) {
        let user = self.cloud.cluster().token_policy().user;
        let audit = self.bed.audit().await.expect("an audit log");
        let function: Vec<_> = audit.iter().filter(|entry| entry.user == user).collect();
        assert!(function.len() > 5, "the function logged in as {user}: {function:?}");
        let refused: Vec<_> = function.iter().filter(|entry| entry.code == 401 || entry.code == 403).collect();
        assert!(refused.is_empty(), "{refused:#?}");
        let used = used(function.into_iter().map(Into::into));
        assert_eq!(used.difference(&shipped()).collect::<BTreeSet<_>>(), BTreeSet::new(), "done and not in the Role");
        assert_eq!(self.cloud.iam().denied(), BTreeSet::new(), "refused by IAM");
    }
}

/// Bounds of calls that a busy machine with a real API server can keep.
fn patience() -> std::collections::BTreeMap<String, String> {
    let variables = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "10"),
        ("HOLDFAST_OBSERVE_SECONDS", "20"),
        ("HOLDFAST_LEASE_SECONDS", "30"),
        ("HOLDFAST_VERIFY_SECONDS", "60"),
    ];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[tokio::test]
async fn an_alarm_makes_the_real_standby_active_and_a_second_one_changes_nothing() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let scene = Scene::set(&assets, TlsFixture::StaleNoCa).await;
    let stale = (scene.uid(HUMIO).await, scene.uid("logscale-core-oldone").await);
    assert!(stale.0.is_some() && stale.1.is_some());

    scene.fail_over().await;

    scene.is_active_and_locked().await;
    let now = scene.uid(HUMIO).await;
    assert!(now.is_some() && now != stale.0, "issued anew, by the operator's new CA");
    assert_eq!(scene.uid("logscale-core-oldone").await, None);

    let (record, check) = (scene.record().await, scene.cloud.world().health_check());
    let again = scene.cloud.lambda().invoke(alarm(&scene)).await;
    assert_eq!(again.outcome.answer().map(|answer| &answer["outcome"]), Some(&json!("already_done")), "{again:?}");
    assert_eq!(scene.record().await["current"]["id"], record["current"]["id"]);
    assert_eq!(scene.cloud.world().health_check().version, check.version);
    scene.stayed_within_its_rights().await;
}

#[tokio::test]
async fn fresh_tls_secrets_are_kept() {
    let Some(assets) = required_or_skipped(Assets::find()) else {
        return;
    };
    let scene = Scene::set(&assets, TlsFixture::Matching).await;
    let fresh = (scene.uid(HUMIO).await, scene.uid("logscale-core-oldone").await);
    assert!(fresh.0.is_some() && fresh.1.is_some());

    scene.fail_over().await;

    scene.is_active_and_locked().await;
    assert_eq!((scene.uid(HUMIO).await, scene.uid("logscale-core-oldone").await), fresh);
    scene.stayed_within_its_rights().await;
}

/// The alarm as CloudWatch hands it to a function that it calls by itself.
fn alarm(scene: &Scene) -> Value {
    let id = &scene.cloud.world().health_check().id;
    let metric = json!({
        "namespace": "AWS/Route53", "name": "HealthCheckStatus", "dimensions": {"HealthCheckId": id},
    });
    let query =
        json!({"id": "m1", "metricStat": {"metric": metric, "period": 60, "stat": "Minimum"}, "returnData": true});
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:primary-unhealthy",
        "accountId": "111122223333", "time": "2026-01-01T00:00:00.000+0000", "region": "us-east-1",
        "alarmData": {
            "alarmName": "primary-unhealthy",
            "state": {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": "2026-01-01T00:00:00.000+0000"},
            "previousState": {"value": "OK", "timestamp": "2025-12-31T23:00:00.000+0000"},
            "configuration": {"metrics": [query]},
        },
    })
}
