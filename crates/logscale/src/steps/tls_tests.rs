//! The steps under what certificate managers, the operator's settings and other hands do to TLS secrets.

use holdfast_core::{
    Call, FaultClass,
    evidence::{Check, Level},
    step::{Observation, Step, StepState},
};
use serde_json::{Value, json};

use crate::{
    TlsCleanup,
    testing::{FakeApi, call},
};

const DEPLOYMENT: &str = "apis/apps/v1/deployments/humio-operator";
const CLUSTER: &str = "apis/core.humio.com/v1alpha1/humioclusters/logscale";
const OWN: &str = "api/v1/secrets/logscale";
const PAIR: &str = "api/v1/secrets/logscale-ca-keypair";

/// A CA: the data of its secret, and of a secret that it issued.
fn ca() -> (Value, Value) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = rcgen::CertifiedIssuer::self_signed(params, key).expect("a CA");
    let key = rcgen::KeyPair::generate().expect("a key");
    let leaf = rcgen::CertificateParams::default().signed_by(&key, &ca).expect("a leaf");
    let (ca, leaf) = (STANDARD.encode(ca.pem()), STANDARD.encode(leaf.pem()));
    let key = STANDARD.encode("KEY");
    (json!({"tls.crt": ca, "tls.key": key}), json!({"ca.crt": ca, "tls.crt": leaf, "tls.key": key}))
}

fn cluster(server: &FakeApi) {
    let status = json!({"state": "Running", "observedGeneration": "1"});
    let spec = json!({"nodeCount": 1, "targetReplicationFactor": 1, "tls": {"enabled": true}});
    server.put(CLUSTER, json!({"metadata": {"generation": 1}, "spec": spec, "status": status}));
}

fn operator(server: &FakeApi, replicas: i32, containers: &Value) {
    let spec = json!({"replicas": replicas, "template": {"spec": {"containers": containers}}});
    let status = json!({"observedGeneration": 1, "availableReplicas": replicas});
    server.put(DEPLOYMENT, json!({"metadata": {"generation": 1}, "spec": spec, "status": status}));
}

fn pod(server: &FakeApi) {
    let labels = json!({"humio.com/node-pool": "logscale"});
    let spec = json!({"volumes": [{"name": "data"}, {"secret": {"secretName": "logscale-core-abcdef"}}]});
    let status = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    let pod = json!({"metadata": {"labels": labels}, "spec": spec, "status": status});
    server.put("api/v1/pods/logscale-core-abcdef", pod);
}

/// A standby that sleeps, with a CA and a secret of another one.
fn stale() -> (FakeApi, Value) {
    let server = FakeApi::default();
    cluster(&server);
    operator(&server, 0, &json!([]));
    let (now, issued) = ca();
    server.put(PAIR, json!({"data": now}));
    server.put(OWN, json!({"data": ca().1}));
    (server, issued)
}

fn site(server: &FakeApi, cleanup: TlsCleanup) -> crate::testing::Site {
    crate::testing::site(server, |options| {
        options.humio_cluster = Some("logscale".into());
        options.tls_cleanup = cleanup;
    })
}

async fn observe(step: &dyn Step, call: &Call) -> Observation {
    step.observe(call).await.expect("seen")
}

fn deletes(server: &FakeApi) -> usize {
    server.log().iter().filter(|request| request.starts_with("DELETE")).count()
}

/// Applies what is to do; the step is done at the next look.
async fn once(step: &dyn Step, call: &Call) -> Observation {
    let seen = observe(step, call).await;
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    step.apply(call, &seen).await.expect("applied");
    let after = observe(step, call).await;
    assert_eq!(after.state, StepState::Done, "{}", after.found);
    after
}

#[tokio::test]
async fn a_secret_that_is_issued_anew_before_the_read_back_does_not_hold_the_step_back() {
    let ((call, _), (server, issued)) = (call(), stale());
    server.reissue(OWN, json!({"data": issued}));
    let step = site(&server, TlsCleanup::StaleOnly).remove_stale_tls();
    let after = once(step.as_ref(), &call).await;
    assert!(after.found.contains("is from the current CA"), "{}", after.found);
    assert_eq!(deletes(&server), 1);
}

