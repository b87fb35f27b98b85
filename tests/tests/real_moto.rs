//! The function's calls to AWS against moto, which others wrote. What moto cannot do is asserted as such, so that a
//! newer moto that can do it makes a test fail and the assertion grow (docs/reference/aws.md#moto).

use std::{sync::Arc, time::Duration};

use aws_sdk_eks::types::VpcConfigRequest;
use aws_sdk_route53::types::{HealthCheckConfig, HealthCheckType, builders::HealthCheckConfigBuilder};
use aws_sdk_ssm::types::ParameterType;
use holdfast_aws::{
    Environment, Sdk,
    cooldown::SsmCooldown,
    eks::EksConnector,
    history::CloudWatchHistory,
    live::CheckerStatus,
    lock::{HealthCheckLock, LOCK_NAME, LockConfig, Original},
    sdk::{METRIC_REGION, Options},
};
use holdfast_core::{
    Call, FaultClass, Timestamp,
    evidence::LiveStatus,
    ports::{CooldownStore, HistorySource, LiveSource},
    step::{Observation, Step, StepState},
};
use holdfast_http::Proxies;
use holdfast_kubernetes::Connector;
use holdfast_testbed::{Moto, Venv, required_or_skipped};
use holdfast_tests::{
    clock::call,
    test_cluster::{function, token},
};

const PRIMARY: &str = "primary.logscale.example";
const PARAMETER: &str = "/logscale-dr/handler/last-failover-timestamp";

/// The function's own clients, pointed at a moto of this test's own.
async fn moto() -> Option<(Moto, Arc<Sdk>)> {
    let venv = required_or_skipped(Venv::find())?;
    let moto = Moto::start(&venv).await.expect("moto");
    let endpoint = moto.endpoint();
    let variable = |name: &str| match name {
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("testing".to_owned()),
        _ => None,
    };
    let options = Options {
        cluster_region: "us-west-2".to_owned(),
        metric_region: METRIC_REGION.to_owned(),
        attempt_timeout: Duration::from_secs(30),
        proxies: Proxies::default(),
    };
    let environment = Environment::read(&variable).expect("credentials");
    Some((moto, Arc::new(Sdk::new(&environment, &options))))
}

async fn create(sdk: &Sdk, change: impl FnOnce(HealthCheckConfigBuilder) -> HealthCheckConfigBuilder) -> String {
    let config = HealthCheckConfig::builder()
        .r#type(HealthCheckType::Https)
        .fully_qualified_domain_name(PRIMARY)
        .port(443)
        .resource_path("/api/v1/status");
    let config = change(config).build().expect("a configuration");
    let request = sdk.route53.create_health_check().caller_reference(format!("{config:?}")).health_check_config(config);
    let answer = request.send().await.expect("created");
    answer.health_check().expect("a health check").id().to_owned()
}

async fn watched(sdk: &Sdk, id: &str) -> (String, bool) {
    let answer = sdk.route53.get_health_check().health_check_id(id).send().await.expect("a health check");
    let config = answer.health_check().and_then(|check| check.health_check_config()).expect("a configuration");
    let name = config.fully_qualified_domain_name().unwrap_or_default().to_owned();
    (name, config.inverted().unwrap_or_default())
}

fn lock(sdk: &Arc<Sdk>, id: &str) -> HealthCheckLock {
    let config = LockConfig {
        health_check_id: id.to_owned(),
        primary_fqdn: Some(PRIMARY.to_owned()),
        lock_fqdn: LOCK_NAME.to_owned(),
    };
    HealthCheckLock::new(Arc::clone(sdk), config)
}

#[tokio::test]
async fn a_health_check_is_locked_and_unlocked() {
    let Some((_moto, sdk)) = moto().await else { return };
    let id = create(&sdk, |config| config).await;
    let (lock, call) = (lock(&sdk, &id), call());

    let seen = lock.observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    lock.apply(&call, &seen).await.expect("locked");
    assert_eq!(watched(&sdk, &id).await, (LOCK_NAME.to_owned(), false));
    let locked = lock.observe(&call).await.expect("seen");
    assert_eq!(locked.state, StepState::Done, "{}", locked.found);

    let original = Original::of_precondition(&seen.precondition).expect("what to go back to");
    assert_eq!(original, Original { fqdn: PRIMARY.to_owned(), inverted: false });
    for _ in 0..2 {
        unlock(&lock, &seen, &call).await;
        assert_eq!(watched(&sdk, &id).await, (PRIMARY.to_owned(), false));
    }
    assert_eq!(lock.observe(&call).await.expect("seen").state, StepState::Todo);
    // moto takes any version, so this is no conflict there. The simulator, and AWS, refuse it.
    lock.apply(&call, &seen).await.expect("moto ignores HealthCheckVersion");
}

/// Takes the lock back to what `before` saw, unless it is.
async fn unlock(lock: &HealthCheckLock, before: &Observation, call: &Call) {
    let unlock = lock.inverse(Some(before)).expect("there is a way back");
    let seen = unlock.observe(call).await.expect("seen");
    if seen.state == StepState::Todo {
        unlock.apply(call, &seen).await.expect("unlocked");
    }
    assert_eq!(unlock.observe(call).await.expect("seen").state, StepState::Done);
}

