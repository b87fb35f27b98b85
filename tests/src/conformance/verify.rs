//! A roll-out, watched from the outside.

use holdfast_core::step::{Observation, Step, StepState};
use holdfast_simulator::kubernetes::{StandbyFixture, TlsFixture};

use crate::{
    clock::call,
    requests::eventually,
    test_cluster::{Backend, TestCluster},
};

async fn activate(standby: &TestCluster) {
    let (site, call) = (standby.site(), call());
    for step in [site.remove_stale_tls() as std::sync::Arc<dyn Step>, site.scale_operator()] {
        let seen = step.observe(&call).await.expect("seen");
        step.apply(&call, &seen).await.expect("applied");
    }
}

async fn observe(standby: &TestCluster) -> Observation {
    standby.site().verify_standby().observe(&call()).await.expect("seen")
}

/// From stale secrets and an operator at 0 to nodes that are ready under the new CA.
pub async fn a_roll_out_ends_in_a_verified_standby(backend: &Backend) {
    let seed = StandbyFixture { tls: TlsFixture::StaleNoCa, ..StandbyFixture::default() };
    let standby = backend.cluster("verify-roll-out", seed).await;
    let before = observe(&standby).await;
    assert_eq!(before.state, StepState::Todo, "{}", before.found);
    for part in ["0 of 1 operators available", "0 of 1 nodes of pool logscale ready", "TLS secret logscale"] {
        assert!(before.found.contains(part), "no {part:?} in {:?}", before.found);
    }
    let _operator = standby.play_operator();
    activate(&standby).await;
    let after = eventually("the standby is verified", async || {
        Some(observe(&standby).await).filter(|seen| seen.state != StepState::Todo)
    })
    .await;
    assert_eq!(after.state, StepState::Done, "{}", after.found);
    assert!(after.found.contains("1 of 1 nodes ready, state Running"), "{}", after.found);
}

/// It is not waited out: no pod will ever come.
pub async fn a_config_error_is_told_at_once_with_its_message(backend: &Backend) {
    let seed = StandbyFixture { replication_factor: None, ..StandbyFixture::default() };
    let standby = backend.cluster("verify-config-error", seed).await;
    let _operator = standby.play_operator();
    activate(&standby).await;
    let why = eventually("the error is told", async || match observe(&standby).await.state {
        StepState::Blocked { why } => Some(why),
        StepState::Todo => None,
        StepState::Done => panic!("verified without a pod"),
    })
    .await;
    assert!(why.contains("ConfigError") && why.contains("nodeCount is too low"), "{why}");
}