#[tokio::test]
async fn a_secret_that_is_issued_stale_again_and_again_is_deleted_once_and_left_to_verification() {
    let ((call, clock), (server, _)) = (call(), stale());
    server.reissue(OWN, json!({"data": ca().1}));
    let site = site(&server, TlsCleanup::StaleOnly);
    let step = site.remove_stale_tls();
    for _ in 0..30 {
        let seen = observe(step.as_ref(), &call).await;
        step.apply(&call, &seen).await.expect("applied");
        clock.advance(std::time::Duration::from_secs(60));
    }
    let seen = observe(step.as_ref(), &call).await;
    assert_eq!((seen.state, deletes(&server)), (StepState::Done, 1));
    assert!(seen.found.contains("issued anew"), "{}", seen.found);
    operator(&server, 1, &json!([]));
    pod(&server);
    let verified = observe(site.verify_standby().as_ref(), &call).await;
    assert_eq!(verified.state, StepState::Todo);
    assert!(verified.found.contains("TLS secret logscale is from CA"), "{}", verified.found);
}

#[tokio::test]
async fn with_always_a_secret_is_deleted_once_even_if_what_comes_back_looks_old() {
    let ((call, _), (server, issued)) = (call(), stale());
    let old = json!({"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"}, "data": issued});
    server.put(OWN, old.clone());
    server.reissue(OWN, old);
    once(site(&server, TlsCleanup::Always).remove_stale_tls().as_ref(), &call).await;
    assert_eq!(deletes(&server), 1);
}

#[tokio::test]
async fn a_time_of_creation_at_the_end_of_time_is_no_panic() {
    let ((call, _), (server, issued)) = (call(), stale());
    server.put(OWN, json!({"metadata": {"creationTimestamp": "9999-12-30T22:00:00Z"}, "data": issued}));
    let seen = observe(site(&server, TlsCleanup::Always).remove_stale_tls().as_ref(), &call).await;
    assert_eq!(seen.state, StepState::Done, "{}", seen.found);
}

#[tokio::test]
async fn a_secret_that_somebody_else_replaced_meanwhile_is_never_aimed_at_again() {
    let ((call, _), (server, _)) = (call(), stale());
    let step = site(&server, TlsCleanup::StaleOnly).remove_stale_tls();
    let seen = observe(step.as_ref(), &call).await;
    server.put(OWN, json!({"data": ca().1}));
    let fault = step.apply(&call, &seen).await.expect_err("another secret");
    assert_eq!(fault.class, FaultClass::Conflict);
    assert_eq!(deletes(&server), 1);
    assert_eq!(observe(step.as_ref(), &call).await.state, StepState::Done, "the one that was judged is gone");
}

#[tokio::test]
async fn a_secret_that_was_only_written_meanwhile_is_judged_again_and_goes() {
    let ((call, _), (server, _)) = (call(), stale());
    let step = site(&server, TlsCleanup::StaleOnly).remove_stale_tls();
    let seen = observe(step.as_ref(), &call).await;
    server.put(OWN, server.object(OWN).expect("there"));
    assert_eq!(step.apply(&call, &seen).await.expect_err("another version").class, FaultClass::Conflict);
    once(step.as_ref(), &call).await;
    assert!(server.object(OWN).is_none());
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_not_repeated_on_what_came_after() {
    let ((call, _), (server, _)) = (call(), stale());
    server.reissue(OWN, json!({"data": ca().1}));
    let step = site(&server, TlsCleanup::StaleOnly).remove_stale_tls();
    let seen = observe(step.as_ref(), &call).await;
    server.lose_next_answer();
    step.apply(&call, &seen).await.expect_err("no answer");
    assert_eq!((observe(step.as_ref(), &call).await.state, deletes(&server)), (StepState::Done, 1));
}

#[tokio::test]
async fn a_later_failover_of_the_same_process_deletes_again() {
    let ((call, clock), (server, _)) = (call(), stale());
    let step = site(&server, TlsCleanup::StaleOnly).remove_stale_tls();
    once(step.as_ref(), &call).await;
    clock.advance(std::time::Duration::from_secs(3600));
    server.put(OWN, json!({"data": ca().1}));
    once(step.as_ref(), &call).await;
    assert_eq!(deletes(&server), 2);
}

#[tokio::test]
async fn one_run_deletes_a_bounded_number_of_secrets_and_the_clusters_own_among_them() {
    let ((call, _), (server, _)) = (call(), stale());
    let former = ca().1;
    for number in 0..120 {
        let metadata = json!({"annotations": {"cert-manager.io/issuer-name": "logscale"}});
        let path = format!("api/v1/secrets/logscale-core-n{number:05}");
        server.put(&path, json!({"type": "kubernetes.io/tls", "metadata": metadata, "data": former}));
    }
    let after = once(site(&server, TlsCleanup::StaleOnly).remove_stale_tls().as_ref(), &call).await;
    assert_eq!(deletes(&server), 50);
    assert!(server.object(OWN).is_none());
    assert!(after.found.contains("one too many for one run"), "{}", after.found);
}

/// The checks of a look by name.
async fn checks(server: &FakeApi, name: &str) -> Check {
    let fitness = site(server, TlsCleanup::StaleOnly).standby().fitness(&call().0).await.expect("looked at");
    fitness.checks.into_iter().find(|check| check.name == name).expect("checked")
}

fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("YAML")
}

