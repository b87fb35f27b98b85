//! The permissions that we ship for OCI are the ones that the function uses: nothing refused, nothing unused.

use std::collections::BTreeSet;

use holdfast_core::record::State;
use holdfast_simulator::{
    Options, Simulator,
    clouds::oci::{FUNCTION_ID, Oci},
    kubernetes::{AuditEntry, StandbyFixture, TlsFixture},
    world::Outage,
};
use holdfast_tests::{
    function::oci_function,
    requests::eventually,
    role::{Permission, shipped_on_oci, used},
};
use serde_json::{Value, json};

/// The function as shipped before a standby with stale TLS secrets, with numbers that a busy machine can keep.
async fn failed_over() -> Simulator {
    let variables = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "2"),
        ("HOLDFAST_OBSERVE_SECONDS", "4"),
        ("HOLDFAST_LEASE_SECONDS", "10"),
        ("HOLDFAST_MARGIN_SECONDS", "1"),
        ("HOLDFAST_VERIFY_SECONDS", "20"),
        ("BASE_DELAY_SECONDS", "0.1"),
        ("MAX_DELAY_SECONDS", "1"),
        ("PRE_FAILOVER_FAILURE_SECONDS", "5"),
    ];
    let simulator = Simulator::start(Options {
        cloud: &Oci,
        bootstrap: Some(oci_function().await),
        // 25 s for a call, of the 300 s of func.yaml.
        pace: 12.0,
        function_env: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        standby: StandbyFixture { tls: TlsFixture::StaleNoCa, ..StandbyFixture::default() },
        people: true,
        ..Options::default()
    })
    .await
    .expect("a simulator");
    simulator.world().break_primary(Outage::Refuse);
    eventually("the failover is recorded as done", async || {
        let record = simulator.cluster().get("configmaps", "holdfast")?;
        let state: State = serde_json::from_str(record["data"]["state"].as_str()?).ok()?;
        state.failed_over().then_some(())
    })
    .await;
    simulator
}

#[tokio::test]
async fn a_failover_uses_every_statement_and_every_rule_that_we_ship_and_nothing_is_refused() {
    let simulator = failed_over().await;
    let judge = simulator.oci().expect("OCI").judge();
    assert_eq!(simulator.refused(), Vec::<String>::new());
    // People are told beside the work, and may hear of the end after it.
    eventually("every statement that ships is used, and no other", async || {
        let statements: BTreeSet<String> = judge.used().into_iter().map(|(statement, _)| statement).collect();
        (statements == judge.statements()).then_some(())
    })
    .await;

    let audit = simulator.cluster().audit();
    let function: Vec<&AuditEntry> = audit.iter().filter(|entry| entry.user == FUNCTION_ID).collect();
    let used: BTreeSet<Permission> = used(function.into_iter().map(Into::into));
    assert_eq!(used, shipped_on_oci(), "requests against the Roles");
}

#[tokio::test]
async fn preflight_tells_of_a_tick_that_does_not_come_and_of_what_it_may_not_see() {
    let simulator = failed_over().await;
    simulator.world().set_scheduler(false);
    let level = async |name: &str| -> Value {
        let called = simulator.host().operate(json!({"action": "preflight", "reason": "a test"})).await;
        let answer = called.outcome.answer().cloned().unwrap_or_else(|| panic!("{}", called.outcome.describe()));
        let checks = answer["checks"].as_array().cloned().unwrap_or_default();
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{answer}"))["level"].clone()
    };
    assert_eq!(level("tick-alarm").await, "warning", "it is switched off");
    assert_eq!(level("steering-policy").await, "good");
    assert_eq!(level("health-check").await, "good");
    assert_eq!(level("function-time-out").await, "warning", "the function has 25 s in this test");
    simulator.world().set_scheduler(true);
    assert_eq!(level("tick-alarm").await, "good");
    let judge = simulator.oci().expect("OCI").judge();
    let refused = |call: &str| judge.refused().iter().any(|refused| refused.starts_with(call));
    // Who reads an alarm must be allowed to read its metric, too: where the load balancer is watched, that is another one.
    judge.revoke("look-at-the-ticks-metric");
    assert_eq!(level("tick-alarm").await, "warning", "nobody may see its metric");
    assert!(refused("monitoring:GetAlarm (read metrics)"), "{:?}", judge.refused());
    judge.revoke("look-at-the-tick");
    assert_eq!(level("tick-alarm").await, "warning", "nobody may see it");
    assert!(refused("monitoring:ListAlarms (inspect alarms)"), "{:?}", judge.refused());
}
