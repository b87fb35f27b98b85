//! The function: what the policies keep from it, and a whole failover through them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use holdfast_core::{
    Clock,
    clock::until,
    engine::{Action, Engine, Limits, Request},
    evidence::Level,
    fakes::{FakeStep, World},
    record::Trigger,
    retry::RetryPolicy,
    runbook::Runbook,
    step::Need,
};
use holdfast_kubernetes::{Direct, StandbyCluster};
use holdfast_logscale::site::ANNOTATION;
use holdfast_tests::{
    admission::is_refusal,
    clock::{FollowedClock, call},
    operator::PlayedOperator,
    pki::Ca,
    requests::{ask, path},
    role::{shipped, used},
    test_cluster::{HUMIO, OPERATOR, Site},
};
use http::Method;
use serde_json::{Value, json};

use crate::scene::{NAMESPACE, Scene};

/// A secret of cert-manager's with these entries, changed by `change`.
fn secret(name: &str, data: Value, change: impl FnOnce(&mut Value)) -> Value {
    let annotations = json!({"cert-manager.io/issuer-name": HUMIO, "cert-manager.io/issuer-kind": "Issuer"});
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": name, "annotations": annotations}, "data": data,
    });
    change(&mut secret);
    secret
}

/// Secrets that RBAC lets the function delete, and why it may not.
fn not_to_be_deleted() -> Vec<(Value, &'static str)> {
    let (ca, of_tls, issued, pair) = (
        Ca::new(),
        "of type kubernetes.io/tls only",
        "only what cert-manager issued for a HumioCluster",
        "the key pair of a certificate authority",
    );
    let own_authority = ca.pair();
    let with_itself = json!({
        "ca.crt": own_authority["tls.crt"], "tls.crt": own_authority["tls.crt"], "tls.key": own_authority["tls.key"],
    });
    let leaf = || ca.issue("it");
    let issuer = |name: &'static str| {
        move |it: &mut Value| it["metadata"]["annotations"]["cert-manager.io/issuer-name"] = name.into()
    };
    vec![
        (secret("logscale-core-opaque", leaf(), |it| it["type"] = "Opaque".into()), of_tls),
        (secret("logscale-core-plain", leaf(), |it| it["metadata"] = json!({"name": "logscale-core-plain"})), issued),
        (secret("logscale-core-empty", leaf(), issuer("")), issued),
        (secret("logscale-core-foreign", leaf(), issuer("another")), issued),
        (secret("ingress", leaf(), |_| {}), issued),
        (secret("logscale-ca", own_authority, |_| {}), issued),
        (secret("my-ca", with_itself, issuer("my-ca")), pair),
        (
            secret("logscale-core-cluster", leaf(), |it| {
                it["metadata"]["annotations"]["cert-manager.io/issuer-kind"] = "ClusterIssuer".into();
            }),
            issued,
        ),
        (
            secret("logscale-core-labelled", leaf(), |it| {
                it["metadata"]["labels"] = json!({"humio.com/secret-identifier": "logscale-core-labelled"});
            }),
            pair,
        ),
    ]
}

pub async fn the_function_may_delete_no_other_secret(scene: &Scene) {
    let function = scene.function();
    for (secret, why) in not_to_be_deleted() {
        let name = secret["metadata"]["name"].as_str().expect("a name").to_owned();
        scene.create("secrets", secret).await;
        let (status, answer) = ask(&function, Method::DELETE, &path(NAMESPACE, "secrets", &name), Value::Null).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(is_refusal(status, &answer) && message.contains(why), "{name}: {status} {answer}");
        assert!(scene.get("secrets", &name).await.is_some(), "{name}");
    }
    // The operator's own pair, as it lies there.
    let ca = path(NAMESPACE, "secrets", &format!("{HUMIO}-ca-keypair"));
    let (status, answer) = ask(&function, Method::DELETE, &ca, Value::Null).await;
    assert!(is_refusal(status, &answer), "{status} {answer}");
}

