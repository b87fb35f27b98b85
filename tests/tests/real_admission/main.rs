//! The admission policies that we ship, on a real control plane, in the form for each cloud: who is refused what and with which words,
//! and that the function does a whole failover through them, with every rule of the Role and no other.

mod function;
mod others;
mod scene;

use holdfast_testbed::{Assets, find::kubectl, required_or_skipped};
use holdfast_tests::requests::{ask, done, eventually};
use http::Method;
use serde_json::Value;

use scene::{Form, Scene, on_aks, on_eks, on_oke};

#[tokio::test]
async fn on_eks_the_policies_refuse_others_and_let_a_failover_through() {
    holds(on_eks()).await;
}

#[tokio::test]
async fn on_aks_the_policies_refuse_others_and_let_a_failover_through() {
    holds(on_aks()).await;
}

#[tokio::test]
async fn on_oke_the_policies_refuse_others_and_let_a_failover_through() {
    holds(on_oke()).await;
}

async fn holds(form: Form) {
    let Some(assets) = required_or_skipped(Assets::find()) else { return };
    let Some(kubectl) = required_or_skipped(kubectl()) else { return };
    let scene = Scene::set(&assets, &kubectl, form).await;
    every_expression_is_understood(&scene).await;
    others::an_editor_may_not_write_record_and_lease(&scene).await;
    others::an_editor_may_do_everything_else_that_an_editor_may(&scene).await;
    others::neither_may_a_backup_that_is_restored(&scene).await;
    function::the_function_may_delete_no_other_secret(&scene).await;
    function::the_function_may_not_scale_out_of_range(&scene).await;
    function::the_function_fails_over_with_every_rule_of_the_role(&scene).await;
    others::a_named_operator_may_write_both(&scene).await;
    others::a_namespace_that_is_deleted_goes(&scene).await;
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
        let review = eventually("the policy is reviewed", review).await;
        assert_eq!(review["expressionWarnings"], Value::Null, "{name}");
    }
}
