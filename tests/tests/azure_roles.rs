//! The permissions that we ship for Azure are the ones that the function uses: nothing refused, nothing unused.

use std::collections::BTreeSet;

use holdfast_core::record::State;
use holdfast_simulator::{
    Options, Simulator,
    clouds::azure::{Azure, PRINCIPAL_ID, STATE_CONTAINER},
    faults::Fault,
    kubernetes::{AuditEntry, StandbyFixture, TlsFixture},
    world::Outage,
};
use holdfast_tests::{
    function::handler,
    requests::eventually,
    role::{Permission, shipped, used},
};
use serde_json::{Value, json};

/// The function as shipped before a standby with stale TLS secrets, with numbers that a busy machine can keep.
async fn simulator() -> Simulator {
    let variables = [
        ("HOLDFAST_CALL_TIMEOUT_SECONDS", "2"),
        ("HOLDFAST_OBSERVE_SECONDS", "4"),
        ("HOLDFAST_LEASE_SECONDS", "10"),
        ("HOLDFAST_MARGIN_SECONDS", "1"),
        ("HOLDFAST_VERIFY_SECONDS", "20"),
        ("BASE_DELAY_SECONDS", "0.1"),
        ("MAX_DELAY_SECONDS", "1"),
    ];
    Simulator::start(Options {
        cloud: &Azure,
        bootstrap: Some(handler().await),
        function_env: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        standby: StandbyFixture { tls: TlsFixture::StaleNoCa, ..StandbyFixture::default() },
        ..Options::default()
    })
    .await
    .expect("a simulator")
}

fn state(simulator: &Simulator) -> Option<State> {
    let record = simulator.cluster().get("configmaps", "holdfast")?;
    serde_json::from_str(record["data"]["state"].as_str()?).ok()
}

async fn failed_over(simulator: &Simulator) {
    simulator.world().break_primary(Outage::Refuse);
    eventually("the failover is recorded as done", async || {
        state(simulator).is_some_and(|state| state.failed_over()).then_some(())
    })
    .await;
}

/// An operator's call, which must be answered.
async fn operator(simulator: &Simulator, action: &str) -> Value {
    let called = simulator.host().operate(json!({"action": action, "reason": "a test"})).await;
    called.outcome.answer().cloned().unwrap_or_else(|| panic!("{action}: {}", called.outcome.describe()))
}

/// A failover whose lock is refused for a while, so that its work is put back; what operators ask; and the way back.
async fn everything(simulator: &Simulator) {
    for action in ["preflight", "plan", "status"] {
        operator(simulator, action).await;
    }
    simulator.faults().always("arm:PATCH:*", Fault::throttled_by_arm());
    simulator.world().break_primary(Outage::Refuse);
    eventually("the work is put back", async || simulator.calls().named("queue:PutMessage").first().map(drop)).await;
    simulator.faults().clear();
    failed_over(simulator).await;
    for action in ["failover", "finish", "pause"] {
        operator(simulator, action).await;
    }
    simulator.world().heal_primary();
    simulator.world().unlock_by_hand();
    operator(simulator, "resume").await;
    eventually("the way back is noted", async || state(simulator)?.unlocked.map(drop)).await;
    operator(simulator, "acknowledge").await;
}

#[tokio::test]
async fn a_failover_and_the_way_back_use_every_entry_of_the_roles_and_nothing_is_refused() {
    let simulator = simulator().await;
    let azure = simulator.azure().expect("Azure");
    let blob = format!("{}/{STATE_CONTAINER}/last-failover", azure.blob_endpoint());
    simulator.functions().expect("Azure").set_variable("HOLDFAST_COOLDOWN_BLOB_URL", Some(&blob));

    everything(&simulator).await;

    assert_eq!(simulator.refused(), Vec::<String>::new());
    assert_eq!(azure.role().used(), azure.role().entries(), "entries used, against entries that ship");
    let noted = azure.blobs().text(STATE_CONTAINER, "last-failover").unwrap_or_default();
    assert!(noted.parse::<i64>().is_ok_and(|seconds| seconds > 0), "{noted:?}");
}

#[tokio::test]
async fn a_failover_uses_every_rule_on_the_cluster_and_nothing_is_refused() {
    let simulator = simulator().await;

    failed_over(&simulator).await;

    let audit = simulator.cluster().audit();
    let function: Vec<&AuditEntry> = audit.iter().filter(|entry| entry.user == PRINCIPAL_ID).collect();
    let refused: Vec<_> = function.iter().filter(|entry| !entry.allowed).collect();
    assert!(refused.is_empty(), "the cluster refused: {refused:?}");
    let used: BTreeSet<Permission> = used(function.into_iter().map(Into::into));
    assert_eq!(used, shipped(), "requests against the Role");
}
