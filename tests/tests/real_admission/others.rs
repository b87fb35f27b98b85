//! Everybody but the function: who may write record and lease, and who may not.

use holdfast_tests::{
    admission::{is_refusal, login_as_backup},
    requests::{ask, done, path},
};
use http::Method;
use kube::{
    Api, Client,
    api::{DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
    discovery::ApiResource,
};
use serde_json::{Value, json};

use crate::scene::{EDITOR, NAMED, NAMESPACE, NAMESPACE_CONTROLLER, Scene};

/// What stands in every refusal to write record or lease.
const SAYS: &str = "only the failover function and named operators may write";

/// Every write that the API has, on the object itself and on all of its kind.
fn writes(resource: &str, present: Option<&Value>) -> Vec<(Method, String, Value)> {
    let one = path(NAMESPACE, resource, "holdfast");
    let owner =
        json!([{"apiVersion": "v1", "kind": "Pod", "name": "gone", "uid": "00000000-0000-4000-8000-000000000000"}]);
    vec![
        (Method::PUT, one.clone(), json!(present)),
        (Method::PATCH, one.clone(), json!({"data": {"state": "{}"}, "spec": {"holderIdentity": "editor"}})),
        // The garbage collector would delete it for them.
        (Method::PATCH, one.clone(), json!({"metadata": {"ownerReferences": owner}})),
        (Method::DELETE, one, Value::Null),
        (Method::DELETE, path(NAMESPACE, resource, ""), Value::Null),
    ]
}

/// A server-side apply with force, which may also create.
async fn apply(client: &Client, group: &str, kind: &str) -> (u16, Value) {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), NAMESPACE, &resource);
    let object = DynamicObject::new("holdfast", &resource);
    let applied = api.patch("holdfast", &PatchParams::apply("editor").force(), &Patch::Apply(&object)).await;
    match applied {
        Ok(object) => (200, json!(object)),
        Err(kube::Error::Api(status)) => (status.code, json!({"message": status.message})),
        Err(error) => panic!("{kind}: {error}"),
    }
}

pub async fn an_editor_may_not_write_record_and_lease(scene: &Scene) {
    let editor = scene.login(EDITOR);
    let before = scene.guarded().await;
    for (method, path, body) in
        writes("configmaps", before[0].as_ref()).into_iter().chain(writes("leases", before[1].as_ref()))
    {
        let (status, answer) = ask(&editor, method.clone(), &path, body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(is_refusal(status, &answer), "{method} {path}: {status} {answer}");
        assert!(message.contains(SAYS) && message.contains("editor is neither"), "{method} {path}: {message}");
    }
    for (group, kind) in [("", "ConfigMap"), ("coordination.k8s.io", "Lease")] {
        let (status, answer) = apply(&editor, group, kind).await;
        assert!(is_refusal(status, &answer), "apply {kind}: {status} {answer}");
    }
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert_eq!(scene.guarded().await, before);
    // Nor put one there where an operator has taken it away.
    for (resource, object) in [("configmaps", &before[0]), ("leases", &before[1])] {
        let mut object = object.clone().expect("seen above");
        object["metadata"] = json!({"name": "holdfast"});
        done(ask(&scene.bed.admin(), Method::DELETE, &path(NAMESPACE, resource, "holdfast"), Value::Null).await);
        let (status, answer) = ask(&editor, Method::POST, &path(NAMESPACE, resource, ""), object.clone()).await;
        assert!(is_refusal(status, &answer), "{resource}: {status} {answer}");
        scene.create(resource, object).await;
    }
}

pub async fn an_editor_may_do_everything_else_that_an_editor_may(scene: &Scene) {
    let editor = scene.login(EDITOR);
    let labels = json!({"of": "the-editor"});
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other", "labels": labels}});
    done(ask(&editor, Method::POST, &path(NAMESPACE, "configmaps", ""), other.clone()).await);
    done(ask(&editor, Method::PATCH, &path(NAMESPACE, "configmaps", "other"), json!({"data": {"a": "b"}})).await);
    let theirs = format!("{}?labelSelector=of%3Dthe-editor", path(NAMESPACE, "configmaps", ""));
    done(ask(&editor, Method::DELETE, &theirs, Value::Null).await);
    assert_eq!(scene.get("configmaps", "other").await, None);
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}});
    done(ask(&editor, Method::POST, &path(NAMESPACE, "secrets", ""), secret).await);
    done(ask(&editor, Method::DELETE, &path(NAMESPACE, "secrets", "theirs"), Value::Null).await);
    let down = json!({"spec": {"replicas": 0}});
    done(ask(&editor, Method::PATCH, &path(NAMESPACE, "deployments", "humio-operator/scale"), down).await);
    // The policies hold in the standby's namespace and in no other.
    let elsewhere = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "holdfast"}});
    let stranger = login_as_backup(&scene.bed).await;
    done(ask(&stranger, Method::POST, &path("default", "configmaps", ""), elsewhere).await);
}

pub async fn neither_may_a_backup_that_is_restored(scene: &Scene) {
    let stranger = login_as_backup(&scene.bed).await;
    let planted = json!({"data": {"state": "{\"schema\":1}"}});
    let answer = ask(&stranger, Method::PATCH, &path(NAMESPACE, "configmaps", "holdfast"), planted).await;
    assert!(is_refusal(answer.0, &answer.1), "{answer:?}");
}

pub async fn a_named_operator_may_write_both(scene: &Scene) {
    let operator = scene.login(NAMED);
    for resource in ["configmaps", "leases"] {
        let one = path(NAMESPACE, resource, "holdfast");
        let labels = json!({"metadata": {"labels": {"touched-by": NAMED}}});
        let changed = done(ask(&operator, Method::PATCH, &one, labels).await);
        assert_eq!(changed["metadata"]["labels"]["touched-by"], NAMED);
        done(ask(&operator, Method::DELETE, &one, Value::Null).await);
        let again =
            json!({"apiVersion": changed["apiVersion"], "kind": changed["kind"], "metadata": {"name": "holdfast"}});
        done(ask(&operator, Method::POST, &path(NAMESPACE, resource, ""), again).await);
    }
}

/// The namespace controller deletes by collection, then one by one.
pub async fn a_namespace_that_is_deleted_goes(scene: &Scene) {
    let controller = scene.login(NAMESPACE_CONTROLLER);
    for resource in ["configmaps", "leases"] {
        assert!(scene.get(resource, "holdfast").await.is_some());
        done(ask(&controller, Method::DELETE, &path(NAMESPACE, resource, ""), Value::Null).await);
        assert_eq!(scene.get(resource, "holdfast").await, None);
    }
}