pub async fn the_function_may_not_scale_out_of_range(scene: &Scene) {
    let scale = path(NAMESPACE, "deployments", "humio-operator/scale");
    let (status, answer) = ask(&scene.function(), Method::PATCH, &scale, json!({"spec": {"replicas": 11}})).await;
    assert!(is_refusal(status, &answer), "{status} {answer}");
    // The last step of a failback and of a rehearsal.
    let (status, answer) = ask(&scene.function(), Method::PATCH, &scale, json!({"spec": {"replicas": 0}})).await;
    assert_eq!(status, 200, "{answer}");
    let operator = scene.get("deployments", OPERATOR).await.expect("the operator");
    assert_eq!(operator["spec"]["replicas"], 0);
}

/// The function's engine, steps, lease and record; the primary and the lock, which are no business of the cluster, are core's fakes.
fn engine(site: &Site, world: &World) -> Engine {
    let fakes = Arc::clone(&world.clock);
    let mut engine = world.engine("worker");
    engine.ports.clock = Arc::new(FollowedClock::new(move |now| fakes.advance(until(fakes.now(), now))));
    engine.ports.lease = site.lease();
    engine.ports.store = site.store();
    engine.ports.standby = site.standby();
    engine.ports.cooldown = Some(site.cooldown());
    let (fault_plan, time) = (world.fault_plan.clone(), Arc::clone(&world.clock));
    let lock = Arc::new(FakeStep::new(fault_plan, time, "lock", ("see lock", "lock"), Need::Owed, Arc::default()));
    let steps = vec![site.remove_stale_tls() as _, site.scale_operator() as _, lock as _, site.verify_standby() as _];
    engine.runbook = Runbook::of_failover("logscale", steps);
    engine.policy.poll = Duration::from_millis(500);
    engine.limits = Limits {
        lease_ttl: Duration::from_secs(30),
        observe_for: Duration::from_secs(20),
        verify_for: Duration::from_secs(60),
        margin: Duration::from_secs(2),
        retry: RetryPolicy { attempt_timeout: Duration::from_secs(10), ..RetryPolicy::default() },
        ..engine.limits
    };
    engine
}

pub async fn the_function_fails_over_with_every_rule_of_the_role(scene: &Scene) {
    let _operator = PlayedOperator::start(scene.bed.admin(), NAMESPACE, HUMIO);
    let before = scene.bed.audit().await.expect("an audit log").len();
    let cluster = StandbyCluster::new(Arc::new(Direct(scene.function())), NAMESPACE, "holdfast");
    let (site, world) = (Site::new(cluster), World::new());
    let fitness = site.standby().fitness(&call()).await.expect("a look");
    let bad: Vec<_> = fitness.checks.iter().filter(|check| check.level == Level::Error).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let engine = engine(&site, &world);
    world.fail_primary_for(600);

    let deadline = engine.ports.clock.now() + Duration::from_secs(120);
    let (trigger, action) = (Trigger::Operator, Action::FailOver);
    let request = Request {
        trigger,
        action,
        reason: None,
        caller: None,
        overrides: Vec::new(),
        data: None,
        question: None,
        deadline,
    };
    let answer = engine.handle(&request).await;

    let record = scene.get("configmaps", "holdfast").await.expect("the record");
    let record: Value = serde_json::from_str(record["data"]["state"].as_str().expect("a state")).expect("JSON");
    assert_eq!(record["current"]["status"], "completed", "{answer:?}\n{record:#}");
    let operator = scene.get("deployments", OPERATOR).await.expect("the operator");
    assert_eq!(operator["spec"]["replicas"], 1);
    assert_eq!(operator["metadata"]["annotations"][ANNOTATION], Value::Null, "the reference's note is never written");
    assert_eq!(scene.get("secrets", "logscale-core-oldone").await, None, "it was stale");
    for (secret, _) in not_to_be_deleted() {
        let name = secret["metadata"]["name"].as_str().expect("a name");
        assert!(scene.get("secrets", name).await.is_some(), "{name} was neither deleted nor in the way");
    }

    let audit = scene.bed.audit().await.expect("an audit log");
    let ours: Vec<_> = audit.iter().skip(before).filter(|entry| entry.user == scene.function.name).collect();
    let refused: Vec<_> = ours.iter().filter(|entry| entry.code == 401 || entry.code == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let used = used(ours.into_iter().map(Into::into));
    assert_eq!(used.difference(&shipped()).collect::<BTreeSet<_>>(), BTreeSet::new(), "done and not in the Role");
    assert_eq!(shipped().difference(&used).collect::<BTreeSet<_>>(), BTreeSet::new(), "in the Role and not done");
}
