use aws_sdk_route53::types::HealthCheckType;
use serde_json::json;

use super::*;
use crate::testing::{Reply, Server, call, route53_error, xml};

fn config() -> LockConfig {
    LockConfig {
        health_check_id: "hc".to_owned(),
        primary_fqdn: Some("p.example.com".to_owned()),
        lock_fqdn: LOCK_NAME.to_owned(),
    }
}

fn found() -> Found {
    Found {
        kind: HealthCheckType::Https,
        fqdn: Some("p.example.com".to_owned()),
        address: None,
        inverted: false,
        disabled: false,
        version: 7,
        owner: None,
    }
}

fn named(name: &str) -> Found {
    Found { fqdn: Some(name.to_owned()), ..found() }
}

fn why(found: &Found) -> String {
    match found.judge(&config()).state {
        StepState::Blocked { why } => why,
        other => panic!("{other:?} instead of blocked"),
    }
}

#[test]
fn an_unlocked_check_is_to_be_locked_at_the_version_that_was_seen() {
    let seen = found().judge(&config());
    assert_eq!(seen.state, StepState::Todo);
    assert_eq!(seen.precondition, json!({"health_check_version": 7, "fqdn": "p.example.com", "inverted": false}));
    assert_eq!(seen.found, "HTTPS p.example.com, version 7");
}

#[test]
fn a_check_of_the_lock_name_is_locked_however_it_is_spelt() {
    for name in [LOCK_NAME, "Failover-Locked.INVALID", "failover-locked.invalid."] {
        assert_eq!(named(name).judge(&config()).state, StepState::Done, "{name}");
    }
}

#[test]
fn a_check_of_any_name_that_never_resolves_is_locked_and_no_name_to_go_back_to() {
    for name in ["locked-by-hand.invalid", "x.INVALID.", "invalid"] {
        let seen = named(name).judge(&config());
        assert!(seen.state == StepState::Done && seen.found.contains("never resolves"), "{seen:?}");
        assert!(named(name).is_of_another(&config()).is_some_and(|why| why.contains("never resolves")));
        assert_eq!(Found { inverted: true, ..named(name) }.judge(&config()).state, StepState::Todo, "{name}");
    }
    for name in ["invalid.example.com", "x-invalid", "notinvalid"] {
        assert_eq!(named(name).judge(&config()).state, StepState::Todo, "{name}");
    }
}

#[test]
fn whose_metrics_they_are_is_said_by_the_name_that_is_watched() {
    let other = |found: &Found, primary: Option<&str>| {
        found.is_of_another(&LockConfig { primary_fqdn: primary.map(str::to_owned), ..config() })
    };
    let q = named("q.example.com");
    assert!(other(&q, Some("p.example.com")).is_some_and(|why| why.contains("q.example.com") && why.contains("p.")));
    assert_eq!(other(&q, None), None, "no name is configured");
    assert_eq!(other(&named("P.example.com."), Some("p.example.com")), None);
    assert_eq!(other(&named(LOCK_NAME), Some("p.example.com")), None, "that is the lock's own matter");
    let by_address = Found { address: Some("192.0.2.1".to_owned()), ..q.clone() };
    assert_eq!(other(&by_address, Some("p.example.com")), None, "the name is a header");
    assert_eq!(other(&Found { fqdn: None, ..q }, Some("p.example.com")), None);
}

#[test]
fn an_inverted_check_of_the_lock_name_is_healthy_for_ever_and_so_not_locked() {
    assert_eq!(Found { inverted: true, ..named(LOCK_NAME) }.judge(&config()).state, StepState::Todo);
}

#[test]
fn a_disabled_check_is_locked_only_when_it_is_inverted_too() {
    assert_eq!(Found { disabled: true, inverted: true, ..found() }.judge(&config()).state, StepState::Done);
    assert!(why(&Found { disabled: true, ..found() }).contains("healthy for ever"));
    assert!(why(&Found { disabled: true, ..named(LOCK_NAME) }).contains("healthy for ever"));
}

