//! The steps on the server in memory: what they send, and that it is fenced.

use std::{sync::Arc, time::Duration};

use holdfast_core::{
    Call, FaultClass,
    ports::{Lease, StateStore},
    step::{Need, Step, StepState},
};
use serde_json::{Value, json};

use crate::{
    TlsCleanup,
    testing::{FakeApi, call},
};

const DEPLOYMENT: &str = "apis/apps/v1/deployments/humio-operator";
const CLUSTER: &str = "apis/core.humio.com/v1alpha1/humioclusters/logging";
const OWN: &str = "api/v1/secrets/logging";
const PAIR: &str = "api/v1/secrets/logging-ca-keypair";

fn encoded(text: &str) -> Value {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(text).into()
}

fn ca() -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = rcgen::CertifiedIssuer::self_signed(params, key).expect("a CA");
    let key = rcgen::KeyPair::generate().expect("a key");
    let leaf = rcgen::CertificateParams::default().signed_by(&key, &ca).expect("a leaf");
    (ca.pem(), leaf.pem())
}

/// A standby that sleeps, with a TLS secret of the current CA or of a former one.
fn standby(stale: bool) -> FakeApi {
    let server = FakeApi::default();
    server.put(DEPLOYMENT, json!({"metadata": {"generation": 1}, "spec": {"replicas": 0}}));
    server.put(CLUSTER, json!({"metadata": {"generation": 1}, "spec": {"nodeCount": 1}, "status": {}}));
    let (current, issued) = (ca(), ca());
    let issued = if stale { issued } else { current.clone() };
    server.put(PAIR, json!({"data": {"tls.crt": encoded(&current.0), "tls.key": encoded("KEY")}}));
    let data = json!({"ca.crt": encoded(&issued.0), "tls.crt": encoded(&issued.1), "tls.key": encoded("KEY")});
    server.put(OWN, json!({"metadata": {"creationTimestamp": "2025-06-01T00:00:00Z"}, "data": data}));
    server
}

fn step(server: &FakeApi, cleanup: TlsCleanup) -> Arc<crate::steps::RemoveStaleTls> {
    let site = crate::testing::site(server, |options| {
        options.humio_cluster = Some("logging".into());
        options.tls_cleanup = cleanup;
    });
    site.remove_stale_tls()
}

async fn drive(step: &dyn Step, call: &Call) {
    let seen = step.observe(call).await.expect("seen");
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    step.apply(call, &seen).await.expect("applied");
    let after = step.observe(call).await.expect("seen");
    assert_eq!(after.state, StepState::Done, "{}", after.found);
}

#[tokio::test]
async fn a_stale_secret_is_removed_and_a_fresh_one_kept() {
    let (call, _) = call();
    let server = standby(true);
    drive(step(&server, TlsCleanup::StaleOnly).as_ref(), &call).await;
    assert!(server.object(OWN).is_none() && server.object(PAIR).is_some());
    let fresh = standby(false);
    let seen = step(&fresh, TlsCleanup::StaleOnly).observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Done, "{}", seen.found);
}

#[tokio::test]
async fn a_secret_that_was_issued_anew_since_it_was_judged_is_not_deleted() {
    let ((call, _), server) = (call(), standby(true));
    let step = step(&server, TlsCleanup::StaleOnly);
    let seen = step.observe(&call).await.expect("seen");
    let reissued = server.object(OWN).expect("there");
    server.put(OWN, reissued);
    let fault = step.apply(&call, &seen).await.expect_err("another version");
    assert_eq!(fault.class, FaultClass::Conflict);
    assert!(server.object(OWN).is_some());
}

#[tokio::test]
async fn a_secret_that_is_gone_already_is_as_good_as_deleted() {
    let ((call, _), server) = (call(), standby(true));
    let step = step(&server, TlsCleanup::StaleOnly);
    let seen = step.observe(&call).await.expect("seen");
    step.apply(&call, &seen).await.expect("deleted");
    step.apply(&call, &seen).await.expect("a second time does no harm");
}

#[tokio::test]
async fn always_takes_a_matching_secret_once_and_leaves_its_successor() {
    let ((call, _), server) = (call(), standby(false));
    let step = step(&server, TlsCleanup::Always);
    let mut successor = server.object(OWN).expect("there");
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    step.apply(&call, &seen).await.expect("applied");
    successor["metadata"] = json!({"creationTimestamp": "2025-12-31T23:59:59Z"});
    server.put(OWN, successor);
    assert_eq!(step.observe(&call).await.expect("seen").state, StepState::Done);
}

#[tokio::test]
async fn always_leaves_a_secret_that_is_younger_than_the_longest_run_of_a_function() {
    let ((call, _), server) = (call(), standby(false));
    let mut secret = server.object(OWN).expect("there");
    for (made, standing) in [("2025-12-31T23:40:00Z", StepState::Done), ("2025-12-31T23:39:59Z", StepState::Todo)] {
        secret["metadata"] = json!({"creationTimestamp": made});
        server.put(OWN, secret.clone());
        let seen = step(&server, TlsCleanup::Always).observe(&call).await.expect("seen");
        assert_eq!(seen.state, standing, "made at {made}, looked at 20 minutes after 23:40: {}", seen.found);
    }
}