#[tokio::test]
async fn what_cannot_simply_be_renamed_is_seen() {
    let Some((_moto, sdk)) = moto().await else { return };
    let call = call();

    let inverted = create(&sdk, |config| config.inverted(true)).await;
    let step = lock(&sdk, &inverted);
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    step.apply(&call, &seen).await.expect("locked");
    assert_eq!(watched(&sdk, &inverted).await, (LOCK_NAME.to_owned(), false), "else it would be healthy for ever");
    let original = Original::of_precondition(&seen.precondition).expect("what to go back to");
    assert!(original.inverted);
    unlock(&step, &seen, &call).await;
    assert_eq!(watched(&sdk, &inverted).await, (PRIMARY.to_owned(), true));

    let by_address = create(&sdk, |config| config.ip_address("192.0.2.10")).await;
    let seen = lock(&sdk, &by_address).observe(&call).await.expect("seen");
    assert!(matches!(&seen.state, StepState::Blocked { why } if why.contains("192.0.2.10")), "{seen:?}");

    let nothing = lock(&sdk, "00000000-0000-4000-8000-000000000000").observe(&call).await.expect_err("none");
    assert_eq!(nothing.class, FaultClass::NotFound, "{nothing}");
}

#[tokio::test]
async fn the_cooldown_is_kept_in_a_parameter_and_values_of_the_reference_are_read() {
    let Some((_moto, sdk)) = moto().await else { return };
    let (cooldown, call) = (SsmCooldown::new(Arc::clone(&sdk), PARAMETER), call());
    let at = |second: i64| Timestamp::from_second(second).expect("in range");
    assert_eq!(cooldown.last(&call).await.expect("an answer"), None, "no parameter is no failover");
    for second in [1_767_225_600, 1_767_225_900] {
        cooldown.set(&call, at(second)).await.expect("noted");
        assert_eq!(cooldown.last(&call).await.expect("an answer"), Some(at(second)));
    }
    let write = async |value: &str| {
        let request = sdk.ssm.put_parameter().name(PARAMETER).value(value).overwrite(true);
        request.r#type(ParameterType::String).send().await.expect("written");
    };
    write("0").await;
    assert_eq!(cooldown.last(&call).await.expect("an answer"), None);
    write("1767225600.5").await;
    assert_eq!(cooldown.last(&call).await.expect("an answer").map(Timestamp::as_millisecond), Some(1_767_225_600_500));
    write("yesterday").await;
    let fault = cooldown.last(&call).await.expect_err("no time");
    assert_eq!(fault.class, FaultClass::Invalid);
    assert!(fault.message.contains(PARAMETER) && fault.message.contains("yesterday"), "{fault}");
}

#[tokio::test]
async fn a_cluster_is_described_as_far_as_moto_goes() {
    let Some((_moto, sdk)) = moto().await else { return };
    let call = call();
    let create = sdk.eks.create_cluster().name("standby").role_arn("arn:aws:iam::123456789012:role/eks");
    create.resources_vpc_config(VpcConfigRequest::builder().build()).send().await.expect("created");
    let connector = |name: &str| EksConnector::new(Arc::clone(&sdk), name, None, Arc::new(token(&function())));

    let unknown = refused(&connector("another"), &call).await;
    assert_eq!(unknown.class, FaultClass::NotFound, "{unknown}");
    // moto's certificate authority is 1400 random letters: found, decoded or not, and then told to be no certificate.
    let described = refused(&connector("standby"), &call).await;
    assert_eq!(described.class, FaultClass::Invalid, "{described}");
    assert!(described.message.contains("not a certificate") || described.message.contains("not base64"), "{described}");
}

async fn refused(connector: &EksConnector, call: &holdfast_core::Call) -> holdfast_core::Fault {
    match connector.client(call).await {
        Ok(_) => panic!("connected to what is no cluster"),
        Err(fault) => fault,
    }
}

#[tokio::test]
async fn what_moto_cannot_do_of_health_is_a_fault_and_no_evidence() {
    let Some((_moto, sdk)) = moto().await else { return };
    let (id, call) = (create(&sdk, |config| config).await, call());

    // moto answers the CBOR protocol with a 404 page of its own: nothing is known of the metric, and it is not "no data".
    let history = CloudWatchHistory::new(Arc::clone(&sdk), &id, Duration::from_secs(60));
    let fault = history.history(&call, Duration::from_secs(600)).await.expect_err("moto speaks no CBOR");
    assert_eq!(fault.class, FaultClass::Server, "{fault}");
    assert!(fault.message.contains("404"), "{fault}");

    // Its checkers always report success, whatever they look at.
    let live = CheckerStatus::new(sdk, id).live(&call).await.expect("a status");
    assert_eq!(live, LiveStatus { healthy: 1, total: 1, verdict: Some(true) });
}