#[tokio::test]
async fn without_cert_manager_no_secret_is_expected_and_none_is_deleted() {
    let ((call, _), server) = (call(), FakeApi::default());
    for mut object in documents(include_str!("../../../../tests/cases/humiocluster-tls-without-cert-manager.yaml")) {
        match object["kind"].as_str() {
            Some("HumioCluster") => {
                object["status"] = json!({"state": "Running", "observedGeneration": "1"});
                server.put(CLUSTER, object);
            }
            _ => operator(&server, 1, &object["spec"]["template"]["spec"]["containers"]),
        }
    }
    pod(&server);
    let standby = site(&server, TlsCleanup::StaleOnly);
    let verified = observe(standby.verify_standby().as_ref(), &call).await;
    assert_eq!(verified.state, StepState::Done, "{}", verified.found);
    // A secret of that name that somebody made by hand is not the operator's business, and nobody would issue it again.
    server.put(OWN, json!({"data": {"tls.crt": "eA=="}}));
    let mut asleep = server.object(DEPLOYMENT).expect("there");
    asleep["spec"]["replicas"] = 0.into();
    server.put(DEPLOYMENT, asleep);
    for cleanup in [TlsCleanup::StaleOnly, TlsCleanup::Always] {
        let seen = observe(site(&server, cleanup).remove_stale_tls().as_ref(), &call).await;
        assert_eq!(seen.state, StepState::Done, "{cleanup:?}: {}", seen.found);
    }
    assert_eq!(checks(&server, "tls-secrets").await.level, Level::Good);
}

#[tokio::test]
async fn an_operator_that_is_told_nothing_of_cert_manager_counts_as_without_it_until_there_are_signs_of_it() {
    let ((call, _), server) = (call(), FakeApi::default());
    cluster(&server);
    pod(&server);
    let verified = async |containers: Value| {
        operator(&server, 1, &containers);
        observe(site(&server, TlsCleanup::StaleOnly).verify_standby().as_ref(), &call).await
    };
    let unsaid = json!([{"name": "humio-operator"}]);
    assert_eq!(verified(unsaid.clone()).await.state, StepState::Done);
    let used = json!([{"env": [{"name": "USE_CERTMANAGER", "value": "true"}]}]);
    assert_eq!(verified(used).await.state, StepState::Todo, "it will be issued");
    server.put(PAIR, json!({"data": ca().0}));
    assert_eq!(verified(unsaid).await.state, StepState::Todo, "there is a CA, so somebody issues");
}

#[tokio::test]
async fn a_ca_secret_without_its_key_is_an_error_and_blocks_the_clean_up_alone() {
    let ((call, _), server) = (call(), FakeApi::default());
    cluster(&server);
    let mut declared = server.object(CLUSTER).expect("there");
    declared["spec"]["tls"]["caSecretName"] = "my-ca".into();
    server.put(CLUSTER, declared);
    operator(&server, 0, &json!([]));
    let secret = documents(include_str!("../../../../tests/cases/ca-secret-without-key.yaml")).remove(0);
    server.put("api/v1/secrets/my-ca", secret.clone());
    let check = checks(&server, "tls-secrets").await;
    assert_eq!(check.level, Level::Error);
    assert!(check.found.contains("my-ca has no tls.key; the operator refuses it"), "{}", check.found);
    let step = site(&server, TlsCleanup::StaleOnly).remove_stale_tls();
    assert!(matches!(observe(step.as_ref(), &call).await.state, StepState::Blocked { .. }));
    assert_eq!(step.need(), holdfast_core::step::Need::Owed, "the operator is started all the same");
    let mut empty = secret;
    empty["data"]["tls.key"] = "".into();
    server.put("api/v1/secrets/my-ca", empty);
    assert_eq!(checks(&server, "tls-secrets").await.level, Level::Error);
}