#[test]
fn a_check_by_address_is_not_locked_by_a_name() {
    let by_address = Found { address: Some("192.0.2.1".to_owned()), ..named(LOCK_NAME) };
    assert!(why(&by_address).contains("Host header"));
}

#[test]
fn checks_that_watch_no_name_cannot_be_locked_by_one() {
    for kind in [HealthCheckType::Calculated, HealthCheckType::CloudwatchMetric, HealthCheckType::RecoveryControl] {
        assert!(why(&Found { kind: kind.clone(), fqdn: None, ..found() }).contains(kind.as_str()));
    }
    assert!(why(&Found { fqdn: None, ..found() }).contains("no name"));
    assert!(why(&Found { owner: Some("servicediscovery.amazonaws.com".to_owned()), ..found() }).contains("belongs to"));
}

#[test]
fn a_name_that_is_not_the_configured_one_is_mentioned() {
    assert_eq!(
        named("q.example.com").judge(&config()).found,
        "HTTPS q.example.com (configured: p.example.com), version 7"
    );
    assert!(!named(LOCK_NAME).judge(&config()).found.contains("configured"));
}

#[test]
fn the_way_back_is_in_the_fence() {
    let precondition = Found { inverted: true, ..found() }.judge(&config()).precondition;
    let original = Original { fqdn: "p.example.com".to_owned(), inverted: true };
    assert_eq!(Original::of_precondition(&precondition), Some(original));
    assert_eq!(Original::of_precondition(&serde_json::Value::Null), None);
}

fn check(root: &str, fqdn: &str, version: i64, extra: &str) -> Reply {
    xml(&format!(
        "<{root} xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HealthCheck><Id>hc</Id>\
         <CallerReference>r</CallerReference><HealthCheckConfig><Port>443</Port><Type>HTTPS</Type>\
         <FullyQualifiedDomainName>{fqdn}</FullyQualifiedDomainName>{extra}</HealthCheckConfig>\
         <HealthCheckVersion>{version}</HealthCheckVersion></HealthCheck></{root}>"
    ))
}

fn got(fqdn: &str, version: i64) -> Reply {
    check("GetHealthCheckResponse", fqdn, version, "<Inverted>false</Inverted>")
}

fn updated(fqdn: &str, version: i64) -> Reply {
    check("UpdateHealthCheckResponse", fqdn, version, "")
}

async fn lock(answers: Vec<Reply>) -> (HealthCheckLock, Server) {
    let server = Server::start(answers).await;
    (HealthCheckLock::new(Arc::new(server.sdk()), config()), server)
}

#[tokio::test]
async fn the_lock_is_sent_with_the_version_that_was_seen_and_reads_back_as_done() {
    let answers = vec![got("p.example.com", 7), updated(LOCK_NAME, 8), got(LOCK_NAME, 8)];
    let (lock, server) = lock(answers).await;
    let seen = lock.observe(&call()).await.expect("seen");
    lock.apply(&call(), &seen).await.expect("applied");
    assert_eq!(lock.observe(&call()).await.expect("seen").state, StepState::Done);
    let sent = &server.requests()[1];
    let body = String::from_utf8_lossy(&sent.body).into_owned();
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/2013-04-01/healthcheck/hc"));
    assert!(body.contains("<HealthCheckVersion>7</HealthCheckVersion>"), "{body}");
    assert!(body.contains("<FullyQualifiedDomainName>failover-locked.invalid</FullyQualifiedDomainName>"), "{body}");
    assert!(!body.contains("Inverted"), "what is not changed is not sent: {body}");
}

#[tokio::test]
async fn an_inverted_check_is_turned_back_by_the_lock() {
    let inverted = check("GetHealthCheckResponse", "p.example.com", 7, "<Inverted>true</Inverted>");
    let (lock, server) = lock(vec![inverted, updated(LOCK_NAME, 8)]).await;
    let seen = lock.observe(&call()).await.expect("seen");
    lock.apply(&call(), &seen).await.expect("applied");
    assert!(String::from_utf8_lossy(&server.requests()[1].body).contains("<Inverted>false</Inverted>"));
}

