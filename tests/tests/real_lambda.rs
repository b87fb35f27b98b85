//! The AWS function under AWS's own runtime interface emulator, with the simulated clouds behind it: start, tick, alarm, error,
//! time-out. `make test-real` drives the build of the tests, `make test-package` the packaged executables of both architectures.

use std::{path::Path, time::Duration};

use holdfast_simulator::{
    Options, Simulator,
    world::{Outage, Past},
};
use holdfast_testbed::{LambdaEmulator, find::lambda_emulator, required_or_skipped};
use holdfast_tests::function::packaged_bootstrap;
use serde_json::{Value, json};

/// Longer than a failover on the simulated clouds.
const AMPLE: Duration = Duration::from_secs(60);

/// The simulated clouds, which start no function themselves.
async fn clouds() -> Simulator {
    // An emulated processor is slow: the calls get the time that they have in an account.
    let own =
        [("HOLDFAST_CALL_TIMEOUT_SECONDS", "5"), ("HOLDFAST_OBSERVE_SECONDS", "10"), ("HOLDFAST_LEASE_SECONDS", "130")];
    let function_env = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let clouds = Simulator::start(Options { function_env, ..Options::default() }).await.expect("the simulated clouds");
    clouds.world().set_scheduler(false);
    clouds
}

/// The emulator with the function, which is told where `clouds` are and what `change` says beside it.
async fn function(emulator: &Path, clouds: &Simulator, timeout: Duration, change: &[(&str, &str)]) -> LambdaEmulator {
    let mut variables = clouds.function_env();
    variables.extend(change.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let bootstrap = packaged_bootstrap().await;
    LambdaEmulator::start(emulator, &bootstrap, timeout, &variables).await.expect("the emulator")
}

fn tick() -> Value {
    json!({"source": "failover.schedule"})
}

/// The alarm as CloudWatch hands it to Lambda, about the simulated health check.
fn alarm(clouds: &Simulator) -> Value {
    let fixture = include_str!("../../functions/aws-lambda/fixtures/direct-metric-alarm.json");
    let ours = &clouds.function_env()["PRIMARY_HEALTH_CHECK_ID"];
    serde_json::from_str(&fixture.replace("11111111-2222-4333-8444-555555555555", ours)).expect("the fixture is JSON")
}

fn fail_for_five_minutes(clouds: &Simulator) {
    clouds.world().break_primary(Outage::Refuse);
    clouds.world().settle_checkers();
    clouds.world().publish_history(&[Past::Failing; 5]);
}

#[tokio::test]
async fn it_starts_and_stands_down_on_a_tick_of_a_healthy_primary() {
    let Some(emulator) = required_or_skipped(lambda_emulator()) else { return };
    let clouds = clouds().await;
    let function = function(&emulator, &clouds, AMPLE, &[]).await;

    let nothing = function.invoke(&json!({})).await.unwrap();
    let answer = function.invoke(&tick()).await.unwrap();

    let log = function.log();
    assert_eq!(nothing["outcome"], "ignored", "{nothing} {log}");
    assert_eq!(answer["outcome"], "stood_down", "{answer} {log}");
    assert_eq!(log.matches("Init Duration").count(), 1, "one process serves both: {log}");
}

#[tokio::test]
async fn an_alarm_about_a_primary_that_has_been_down_is_a_failover() {
    let Some(emulator) = required_or_skipped(lambda_emulator()) else { return };
    let clouds = clouds().await;
    let function = function(&emulator, &clouds, AMPLE, &[]).await;
    fail_for_five_minutes(&clouds);

    let answer = function.invoke(&alarm(&clouds)).await.unwrap();

    assert_eq!(answer["outcome"], "completed", "{answer} {}", function.log());
    assert_eq!(clouds.world().health_check().config.name.as_deref(), Some("failover-locked.invalid"));
}

#[tokio::test]
async fn an_alarm_that_has_to_wait_longer_than_the_call_is_an_error_before_the_time_is_up() {
    let Some(emulator) = required_or_skipped(lambda_emulator()) else { return };
    let clouds = clouds().await;
    let holdoff = [("PRE_FAILOVER_FAILURE_SECONDS", "600"), ("HOLDFAST_MARGIN_SECONDS", "4")];
    let function = function(&emulator, &clouds, Duration::from_secs(20), &holdoff).await;
    fail_for_five_minutes(&clouds);

    let answer = function.invoke(&alarm(&clouds)).await.unwrap();

    assert_eq!(answer["errorType"], "Holdfast.Deferred", "{answer} {}", function.log());
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_an_error_that_names_the_variable() {
    let Some(emulator) = required_or_skipped(lambda_emulator()) else { return };
    let clouds = clouds().await;
    let function = function(&emulator, &clouds, AMPLE, &[("PRE_FAILOVER_FAILURE_SECONDS", "soon")]).await;

    let answer = function.invoke(&tick()).await.unwrap();

    assert_eq!(answer["errorType"], "Holdfast.Configuration", "{answer} {}", function.log());
    let message = answer["errorMessage"].as_str().unwrap_or_default();
    assert!(message.contains("PRE_FAILOVER_FAILURE_SECONDS"), "{message}");
}

#[tokio::test]
async fn after_a_call_that_timed_out_a_new_process_serves_the_next_one() {
    let Some(emulator) = required_or_skipped(lambda_emulator()) else { return };
    let clouds = clouds().await;
    let function = function(&emulator, &clouds, Duration::from_secs(10), &[]).await;
    function.invoke(&json!({})).await.unwrap();

    let frozen = function.freeze().unwrap();
    let late = function.invoke(&tick()).await.unwrap();
    let next = function.invoke(&tick()).await.unwrap();

    assert!(frozen >= 1, "{}", function.log());
    assert_eq!(late, "Task timed out after 10.00 seconds", "{}", function.log());
    assert_eq!(next["outcome"], "stood_down", "{next} {}", function.log());
}
