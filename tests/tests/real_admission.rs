//! The admission policies that we ship, on a real control plane, in the form for each cloud: who is refused what and with which words,
//! and that the function does a whole failover through them, with every rule of the Role and no other.

use std::{collections::BTreeSet, path::Path, process::Command, sync::Arc, time::Duration};

use holdfast_core::{
    Clock,
    clock::until,
    engine::{Action, Engine, Limits, Request},
    evidence::Level,
    fakes::{FakeStep, World},
    ports::Standby,
    record::Trigger,
    retry::RetryPolicy,
    runbook::Runbook,
    step::Need,
};
use holdfast_kubernetes::{Direct, KubernetesSite, SiteOptions, cooldown::ANNOTATION};
use holdfast_simulator::kubernetes::{StandbySeed, TlsSeed};
use holdfast_testbed::{Assets, Options, Testbed, User, find::kubectl, required_or_skipped};
use holdfast_tests::{
    admission::{backup, enforce, is_refusal, login_as_backup},
    clock::{FollowedClock, call},
    operator::PlayedOperator,
    pki::Ca,
    requests::{ask, done, found, path},
    role::{AZURE_BINDING, shipped, used},
    stand::{HUMIO, OPERATOR, define_humio_cluster, furnish},
};
use http::Method;
use kube::Client;
use serde_json::{Value, json};

const NAMESPACE: &str = "logging";
/// Object id of a managed identity.
const PRINCIPAL: &str = "5f1c1a52-0000-4000-8000-00000000f00d";
const EDITOR: &str = "editor";
const NAMED: &str = "named-operator";
const NAMESPACE_CONTROLLER: &str = "system:serviceaccount:kube-system:namespace-controller";
/// What stands in every refusal to write record or lease.
const SAYS: &str = "only the failover function and named operators may write";

/// An editor of the namespace by the built-in ClusterRole, and a named operator with the same rights.
const PEOPLE: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: people, namespace: logging}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: editor}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: named-operator}
"#;

/// How the function logs in on a cloud's clusters, and what is applied there.
struct Form {
    function: User,
    folder: &'static str,
    binding: Option<&'static str>,
}

fn on_eks() -> Form {
    let function = User { name: "arn:function".to_owned(), groups: vec!["dr-failover".to_owned()] };
    Form { function, folder: "infra/kubernetes/admission", binding: None }
}

fn on_aks() -> Form {
    // A user with a group of the directory, as every user of Entra has some.
    let function = User { name: PRINCIPAL.to_owned(), groups: vec!["a-group-of-entra".to_owned()] };
    Form { function, folder: "infra/azure/admission", binding: Some(AZURE_BINDING) }
}

/// A standby under the policies.
struct Scene {
    bed: Testbed,
    function: User,
}

impl Scene {
    async fn set(assets: &Assets, kubectl: &Path, form: Form) -> Self {
        let user = |name: &str, group: &str| User { name: name.to_owned(), groups: vec![group.to_owned()] };
        let users = vec![
            form.function.clone(),
            user(EDITOR, "developers"),
            user(NAMED, "holdfast-operators"),
            user(NAMESPACE_CONTROLLER, "system:serviceaccounts"),
            backup(),
        ];
        let options = Options { users, pods: true, ..Options::default() };
        let bed = Testbed::start(assets, &options).await.expect("a control plane");
        define_humio_cluster(&bed).await;
        let seed = StandbySeed { tls: TlsSeed::StaleOtherCa, per_node_secret: true, ..StandbySeed::default() };
        furnish(&bed, NAMESPACE, &seed).await;
        for text in form.binding.into_iter().chain([PEOPLE]) {
            bed.apply_yaml(&text.replace("${principal_id}", PRINCIPAL)).await.expect("rights");
        }
        enforce(&bed, &rendered(kubectl, form.folder), NAMESPACE).await;
        Self { bed, function: form.function }
    }

    fn login(&self, user: &str) -> Client {
        self.bed.client(&self.bed.token(user))
    }

    fn function(&self) -> Client {
        self.login(&self.function.name)
    }