#[tokio::test]
async fn always_leaves_the_secret_of_an_operator_that_runs() {
    let ((call, _), server) = (call(), standby(false));
    server.put(DEPLOYMENT, json!({"spec": {"replicas": 1}}));
    let seen = step(&server, TlsCleanup::Always).observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Done, "{}", seen.found);
}

#[tokio::test]
async fn switched_off_or_without_a_cluster_nothing_is_asked() {
    let ((call, _), server) = (call(), standby(true));
    assert_eq!(step(&server, TlsCleanup::Off).observe(&call).await.expect("seen").state, StepState::Done);
    let seen = crate::testing::site(&server, |_| ()).remove_stale_tls().observe(&call).await.expect("seen");
    assert_eq!((seen.state, seen.found.as_str()), (StepState::Done, "no HumioCluster is configured"));
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test]
async fn records_know_the_steps_by_names_that_stay_and_which_of_them_only_watch() {
    let site = crate::testing::site(&standby(false), |_| ());
    let (tls, scale, verify) = (site.remove_stale_tls(), site.scale_operator(), site.verify_standby());
    let steps: [&dyn Step; 3] = [tls.as_ref(), scale.as_ref(), verify.as_ref()];
    let told = steps.map(|step| (step.name(), step.need(), step.is_verification()));
    let (required, owed) = (Need::Required, Need::Owed);
    let expected =
        [("remove-stale-tls", owed, false), ("scale-operator", required, false), ("verify-standby", owed, true)];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_operator_is_scaled_up_on_the_version_that_was_seen() {
    let ((call, _), server) = (call(), standby(false));
    let step = crate::testing::site(&server, |_| ()).scale_operator();
    let stale = step.observe(&call).await.expect("seen");
    let deployment = server.object(DEPLOYMENT).expect("there");
    server.put(DEPLOYMENT, deployment);
    assert_eq!(step.apply(&call, &stale).await.expect_err("another version").class, FaultClass::Conflict);
    drive(step.as_ref(), &call).await;
    assert_eq!(server.object(DEPLOYMENT).expect("there")["spec"]["replicas"], 1);
}

#[tokio::test]
async fn an_operator_that_is_not_there_blocks_and_is_named() {
    let ((call, _), server) = (call(), FakeApi::default());
    let seen = crate::testing::site(&server, |_| ()).scale_operator().observe(&call).await.expect("seen");
    let StepState::Blocked { why } = seen.state else { panic!("{:?}", seen.state) };
    assert!(why.contains("humio-operator in namespace logging"), "{why}");
}

#[tokio::test]
async fn an_error_of_the_server_is_a_fault_and_never_a_zero() {
    let ((call, _), server) = (call(), standby(false));
    server.fail_next(500);
    let fault = crate::testing::site(&server, |_| ()).scale_operator().observe(&call).await.expect_err("unknown");
    assert_eq!(fault.class, FaultClass::Server);
}

#[tokio::test]
async fn one_look_of_all_asks_for_each_thing_once() {
    let ((call, _), server) = (call(), standby(true));
    server.put("apis/coordination.k8s.io/v1/leases/holdfast", json!({"spec": {}}));
    server.put("api/v1/configmaps/holdfast", json!({}));
    let site = crate::testing::site(&server, |options| options.humio_cluster = Some("logging".into()));
    let (tls, scale, verify) = (site.remove_stale_tls(), site.scale_operator(), site.verify_standby());
    let (standby, lease, store) = (site.standby(), site.lease(), site.store());
    let (_, _, _, _, (), _) = futures_util::join!(
        tls.observe(&call),
        scale.observe(&call),
        verify.observe(&call),
        standby.fitness(&call),
        lease.prime(&call),
        store.load(&call),
    );
    let mut log = server.log();
    log.sort();
    assert_eq!(
        log,
        [
            "GET api/v1/configmaps/holdfast",
            "GET api/v1/pods",
            "GET api/v1/secrets",
            "GET api/v1/secrets",
            &format!("GET {DEPLOYMENT}"),
            "GET apis/coordination.k8s.io/v1/leases/holdfast",
            &format!("GET {CLUSTER}"),
        ]
    );
}

#[tokio::test]
async fn what_is_found_holds_no_key() {
    let ((call, clock), server) = (call(), standby(true));
    clock.advance(Duration::from_secs(1));
    let seen = step(&server, TlsCleanup::StaleOnly).observe(&call).await.expect("seen");
    let said = serde_json::to_string(&seen).expect("JSON");
    assert!(said.contains("sha256:") && !said.contains("KEY") && !said.contains("BEGIN"), "{said}");
}
