//! The requests and the Role that allows them say the same.

use std::collections::BTreeSet;

use holdfast_core::FaultClass;
use serde_json::json;

use super::*;
use crate::{
    store::ConfigMapStore,
    testing::{FakeApi, call},
};

const ALL: [Operation; 10] = [
    GET_DEPLOYMENT,
    PATCH_SCALE,
    LIST_SECRETS,
    LIST_FEW_SECRETS,
    DELETE_SECRET,
    LIST_PODS,
    GET_LEASE,
    PUT_LEASE,
    GET_CONFIG_MAP,
    PUT_CONFIG_MAP,
];

/// `group/resource verb` for each rule of the shipped Role.
fn allowed() -> BTreeSet<String> {
    let manifests = include_str!("../../../../infra/kubernetes/role.yaml");
    let role = manifests.split("\n---\n").next().expect("the Role comes first");
    let role: Value = serde_saphyr::from_str(role).expect("YAML");
    let texts = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).expect("a list of texts") };
    let mut allowed = BTreeSet::new();
    for rule in role["rules"].as_array().expect("rules") {
        for (group, resource) in texts(&rule["apiGroups"]).iter().zip(texts(&rule["resources"])) {
            allowed.extend(texts(&rule["verbs"]).iter().map(|verb| format!("{group}/{resource} {verb}")));
        }
    }
    allowed
}

#[test]
fn the_role_allows_what_is_asked_and_nothing_else() {
    // What LogScale asks beside that; the shipped Role is its.
    let custom =
        Operation::custom("kubernetes:get humioclusters", Method::GET, "apis/core.humio.com/v1alpha1", "humioclusters");
    let asked: BTreeSet<_> = ALL
        .iter()
        .chain([&custom])
        .map(|operation| {
            let (verb, _) =
                operation.name.strip_prefix("kubernetes:").and_then(|it| it.split_once(' ')).expect("a verb");
            let group = operation.group.strip_prefix("apis/").and_then(|it| it.split_once('/')).map_or("", |it| it.0);
            format!("{group}/{}{} {verb}", operation.resource, operation.subresource)
        })
        .collect();
    assert_eq!(asked, allowed());
}

#[test]
fn the_name_of_a_request_says_what_it_does() {
    for operation in ALL {
        let verb = match operation.method {
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ if operation.name.contains(":list ") => "list",
            _ => "get",
        };
        let said = format!("kubernetes:{verb} {}{}", operation.resource, operation.subresource);
        assert_eq!(operation.name, said);
    }
}

#[tokio::test]
async fn a_name_that_would_be_another_path_is_never_sent() {
    let (call, _) = call();
    for name in ["../secrets", "a/b", "a?b", "", "..", "A"] {
        let server = FakeApi::default();
        let store = ConfigMapStore::new(server.api(), name.to_owned());
        let fault = holdfast_core::ports::StateStore::load(&store, &call).await.expect_err(name);
        assert_eq!(fault.class, FaultClass::Invalid, "{name}");
        assert_eq!(server.log(), [""; 0], "{name}");
    }
}

#[test]
fn an_answer_that_does_not_fit_is_never_quoted() {
    let fault = read::<Vec<u32>>(&LIST_SECRETS, br#"{"data": "c2VjcmV0"}"#).expect_err("not a list");
    assert_eq!(fault.message, "the answer cannot be understood at line 1, column 0");
}

#[test]
fn a_success_about_something_else_is_no_object_and_asked_for_again() {
    let of = |document: Value| {
        read_named::<crate::deployment::Deployment>(&GET_DEPLOYMENT, "op", document.to_string().as_bytes())
    };
    assert!(of(json!({"metadata": {"name": "op", "resourceVersion": "7"}})).is_ok());
    for other in [
        json!({}),
        json!([]),
        json!({"error": "upstream"}),
        json!({"kind": "DeploymentList", "items": [], "metadata": {"resourceVersion": "7"}}),
        json!({"kind": "Status", "status": "Success", "metadata": {}}),
        json!({"metadata": null}),
        json!({"metadata": {"name": "op"}}),
        json!({"metadata": {"name": "op", "resourceVersion": ""}}),
        json!({"metadata": {"name": "other", "resourceVersion": "7"}, "spec": {"replicas": 1}}),
    ] {
        let fault = of(other.clone()).expect_err(&other.to_string());
        assert!(fault.class == FaultClass::Server && fault.message.contains("not about deployments/op"), "{fault}");
    }
}