    async fn get(&self, resource: &str, name: &str) -> Option<Value> {
        found(ask(&self.bed.admin(), Method::GET, &path(NAMESPACE, resource, name), Value::Null).await)
    }

    async fn create(&self, resource: &str, object: Value) {
        done(ask(&self.bed.admin(), Method::POST, &path(NAMESPACE, resource, ""), object).await);
    }

    /// Record and lease, as they are now.
    async fn guarded(&self) -> [Option<Value>; 2] {
        [self.get("configmaps", "holdfast").await, self.get("leases", "holdfast").await]
    }
}

/// What kubectl makes of a folder that we ship, with the function's identity put in.
fn rendered(kubectl: &Path, folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let output = Command::new(kubectl).arg("kustomize").arg(folder).output().expect("kubectl starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("YAML is text").replace("${principal_id}", PRINCIPAL)
}

#[tokio::test]
async fn on_eks_the_policies_refuse_others_and_let_a_failover_through() {
    holds(on_eks()).await;
}

#[tokio::test]
async fn on_aks_the_policies_refuse_others_and_let_a_failover_through() {
    holds(on_aks()).await;
}

async fn holds(form: Form) {
    let Some(assets) = required_or_skipped(Assets::find()) else { return };
    let Some(kubectl) = required_or_skipped(kubectl()) else { return };
    let scene = Scene::set(&assets, &kubectl, form).await;
    every_expression_is_understood(&scene).await;
    an_editor_may_not_write_record_and_lease(&scene).await;
    an_editor_may_do_everything_else_that_an_editor_may(&scene).await;
    neither_may_a_backup_that_is_restored(&scene).await;
    the_function_may_delete_no_other_secret(&scene).await;
    the_function_may_not_scale_out_of_range(&scene).await;
    the_function_fails_over_with_every_rule_of_the_role(&scene).await;
    a_named_operator_may_write_both(&scene).await;
    a_namespace_that_is_deleted_goes(&scene).await;
}

/// The cluster's own reviewer of policies has no remark.
async fn every_expression_is_understood(scene: &Scene) {
    let policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    for name in ["holdfast-record-and-lease", "holdfast-tls-secrets", "holdfast-scale"] {
        let review = async || {
            let policy = done(ask(&scene.bed.admin(), Method::GET, &format!("{policies}/{name}"), Value::Null).await);
            let status = &policy["status"];
            (status["observedGeneration"] == policy["metadata"]["generation"]).then(|| status["typeChecking"].clone())
        };
        let review = holdfast_tests::requests::eventually("the policy is reviewed", review).await;
        assert_eq!(review["expressionWarnings"], Value::Null, "{name}");
    }
}

/// Every write that the API has, on the object itself and on all of its kind.
fn writes(resource: &str) -> Vec<(Method, String, Value)> {
    let one = path(NAMESPACE, resource, "holdfast");
    let (version, kind) = match resource {
        "leases" => ("coordination.k8s.io/v1", "Lease"),
        _ => ("v1", "ConfigMap"),
    };
    let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "holdfast"}});
    let owner =
        json!([{"apiVersion": "v1", "kind": "Pod", "name": "gone", "uid": "00000000-0000-4000-8000-000000000000"}]);
    let applied = format!("{one}?fieldManager=editor&force=true");
    vec![
        (Method::PUT, one.clone(), object.clone()),
        (Method::PATCH, one.clone(), json!({"data": {"state": "{}"}, "spec": {"holderIdentity": "editor"}})),
        // The garbage collector would delete it for them.
        (Method::PATCH, one.clone(), json!({"metadata": {"ownerReferences": owner}})),
        (Method::PATCH, applied, object),
        (Method::DELETE, one, Value::Null),
        (Method::DELETE, path(NAMESPACE, resource, ""), Value::Null),
    ]
}