#[tokio::test]
async fn the_intermediate_ca_of_the_case_is_kept_and_verified() {
    let ((call, _), server) = (call(), FakeApi::default());
    for mut object in documents(include_str!("../../../../tests/cases/tls-intermediate-ca.yaml")) {
        let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
        if object["kind"] == "HumioCluster" {
            object["status"] = json!({"state": "Running", "observedGeneration": "1"});
            server.put(CLUSTER, object);
        } else {
            server.put(&format!("api/v1/secrets/{name}"), object);
        }
    }
    operator(&server, 1, &json!([{"env": [{"name": "USE_CERTMANAGER", "value": "true"}]}]));
    pod(&server);
    let standby = site(&server, TlsCleanup::StaleOnly);
    let (removed, verified) = (standby.remove_stale_tls(), standby.verify_standby());
    for step in [removed.as_ref() as &dyn Step, verified.as_ref()] {
        let seen = observe(step, &call).await;
        assert_eq!(seen.state, StepState::Done, "{}: {}", step.name(), seen.found);
    }
    assert_eq!(checks(&server, "tls-secrets").await.level, Level::Good);
}

#[tokio::test]
async fn what_cannot_be_judged_is_kept_and_warned_of_and_does_not_hold_verification_back() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let ((call, _), server) = (call(), FakeApi::default());
    cluster(&server);
    operator(&server, 1, &json!([]));
    pod(&server);
    let text = include_str!("../../tests/fixtures/algorithms/brainpool.pem");
    let (ca, leaf) = text.split_at(text.rfind("-----BEGIN").expect("two"));
    let (ca, leaf) = (STANDARD.encode(ca), STANDARD.encode(leaf));
    server.put(PAIR, json!({"data": {"tls.crt": ca, "tls.key": "eA=="}}));
    server.put(OWN, json!({"data": {"ca.crt": ca, "tls.crt": leaf}}));
    let standby = site(&server, TlsCleanup::StaleOnly);
    let removed = observe(standby.remove_stale_tls().as_ref(), &call).await;
    assert_eq!(removed.state, StepState::Done, "{}", removed.found);
    let verified = observe(standby.verify_standby().as_ref(), &call).await;
    assert_eq!(verified.state, StepState::Done, "{}", verified.found);
    for found in [&removed.found, &verified.found] {
        assert!(found.contains("cannot be judged"), "{found}");
    }
    assert_eq!(checks(&server, "tls-secrets").await.level, Level::Warning);
}

#[tokio::test]
async fn the_certificates_that_running_pods_use_are_verified_too() {
    let ((call, _), server) = (call(), FakeApi::default());
    cluster(&server);
    operator(&server, 1, &json!([]));
    pod(&server);
    let (now, issued) = ca();
    server.put(PAIR, json!({"data": now}));
    server.put(OWN, json!({"data": issued}));
    let node = "api/v1/secrets/logscale-core-abcdef";
    let metadata = json!({"annotations": {"cert-manager.io/issuer-name": "logscale"}});
    server.put(node, json!({"metadata": metadata, "data": ca().1}));
    let verify = site(&server, TlsCleanup::StaleOnly).verify_standby();
    let seen = observe(verify.as_ref(), &call).await;
    assert_eq!(seen.state, StepState::Todo);
    assert!(seen.found.contains("logscale-core-abcdef, which a pod uses, is from CA"), "{}", seen.found);
    let clean = observe(site(&server, TlsCleanup::StaleOnly).remove_stale_tls().as_ref(), &call).await;
    assert_eq!(clean.state, StepState::Done, "what a pod uses is not deleted: {}", clean.found);
    server.put(node, json!({"metadata": metadata, "data": issued}));
    assert_eq!(observe(verify.as_ref(), &call).await.state, StepState::Done);
}
