//! The admission policies that we ship, put on a real control plane.

use holdfast_testbed::{Testbed, User};
use http::Method;
use kube::Client;
use serde_json::{Value, json};

use crate::requests::{ask, eventually};

/// The policies as they are for EKS.
pub const POLICIES: &str = include_str!("../../infra/kubernetes/admission/policies.yaml");

/// Somebody whom RBAC lets do everything, and whom no policy names: such as a backup that is restored.
const BACKUP: &str = "system:serviceaccount:velero:velero";

/// The user that stands for a backup tool, for [`holdfast_testbed::Options::users`].
pub fn backup() -> User {
    User { name: BACKUP.to_owned(), groups: vec!["system:serviceaccounts".to_owned()] }
}

/// A client of that user, after it was bound to everything.
pub async fn login_as_backup(bed: &Testbed) -> Client {
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "backup"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": BACKUP}],
    });
    bed.apply_yaml(&binding.to_string()).await.expect("the rights of a backup");
    bed.client(&bed.token(BACKUP))
}

/// Puts `policies` in place as the administrator and waits until record and lease are guarded in `namespace`, which
/// takes the server a second or so. Needs [`backup`] among the users.
pub async fn enforce(bed: &Testbed, policies: &str, namespace: &str) {
    bed.apply_yaml(policies).await.expect("the shipped policies");
    let stranger = login_as_backup(bed).await;
    let record = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "holdfast"}});
    let path = format!("/api/v1/namespaces/{namespace}/configmaps?dryRun=All");
    eventually("record and lease are guarded", async || {
        let (status, answer) = ask(&stranger, Method::POST, &path, record.clone()).await;
        is_refusal(status, &answer).then_some(())
    })
    .await;
}

/// The policies with bindings that hold in every namespace, for a control plane with one standby in each.
pub fn everywhere() -> String {
    let mut documents: Vec<Value> = serde_saphyr::from_multiple(POLICIES).expect("the shipped manifest is YAML");
    for document in &mut documents {
        if let Some(spec) = document["spec"].as_object_mut() {
            spec.remove("matchResources");
        }
    }
    documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n")
}

/// Whether one of the policies refused, and not RBAC.
pub fn is_refusal(status: u16, answer: &Value) -> bool {
    let message = answer["message"].as_str().unwrap_or_default();
    status == 403 && message.contains("ValidatingAdmissionPolicy 'holdfast-")
}