async fn an_editor_may_not_write_record_and_lease(scene: &Scene) {
    let editor = scene.login(EDITOR);
    let before = scene.guarded().await;
    for (method, path, body) in writes("configmaps").into_iter().chain(writes("leases")) {
        let (status, answer) = ask(&editor, method.clone(), &path, body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(is_refusal(status, &answer), "{method} {path}: {status} {answer}");
        assert!(message.contains(SAYS) && message.contains("editor is neither"), "{method} {path}: {message}");
    }
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert_eq!(scene.guarded().await, before);
    // Nor put one there where an operator has taken it away.
    for (resource, object) in [("configmaps", &before[0]), ("leases", &before[1])] {
        let mut object = object.clone().expect("seen above");
        object["metadata"] = json!({"name": "holdfast"});
        done(ask(&scene.bed.admin(), Method::DELETE, &path(NAMESPACE, resource, "holdfast"), Value::Null).await);
        let (status, answer) = ask(&editor, Method::POST, &path(NAMESPACE, resource, ""), object.clone()).await;
        assert!(is_refusal(status, &answer), "{resource}: {status} {answer}");
        scene.create(resource, object).await;
    }
}

async fn an_editor_may_do_everything_else_that_an_editor_may(scene: &Scene) {
    let editor = scene.login(EDITOR);
    let labels = json!({"of": "the-editor"});
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "labels": labels}});
    done(ask(&editor, Method::POST, &path(NAMESPACE, "configmaps", ""), other.clone()).await);
    done(ask(&editor, Method::PATCH, &path(NAMESPACE, "configmaps", "other"), json!({"data": {"a": "b"}})).await);
    let theirs = format!("{}?labelSelector=of%3Dthe-editor", path(NAMESPACE, "configmaps", ""));
    done(ask(&editor, Method::DELETE, &theirs, Value::Null).await);
    assert_eq!(scene.get("configmaps", "other").await, None);
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}});
    done(ask(&editor, Method::POST, &path(NAMESPACE, "secrets", ""), secret).await);
    done(ask(&editor, Method::DELETE, &path(NAMESPACE, "secrets", "theirs"), Value::Null).await);
    let down = json!({"spec": {"replicas": 0}});
    done(ask(&editor, Method::PATCH, &path(NAMESPACE, "deployments", "humio-operator/scale"), down).await);
    // The policies hold in the standby's namespace and in no other.
    let elsewhere = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "holdfast"}});
    let stranger = login_as_backup(&scene.bed).await;
    done(ask(&stranger, Method::POST, &path("default", "configmaps", ""), elsewhere).await);
}

async fn neither_may_a_backup_that_is_restored(scene: &Scene) {
    let stranger = login_as_backup(&scene.bed).await;
    let planted = json!({"data": {"state": "{\"schema\":1}"}});
    let answer = ask(&stranger, Method::PATCH, &path(NAMESPACE, "configmaps", "holdfast"), planted).await;
    assert!(is_refusal(answer.0, &answer.1), "{answer:?}");
}

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