#[tokio::test]
async fn a_changed_health_check_is_a_conflict_and_nothing_is_overwritten() {
    let (lock, _server) =
        lock(vec![got("p.example.com", 7), route53_error(409, "HealthCheckVersionMismatch", "8")]).await;
    let seen = lock.observe(&call()).await.expect("seen");
    assert_eq!(lock.apply(&call(), &seen).await.expect_err("conflict").class, FaultClass::Conflict);
}

#[tokio::test]
async fn an_update_that_changed_nothing_is_a_fault() {
    let (lock, _server) = lock(vec![got("p.example.com", 7), updated("p.example.com", 8)]).await;
    let seen = lock.observe(&call()).await.expect("seen");
    assert_eq!(lock.apply(&call(), &seen).await.expect_err("not locked").class, FaultClass::Server);
}

#[tokio::test]
async fn nothing_is_sent_without_a_fence() {
    let (lock, server) = lock(vec![]).await;
    for seen in [Observation::done("locked"), Observation::todo("?", json!({"fqdn": "p"}))] {
        assert_eq!(lock.apply(&call(), &seen).await.expect_err("no precondition").class, FaultClass::Invalid);
    }
    assert!(server.requests().is_empty());
}

/// The way back of `lock`, with what a record kept.
fn back(lock: &HealthCheckLock, fqdn: &str) -> Arc<dyn Step> {
    let precondition = json!({"health_check_version": 7, "fqdn": fqdn, "inverted": false});
    lock.inverse(Some(&Observation::todo("before", precondition))).expect("there is a way back")
}

#[tokio::test]
async fn unlocking_gives_the_name_back_at_the_version_that_was_seen_and_once() {
    let answers = vec![got(LOCK_NAME, 8), updated("q.example.com", 9), got("q.example.com", 9)];
    let (lock, server) = lock(answers).await;
    let unlock = back(&lock, "q.example.com");
    let seen = unlock.observe(&call()).await.expect("seen");
    assert_eq!((unlock.name(), &seen.state), ("unlock-traffic", &StepState::Todo));
    unlock.apply(&call(), &seen).await.expect("unlocked");
    let again = unlock.observe(&call()).await.expect("seen");
    assert_eq!(again.state, StepState::Done);
    assert_eq!(unlock.apply(&call(), &again).await.expect_err("nothing to do").class, FaultClass::Invalid);
    let requests = server.requests();
    assert_eq!(requests.iter().filter(|request| request.method == "POST").count(), 1);
    assert!(String::from_utf8_lossy(&requests[1].body).contains("<HealthCheckVersion>8</HealthCheckVersion>"));
}

#[tokio::test]
async fn what_is_not_locked_is_left_as_it_is() {
    let (lock, server) = lock(vec![got("elsewhere.example.com", 8)]).await;
    let seen = back(&lock, "p.example.com").observe(&call()).await.expect("seen");
    assert_eq!((seen.state, server.requests().len()), (StepState::Done, 1));
}

#[tokio::test]
async fn nobody_goes_back_to_the_lock_name_or_to_no_name() {
    for fqdn in ["", "  ", "Failover-locked.invalid."] {
        let (lock, _server) = lock(vec![got(LOCK_NAME, 8), got(LOCK_NAME, 8)]).await;
        let configured = back(&lock, fqdn).observe(&call()).await.expect("seen");
        assert_eq!(configured.precondition["fqdn"], "p.example.com", "the configured name stands for it");
        let nameless = HealthCheckLock { config: LockConfig { primary_fqdn: None, ..config() }, ..lock };
        let seen = back(&nameless, fqdn).observe(&call()).await.expect("seen");
        assert!(matches!(&seen.state, StepState::Blocked { why } if why.contains("PRIMARY_HEALTH_CHECK_FQDN")));
    }
}
