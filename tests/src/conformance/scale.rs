//! The operator, up and never down.

use holdfast_core::{
    FaultClass,
    step::{Step, StepState},
};
use holdfast_simulator::kubernetes::StandbyFixture;
use serde_json::{Value, json};

use crate::{
    clock::call,
    requests::eventually,
    test_cluster::{Backend, OPERATOR, TestCluster},
};

async fn standby(backend: &Backend, name: &str, operator_replicas: i32) -> TestCluster {
    backend.cluster(name, StandbyFixture { operator_replicas, ..StandbyFixture::default() }).await
}

async fn replicas(standby: &TestCluster) -> Value {
    standby.get("deployments", OPERATOR).await.expect("the operator")["spec"]["replicas"].clone()
}

/// Through the scale subresource, which is all that the Role allows; then a second call finds nothing to do.
pub async fn the_operator_is_scaled_up_and_the_step_is_then_done(backend: &Backend) {
    let standby = standby(backend, "scale-up", 0).await;
    let (step, call) = (standby.site().scale_operator(), call());
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
    step.apply(&call, &seen).await.expect("scaled");
    assert_eq!(replicas(&standby).await, 1);
    let again = step.observe(&call).await.expect("seen");
    assert_eq!(again.state, StepState::Done, "{}", again.found);
    step.apply(&call, &again).await.expect("nothing to do");
    assert_eq!(replicas(&standby).await, 1);
}

/// An operator of more than one replica is somebody's choice.
pub async fn more_operators_than_wanted_are_left_alone(backend: &Backend) {
    let standby = standby(backend, "scale-never-down", 2).await;
    let (step, call) = (standby.site().scale_operator(), call());
    let seen = step.observe(&call).await.expect("seen");
    assert_eq!(seen.state, StepState::Done, "{}", seen.found);
    step.apply(&call, &seen).await.expect("nothing to do");
    assert_eq!(replicas(&standby).await, 2);
}

/// The fence is the version that was seen.
pub async fn a_deployment_that_was_written_meanwhile_is_a_conflict_and_stays(backend: &Backend) {
    let standby = standby(backend, "scale-conflict", 0).await;
    let (step, call) = (standby.site().scale_operator(), call());
    let seen = step.observe(&call).await.expect("seen");
    standby.change("deployments", OPERATOR, json!({"metadata": {"annotations": {"changed": "meanwhile"}}})).await;
    let fault = step.apply(&call, &seen).await.expect_err("another version");
    assert_eq!(fault.class, FaultClass::Conflict, "{fault}");
    assert_eq!(replicas(&standby).await, 0);
    // As the engine does: controllers write too, so one new look may not be enough.
    eventually("scaled on the version of now", async || {
        let fresh = step.observe(&call).await.expect("seen");
        step.apply(&call, &fresh).await.ok()
    })
    .await;
    assert_eq!(replicas(&standby).await, 1);
}

/// A wrong name, or no operator at all.
pub async fn an_operator_that_is_not_there_blocks(backend: &Backend) {
    let standby = standby(backend, "scale-absent", 0).await;
    standby.delete("deployments", OPERATOR).await;
    eventually("the operator is gone", async || standby.get("deployments", OPERATOR).await.is_none().then_some(()))
        .await;
    let seen = standby.site().scale_operator().observe(&call()).await.expect("seen");
    assert!(matches!(&seen.state, StepState::Blocked { why } if why.contains(OPERATOR)), "{seen:?}");
}

/// Managed fields are the real server's; the simulator keeps none. As GitOps does it, by the Deployment: a scale to 0 by
/// the scale subresource leaves no trace in them, and then that is said.
pub async fn who_wrote_the_replicas_last_is_named_where_the_server_knows(backend: &Backend) {
    let ways = [
        ("scale-writer", "", "last written by argocd-controller (Update) at 20"),
        ("scale-trace", "/scale", "the server does not say"),
    ];
    for (name, subresource, words) in ways {
        let standby = standby(backend, name, 1).await;
        let path = format!("{OPERATOR}{subresource}?fieldManager=argocd-controller");
        standby.change("deployments", &path, json!({"spec": {"replicas": 0}})).await;
        let seen = standby.site().scale_operator().observe(&call()).await.expect("seen");
        assert_eq!(seen.state, StepState::Todo, "{}", seen.found);
        assert_eq!(seen.found.contains(words), matches!(backend, Backend::Real(_)), "{name}: {}", seen.found);
    }
}