async fn the_function_may_delete_no_other_secret(scene: &Scene) {
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

async fn the_function_may_not_scale_out_of_range(scene: &Scene) {
    let scale = path(NAMESPACE, "deployments", "humio-operator/scale");
    for replicas in [0, 11] {
        let (status, answer) =
            ask(&scene.function(), Method::PATCH, &scale, json!({"spec": {"replicas": replicas}})).await;
        assert!(is_refusal(status, &answer), "{replicas}: {status} {answer}");
    }
    let operator = scene.get("deployments", OPERATOR).await.expect("the operator");
    assert_eq!(operator["spec"]["replicas"], 0);
}

/// The function's engine, steps, lease and record; the primary and the lock, which are no business of the cluster, are core's fakes.
fn engine(site: &KubernetesSite, world: &World) -> Engine {
    let fakes = Arc::clone(&world.clock);
    let mut engine = world.engine("worker");
    engine.ports.clock = Arc::new(FollowedClock::new(move |now| fakes.advance(until(fakes.now(), now))));
    engine.ports.lease = site.lease();
    engine.ports.store = site.store();
    engine.ports.standby = site.standby();
    engine.ports.cooldown = Some(site.cooldown());
    let (weather, time) = (world.weather.clone(), Arc::clone(&world.clock));
    let lock = Arc::new(FakeStep::new(weather, time, "lock", ("see lock", "lock"), Need::Owed, Arc::default()));
    let steps = vec![site.remove_stale_tls() as _, site.scale_operator() as _, lock as _, site.verify_standby() as _];
    engine.runbook = Runbook { name: "logscale", steps };
    engine.policy.poll = Duration::from_millis(500);
    engine.limits = Limits {
        lease_ttl: Duration::from_secs(30),
        look_for: Duration::from_secs(20),
        verify_for: Duration::from_secs(60),
        margin: Duration::from_secs(2),
        retry: RetryPolicy { attempt_timeout: Duration::from_secs(10), ..RetryPolicy::default() },
    };
    engine
}

async fn the_function_fails_over_with_every_rule_of_the_role(scene: &Scene) {
    let _operator = PlayedOperator::start(scene.bed.admin(), NAMESPACE, HUMIO);
    let before = scene.bed.audit().await.expect("an audit log").len();
    let mut options = SiteOptions::new(Arc::new(Direct(scene.function())));
    options.humio_cluster = Some(HUMIO.to_owned());
    let (site, world) = (KubernetesSite::new(options), World::new());
    let fitness = site.standby().fitness(&call()).await.expect("a look");
    let bad: Vec<_> = fitness.checks.iter().filter(|check| check.level == Level::Error).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let engine = engine(&site, &world);
    world.fail_primary_for(600);

    let deadline = engine.ports.clock.now() + Duration::from_secs(120);
    let (trigger, action) = (Trigger::Operator, Action::FailOver);
    let request = Request { trigger, action, reason: None, caller: None, overrides: Vec::new(), deadline };
    let answer = engine.handle(&request).await;

    let record = scene.get("configmaps", "holdfast").await.expect("the record");
    let record: Value = serde_json::from_str(record["data"]["state"].as_str().expect("a state")).expect("JSON");
    assert_eq!(record["current"]["status"], "completed", "{answer:?}\n{record:#}");
    let operator = scene.get("deployments", OPERATOR).await.expect("the operator");
    assert_eq!(operator["spec"]["replicas"], 1);
    assert_eq!(operator["metadata"]["annotations"][ANNOTATION], Value::Null, "the reference's note is never written");
    assert_eq!(scene.get("secrets", "logscale-core-oldone").await, None, "it was stale");

    let audit = scene.bed.audit().await.expect("an audit log");
    let ours: Vec<_> = audit.iter().skip(before).filter(|entry| entry.user == scene.function.name).collect();
    let refused: Vec<_> = ours.iter().filter(|entry| entry.code == 401 || entry.code == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let used = used(ours.into_iter().map(Into::into));
    assert_eq!(used.difference(&shipped()).collect::<BTreeSet<_>>(), BTreeSet::new(), "done and not in the Role");
    assert_eq!(shipped().difference(&used).collect::<BTreeSet<_>>(), BTreeSet::new(), "in the Role and not done");
}

async fn a_named_operator_may_write_both(scene: &Scene) {
    let operator = scene.login(NAMED);
    for resource in ["configmaps", "leases"] {
        let one = path(NAMESPACE, resource, "holdfast");
        let labels = json!({"metadata": {"labels": {"touched-by": NAMED}}});
        let changed = done(ask(&operator, Method::PATCH, &one, labels).await);
        assert_eq!(changed["metadata"]["labels"]["touched-by"], NAMED);
        done(ask(&operator, Method::DELETE, &one, Value::Null).await);
        let again =
            json!({"apiVersion": changed["apiVersion"], "kind": changed["kind"], "metadata": {"name": "holdfast"}});
        done(ask(&operator, Method::POST, &path(NAMESPACE, resource, ""), again).await);
    }
}

/// The namespace controller deletes by collection, then one by one.
async fn a_namespace_that_is_deleted_goes(scene: &Scene) {
    let controller = scene.login(NAMESPACE_CONTROLLER);
    for resource in ["configmaps", "leases"] {
        assert!(scene.get(resource, "holdfast").await.is_some());
        done(ask(&controller, Method::DELETE, &path(NAMESPACE, resource, ""), Value::Null).await);
        assert_eq!(scene.get(resource, "holdfast").await, None);
    }
}
